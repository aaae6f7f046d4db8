"""Time and memory of the stages infer and map against cells, members and tiles.

    python benchmarks/masked.py --folder results/globe
    python benchmarks/growth.py --masked results/globe/mask     # writes benchmarks/growth.json

Each number is a job of its own, run as the rule runs it: mask stores to infer stores, and all of
them to one map. Cells beyond one year of the globe come from the same tiles under other
years. Exponents are slopes of log time or log memory against log size.
"""

# ruff: noqa: E402 - the number of threads is set before numpy and torch are imported

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CORES = 2

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import zarr
from masked import GRID
from trained import tower_samples, write_model

from forestflux.core.names import VARIABLES
from forestflux.jobs.store import manifest_path, read_json, write_json

mpl.use("Agg")

ROOT = Path(__file__).parents[1]

YEAR = 2003
CELLS = (10**4, 10**5, 10**6, 10**7)
MEMBERS = (1, 2, 5, 10, 20)
TILES = (10, 100)
LIMIT_MB = 1500
# Runs the command that it is given and prints what that took.
WATCH = """
import json, resource, subprocess, sys

ROOT = Path(__file__).parents[1]
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
SETTINGS = {"min_forest_fraction": 0.05, "precision": "auto"}


def forest_cells(path: Path) -> int:
    """Cells of a mask store that are estimated."""
    fraction, kind = (
        zarr.open_array(path / name, mode="r")[:]
        for name in ("forest_fraction", "forest_type")
    )
    return int(((fraction >= SETTINGS["min_forest_fraction"]) & (kind > 0)).sum())


def land_cells(path: Path) -> int:
    """Cells of a mask store with some value of precipitation, which has them on land alone."""
    gaps = zarr.open_array(path / "gap_fraction", mode="r")[
        list(VARIABLES).index("precip")
    ]
    return int((gaps < 1).sum())


def run(words: list[str]) -> dict[str, float]:
    """Wall and processor seconds and the most memory (MB) of a script."""
    start = time.perf_counter()
    # Through a process that is small: a child's maximum starts with its parent's memory.
    done = subprocess.run(
        [sys.executable, "-c", WATCH, sys.executable, *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    processor, kilobytes = json.loads(done.stdout.splitlines()[-1])
    return {
        "seconds": round(time.perf_counter() - start, 2),
        "processor_seconds": round(processor, 2),
        "megabytes": round(kilobytes / 1024, 1),
    }


def infer(folder: Path, model: Path, tiles: list[str], years: list[int]) -> dict:
    """Run rule infer on some tiles and years of `folder/mask`."""
    checksums = {
        f"{tile}/{year}": read_json(manifest_path(folder / f"mask/{tile}/{YEAR}.zarr"))[
            "checksum"
        ]
        for tile in tiles
        for year in years
    }
    write_json(folder / "mask/job.json", {"stores": checksums})
    shutil.rmtree(folder / "infer", ignore_errors=True)
    words = [str(ROOT / "workflow/scripts/infer.py"), "--places", *tiles]
    words += ["--years", *map(str, years), "--model", str(model / "model.json")]
    words += ["--upstream", str(folder / "mask/job.json"), "--code", "benchmark"]
    words += ["--settings", json.dumps(SETTINGS), "--device", "cpu"]
    words += ["--batch-cells", "2048", "--workers", str(CORES)]
    words += ["--manifest", str(folder / "infer/job.json"), "--log", os.devnull]
    return run(words)


def mapped(folder: Path, model: Path, tiles: list[str]) -> dict:
    """Run rule map on what was inferred."""
    shutil.rmtree(folder / "maps", ignore_errors=True)
    grid = {"resolution_deg": GRID.resolution_deg, "tile_cells": GRID.tile_cells}
    settings = json.dumps({"grid": grid | {"only": tiles}})
    words = [str(ROOT / "workflow/scripts/map.py"), "--years", str(YEAR)]
    words += ["--model", str(model / "model.json"), "--code", "benchmark"]
    words += ["--tiles", str(folder / "infer/job.json"), "--settings", settings]
    words += ["--manifest", str(folder / "maps/job.json"), "--log", os.devnull]
    return run(words)


def link(masked: Path, folder: Path, years: list[int]) -> None:
    """The mask stores of one year under several years, as links."""
    for tile in sorted(masked.glob(f"r*/{YEAR}.zarr")):
        for year in years:
            place = folder / f"mask/{tile.parent.name}/{year}.zarr"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(tile.resolve())
            manifest_path(place).symlink_to(manifest_path(tile).resolve())


def exponent(rows: list[dict], size: str, value: str) -> float:
    """Slope of log value against log size."""
    x, y = (np.log([row[name] for row in rows]) for name in (size, value))
    return round(float(np.polyfit(x, y, 1)[0]), 3)


def measure(
    folder: Path, masked: Path, counts: dict[str, int], sizes: list[int]
) -> dict:
    """All rows: against cells, members and tiles, and the map."""
    order = sorted(counts, key=counts.get)
    samples = tower_samples([masked / f"{order[-1]}/{YEAR}.zarr"])
    for members in MEMBERS:
        write_model(folder / f"model{members}", samples, members=members)
    usual, total = folder / "model5", sum(counts.values())
    found: dict[str, list] = {"cells": [], "members": [], "tiles": []}
    for wanted in sizes:
        if wanted < total:
            near = [name for name in order if 0 < counts[name] <= wanted]
            chosen, years = near[-max(1, round(wanted / counts[near[-1]])) :], [YEAR]
        else:
            chosen, years = order, [YEAR + k for k in range(-(-wanted // total))]
        cells = len(years) * sum(counts[name] for name in chosen)
        row = infer(folder, usual, chosen, years)
        found["cells"].append(
            {"cells": cells, "stores": len(chosen) * len(years)} | row
        )
    middle = min(order, key=lambda name: abs(counts[name] - 10**5))
    for members in MEMBERS:
        row = infer(folder, folder / f"model{members}", [middle], [YEAR])
        found["members"].append({"members": members, "cells": counts[middle]} | row)
    for tiles in TILES:
        row = infer(folder, usual, order[-tiles:], [YEAR])
        cells = sum(counts[name] for name in order[-tiles:])
        found["tiles"].append({"tiles": tiles, "cells": cells} | row)
    globe = infer(folder, usual, order, [YEAR])
    return found | {
        "globe": {"tiles": len(order), "cells": total} | globe,
        "map": mapped(folder, usual, order),
        "exponents": {
            f"{value} against {size}": exponent(found[size], size, value)
            for size in ("cells", "members")
            for value in ("seconds", "megabytes")
        },
    }


def draw(found: dict, path: Path) -> None:
    """Time and memory against cells and members."""
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 5), constrained_layout=True)
    for column, size in enumerate(("cells", "members")):
        rows = found[size]
        for axis, value in zip(axes[:, column], ("seconds", "megabytes"), strict=True):
            axis.loglog([row[size] for row in rows], [row[value] for row in rows], "o-")
            slope = found["exponents"][f"{value} against {size}"]
            axis.set(xlabel=size, ylabel=value, title=f"exponent {slope:.2f}")
    for axis in axes[1]:
        axis.axhline(LIMIT_MB, color="0.5", linestyle="--", linewidth=1)
        axis.set_ylim(100, 2 * LIMIT_MB)
    figure.savefig(path, dpi=150)


def main() -> None:
    """Measure, write the numbers and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--masked", type=Path, required=True, help="folder of mask stores"
    )
    parser.add_argument("--largest", type=int, default=CELLS[-1], help="cells")
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/growth.json")
    parser.add_argument("--figure", type=Path, default=ROOT / "docs/images/growth.png")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    stores = sorted(arguments.masked.glob(f"r*/{YEAR}.zarr"))
    counts = {path.parent.name: forest_cells(path) for path in stores}
    sizes = [size for size in CELLS if size <= arguments.largest]
    folder = Path(tempfile.mkdtemp(dir=Path.cwd()))
    try:
        years = -(-sizes[-1] // sum(counts.values()))
        link(arguments.masked, folder, [YEAR + k for k in range(years)])
        found = measure(folder, arguments.masked, counts, sizes)
    finally:
        shutil.rmtree(folder)
    land = sum(land_cells(path) for path in stores)
    write_json(arguments.output, {"cores": CORES, "land_cells": land} | found)
    arguments.figure.parent.mkdir(parents=True, exist_ok=True)
    draw(found, arguments.figure)


if __name__ == "__main__":
    main()
