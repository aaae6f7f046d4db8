"""Wiring of rule cube: the places and years that a job owns, on one calendar and grid."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.core.product_tables.product_table import ProductTable, columns_of
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.prepare.calendar_cube import build_cube


def main(
    *,
    places: list[str],
    years: list[int],
    upstream: Path,
    products: ProductTable,
    code: str,
    manifest: Path,
) -> None:
    """Write cube/{place}/{year}.zarr and the job's manifest."""
    native = upstream_stores(upstream)

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for place, year in missing:
            images = native.load(place, year)
            followed = products.in_years(year).follow(columns_of(images))
            yield build_cube(images, followed, year=year)

    run_stage(
        manifest,
        list(product(places, years)),
        build_key=lambda place, year: [
            code,
            products.in_years(year).to_json(),
            native.checksum(place, year),
        ],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
