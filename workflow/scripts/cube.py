"""Wiring of rule cube: the places and years that a job owns, on one calendar and grid."""

from itertools import product
from pathlib import Path
from typing import Any

import xarray as xr

from forestflux.core.products import pick, variants_of
from forestflux.jobs import command_line
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import run_stage, upstream_stores
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

    def make(place: str, year: int) -> xr.Dataset:
        images = native.load(place, year)
        products = pick(settings.products, variants_of(images))
        return build_cube(images, products, year=year)

    run_stage(
        manifest,
        list(product(places, years)),
        recipe=lambda place, year: [code, settings, native.digest(place, year)],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
