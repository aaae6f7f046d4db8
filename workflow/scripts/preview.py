"""Wiring of rule preview: an interactive map of a year before it is downloaded."""

from pathlib import Path

import pandas as pd

from forestflux import job
from forestflux.earthengine.session import connect
from forestflux.preview import draw_preview
from forestflux.store import write_text


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
    job.run(main)
