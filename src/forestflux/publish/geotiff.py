"""Cloud-Optimized GeoTIFF: one of all numbers, and one with colours and names a flag."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
from rasterio.crs import CRS
from rasterio.transform import from_origin

from forestflux.core.layers import LAYERS, REGION_SHARE
from forestflux.publish.qgis_style import (
    FLAG_COLOURS,
    RAMPS,
    write_flag_style,
    write_flux_style,
)

# A GeoTIFF file has one number type, and only a file of one band can have a colour table:
# three bands of flags would open as red, green and blue.
NUMBERS = "fluxes"
BANDS = {NUMBERS: tuple(name for name, layer in LAYERS.items() if not layer.flags)}
BANDS |= {name: (name,) for name, layer in LAYERS.items() if layer.flags}
BLOCK = 512
# Megabytes that GDAL may keep of a file: memory must not grow with the grid.
CACHE_MB = 256


def write_geotiff(dataset: xr.Dataset, path: Path, *, kind: str) -> None:
    """Write the layers of one kind as a Cloud-Optimized GeoTIFF.

    One layer is in memory at a time. The names of a flag's values stand beside the file in
    `{path}.aux.xml`, where GDAL looks for them: a GeoTIFF has no place for them. A style for
    QGIS stands beside it too (`forestflux.publish.qgis_style`).

    Parameters
    ----------
    dataset : (time, latitude, longitude) of one year, north to south, as
        `published_dataset.build_dataset` gives it
    path : the file
    kind : `fluxes` or the name of a flag
    """
    names = list_bands(kind, region=REGION_SHARE in dataset)
    dtype = band_type(kind)
    profile = plain_profile(
        dataset, count=len(names), dtype=dtype, nodata=missing_number(kind)
    )
    # A mean of forest types means nothing.
    with write_cog(path, profile, averaged=kind == NUMBERS) as file:
        for band, name in enumerate(names, start=1):
            file.write(read_band(dataset[name]).astype(dtype, copy=False), band)
        describe_bands(file, dataset, names)
        if kind in FLAG_COLOURS:
            file.write_colormap(1, make_colour_table(kind))
    if kind == NUMBERS:
        first = names[0]
        unit = LAYERS[first].units
        write_flux_style(path, flux=first, limits=RAMPS[first].year, unit=unit)
    else:
        write_category_names(path, list(LAYERS[kind].flags.values()))
        write_flag_style(path, kind=kind, names=LAYERS[kind].flags)


@contextmanager
def write_cog(
    path: Path, profile: dict, *, averaged: bool
) -> Iterator[rasterio.io.DatasetWriter]:
    """A plain file to fill, of which a Cloud-Optimized GeoTIFF is made in the end.

    Overviews come before the data in a Cloud-Optimized GeoTIFF, so GDAL needs a finished plain
    file to copy. Writers that take a whole dataset would hold all layers in memory.

    Parameters
    ----------
    path : of the Cloud-Optimized GeoTIFF
    profile : of the plain file, as `plain_profile` gives it
    averaged : whether overviews are means, or the commonest values
    """
    plain = path.with_suffix(".plain.tif")
    with rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
        with rasterio.open(plain, "w", **profile) as file:
            yield file
        rasterio.shutil.copy(
            plain,
            path,
            driver="COG",
            compress="DEFLATE",
            predictor="YES",
            blocksize=BLOCK,
            overview_resampling="AVERAGE" if averaged else "MODE",
            bigtiff="IF_SAFER",
        )
    plain.unlink()


def list_bands(kind: str, *, region: bool) -> tuple[str, ...]:
    """Layers of a file in the order of its bands; the share in a region is the last of all."""
    return BANDS[kind] + ((REGION_SHARE,) if region and kind == NUMBERS else ())


def read_band(layer: xr.DataArray) -> np.ndarray:
    """Values (latitude, longitude) of a layer of one year."""
    return (layer.isel(time=0) if "time" in layer.dims else layer).values


def band_type(kind: str) -> str:
    """Number type of a file: flags as they are, numbers in float32, the cell area too."""
    return "float32" if kind == NUMBERS else LAYERS[kind].dtype


def missing_number(kind: str) -> float | None:
    """Number of a cell without a value; None where every cell has one."""
    return float("nan") if kind == NUMBERS else LAYERS[kind].missing


def plain_profile(
    dataset: xr.Dataset, *, count: int, dtype: str, nodata: float | None
) -> dict:
    """Options of rasterio for the plain file, placed by the north-western corner.

    Parameters
    ----------
    dataset : with bounds of latitude and longitude
    count, dtype, nodata : bands, their type, the number of a cell without a value
    """
    west, north = (
        dataset[f"{n}_bounds"].values[0, 0] for n in ("longitude", "latitude")
    )
    step = float(np.ptp(dataset["longitude_bounds"].values[0]))
    return {
        "driver": "GTiff",
        "height": dataset.sizes["latitude"],
        "width": dataset.sizes["longitude"],
        "count": count,
        "dtype": dtype,
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
        if name in FLAG_COLOURS:
            flags = LAYERS[name].flags.items()
            tags["flags"] = ", ".join(f"{value} {text}" for value, text in flags)
        file.update_tags(band, **tags)
    file.update_tags(**dataset.attrs)


def make_colour_table(kind: str) -> dict[int, tuple[int, ...]]:
    """Red, green and blue (0-255) of each value of a flag."""
    return {
        value: tuple(bytes.fromhex(colour.removeprefix("#")))
        for value, colour in FLAG_COLOURS[kind].items()
    }


def write_category_names(path: Path, names: Sequence[str]) -> None:
    """Write the names of the values 0, 1, ... of a GeoTIFF beside it, as GDAL reads them."""
    root = ElementTree.Element("PAMDataset")
    band = ElementTree.SubElement(root, "PAMRasterBand", band="1")
    categories = ElementTree.SubElement(band, "CategoryNames")
    for name in names:
        ElementTree.SubElement(categories, "Category").text = name
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path.with_name(f"{path.name}.aux.xml"))
