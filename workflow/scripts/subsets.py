"""Wiring of rule subsets: the files of a folder as native images of all towers and years."""

from pathlib import Path

import pandas as pd
import xarray as xr

from forestflux import job
from forestflux.stages import run_stage, upstream_stores
from forestflux.store import digest_of_files, open_store
from forestflux.subsets.collect import collect_subsets
from forestflux.subsets.folder import subset_files
from forestflux.tables import write_table


def main(
    *, sites: Path, settings: dict, code: str, sources: Path, manifest: Path
) -> None:
    """Write subsets/towers.zarr, the table of sources and the manifest."""
    files = [Path(file) for file in subset_files(settings["folder"])]
    inputs = digest_of_files([sites, *files])

    def make(place: str) -> xr.Dataset:
        towers = pd.read_csv(sites, dtype={"site": str})
        images, table = collect_subsets(files, towers, settings["layers"])
        return images.assign_attrs(sources=table.to_dict("list"))

    run_stage(
        manifest,
        [("towers",)],
        recipe=lambda place: [code, settings, inputs, place],
        make=make,
    )
    kept = open_store(upstream_stores(manifest).path("towers"))
    write_table(pd.DataFrame(kept.attrs["sources"]), sources)


if __name__ == "__main__":
    job.run(main)
