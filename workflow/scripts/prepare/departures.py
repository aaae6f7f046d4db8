"""Wiring of rule departures: how the years of each place that a job owns differ."""

from collections.abc import Iterator
from pathlib import Path

from forestflux.jobs import command_line
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import CHUNKS, ChunkedDataset
from forestflux.prepare.departures import measure_place


def main(
    *,
    places: list[str],
    years: list[int],
    upstream: list[Path],
    code: str,
    manifest: Path,
) -> None:
    """Write departures/{place}.zarr and the job's manifest."""
    masked = upstream_stores(*upstream)

    def make(missing: list[Key]) -> Iterator[ChunkedDataset]:
        for (place,) in missing:
            yield measure_place([masked.path(place, year) for year in years], years)

    run_stage(
        manifest,
        [(place,) for place in places],
        build_key=lambda place: [
            code,
            [(year, masked.checksum(place, year)) for year in years],
        ],
        make=make,
        chunks=CHUNKS | {"year": 1},
    )


if __name__ == "__main__":
    command_line.run(main)
