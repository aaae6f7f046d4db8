"""Parts of the stage of the maps beside the least time that the processor allows them.

Reading and writing take at least what the compressor needs for the same chunks; the index takes at
least its operations over the rate of a large matrix product. What these bounds leave of the time of
a cell is the greatest ratio of the whole stage to its networks alone. One thread, one tile.
"""

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import time

import numcodecs
import numpy as np
import torch

from benchmarks.harness import (
    Measured,
    Option,
    pin_cores,
    scratch_folder,
    take_turns,
)
from benchmarks.inference import BATCH, MATRIX, all_chunks, joined
from benchmarks.masked_tiles import masked_tiles
from benchmarks.roofline import square_product
from benchmarks.trained_model import tower_samples, write_model
from forestflux.ensemble.model_folder import load_model
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.stores.chunked import CHUNKS, ChunkedDataset
from forestflux.jobs.stores.store import write_store
from forestflux.maps.inference import (
    estimate_chunks,
    lay_out_store,
    make_template,
    put_on_chunk,
)
from forestflux.prepare.masked_series import NEEDED, SeriesChunk
from tests.builders.inputs import UNITS

PARTS = ("networks", "index", "reading", "writing")
CHECKSUM = 4  # bytes behind a compressed chunk
OPTIONS = {
    "tile": Option("r05c06", "r55c65", "tile of the simulated planet"),
    "tile_cells": Option(400, 40, "rows and columns of the tile"),
    "members": Option(5, 1, "networks of the ensemble"),
    "runs": Option(5, 1, "turns"),
}


def measure(*, tile: str, tile_cells: int, members: int, runs: int) -> Measured:
    """Nanoseconds of each part for a forest cell, its bound, and the ratio that these allow."""
    pin_cores(1)
    torch.set_num_threads(1)
    (path,) = masked_tiles((tile,), tile_cells).values()
    with scratch_folder() as folder:
        samples = tower_samples([path])
        write_model(folder / "model", samples, members=members)
        model = load_model(folder / "model").accelerate(device="cpu", precision="auto")
        contenders = list_parts(path, model, folder / "infer")
        for work in contenders.values():
            work()  # compiled loops are made before anything is measured
        times = take_turns(contenders, runs, time.process_time)
    seconds = {name: statistics.median(found) for name, found in times.items()}
    cells = len(joined(list(all_chunks([path])))[0])
    rate = 2 * MATRIX**3 / seconds.pop("product")
    seconds["index: bound"] = cells * index_operations(model) / rate
    seconds["networks: bound"] = seconds["networks: found"]
    rows = [
        {
            "part": name,
            "found_ns": round(seconds[f"{name}: found"] / cells * 1e9),
            "bound_ns": round(seconds[f"{name}: bound"] / cells * 1e9),
        }
        for name in PARTS
    ]
    found, bound = (sum(row[f"{key}_ns"] for row in rows) for key in ("found", "bound"))
    networks = rows[0]["found_ns"]
    facts = {
        "cells": cells,
        "parts_ns": found,
        "bounds_ns": bound,
        "found_ratio": round(networks / found, 3),
        "bound_ratio": round(networks / bound, 3),
    }
    precision = model.fast_inference.precision
    return Measured(rows=rows, facts=facts, precision=precision)


def list_parts(
    path: Path, model: Ensemble, folder: Path
) -> dict[str, Callable[[], object]]:
    """What each part does for all cells of a tile, and what bounds reading and writing."""
    chunks = list(all_chunks([path]))
    cells = joined(chunks)
    series, lat, types = cells
    prepared = [part[1:] for part in model._prepare(series, lat, types)]
    estimates = list(estimate_chunks(iter(chunks), model, batch_cells=BATCH, workers=1))
    stored = [file.read_bytes()[:-CHECKSUM] for file in chunk_files(path)]
    laid_out = [
        np.ascontiguousarray(values)
        for chunk, numbers in estimates
        for values in put_on_chunk(chunk, *numbers).values()
    ]
    compressor = numcodecs.Blosc("zstd", clevel=3, shuffle=numcodecs.Blosc.SHUFFLE)

    def write() -> None:
        whole = make_template(chunks[0].masked, len(model.members))
        parts = lay_out_store(iter(estimates))
        write_store(ChunkedDataset(whole, parts), folder, chunks=CHUNKS)

    return {
        "networks: found": lambda: predict(model, chunks),
        "index: found": lambda: [model._compare_prepared(*part) for part in prepared],
        "reading: found": lambda: list(all_chunks([path])),
        "reading: bound": lambda: [compressor.decode(part) for part in stored],
        "writing: found": write,
        "writing: bound": lambda: [compressor.encode(part) for part in laid_out],
        "product": square_product(torch.float32),
    }


def predict(model: Ensemble, chunks: list[SeriesChunk]) -> None:
    """Fluxes of the cells of a tile, batch by batch, as the stage makes them."""
    for chunk in chunks:
        cells = (chunk.series, chunk.lat, chunk.types)
        for start in range(0, len(chunk.series), BATCH):
            model.predict_arrays(*(part[start : start + BATCH] for part in cells))


def index_operations(model: Ensemble) -> int:
    """Operations of a cell's squared distances to all training rows, a product each."""
    rows, features = model.applicability.reference.points.shape
    return 2 * rows * features


def chunk_files(path: Path) -> list[Path]:
    """The chunks that the stage reads of a mask store."""
    return [
        file
        for name in (*UNITS, *NEEDED)
        for file in sorted((path / name / "c").rglob("*"))
        if file.is_file()
    ]
