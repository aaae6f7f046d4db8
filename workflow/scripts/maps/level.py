"""Wiring of rule level: the mean fluxes of each place that a job owns."""

from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import CHUNKS
from forestflux.maps.tile_years import average_fluxes


def main(
    *,
    places: list[str],
    years: list[int],
    inferred: list[Path],
    departures: Path,
    code: str,
    manifest: Path,
) -> None:
    """Write level/{place}.zarr and the job's manifest."""
    fluxes, yearly = upstream_stores(*inferred), upstream_stores(departures)

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        for (place,) in missing:
            yield average_fluxes(
                {year: fluxes.path(place, year) for year in years}, yearly.path(place)
            )

    run_stage(
        manifest,
        [(place,) for place in places],
        build_key=lambda place: [
            code,
            [fluxes.checksum(place, year) for year in years],
            yearly.checksum(place),
        ],
        make=make,
        chunks=CHUNKS,
    )


if __name__ == "__main__":
    command_line.run(main)
