"""Wiring of rule subsets: the files of a folder as native images of all towers and years."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from forestflux.jobs import command_line
from forestflux.jobs.settings.section import Section
from forestflux.jobs.stages import Key, run_stage, upstream_stores
from forestflux.jobs.store import checksum_files, open_store
from forestflux.jobs.tables import write_table
from forestflux.sources.modis_subsets.subset_folder import subset_files
from forestflux.sources.modis_subsets.subset_images import collect_subsets


class Settings(Section):
    """What the job's numbers depend on."""

    folder: str
    layers: dict[str, Any]


def main(
    *, sites: Path, settings: Settings, code: str, sources: Path, manifest: Path
) -> None:
    """Write subsets/towers.zarr, the table of sources and the manifest."""
    files = [Path(file) for file in subset_files(settings.folder)]
    inputs = checksum_files([sites, *files])

    def make(missing: list[Key]) -> Iterator[xr.Dataset]:
        towers = pd.read_csv(sites, dtype={"site": str})
        for _ in missing:  # the one store of all towers
            images, table = collect_subsets(files, towers, settings.layers)
            yield images.assign_attrs(sources=table.to_dict("list"))

    run_stage(
        manifest,
        [("towers",)],
        build_key=lambda place: [code, settings, inputs, place],
        make=make,
    )
    kept = open_store(upstream_stores(manifest).path("towers"))
    write_table(pd.DataFrame(kept.attrs["sources"]), sources)


if __name__ == "__main__":
    command_line.run(main)
