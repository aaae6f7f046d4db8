"""Wiring of rule explorer: a page to explore that loads nothing from elsewhere."""

from pathlib import Path

from forestflux import job
from forestflux.explorer.build import page_data
from forestflux.explorer.page import write_page
from forestflux.grid import Grid
from forestflux.store import write_text


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
    job.run(main)
