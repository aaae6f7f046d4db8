"""Wiring of rule drivers: what drove the change of the pair, as maps and a table."""

from pathlib import Path
from typing import Literal

from forestflux.jobs import command_line
from forestflux.change.change_schemas import DRIVERS
from forestflux.change.drivers.driver_maps import collect_drivers
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.ensemble.model_folder import load_model
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores, write_single_store
from forestflux.maps.tile_years import MappedTiles


class Settings(Section):
    """What the job's numbers depend on."""

    grid: MappedGridSettings
    co2: Literal["none", "theory", "towers"]
    pair: tuple[int, int]
    bands: tuple[LatitudeBandSettings, ...]
    level: float


def main(
    *,
    model: Path,
    inferred: list[Path],
    departures: list[Path],
    levels: list[Path],
    settings: Settings,
    code: str,
    table: Path,
    manifest: Path,
) -> None:
    """Write drivers.csv, drivers.zarr and the manifest."""
    grid, pair = Grid(**settings.grid.model_dump()), settings.pair
    response = load_model(model).response
    if response is None:
        raise InputError(
            model,
            variable="response",
            expected="a response, which drivers follow from (model.years: response)",
            found="none",
        )
    stores = MappedTiles(
        upstream_stores(*inferred),
        upstream_stores(*departures),
        upstream_stores(*levels),
        response,
        settings.co2,
    )
    store, drivers = collect_drivers(
        [
            (tile, [stores.tile_year(tile.name, year) for year in pair])
            for tile in grid.tiles()
        ],
        grid,
        response=response,
        pair=pair,
        bands=settings.bands,
        level=settings.level,
    )
    DRIVERS.write(drivers, table)
    write_single_store(manifest, "drivers", store, build_key=code, chunks={"driver": 1})


if __name__ == "__main__":
    command_line.run(main)
