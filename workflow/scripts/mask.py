"""Wiring of rule mask: physical values and reasons of the places and years that a job owns."""

from itertools import product
from pathlib import Path

from forestflux import job
from forestflux.mask import mask_cube
from forestflux.stages import run_stage, upstream_stores


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
    run_stage(
        manifest,
        list(product(places, years)),
        recipe=lambda place, year: [code, settings, cubes.digest(place, year)],
        make=lambda place, year: mask_cube(
            cubes.load(place, year),
            settings["products"],
            year=year,
            **settings["mask"],
        ),
    )


if __name__ == "__main__":
    job.run(main)
