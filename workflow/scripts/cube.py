"""Wiring of rule cube: the places and years that a job owns, on one calendar and grid."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import xarray as xr

from forestflux.core.products import pick, variants_of
from forestflux.jobs import command_line
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.prepare.calendar_cube import build_cube


class Settings(Section):
    """What the job's numbers depend on."""

    products: dict[str, Any]


def main(
    *,
    places: list[str],
    years: list[int],
    upstream: Path,
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write cube/{place}/{year}.zarr and the job's manifest."""
    native = upstream_stores(upstream)

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for place, year in missing:
            images = native.load(place, year)
            products = pick(settings.products, variants_of(images))
            yield build_cube(images, products, year=year)

    run_stage(
        manifest,
        list(product(places, years)),
        build_key=lambda place, year: [code, settings, native.checksum(place, year)],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
