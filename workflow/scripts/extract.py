"""Wiring of rule extract: native values of the places and years that a job owns."""

from itertools import product
from pathlib import Path

import pandas as pd

from forestflux import job
from forestflux.extract import extract
from forestflux.grid import Grid
from forestflux.places import Place, TilePlace, TowerPlace
from forestflux.sources.source import open_source
from forestflux.stages import run_stage
from forestflux.store import digest_of_files


def main(
    *,
    places: list[str],
    years: list[int],
    sites: list[Path],
    table: list[Path],
    settings: dict,
    code: str,
    manifest: Path,
) -> None:
    """Write extract/{place}/{year}.zarr and the job's manifest."""
    source = open_source(settings["source"], settings["settings"])
    inputs = digest_of_files([*sites, *table])

    def place_of(name: str) -> Place:
        if name == "towers":
            return TowerPlace(pd.read_csv(sites[0]))
        return TilePlace(Grid(**settings["settings"]["grid"]).tile(name))

    run_stage(
        manifest,
        list(product(places, years)),
        recipe=lambda place, year: [code, settings, inputs, place, year],
        make=lambda place, year: extract(
            source, settings["products"], place_of(place), year=year
        ),
    )


if __name__ == "__main__":
    job.run(main)
