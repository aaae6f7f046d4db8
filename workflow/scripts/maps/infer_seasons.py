"""Wiring of rule infer_seasons: shares of the months of the tiles and years that a job owns."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

from forestflux.jobs import command_line
from forestflux.ensemble.fast.fast_season import FastSeason
from forestflux.ensemble.season_folder import load_season
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import CHUNKS, ChunkedDataset
from forestflux.maps.season_inference import infer_seasons


class Settings(Section):
    """What the job's numbers depend on."""

    min_forest_fraction: float


def main(
    *,
    places: list[str],
    years: list[int],
    season: Path,
    upstream: Path,
    settings: Settings,
    threads: int,
    code: str,
    manifest: Path,
) -> None:
    """Write seasons/{place}/{year}.zarr and the job's manifest.

    `threads` change no number.
    """
    masked = upstream_stores(upstream)
    trained, season_checksum = load_season(season.parent), checksum_files([season])

    def make(missing: list[Key]) -> Iterator[ChunkedDataset]:
        return infer_seasons(
            [masked.path(*key) for key in missing],
            FastSeason(trained.network, workers=threads),
            inputs=trained.inputs,
            min_forest_fraction=settings.min_forest_fraction,
        )

    run_stage(
        manifest,
        list(product(places, years)),
        build_key=lambda place, year: [
            code,
            settings,
            season_checksum,
            masked.checksum(place, year),
        ],
        make=make,
        chunks=CHUNKS,
    )


if __name__ == "__main__":
    command_line.run(main)
