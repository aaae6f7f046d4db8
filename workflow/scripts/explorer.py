"""Wiring of rule explorer: a page to explore that loads nothing from elsewhere."""

from pathlib import Path

from forestflux.core.grid import Grid
from forestflux.jobs import command_line
from forestflux.jobs.settings.page_settings import ExplorerSettings
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.store import write_text
from forestflux.pages.explorer.explorer_page import write_page
from forestflux.pages.explorer.page_data import page_data


class Settings(Section):
    """What the job's numbers depend on."""

    run: str
    simulated: bool
    explorer: ExplorerSettings
    years: tuple[int, ...]
    grid: GridSettings | None = None
    pair: tuple[int, int] | None = None


def main(*, results: Path, settings: Settings, output: Path) -> None:
    """Write explorer.html."""
    data = page_data(
        results,
        grid=Grid(**settings.grid.model_dump()) if settings.grid else None,
        years=settings.years,
        pair=settings.pair or (),
        settings=settings.explorer.numbers(),
    )
    page = write_page(data, run=settings.run, simulated=settings.simulated)
    write_text(output, page)


if __name__ == "__main__":
    command_line.run(main)
