"""Sizes and rates of one masked tile-year in other chunks, types and compressors.

    python benchmarks/layout.py --store results/benchmark/mask/r05c06/2003.zarr

writes benchmarks/layout.json. Six variables are written and read whole, and read as one chunk of
rows as infer does; rates are of float32 values in memory, so that all rows compare.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec

from forestflux.core.names import VARIABLES
from forestflux.jobs.store import load_store, write_json

ROOT = Path(__file__).parents[1]

# Step of the packed integers in the variable's unit and the value of zero: the products' own
# steps where they have some, so that these lose nothing.
PACKING = {
    "ndvi": (1e-4, 0.0),
    "evi": (1e-4, 0.0),
    "et": (1e-3, 0.0),
    "lst_day": (0.02, 300.0),
    "lst_night": (0.02, 300.0),
    "precip": (0.01, 0.0),
}
GAP = -32768
ZSTD = {"cname": "zstd", "clevel": 3, "shuffle": "shuffle"}
# Name, rows of a chunk, columns of a chunk, packed, compressor, rows of a shard.
LAYOUTS = [
    ("as stored: 50 x 400, float32, zstd 3", 50, 400, False, ZSTD, None),
    ("whole tile in a chunk", 400, 400, False, ZSTD, None),
    ("chunk 100 x 100", 100, 100, False, ZSTD, None),
    ("chunk 25 x 400", 25, 400, False, ZSTD, None),
    ("chunk 50 x 400 in one shard", 50, 400, False, ZSTD, 400),
    ("packed int16", 50, 400, True, ZSTD, None),
    (
        "packed int16, bits shuffled",
        50,
        400,
        True,
        ZSTD | {"shuffle": "bitshuffle"},
        None,
    ),
    ("lz4", 50, 400, False, ZSTD | {"cname": "lz4", "clevel": 5}, None),
    ("bits shuffled", 50, 400, False, ZSTD | {"shuffle": "bitshuffle"}, None),
    ("zstd 1", 50, 400, False, ZSTD | {"clevel": 1}, None),
    ("zstd 9", 50, 400, False, ZSTD | {"clevel": 9}, None),
    ("plain zstd 3, no shuffle", 50, 400, False, None, None),
]


def pack(values: np.ndarray, name: str) -> np.ndarray:
    """Values as int16 steps; gaps as `GAP`."""
    step, zero = PACKING[name]
    steps = np.round((values - zero) / step)
    return np.where(np.isnan(values), GAP, steps).astype("int16")


def unpack(steps: np.ndarray, name: str) -> np.ndarray:
    """The values of int16 steps, float32."""
    step, zero = PACKING[name]
    values = steps.astype("float32") * np.float32(step) + np.float32(zero)
    return np.where(steps == GAP, np.float32(np.nan), values)


def median_seconds(work: Callable[[], object], runs: int) -> float:
    """Median wall time of some calls."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def measure(arrays: dict, layout: tuple, folder: Path, runs: int) -> dict:
    """Size, rates and largest rounding of one layout."""
    name, rows, columns, packed, blosc, shard = layout
    size = 2 if packed else 4
    codec = ZstdCodec(level=3) if blosc is None else BloscCodec(**blosc, typesize=size)
    options = {
        "chunks": (46, rows, columns),
        "shards": (46, shard, columns) if shard else None,
        "compressors": (codec, Crc32cCodec()),
        "fill_value": GAP if packed else np.nan,
        "dtype": "int16" if packed else "float32",
        "config": {"write_empty_chunks": True},
    }

    def write() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        group = zarr.create_group(folder)
        for variable, values in arrays.items():
            made = group.create_array(variable, shape=values.shape, **options)
            made[:] = pack(values, variable) if packed else values

    def read(part: slice) -> dict:
        group = zarr.open_group(folder, mode="r")
        found = {variable: group[variable][:, part] for variable in arrays}
        if packed:
            return {
                variable: unpack(steps, variable) for variable, steps in found.items()
            }
        return found

    megabytes = sum(values.nbytes for values in arrays.values()) / 1e6
    share = 50 / next(iter(arrays.values())).shape[1]
    writing = median_seconds(write, runs)
    off = {
        variable: float(np.nanmax(np.abs(values - arrays[variable])))
        for variable, values in read(slice(None)).items()
    }
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "layout": name,
        "megabytes": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "files": len(files),
        "write_mb_s": round(megabytes / writing),
        "read_mb_s": round(megabytes / median_seconds(lambda: read(slice(None)), runs)),
        "read_rows_mb_s": round(
            share * megabytes / median_seconds(lambda: read(slice(100, 150)), runs)
        ),
        "largest_rounding": {k: float(f"{v:.2g}") for k, v in off.items()},
    }


def main() -> None:
    """Measure every layout and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True, help="a mask store")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks/layout.json")
    arguments = parser.parse_args()
    stored = load_store(arguments.store, VARIABLES)
    arrays = {name: stored[name].values for name in VARIABLES}
    land = int(np.isfinite(arrays["precip"]).any(axis=0).sum())
    scratch = Path(tempfile.mkdtemp(dir=Path.cwd()))
    try:
        rows = [
            measure(arrays, layout, scratch / "store", arguments.runs)
            for layout in LAYOUTS
        ]
    finally:
        shutil.rmtree(scratch)
    for row in rows:
        row["bytes_per_land_cell"] = round(row["megabytes"] * 1e6 / land)
    write_json(arguments.output, {"land_cells": land, "layouts": rows})
    sys.stdout.write(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
