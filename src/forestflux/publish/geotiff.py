"""Cloud-Optimized GeoTIFF: one band a layer, overviews that fit the kind of layer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
from rasterio.crs import CRS
from rasterio.transform import from_origin

from forestflux.core.layers import LAYERS, NOT_FOREST

# A GeoTIFF file has one number type, and overviews of categories need another resampling
# than those of numbers: each kind is a file of its own. Cell area follows from the grid.
BANDS = {
    "fluxes": tuple(n for n, layer in LAYERS.items() if layer.dtype == "float32"),
    "flags": tuple(n for n, layer in LAYERS.items() if layer.dtype == "uint8"),
}
NODATA = {"fluxes": np.nan, "flags": NOT_FOREST}
OVERVIEWS = {"fluxes": "AVERAGE", "flags": "MODE"}
BLOCK = 512
# Megabytes that GDAL may keep of a file: memory must not grow with the grid.
CACHE_MB = 256


def write_geotiff(dataset: xr.Dataset, path: Path, *, kind: str) -> None:
    """Write the layers of one kind as a Cloud-Optimized GeoTIFF.

    One layer is in memory at a time.

    Parameters
    ----------
    dataset : (time, latitude, longitude) of one year, north to south, as
        `published_dataset.build_dataset` gives it
    path : the file
    kind : `fluxes` or `flags`, see `BANDS`
    """
    names = BANDS[kind]
    # Overviews come before the data in a Cloud-Optimized GeoTIFF, so GDAL needs a finished
    # plain file to copy. Writers that take a whole dataset would hold all layers in memory.
    plain = path.with_suffix(".plain.tif")
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
        with rasterio.open(
            plain, "w", **plain_profile(dataset, names, nodata=NODATA[kind])
        ) as file:
            for band, name in enumerate(names, start=1):
                file.write(dataset[name].isel(time=0).values, band)
            describe_bands(file, dataset, names)
        rasterio.shutil.copy(
            plain,
            path,
            driver="COG",
            compress="DEFLATE",
            predictor="YES",
            blocksize=BLOCK,
            overview_resampling=OVERVIEWS[kind],
            bigtiff="IF_SAFER",
        )
    plain.unlink()


def plain_profile(dataset: xr.Dataset, names: Sequence[str], *, nodata: float) -> dict:
    """Options of rasterio for the plain file, placed by the north-western corner."""
    west, north = (
        dataset[f"{n}_bounds"].values[0, 0] for n in ("longitude", "latitude")
    )
    step = float(np.ptp(dataset["longitude_bounds"].values[0]))
    return {
        "driver": "GTiff",
        "height": dataset.sizes["latitude"],
        "width": dataset.sizes["longitude"],
        "count": len(names),
        "dtype": LAYERS[names[0]].dtype,
        "crs": CRS.from_epsg(4326),
        "transform": from_origin(west, north, step, step),
        "nodata": nodata,
        "interleave": "band",
        "bigtiff": "if_safer",
    }


def describe_bands(
    file: rasterio.io.DatasetWriter, dataset: xr.Dataset, names: Sequence[str]
) -> None:
    """Write name, unit, long name and comment of each band, and the global attributes."""
    file.descriptions = names
    file.units = [dataset[name].attrs.get("units", "") for name in names]
    for band, name in enumerate(names, start=1):
        attrs = dataset[name].attrs
        tags = {key: attrs[key] for key in ("long_name", "comment") if key in attrs}
        if LAYERS[name].flags:
            flags = LAYERS[name].flags.items()
            tags["flags"] = ", ".join(f"{value} {text}" for value, text in flags)
        file.update_tags(band, **tags)
    file.update_tags(**dataset.attrs)
