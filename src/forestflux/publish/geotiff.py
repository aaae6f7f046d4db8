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

# GeoTIFF has one number type a file, and a mean of categories means nothing: numbers and
# flags are files of their own. Cell area follows from the grid.
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

    Each layer is in memory alone. A plain file beside the result is made first, because
    overviews come before the data in a Cloud-Optimized GeoTIFF.

    Parameters
    ----------
    dataset : (time, latitude, longitude) of one year, north to south, as `published`
        gives it
    path : the file
    kind : `fluxes` or `flags`, see `BANDS`
    """
    names = BANDS[kind]
    plain = path.with_suffix(".plain.tif")
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
        with rasterio.open(
            plain, "w", **profile(dataset, names, nodata=NODATA[kind])
        ) as file:
            for band, name in enumerate(names, start=1):
                file.write(dataset[name].isel(time=0).values, band)
            describe(file, dataset, names)
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


def profile(dataset: xr.Dataset, names: Sequence[str], *, nodata: float) -> dict:
    """How the plain file is made; the grid is known by its north-western corner."""
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


def describe(
    file: rasterio.io.DatasetWriter, dataset: xr.Dataset, names: Sequence[str]
) -> None:
    """Give each band its name, unit and words, and the file its title."""
    file.descriptions = names
    file.units = [dataset[name].attrs.get("units", "") for name in names]
    for band, name in enumerate(names, start=1):
        attrs = dataset[name].attrs
        words = {key: attrs[key] for key in ("long_name", "comment") if key in attrs}
        if LAYERS[name].flags:
            flags = LAYERS[name].flags.items()
            words["flags"] = ", ".join(f"{value} {text}" for value, text in flags)
        file.update_tags(band, **words)
    file.update_tags(**dataset.attrs)
