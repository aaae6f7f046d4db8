"""Size and rates of a masked tile-year in other chunks, types and compressors.

Six variables are written and read whole, and read as one chunk of rows as infer does; rates are
of float32 values in memory, so that all rows compare.
"""

import shutil
import statistics
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec

from benchmarks.harness import Measured, Option, scratch_folder, take_turns
from benchmarks.masked_tiles import masked_tiles
from forestflux.jobs.stores.store import load_store
from tests.builders.inputs import VARIABLES

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
ROWS = 50
ZSTD = {"cname": "zstd", "clevel": 3, "shuffle": "shuffle"}
BITS = {"shuffle": "bitshuffle"}
# Name, rows of a chunk, columns of a chunk, packed, compressor, rows of a shard.
LAYOUTS = [
    ("as stored: 50 x 400, float32, zstd 3", 50, 400, False, ZSTD, None),
    ("whole tile in a chunk", 400, 400, False, ZSTD, None),
    ("chunk 100 x 100", 100, 100, False, ZSTD, None),
    ("chunk 25 x 400", 25, 400, False, ZSTD, None),
    ("chunk 50 x 400 in one shard", 50, 400, False, ZSTD, 400),
    ("packed int16", 50, 400, True, ZSTD, None),
    ("packed int16, bits shuffled", 50, 400, True, ZSTD | BITS, None),
    ("lz4", 50, 400, False, ZSTD | {"cname": "lz4", "clevel": 5}, None),
    ("bits shuffled", 50, 400, False, ZSTD | BITS, None),
    ("zstd 1", 50, 400, False, ZSTD | {"clevel": 1}, None),
    ("zstd 9", 50, 400, False, ZSTD | {"clevel": 9}, None),
    ("plain zstd 3, no shuffle", 50, 400, False, None, None),
]
OPTIONS = {
    "tile": Option("r05c06", "r55c65", "tile of the simulated planet"),
    "tile_cells": Option(400, 40, "rows and columns of a tile"),
    "layouts": Option(len(LAYOUTS), 2, "the first so many layouts"),
    "runs": Option(5, 1, "turns"),
}


def measure(*, tile: str, tile_cells: int, layouts: int, runs: int) -> Measured:
    """Every layout of one tile."""
    (path,) = masked_tiles([tile], tile_cells).values()
    stored = load_store(path, VARIABLES)
    arrays = {name: stored[name].values for name in VARIABLES}
    land = int(np.isfinite(arrays["precip"]).any(axis=0).sum())
    with scratch_folder() as folder:
        rows = [
            measure_layout(arrays, layout, folder / "store", runs)
            for layout in LAYOUTS[:layouts]
        ]
    for row in rows:
        row["bytes_per_land_cell"] = round(row["megabytes"] * 1e6 / land)
    return Measured(rows=rows, facts={"land_cells": land})


def measure_layout(arrays: dict, layout: tuple, folder: Path, runs: int) -> dict:
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
        if not packed:
            return found
        return {variable: unpack(steps, variable) for variable, steps in found.items()}

    write()
    off = {
        variable: float(np.nanmax(np.abs(values - arrays[variable])))
        for variable, values in read(slice(None)).items()
    }
    height = next(iter(arrays.values())).shape[1]
    some = slice(height // 4, height // 4 + ROWS)
    works = {
        "write_mb_s": write,
        "read_mb_s": lambda: read(slice(None)),
        "read_rows_mb_s": lambda: read(some),
    }
    times = take_turns(works, runs)
    megabytes = sum(values.nbytes for values in arrays.values()) / 1e6
    share = min(ROWS, height - some.start) / height
    amounts = dict.fromkeys(works, megabytes) | {"read_rows_mb_s": share * megabytes}
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "layout": name,
        "megabytes": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "files": len(files),
        **{k: round(amounts[k] / statistics.median(times[k])) for k in works},
        "largest_rounding": {k: float(f"{v:.2g}") for k, v in off.items()},
    }


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
