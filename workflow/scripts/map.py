"""Wiring of rule map: one global store for each year that a job owns."""

from pathlib import Path

from forestflux.core.grid import Grid
from forestflux.ensemble.model_folder import load_model
from forestflux.jobs import command_line
from forestflux.jobs.chunked import Pieced
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import run_stage, upstream_stores
from forestflux.jobs.store import digest_of_files
from forestflux.maps.mosaic import map_chunks, map_year


class Settings(Section):
    """What the job's numbers depend on."""

    grid: GridSettings


def main(
    *,
    years: list[int],
    model: Path,
    tiles: list[Path],
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write maps/{year}.zarr and the job's manifest."""
    grid = Grid(**settings.grid.model_dump())
    trained, fingerprint = load_model(model), digest_of_files([model])
    inferred = upstream_stores(*tiles)

    def make(year: int) -> Pieced:
        tiles = [(tile, inferred.path(tile.name, year)) for tile in grid.tiles()]
        made = map_year(tiles, grid, trained, year=year)
        made.whole.attrs["model"] = fingerprint
        return made

    run_stage(
        manifest,
        [(year,) for year in years],
        recipe=lambda year: [
            code,
            settings,
            fingerprint,
            [inferred.digest(tile.name, year) for tile in grid.tiles()],
        ],
        make=make,
        chunks=map_chunks(grid),
    )


if __name__ == "__main__":
    command_line.run(main)
