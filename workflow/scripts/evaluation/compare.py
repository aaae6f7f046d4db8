"""Wiring of rule compare: the maps beside other products, a store for each, and tables."""

from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from forestflux.jobs import command_line
from forestflux.evaluation.compare.compared_files import (
    list_compared_files,
    list_content,
)
from forestflux.evaluation.compare.comparison_schemas import COMPARISON_TABLES
from forestflux.evaluation.compare.comparison_store import compare_product
from forestflux.evaluation.compare.comparison_tables import tabulate_comparison
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.compare_settings import ComparedSettings
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.chunked import ChunkedDataset
from forestflux.jobs.stores.store import open_store
from forestflux.jobs.tables import write_tables


class Settings(Section):
    """What the job's numbers depend on."""

    compare: dict[str, ComparedSettings]
    windows: tuple[tuple[int, int], tuple[int, int]]
    zone_width_deg: float


def main(
    *,
    maps: list[Path],
    settings: Settings,
    code: str,
    tables: list[Path],
    manifest: Path,
) -> None:
    """Write compare/PRODUCT.zarr of each product, the tables and the manifest."""
    mapped = upstream_stores(*maps)
    years = mapped.years()

    def build_key(name: str) -> list:
        chosen = settings.compare[name]
        files = list_content(list_compared_files(name, chosen.files))
        apart = [code, settings.windows, settings.zone_width_deg]
        return [*apart, chosen, checksum_files(files), mapped.checksums]

    def make(missing: list[Key]) -> Iterator[xr.Dataset | ChunkedDataset]:
        for (name,) in missing:
            yield compare_product(
                name,
                settings.compare[name],
                years,
                windows=settings.windows,
                zone_width_deg=settings.zone_width_deg,
            )

    names = list(settings.compare)
    run_stage(manifest, [(name,) for name in names], build_key=build_key, make=make)
    stores = upstream_stores(manifest)
    made = tabulate_comparison(open_store(stores.path(name)) for name in names)
    write_tables(made, tables, COMPARISON_TABLES)


if __name__ == "__main__":
    command_line.run(main)
