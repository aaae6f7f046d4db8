"""Wiring of rule explorer: a page to explore that loads nothing from elsewhere."""

from pathlib import Path

from forestflux.core.grid import Grid
from forestflux.jobs import command_line
from forestflux.jobs.store import write_text
from forestflux.pages.explorer.explorer_page import write_page
from forestflux.pages.explorer.page_data import page_data


def main(*, results: Path, settings: dict, output: Path) -> None:
    """Write explorer.html."""
    data = page_data(
        results,
        grid=Grid(**settings["grid"]) if "grid" in settings else None,
        years=settings["years"],
        pair=tuple(settings.get("pair", ())),
        settings=settings["explorer"],
    )
    page = write_page(data, run=settings["run"], simulated=settings["simulated"])
    write_text(output, page)


if __name__ == "__main__":
    command_line.run(main)
