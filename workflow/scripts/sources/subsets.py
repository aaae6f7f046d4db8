"""Wiring of rule subsets: the files of a folder as native images of all towers and years."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import xarray as xr

from forestflux.jobs import command_line
from forestflux.jobs.checksums import checksum_files
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.stores.store import open_store
from forestflux.sources.modis_subsets.subset_folder import list_subset_files
from forestflux.sources.modis_subsets.subset_images import SOURCES, collect_subsets
from forestflux.sources.modis_subsets.subset_table import SubsetTable
from forestflux.towers.tower_schemas import SITES


class Settings(Section):
    """What the job's numbers depend on."""

    folder: str


def main(
    *,
    sites: Path,
    settings: Settings,
    layers: SubsetTable,
    code: str,
    sources: Path,
    manifest: Path,
) -> None:
    """Write subsets/towers.zarr, the table of sources and the manifest."""
    files = [Path(file) for file in list_subset_files(settings.folder)]
    inputs = checksum_files([sites, *files])

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        towers = SITES.read_file(sites)
        for _ in missing:  # the one store of all towers
            images, table = collect_subsets(files, towers, layers)
            yield images.assign_attrs(sources=table.to_dict("list"))

    run_stage(
        manifest,
        [("towers",)],
        build_key=lambda place: [code, settings, layers.to_json(), inputs, place],
        make=make,
    )
    kept = open_store(upstream_stores(manifest).path("towers"))
    SOURCES.write(pd.DataFrame(kept.attrs["sources"]), sources)


if __name__ == "__main__":
    command_line.run(main)
