"""Wiring of rule plan: what a run would ask of Earth Engine, printed; nothing is sent."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from forestflux.jobs import command_line
from forestflux.core.grid import Grid
from forestflux.core.places import Place, TilePlace, TowerPlace
from forestflux.core.product_table import ProductTable
from forestflux.jobs.batches import span
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine.request_plan import (
    Planned,
    lines_of,
    plan_of,
    store_bytes,
)
from forestflux.sources.earthengine.tower_edges import edge_lines
from forestflux.towers.place_tables import read_places


class Settings(Section):
    """What the job's numbers depend on."""

    grid: GridSettings
    years: tuple[int, ...]
    last_year: str
    tower_years: tuple[int, ...]
    jobs: dict[str, int]
    forest_only: bool


def plan_places(
    products: ProductTable,
    places: Sequence[Place],
    years: Sequence[int],
    *,
    runtime: EarthEngineSettings,
    forest_only: bool,
    title: str,
    jobs: int,
) -> list[str]:
    """The plan of places of one kind as lines of text."""
    parts, disk = [], 0
    for table, same in products.eras(years):
        column = table.column(places[0].column)
        source = Planned(same, runtime, forest_only=forest_only, products=column)
        work = [(place, year) for year in same for place in places]
        parts.append(plan_of(source, column, work))
        disk += len(same) * sum(store_bytes(column, place) for place in places)
    plan = pd.concat(parts, ignore_index=True)
    return lines_of(plan, title=title, jobs=jobs, disk=disk)


def main(
    *,
    settings: Settings,
    products: ProductTable,
    runtime: EarthEngineSettings,
    sites: list[Path],
) -> None:
    """Print the plan of the towers and of the tiles."""
    planner = partial(
        plan_places, products, runtime=runtime, forest_only=settings.forest_only
    )
    lines = []
    if sites:
        years = settings.tower_years
        place = TowerPlace(read_places(sites[0], "igbp"))
        lines += planner(
            [place],
            years,
            title=f"{len(place.sites)} towers, {span(years)}",
            jobs=settings.jobs["towers"],
        )
        lines += edge_lines(products.in_years(*years).column("tower"), place)
    else:
        lines.append("towers: no table of towers yet, so nothing is planned for them")
    grid, years = Grid(**settings.grid.model_dump()), settings.years
    places = [TilePlace(tile) for tile in grid.tiles()]
    lines += ["", *([settings.last_year] if settings.last_year else [])]
    lines += planner(
        places,
        years,
        title=f"{len(places)} tiles, {', '.join(map(str, years))}",
        jobs=settings.jobs["tiles"],
    )
    lines += ["", "Nothing was sent."]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    command_line.run(main)
