"""The months of a flux as a Cloud-Optimized GeoTIFF: twelve bands that say which month they are."""

from collections.abc import Iterator
from pathlib import Path

import rasterio
import xarray as xr
from rasterio.windows import Window

from forestflux.core.calendars.months import MONTHS
from forestflux.publish.geotiff import plain_profile, write_cog
from forestflux.publish.qgis_style import RAMPS, write_flux_style

# Of a cell without forest.
MISSING = float("nan")


def write_month_geotiff(
    dataset: xr.Dataset, path: Path, *, flux: str, year: int
) -> None:
    """Write the twelve months of a flux, float32, NaN where there is no forest; style for QGIS.

    Some rows of all months are in memory at once, as the store has them in a chunk.

    Parameters
    ----------
    dataset : (time, latitude, longitude) of one year, north to south, as
        `forestflux.publish.months.month_dataset.build_month_dataset` gives it
    path : the file
    flux : gpp, reco or nee
    year : of the months
    """
    layer = dataset[flux]
    profile = plain_profile(dataset, count=MONTHS, dtype="float32", nodata=MISSING)
    with write_cog(path, profile, averaged=True) as file:
        for rows in list_rows(layer):
            height = rows.stop - rows.start
            window = Window(0, rows.start, layer.sizes["longitude"], height)
            file.write(layer.isel(latitude=rows).values, window=window)
        describe_months(file, dataset, flux=flux, year=year)
    unit = layer.attrs["units"]
    write_flux_style(path, flux=flux, limits=RAMPS[flux].month, unit=unit)


def list_rows(layer: xr.DataArray) -> Iterator[slice]:
    """Rows of the chunks of a layer, from the north; all rows of one that has no chunks."""
    start = 0
    for height in layer.chunksizes.get("latitude", (layer.sizes["latitude"],)):
        yield slice(start, start + height)
        start += height


def name_month_bands(flux: str, year: int) -> list[str]:
    """Names of the bands, `gpp_2018_01` for January."""
    return [f"{flux}_{year}_{month:02d}" for month in range(1, MONTHS + 1)]


def describe_months(
    file: rasterio.io.DatasetWriter, dataset: xr.Dataset, *, flux: str, year: int
) -> None:
    """Write name, unit, long name, month and comment of each band, and the global attributes."""
    attrs = dataset[flux].attrs
    file.descriptions = name_month_bands(flux, year)
    file.units = [attrs["units"]] * MONTHS
    for month in range(1, MONTHS + 1):
        file.update_tags(
            month,
            long_name=attrs["long_name"],
            month=f"{year}-{month:02d}",
            comment=attrs["comment"],
        )
    file.update_tags(**dataset.attrs)
