"""Wiring of rule online: the trained model as an expression of Earth Engine, and its script."""

from pathlib import Path

from forestflux.jobs import command_line
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.jobs.settings.map_settings import OnlineSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.publish.online.images.year_image import YearChoice
from forestflux.publish.online.online_export import (
    make_online_model,
    write_online_files,
)
from forestflux.publish.online.online_source import OnlineSource, check_latitudes
from forestflux.publish.online.region import Region


class Settings(Section):
    """What the job's numbers depend on."""

    year: int
    min_valid_share: float
    min_forest_fraction: float
    online: OnlineSettings


def main(
    *,
    model: Path,
    settings: Settings,
    products: ProductTable,
    runtime: EarthEngineSettings,
    expression: Path,
    script: Path,
) -> None:
    """Write online.json and online.js."""
    region, table = Region(*settings.online.region), products.column("tile")
    check_latitudes(table, region.south, region.north, source="online.region")
    choice = YearChoice(
        year=settings.year,
        min_valid_share=settings.min_valid_share,
        min_forest_fraction=settings.min_forest_fraction,
        with_applicability=settings.online.applicability,
    )
    source = OnlineSource(table, runtime, year=settings.year)
    made = make_online_model(
        model, table, source, choice=choice, card=settings.online.card
    )
    write_online_files(made, region, expression=expression, script=script)


if __name__ == "__main__":
    command_line.run(main)
