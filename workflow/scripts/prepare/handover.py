"""Wiring of rule handover: differences between products and successors at the places of a job."""

from pathlib import Path

import pandas as pd

from forestflux.jobs import command_line
from forestflux.core.grids.places import TilePlace
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.handovers import list_handovers
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.settings.sample_settings import MaskSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings
from forestflux.prepare.handover_table import HANDOVERS, join_places, measure_handovers
from forestflux.prepare.job_places import JobPlaces
from forestflux.sources.source_registry import open_source


class Settings(Section):
    """What the job's numbers depend on."""

    source: str
    settings: SourceSettings
    grid: GridSettings | None = None
    mask: MaskSettings
    shared_years: dict[str, int]


def main(
    *,
    places: list[str],
    sites: list[Path],
    region: list[Path],
    settings: Settings,
    products: ProductTable,
    runtime: EarthEngineSettings,
    table: Path,
) -> None:
    """Write the differences of all places of the job.

    `runtime` says how Earth Engine is reached; it changes no number.
    """
    known = JobPlaces.of(sites=sites, region=region, grid=settings.grid)
    parts: list[pd.DataFrame] = []
    for year in sorted(set(settings.shared_years.values())):
        source = open_source(
            settings.source, settings.settings, years=[year], runtime=runtime
        )
        for place in map(known.find, places):
            column = products.column(place.column)
            cover = {LAND_COVER} if isinstance(place, TilePlace) else set()
            parts.append(
                measure_handovers(
                    source,
                    place,
                    list_handovers(column, settings.shared_years),
                    cover={name: column[name] for name in cover},
                    year=year,
                    min_valid_share=settings.mask.min_valid_share,
                )
            )
    HANDOVERS.write(join_places(parts), table)


if __name__ == "__main__":
    command_line.run(main)
