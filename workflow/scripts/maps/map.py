"""Wiring of rule map: one global store for each year that a job owns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.ensemble.model_folder import load_model
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import ChunkedDataset
from forestflux.maps.mosaic import map_chunks, map_year
from forestflux.maps.tile_years import MappedTiles


class Settings(Section):
    """What the job's numbers depend on."""

    grid: MappedGridSettings
    co2: Literal["none", "theory", "towers"]


def main(
    *,
    years: list[int],
    model: Path,
    tiles: list[Path],
    departures: list[Path],
    levels: list[Path],
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write maps/{year}.zarr and the job's manifest."""
    grid = Grid(**settings.grid.model_dump())
    trained, model_checksum = load_model(model), checksum_files([model])
    stores = MappedTiles(
        upstream_stores(*tiles),
        upstream_stores(*departures),
        upstream_stores(*levels),
        trained.response,
        settings.co2,
    )

    def make(missing: list[Key]) -> Iterator[ChunkedDataset]:
        for (year,) in missing:
            years = [(t, stores.tile_year(t.name, year)) for t in grid.tiles()]
            mapped = map_year(years, grid, trained, year=year)
            mapped.template.attrs["model"] = model_checksum
            yield mapped

    run_stage(
        manifest,
        [(year,) for year in years],
        build_key=lambda year: [
            code,
            settings,
            model_checksum,
            [stores.checksums(tile.name, year) for tile in grid.tiles()],
        ],
        make=make,
        chunks=map_chunks(grid),
    )


if __name__ == "__main__":
    command_line.run(main)
