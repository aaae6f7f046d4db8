"""Wiring of rule explorer: a page to explore that loads nothing from elsewhere."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.core.grids.grid import Grid
from forestflux.core.product_tables.products import InputSeries
from forestflux.core.regions.region_file import read_regions
from forestflux.core.regions.run_region import find_areas
from forestflux.jobs.settings.page_settings import ExplorerSettings
from forestflux.jobs.settings.region_settings import Region
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.small_files import read_json, write_text
from forestflux.jobs.stages import upstream_stores
from forestflux.pages.explorer.explorer_page import write_page
from forestflux.pages.explorer.page_data import MapFiles, RunFiles, collect_page_data
from forestflux.pages.plain_answer import answer_run


class Settings(Section):
    """What the page shows; no grid and no pair where the run has no change, and so no map here."""

    run: str
    simulated: bool
    license: str
    explorer: ExplorerSettings
    inputs: tuple[InputSeries, ...]
    mapped_years: tuple[int, ...]
    grid: MappedGridSettings | None = None
    pair: tuple[int, int] | None = None
    region: Region = ()
    region_name: str = ""


def main(
    *,
    model: Path,
    samples: Path,
    sample_table: Path,
    predictions: Path,
    scores: Path,
    interannual: Path,
    maps: list[Path],
    masks: list[Path],
    change: list[Path],
    recovery: list[Path],
    months: list[Path],
    compared: list[Path],
    regions: list[Path],
    settings: Settings,
    output: Path,
    cells: list[Path],
) -> None:
    """Write explorer.html, and beside it the cells of a map that is too fine for it.

    `change` is manifest and tables, if there are maps of two years; then `cells` is a folder.
    `recovery` is the tables of a planet whose truth is known. `regions` is the file of the
    user's regions with those that belong to it.
    """
    map_files = None
    tables = {path.stem: path for path in (scores, interannual, *change, *recovery)}
    if settings.grid and settings.pair:
        manifest = tables.pop("change")
        grid = Grid(**settings.grid.model_dump())
        outlined = find_areas(settings.region, grid)
        for file in regions[:1]:
            outlined += read_regions(file, name=settings.region_name)
        map_files = MapFiles(
            maps=upstream_stores(*maps),
            masks=upstream_stores(*masks),
            change=upstream_stores(manifest).path("change"),
            regions=tables["regions"],
            region_changes=tables["region_changes"],
            grid=grid,
            pair=settings.pair,
            cells=cells[0],
            months=upstream_stores(*months) if months else None,
            compared=upstream_stores(*compared) if compared else None,
            outlined=tuple(outlined),
        )
    data = collect_page_data(
        RunFiles(model, samples, sample_table, predictions),
        map_files,
        settings=settings.explorer,
    )
    page = write_page(
        data,
        inputs=settings.inputs,
        answer=answer_run(
            tables,
            members=len(read_json(model)["members"]),
            simulated=settings.simulated,
            mapped_years=settings.mapped_years,
        ),
        run=settings.run,
        simulated=settings.simulated,
        license_name=settings.license,
    )
    write_text(output, page)


if __name__ == "__main__":
    command_line.run(main)
