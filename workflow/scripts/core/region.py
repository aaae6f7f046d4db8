"""Wiring of rule region: the share of each cell of the tiles that lies in the run's region."""

from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.core.regions.run_region import find_areas, share_tile
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage


class Settings(Section):
    """What the job's numbers depend on."""

    region: Region
    grid: GridSettings


def main(
    *,
    places: list[str],
    files: list[Path],
    settings: Settings,
    code: str,
    manifest: Path,
) -> None:
    """Write region/{place}.zarr and the job's manifest."""
    grid = Grid(**settings.grid.model_dump())
    content = checksum_files(files)

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        areas = find_areas(settings.region, grid)
        for (place,) in missing:
            yield share_tile(areas, grid.tile(str(place)))

    run_stage(
        manifest,
        [(place,) for place in places],
        build_key=lambda place: [code, settings, content, place],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
