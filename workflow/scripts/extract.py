"""Wiring of rule extract: native values of the places and years that a job owns."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.core.grid import Grid
from forestflux.core.layers import REGION_SHARE
from forestflux.core.places import Place, TilePlace, TowerPlace
from forestflux.core.product_table import ProductTable
from forestflux.core.products import Product
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.run_settings import GridSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.sources.extraction import available_columns, extract
from forestflux.sources.source_registry import open_source
from forestflux.towers.tower_schemas import SITES


class Settings(Section):
    """What the job's numbers depend on."""

    source: str
    settings: SourceSettings
    grid: GridSettings | None = None


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
    source = open_source(
        settings.source,
        settings.settings,
        years=years,
        runtime=runtime,
        subsets=next(iter(subsets), None),
    )
    inputs = checksum_files([*sites, *table, *subsets])
    shares = upstream_stores(*region) if region else None

    def place_of(name: str) -> Place:
        if name == "towers":
            return TowerPlace(SITES.read_file(sites[0]))
        assert settings.grid is not None  # tiles come with a grid
        tile = Grid(**settings.grid.model_dump()).tile(name)
        share = shares.load(name)[REGION_SHARE].values if shares else None
        return TilePlace(tile, share)

    def available(place: Place) -> dict[str, Product]:
        return products.follow(available_columns(source, place, products))

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        work = [(place_of(name), year) for name, year in missing]
        source.prepare(available(work[0][0]), work)
        for place, year in work:
            yield extract(source, available(place), place, year=year)

    run_stage(
        manifest,
        list(product(places, years)),
        build_key=lambda place, year: [
            code,
            settings,
            products.to_json(),
            inputs,
            place,
            year,
            *([shares.checksum(place)] if shares else []),
        ],
        make=make,
    )


if __name__ == "__main__":
    command_line.run(main)
