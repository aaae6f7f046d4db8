"""The months of a year as files: Zarr, NetCDF, GeoTIFF, STAC item, provenance, checksums.

A folder of its own, `products/months/{year}`, which appears whole or not at all; the product of the
year is the same with months or without.
"""

import shutil
from pathlib import Path

import dask

from forestflux.core.names import FLUXES
from forestflux.publish.months.month_dataset import (
    build_ilamb_dataset,
    build_month_dataset,
    open_months,
)
from forestflux.publish.months.month_geotiff import write_month_geotiff
from forestflux.publish.months.month_stac import build_month_item, month_stem
from forestflux.publish.provenance import describe_code, describe_history
from forestflux.publish.published_dataset import ProductSettings, open_map
from forestflux.publish.year_product import finish_product, write_netcdf, write_zarr


def publish_months(
    months: Path,
    mapped: Path,
    folder: Path,
    *,
    year: int,
    settings: ProductSettings,
    ilamb: bool,
    record: dict,
) -> None:
    """Write the months of a year as a folder that appears at once.

    One layer is in memory at a time.

    Parameters
    ----------
    months, mapped : stores of the months and of the map of the year
    folder : of the product, replaced if it is there
    year : of both
    settings : of the run, with the grid of the map
    ilamb : whether a file for ILAMB is written, too
    record : what goes into `provenance.json`: `build_key`, `code` (checksum), `inputs`,
        `configuration`

    Raises
    ------
    InputError : a store is not whole, or of another grid or year
    """
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    code = describe_code(record["code"])
    history = describe_history(code)
    # Threads would hold several layers in memory.
    with dask.config.set(scheduler="synchronous"):
        source = open_months(months, year=year)
        dataset = build_month_dataset(
            source,
            open_map(mapped, settings.grid, year=year),
            year=year,
            settings=settings,
            history=history,
        )
        part.mkdir(parents=True)
        stem = month_stem(settings.run, year)
        zarr = settings.publish.zarr_format
        write_zarr(dataset, part / f"{stem}.zarr", zarr_format=zarr)
        write_netcdf(dataset, part / f"{stem}.nc")
        if ilamb:
            rates = build_ilamb_dataset(dataset, year=year)
            write_netcdf(rates, part / f"{stem}_ilamb.nc")
        for flux in FLUXES:
            file = part / f"{stem}_{flux}.tif"
            write_month_geotiff(dataset, file, flux=flux, year=year)
    level = source["gpp_half_width"].attrs["level"]
    item = build_month_item(
        settings.run,
        year,
        settings.grid,
        title=dataset.attrs["title"],
        level=level,
        zarr_format=zarr,
        ilamb=ilamb,
    )
    facts = record | {"code": code, "year": year, "level": level}
    finish_product(part, folder, item=item, provenance=facts)
