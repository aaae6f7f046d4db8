"""Wiring of rule preview: an interactive map of a year before it is downloaded."""

from pathlib import Path

import pandas as pd

from forestflux.jobs import command_line
from forestflux.jobs.store import write_text
from forestflux.pages.layer_preview import draw_preview
from forestflux.sources.earthengine.client.session import connect


def main(*, settings: dict, access: dict, sites: list[Path], page: Path) -> None:
    """Write preview.html."""
    connect(access)
    html = draw_preview(
        settings["products"],
        layers=settings["layers"],
        year=settings["year"],
        sites=pd.read_csv(sites[0]) if sites else None,
    )
    write_text(page, html)


if __name__ == "__main__":
    command_line.run(main)
