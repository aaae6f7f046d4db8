"""A job that writes a store that fits and one that does not."""

from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.jobs import command_line
from forestflux.jobs.stores.store import write_store


def main(*, folder: Path) -> None:
    """Write a small store, then one of 8 MB."""
    rng = np.random.default_rng(0)
    for year, length in ((2003, 10), (2004, 1_000_000)):
        values = xr.Dataset({"values": ("x", rng.normal(size=length))})
        write_store(values, folder / f"{year}.zarr")


if __name__ == "__main__":
    command_line.run(main)
