"""Wiring of rule cube: the places and years that a job owns, on one calendar and grid."""

from itertools import product
from pathlib import Path

from forestflux import job
from forestflux.cube import build_cube
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
    """Write cube/{place}/{year}.zarr and the job's manifest."""
    native = upstream_stores(upstream)
    run_stage(
        manifest,
        list(product(places, years)),
        recipe=lambda place, year: [code, settings, native.digest(place, year)],
        make=lambda place, year: build_cube(
            native.load(place, year), settings["products"], year=year
        ),
    )


if __name__ == "__main__":
    job.run(main)
