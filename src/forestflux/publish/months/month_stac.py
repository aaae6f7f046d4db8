"""STAC item of the months of a year, in the collection of the run."""

from collections.abc import Iterator

import pystac

from forestflux.core.grids.grid import Grid
from forestflux.core.layers import REGION_LAYERS, list_layers
from forestflux.core.names import FLUXES
from forestflux.publish.months.month_dataset import (
    BESIDE,
    describe_ilamb_layers,
    describe_month_layers,
)
from forestflux.publish.months.month_geotiff import MISSING, name_month_bands
from forestflux.publish.stac import (
    COG,
    ZARR,
    data_asset,
    describe_attributes,
    describe_band,
    list_records,
    make_item,
    write_missing,
)

TYPE = "float32"


def month_stem(run: str, year: int) -> str:
    """Start of the names of the files of a year's months."""
    return f"forestflux_{run}_months_{year}"


def build_month_item(
    run: str,
    year: int,
    grid: Grid,
    *,
    title: str,
    level: float,
    zarr_format: int,
    ilamb: bool,
) -> pystac.Item:
    """The STAC item of a year's months, as it stands in `products/months/{year}/item.json`.

    Parameters
    ----------
    run, year, grid, title, level, zarr_format : as in `forestflux.publish.stac.build_item`
    ilamb : whether there is a file for ILAMB
    """
    assets = list_month_assets(
        run,
        year,
        level=level,
        zarr_format=zarr_format,
        region=grid.is_region,
        ilamb=ilamb,
    )
    name = month_stem(run, year)
    return make_item(name, run, year, grid, title=title, assets=assets, above="../..")


def list_month_assets(
    run: str, year: int, *, level: float, zarr_format: int, region: bool, ilamb: bool
) -> Iterator[tuple[str, pystac.Asset]]:
    """Key and asset of each file of a year's months."""
    stem, layers = month_stem(run, year), describe_month_layers(level)
    known = list_layers(region=region)
    beside = [
        describe_band(name, known[name], level=level)
        for name in (*BESIDE, *REGION_LAYERS)
        if name in known
    ]
    bands = [
        describe_attributes(name, attributes, dtype=TYPE)
        for name, attributes in layers.items()
    ]
    title = "twelve months, all layers"
    zarr = ZARR.format(zarr_format)
    yield "zarr", data_asset(f"{stem}.zarr", zarr, title, bands + beside)
    netcdf = "application/netcdf"
    yield "netcdf", data_asset(f"{stem}.nc", netcdf, title, bands + beside)
    if ilamb:
        rates = [
            describe_attributes(name, attributes, dtype=TYPE)
            for name, attributes in describe_ilamb_layers().items()
        ]
        asset = data_asset(
            f"{stem}_ilamb.nc", netcdf, "mean rates for ILAMB", rates + beside
        )
        yield "ilamb", asset
    nodata = write_missing(MISSING)
    for flux in FLUXES:
        months = [
            describe_attributes(name, layers[flux], dtype=TYPE) | {"nodata": nodata}
            for name in name_month_bands(flux, year)
        ]
        title = f"{flux.upper()}, a band for each month"
        yield flux, data_asset(f"{stem}_{flux}.tif", COG, title, months)
    yield from list_records()
