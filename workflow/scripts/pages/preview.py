"""Wiring of rule preview: an interactive map of a year before it is downloaded."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.jobs.small_files import write_text
from forestflux.pages.layer_preview import draw_preview
from forestflux.sources.earthengine.client.session import connect
from forestflux.towers.place_tables import read_places


class Settings(Section):
    """What the job's numbers depend on."""

    layers: tuple[str, ...]
    year: int | None


def main(
    *,
    settings: Settings,
    products: ProductTable,
    runtime: EarthEngineSettings,
    sites: list[Path],
    page: Path,
) -> None:
    """Write preview.html."""
    connect(runtime)
    html = draw_preview(
        products.column("tile"),
        layers=list(settings.layers),
        year=settings.year,
        sites=read_places(sites[0], "igbp") if sites else None,
    )
    write_text(page, html)


if __name__ == "__main__":
    command_line.run(main)
