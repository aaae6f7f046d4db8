"""Wiring of rule plan: what a run would ask of Earth Engine, printed; nothing is sent."""

import sys
from pathlib import Path

import numpy as np

from forestflux.jobs import command_line
from forestflux.core.grid import Grid
from forestflux.core.layers import REGION_SHARE
from forestflux.core.places import TilePlace, TowerPlace
from forestflux.core.product_table import ProductTable
from forestflux.core.regions.run_region import find_areas, share_tile
from forestflux.jobs.batches import span
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine.plan_time import time_line
from forestflux.sources.earthengine.request_plan import (
    Planned,
    last_year_line,
    lines_of,
    plan_of,
    store_bytes,
)
from forestflux.sources.earthengine.tower_edges import edge_lines
from forestflux.towers.tower_schemas import PLACE, SITES


class Settings(Section):
    """What the job's numbers depend on."""

    grid: MappedGridSettings
    region: Region = ()
    years: tuple[int, ...]
    open_end: bool
    tower_years: tuple[int, ...]
    jobs: dict[str, int]
    forest_only: bool


def main(
    *,
    settings: Settings,
    products: ProductTable,
    runtime: EarthEngineSettings,
    sites: list[Path],
) -> None:
    """Print the plan of the towers and of the tiles."""
    lines, plans = [], []
    if sites:
        years, of_towers = settings.tower_years, products.column("tower")
        place = TowerPlace(SITES.read_file(sites[0], columns=PLACE))
        source = Planned(
            years, runtime, forest_only=settings.forest_only, products=of_towers
        )
        work = [(place, year) for year in years]
        plans.append(plan_of(source, of_towers, work))
        lines += lines_of(
            plans[-1],
            title=f"{len(place.sites)} towers, {span(years)}",
            jobs=settings.jobs["towers"],
            disk=len(years) * store_bytes(of_towers, place),
        )
        lines += edge_lines(of_towers, place)
    else:
        lines.append("towers: no table of towers yet, so nothing is planned for them")
    years, of_tiles = settings.years, products.column("tile")
    places = list_places(Grid(**settings.grid.model_dump()), settings.region)
    source = Planned(
        years, runtime, forest_only=settings.forest_only, products=of_tiles
    )
    work = [(place, year) for year in years for place in places]
    lines.append("")
    if settings.open_end:
        lines.append(last_year_line(products, years[-1]))
    plans.append(plan_of(source, of_tiles, work))
    lines += lines_of(
        plans[-1],
        title=f"{len(places)} tiles, {', '.join(map(str, years))}",
        jobs=settings.jobs["tiles"],
        disk=len(years) * sum(store_bytes(of_tiles, place) for place in places),
    )
    lines += ["", time_line(plans, in_flight=runtime.in_flight), "Nothing was sent."]
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
