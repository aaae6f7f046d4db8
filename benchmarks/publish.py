"""Time, memory and size of publishing one year of a global map.

    python benchmarks/publish.py --resolution-deg 0.05

The map is made up: a quarter of the cells is forest, with noise that compresses badly.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import xarray as xr

from forestflux.core.grid import Grid, cell_area
from forestflux.core.layers import LAYERS, NOT_FOREST
from forestflux.jobs.store import write_store
from forestflux.maps.mosaic import coordinates, title, variable
from forestflux.publish.year_product import publish_year

ROOT = Path(__file__).parents[1]

YEAR = 2003
LEVEL = 0.9
SETTINGS = {
    "run": "benchmark",
    "source": "simulated",
    "publish": {"max_gap_fraction": 0.7, "license": "other", "institution": "none"},
}


def main() -> None:
    """Make the map, publish it in a process of its own, print what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resolution-deg", type=float, default=0.05)
    parser.add_argument("--folder", type=Path, help="where to work; kept if given")
    parser.add_argument("--publish-only", action="store_true")
    arguments = parser.parse_args()
    if arguments.publish_only:
        measure(arguments.folder, arguments.resolution_deg)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or Path(scratch)
        with dask.config.set(scheduler="synchronous"):
            made = make_map(Grid(arguments.resolution_deg, 400))
            write_store(made, folder / f"maps/{YEAR}.zarr")
        words = ["--resolution-deg", str(arguments.resolution_deg), "--publish-only"]
        command = [sys.executable, __file__, "--folder", str(folder), *words]
        subprocess.run(command, check=True)


def make_map(grid: Grid) -> xr.Dataset:
    """A lazy map, one chunk a layer, as the stage map writes it."""
    rows = da.from_array(np.arange(grid.shape[0]), chunks=-1)[:, None]
    columns = da.from_array(np.arange(grid.shape[1]), chunks=-1)[None]
    forest = da.sin(rows * 0.021) * da.cos(columns * 0.013) > 0.35
    kind = da.where(forest, 1 + (rows + columns) % 5, 0)
    area = cell_area(grid.latitudes(), grid.resolution_deg)
    layers = {}
    for seed, (name, layer) in enumerate(LAYERS.items()):
        noise = da.random.default_rng(seed).random(grid.shape, chunks=-1)
        flat = {
            "gap_fraction": noise,
            "forest_fraction": da.where(forest, noise, 0),
            "forest_type": kind,
            "applicable": da.where(forest, noise > 0.1, NOT_FOREST),
            "cell_area": da.broadcast_to(da.from_array(area)[:, None], grid.shape),
        }.get(name, da.where(forest, 2000 * noise, np.nan))
        if name != "quality":
            layers[name] = variable(name, flat.astype(layer.dtype), level=LEVEL)
    return xr.Dataset(layers, coordinates(grid, 1), title(YEAR))


def measure(folder: Path, resolution_deg: float) -> None:
    """Publish the map and print seconds, highest memory and sizes as JSON."""
    start, cpu = time.perf_counter(), time.process_time()
    product = folder / f"products/{YEAR}"
    publish_year(
        folder / f"maps/{YEAR}.zarr",
        product,
        year=YEAR,
        settings={
            **SETTINGS,
            "grid": {"resolution_deg": resolution_deg, "tile_cells": 400},
        },
        record={"build_key": "benchmark", "code": "benchmark"},
    )
    sizes = {
        path.name: sum(f.stat().st_size for f in [path, *path.rglob("*")]) // 10**6
        for path in sorted(product.iterdir())
    }
    found = {
        "resolution_deg": resolution_deg,
        "seconds": round(time.perf_counter() - start, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "size_mb": sizes,
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
