"""Wiring of rule mask: physical values and reasons of the places and years that a job owns."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.core.product_tables.product_table import ProductTable, columns_of
from forestflux.jobs.settings.sample_settings import MaskSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import CHUNKS
from forestflux.prepare.masking import mask_cube


class Settings(Section):
    """What the job's numbers depend on."""

    mask: MaskSettings


def main(
    *,
    places: list[str],
    years: list[int],
    upstream: Path,
    settings: Settings,
    products: ProductTable,
    code: str,
    manifest: Path,
) -> None:
    """Write mask/{place}/{year}.zarr and the job's manifest."""
    cubes = upstream_stores(upstream)

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for place, year in missing:
            cube = cubes.load(place, year)
            followed = products.in_years(year).inputs(columns_of(cube))
            yield mask_cube(cube, followed, year=year, **settings.mask.numbers())

    run_stage(
        manifest,
        list(product(places, years)),
        build_key=lambda place, year: [
            code,
            settings,
            products.in_years(year).to_json(),
            cubes.checksum(place, year),
        ],
        make=make,
        chunks=CHUNKS,
    )


if __name__ == "__main__":
    command_line.run(main)
