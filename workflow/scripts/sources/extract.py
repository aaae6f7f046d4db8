"""Wiring of rule extract: native values of the places and years that a job owns."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.core.grids.places import Place
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.core.product_tables.products import Product
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings
from forestflux.jobs.stages import Key, run_stage
from forestflux.prepare.job_places import JobPlaces
from forestflux.sources.extraction import available_columns, extract
from forestflux.sources.source import Source
from forestflux.sources.source_registry import open_source


class Settings(Section):
    """What the job's numbers depend on."""

    source: str
    settings: SourceSettings
    grid: GridSettings | None = None


@dataclass(frozen=True, eq=False)
class Era:
    """Years of the job that have the same products.

    Attributes
    ----------
    table : the products
    source : that has them
    """

    table: ProductTable
    source: Source

    def available(self, place: Place) -> dict[str, Product]:
        """The products that the source has for a place, by variable."""
        return self.table.follow(available_columns(self.source, place, self.table))


def main(
    *,
    places: list[str],
    years: list[int],
    sites: list[Path],
    table: list[Path],
    subsets: list[Path],
    region: list[Path],
    settings: Settings,
    products: ProductTable,
    runtime: EarthEngineSettings,
    code: str,
    manifest: Path,
) -> None:
    """Write extract/{place}/{year}.zarr and the job's manifest.

    `runtime` says how Earth Engine is reached; it changes no number.
    """
    eras = {}
    for some, same in products.eras(years):
        # A request to Earth Engine holds several years of a tower, all of the same products.
        source = open_source(
            settings.source,
            settings.settings,
            years=same,
            runtime=runtime,
            subsets=next(iter(subsets), None),
        )
        eras |= {year: Era(some, source) for year in same}
    inputs = checksum_files([*sites, *table, *subsets])
    known = JobPlaces.of(sites=sites, region=region, grid=settings.grid)

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        work = [(known.find(name), year) for name, year in missing]
        for era in dict.fromkeys(eras[year] for _, year in work):
            some = [(place, year) for place, year in work if eras[year] is era]
            era.source.prepare(era.available(some[0][0]), some)
        for place, year in work:
            era = eras[year]
            yield extract(era.source, era.available(place), place, year=year)

    run_stage(
        manifest,
        list(product(places, years)),
        build_key=lambda place, year: [
            code,
            settings,
            eras[year].table.to_json(),
            inputs,
            place,
            year,
            *([known.shares.checksum(place)] if known.shares else []),
        ],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
