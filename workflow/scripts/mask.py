"""Wiring of rule mask: physical values and reasons of the places and years that a job owns."""

from itertools import product
from pathlib import Path

import xarray as xr

from forestflux.core.products import pick, variants_of
from forestflux.jobs import command_line
from forestflux.jobs.chunked import CHUNKS
from forestflux.jobs.stages import run_stage, upstream_stores
from forestflux.prepare.masking import mask_cube


def main(
    *,
    places: list[str],
    years: list[int],
    upstream: Path,
    settings: dict,
    code: str,
    manifest: Path,
) -> None:
    """Write mask/{place}/{year}.zarr and the job's manifest."""
    cubes = upstream_stores(upstream)

    def make(place: str, year: int) -> xr.Dataset:
        cube = cubes.load(place, year)
        products = pick(settings["products"], variants_of(cube))
        return mask_cube(cube, products, year=year, **settings["mask"])

    run_stage(
        manifest,
        list(product(places, years)),
        recipe=lambda place, year: [code, settings, cubes.digest(place, year)],
        make=make,
        chunks=CHUNKS,
    )


if __name__ == "__main__":
    command_line.run(main)
