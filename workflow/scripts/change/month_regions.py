"""Wiring of rule month_regions: the months of every region, added up over its forest."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.change.change_schemas import MONTH_REGIONS
from forestflux.change.month_regions import tabulate_month_regions
from forestflux.change.strata.divisions import divide_grid
from forestflux.core.grids.grid import Grid
from forestflux.core.regions.run_region import find_areas
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import upstream_stores


class Settings(Section):
    """What the job's numbers depend on."""

    bands: tuple[LatitudeBandSettings, ...]
    region_name: str
    grid: MappedGridSettings
    region: Region = ()


def main(
    *,
    months: list[Path],
    maps: list[Path],
    regions: list[Path],
    settings: Settings,
    output: Path,
) -> None:
    """Write months/region_months.csv."""
    grid = Grid(**settings.grid.model_dump())
    divisions = divide_grid(
        grid.latitudes(),
        grid.longitudes(),
        bands=settings.bands,
        regions=next(iter(regions), None),
        region_name=settings.region_name,
        areas=find_areas(settings.region, grid),
    )
    table = tabulate_month_regions(
        upstream_stores(*months).years(),
        upstream_stores(*maps).years(),
        [division for division in divisions if division.kind != "forest_change"],
    )
    MONTH_REGIONS.write(table, output)


if __name__ == "__main__":
    command_line.run(main)
