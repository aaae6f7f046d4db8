"""Wiring of rule change: the pair of years, the series between, tables and store."""

from pathlib import Path
from typing import Literal

from forestflux.jobs import command_line
from forestflux.change.analysis import analyse_change
from forestflux.change.change_schemas import CHANGE_TABLES
from forestflux.change.errors.error_model import ErrorModel
from forestflux.core.grids.grid import Grid
from forestflux.core.regions.run_region import find_areas
from forestflux.ensemble.errors.error_reading import read_errors
from forestflux.jobs.settings.change_settings import ChangeSettings
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores, write_single_store
from forestflux.jobs.tables import write_tables


class Settings(Section):
    """What the job's numbers depend on."""

    change: ChangeSettings
    grid: MappedGridSettings
    region: Region = ()
    level: float
    co2: Literal["none", "theory", "towers"]


def main(
    *,
    years: list[int],
    maps: list[Path],
    model: Path,
    departures: list[Path],
    regions: list[Path],
    settings: Settings,
    code: str,
    tables: list[Path],
    manifest: Path,
) -> None:
    """Write the tables, change.zarr and the manifest."""
    grid = Grid(**settings.grid.model_dump())
    components, response = read_errors(model)
    tile_departures: dict[str, Path] = {}
    if response:
        stores = upstream_stores(*departures)
        tile_departures = {tile.name: stores.path(tile.name) for tile in grid.tiles()}
    store, made = analyse_change(
        upstream_stores(*maps).years(),
        settings.change,
        ErrorModel(
            components=components,
            response=response,
            departures=tile_departures,
            grid=grid,
        ),
        years=years,
        level=settings.level,
        co2=settings.co2,
        regions=next(iter(regions), None),
        areas=find_areas(settings.region, grid),
    )
    write_tables(made, tables, CHANGE_TABLES)
    rows = store.chunksizes["y"][0]  # the blocks in which the layers are made
    write_single_store(manifest, "change", store, build_key=code, chunks={"y": rows})


if __name__ == "__main__":
    command_line.run(main)
