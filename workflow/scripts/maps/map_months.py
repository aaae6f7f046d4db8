"""Wiring of rule map_months: the months of each year that a job owns, on the grid of the maps."""

from collections.abc import Iterator
from pathlib import Path

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.ensemble.season_folder import load_season
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import ChunkedDataset
from forestflux.maps.month_mosaic import map_months, month_chunks


class Settings(Section):
    """What the job's numbers depend on."""

    grid: MappedGridSettings


def main(
    *,
    years: list[int],
    season: Path,
    maps: Path,
    tiles: list[Path],
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write month_maps/{year}.zarr and the job's manifest."""
    grid = Grid(**settings.grid.model_dump())
    trained, season_checksum = load_season(season.parent), checksum_files([season])
    mapped, seasons = upstream_stores(maps), upstream_stores(*tiles)

    def make(missing: list[Key]) -> Iterator[ChunkedDataset]:
        for (year,) in missing:
            yield map_months(
                [(tile, seasons.path(tile.name, year)) for tile in grid.tiles()],
                mapped.path(year),
                grid,
                trained.calibration,
                year=year,
            )

    run_stage(
        manifest,
        [(year,) for year in years],
        build_key=lambda year: [
            code,
            settings,
            season_checksum,
            mapped.checksum(year),
            [seasons.checksum(tile.name, year) for tile in grid.tiles()],
        ],
        make=make,
        chunks=month_chunks(grid),
    )


if __name__ == "__main__":
    command_line.run(main)
