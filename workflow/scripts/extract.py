"""Wiring of rule extract: native values of the places and years that a job owns."""

from itertools import product
from pathlib import Path

import pandas as pd

from forestflux import job
from forestflux.extract import extract
from forestflux.grid import Grid
from forestflux.places import Place, TilePlace, TowerPlace
from forestflux.products import sections_of
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
    access: dict,
    code: str,
    manifest: Path,
) -> None:
    """Write extract/{place}/{year}.zarr and the job's manifest.

    `access` says how a source is reached; it changes no number and is in no recipe.
    """
    shared = {"access": access, "years": years}
    source = open_source(settings["source"], settings["settings"] | shared)
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
        prepare=lambda keys: source.prepare(
            sections_of(settings["products"]),
            [(place_of(place), year) for place, year in keys],
        ),
    )


if __name__ == "__main__":
    job.run(main)
