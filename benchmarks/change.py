"""How long and in how much memory the change of a globe at 0.05 degree is analysed.

Makes maps of noise about a trend on all land between 60 S and 75 N (more cells than have
forest), and analyses them with the defaults of the configuration, tables and store written:

    python benchmarks/change.py --output benchmarks/change.json

Wall time depends on what else runs; processor time stands beside it. `--resolution-deg` and
`--years` make it smaller; nothing is extrapolated.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import dask.array as da
import numpy as np
import xarray as xr
from dask import delayed

from forestflux.change.change_schemas import CHANGE_TABLES
from forestflux.core.grid import Grid, cell_area
from forestflux.core.land import is_land
from forestflux.jobs.configuration import read_configuration
from forestflux.jobs.store import write_json, write_store

ROOT = Path(__file__).parents[1]

LIMITS = {"seconds": 600, "megabytes": 4000}
CORES = 2
MEMBERS = 5
TILE_CELLS = 400
CELLS = ("y", "x")


def land_of(grid: Grid) -> np.ndarray:
    """Land between 60 S and 75 N (y, x), bool."""
    longitudes = grid.longitudes()
    rows = [
        is_land(np.full(longitudes.size, latitude), longitudes) & (-60 < latitude < 75)
        for latitude in grid.latitudes()
    ]
    return np.stack(rows)


def layer(land: np.ndarray, kind: int, year: int, member: int) -> da.Array:
    """A flux (y, x) that rises with the years, made block by block when it is written."""

    def block(mask: np.ndarray, start: int) -> np.ndarray:
        rng = np.random.default_rng([kind, year, member, start])
        values = np.full(mask.shape, np.nan, "float32")
        noise = rng.standard_normal(int(mask.sum()), dtype="float32")
        values[mask] = 1500 - 300 * kind + 20 * member + 3 * year + 100 * noise
        return values

    parts = []
    for start in range(0, len(land), TILE_CELLS):
        mask = land[start : start + TILE_CELLS]
        made = delayed(block, pure=False)(mask, start)
        parts.append(da.from_delayed(made, mask.shape, "float32"))
    return da.concatenate(parts)


def write_map(path: Path, grid: Grid, land: np.ndarray, year: int) -> None:
    """The layers of a map that the change reads."""
    gpp, reco = (
        da.stack([layer(land, kind, year, member) for member in range(MEMBERS)])
        for kind in (0, 1)
    )
    area = cell_area(grid.latitudes(), grid.resolution_deg)[:, None]
    fraction = np.where(land, 0.5 + 0.2 * (year % 2), 0).astype("float32")
    kind = np.where(land, 1 + np.arange(land.shape[1]) // 60 % 5, 0).astype("uint8")
    dataset = xr.Dataset(
        {
            "gpp": (CELLS, layer(land, 0, year, 0)),
            "gpp_member": (("member", *CELLS), gpp),
            "reco_member": (("member", *CELLS), reco),
            "forest_type": (CELLS, kind),
            "forest_fraction": (CELLS, fraction),
            "cell_area": (CELLS, np.broadcast_to(area, grid.shape)),
        },
        coords={"y": grid.latitudes(), "x": grid.longitudes()},
        attrs={"year": year, "model": "benchmark", "Conventions": "CF-1.11"},
    )
    write_store(dataset, path, chunks={"member": 1, "y": TILE_CELLS})


def analyse_maps(folder: Path, years: list[int]) -> None:
    """Run the script of the rule in its own process, with the defaults."""
    configuration = read_configuration(
        {"run": "bench", "seed": 1, "years": [years[0], years[-1]]}
    )
    manifest = folder / "maps" / "all.json"
    write_json(manifest, {"stores": {str(year): "benchmark" for year in years}})
    settings = {
        "change": configuration.change.numbers(),
        "level": configuration.evaluate.level,
    }
    words = [sys.executable, str(ROOT / "workflow/scripts/change.py")]
    words += ["--years", *map(str, years), "--maps", str(manifest), "--regions"]
    words += ["--settings", json.dumps(settings), "--code", "benchmark"]
    names = [
        Path(schema.path).name for schema in CHANGE_TABLES if "change/" in schema.path
    ]
    words += ["--tables", *(str(folder / "change" / name) for name in names)]
    words += ["--manifest", str(folder / "change" / "change.json")]
    subprocess.run(words, check=True)


def main() -> None:
    """Make the maps, analyse them, and write what it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--resolution-deg", type=float, default=0.05)
    parser.add_argument("--years", type=int, nargs=2, default=[2001, 2020])
    parser.add_argument("--folder", type=Path, help="where the maps go; kept if given")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    grid = Grid(arguments.resolution_deg, TILE_CELLS)
    years = list(range(arguments.years[0], arguments.years[1] + 1))
    folder = arguments.folder or Path(tempfile.mkdtemp(dir=Path.cwd()))
    land = land_of(grid)
    try:
        for year in years:
            if not (folder / f"maps/{year}.zarr.json").is_file():
                write_map(folder / f"maps/{year}.zarr", grid, land, year)
        start = time.perf_counter()
        analyse_maps(folder, years)
        seconds = time.perf_counter() - start
    finally:
        if arguments.folder is None:
            shutil.rmtree(folder)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = {
        "grid": list(grid.shape),
        "mapped_cells": int(land.sum()),
        "years": len(years),
        "members": MEMBERS,
        "cores": CORES,
        "seconds": round(seconds, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "megabytes": round(used.ru_maxrss / 1024, 1),
        "limits": LIMITS,
    }
    write_json(arguments.output, result)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
