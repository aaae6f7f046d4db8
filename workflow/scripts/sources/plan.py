"""Wiring of rule plan: what a run would ask of Earth Engine, printed; nothing is sent."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import Place, TilePlace, TowerPlace
from forestflux.core.layers import REGION_SHARE
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.core.regions.run_region import find_areas, share_tile
from forestflux.jobs.batches import span
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine.plan_time import cost_line, time_line
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

    grid: MappedGridSettings
    region: Region = ()
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
) -> tuple[pd.DataFrame, list[str]]:
    """The plan of places of one kind, and its lines of text."""
    parts, disk = [], 0
    for table, same in products.eras(years):
        column = table.column(places[0].column)
        source = Planned(same, runtime, forest_only=forest_only, products=column)
        work = [(place, year) for year in same for place in places]
        parts.append(plan_of(source, column, work))
        disk += len(same) * sum(store_bytes(column, place) for place in places)
    plan = pd.concat(parts, ignore_index=True)
    return plan, lines_of(plan, title=title, jobs=jobs, disk=disk)


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
    lines, plans = [], []
    if sites:
        years = settings.tower_years
        place = TowerPlace(read_places(sites[0], "igbp"))
        plan, text = planner(
            [place],
            years,
            title=f"{len(place.sites)} towers, {span(years)}",
            jobs=settings.jobs["towers"],
        )
        plans.append(plan)
        lines += text
        lines += edge_lines(products.in_years(*years).column("tower"), place)
    else:
        lines.append("towers: no table of towers yet, so nothing is planned for them")
    grid, years = Grid(**settings.grid.model_dump()), settings.years
    places = list_places(grid, settings.region)
    lines += ["", *([settings.last_year] if settings.last_year else [])]
    plan, text = planner(
        places,
        years,
        title=f"{len(places)} tiles, {', '.join(map(str, years))}",
        jobs=settings.jobs["tiles"],
    )
    plans.append(plan)
    lines += text
    lines += ["", time_line(plans, in_flight=runtime.in_flight)]
    lines += [cost_line(plans), "Nothing was sent."]
    sys.stdout.write("\n".join(lines) + "\n")


def list_places(grid: Grid, region: Region) -> list[TilePlace]:
    """The mapped tiles with their share in the region, where they do not lie wholly in it."""
    areas, places = find_areas(region, grid), []
    for tile in grid.tiles():
        share = share_tile(areas, tile)[REGION_SHARE].values if areas else np.ones(1)
        # A share of one everywhere would only take memory.
        places.append(TilePlace(tile, None if (share == 1).all() else share))
    return places


if __name__ == "__main__":
    command_line.run(main)
