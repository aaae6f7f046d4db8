"""Rate of inference beside the networks alone and what one would use instead.

Every contender gives the same product for the same forest cells on the same two cores: mean and
90 % interval of GPP and NEE. Contenders take turns; a ratio is the median over the turns of our
rate over theirs.
"""

# ruff: noqa: E402 - the number of threads is set before numpy and torch are imported

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

CORES = 2
MATRIX = 2048
os.environ.setdefault("OMP_NUM_THREADS", str(CORES))

import time

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.harness import (
    Measured,
    Option,
    compare,
    pin_cores,
    scratch_folder,
    take_turns,
    time_call,
)
from benchmarks.masked_tiles import MIN_FOREST_FRACTION, masked_tiles
from benchmarks.trained_model import forest_rows, tower_samples, write_model
from benchmarks.tree_models import TreeModels
from forestflux.ensemble.fast.fast_inference import Block
from forestflux.ensemble.model_folder import load_model
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.stores.chunked import CHUNKS
from forestflux.jobs.stores.store import write_store
from forestflux.maps.inference import estimate_chunks, infer
from forestflux.models.network_inputs import TYPES, one_hot_types
from forestflux.prepare.masked_series import SeriesChunk, read_chunks
from tests.builders.inputs import UNITS

AIMS = {
    "whole stage / networks alone, cells per second": 0.85,
    "networks / matrix product, floating-point rate": 0.5,
    "ensemble / extra trees": 3,
    "ensemble / 30 XGBoost members": 3,
    "ensemble / straightforward loop": 4,
}
BATCH = 2048
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]
OPTIONS = {
    "tiles": Option(("r05c06", "r02c14"), ("r55c65",), "tiles of the simulated planet"),
    "tile_cells": Option(400, 40, "rows and columns of a tile"),
    "members": Option(5, 1, "networks of the ensemble"),
    "boosted_members": Option(30, 1, "members of the boosted trees"),
    "trees": Option(300, 3, "extra trees, and rounds of each boosted member"),
    "cells": Option(16384, 256, "cells of the contenders without a stage"),
    "runs": Option(5, 1, "turns"),
}


def measure(
    *,
    tiles: tuple[str, ...],
    tile_cells: int,
    members: int,
    boosted_members: int,
    trees: int,
    cells: int,
    runs: int,
) -> Measured:
    """The ratios, and where the time of the stage goes."""
    pin_cores(CORES)
    paths = list(masked_tiles(tiles, tile_cells).values())
    with scratch_folder() as folder:
        samples = tower_samples(paths)
        write_model(folder / "model", samples, members=members)
        reference = load_model(folder / "model")
        model = reference.accelerate(device="cpu", precision="auto")
        fitted = TreeModels(samples, boosted_members, trees=trees, cores=CORES)
        chunks = list(all_chunks(paths))
        whole, some = joined(chunks), forest_rows(paths, cells)
        matrix = fitted.matrix(some)
        networks(model, some)  # compiled loops are made before anything is measured
        stage(paths[:1], model, folder / "infer")
        contenders = {
            "stage": lambda: stage(paths, model, folder / "infer"),
            "alone": lambda: networks(model, whole),
            "matrix product": matrix_products(),
            "ensemble": lambda: product(model, networks(model, some), some[2]),
            "loop": lambda: product(model, loop(reference, some), some[2]),
            "features": lambda: fitted.matrix(some),
            "extra trees": lambda: fitted.extra_product(matrix),
            "XGBoost": lambda: fitted.boosted_product(matrix),
        }
        times = take_turns(contenders, runs)
        operations = network_operations(model)
        ratios = compare_all(times, len(whole[0]), len(some[0]), operations)
        shares = measure_shares(paths, model, chunks, folder)
    facts, precision = {"shares": shares}, model.fast_inference.precision
    return Measured(ratios=ratios, facts=facts, limits=AIMS, precision=precision)


def compare_all(
    times: dict[str, list[float]], all_cells: int, some_cells: int, operations: float
) -> list[dict]:
    """The ratios of rates."""

    def rates(name: str, amount: float, *more: str) -> list[float]:
        names = (name, *more)
        return [amount / sum(s) for s in zip(*(times[n] for n in names), strict=True)]

    def ratio(name: str, ours: list[float], other: list[float], unit: str) -> dict:
        return compare(name, ours, other, unit=unit, aim=AIMS.get(name))

    unit, ours = "cells s-1", rates("ensemble", some_cells)
    alone = rates("alone", all_cells)
    flops = [cells * operations * 1e-9 for cells in alone]
    products = rates("matrix product", CORES * 2 * MATRIX**3 * 1e-9)
    others = {
        "ensemble / extra trees": ("extra trees", "features"),
        "ensemble / 30 XGBoost members": ("XGBoost", "features"),
        "ensemble / straightforward loop": ("loop",),
        "ensemble / extra trees, features given": ("extra trees",),
        "ensemble / 30 XGBoost members, features given": ("XGBoost",),
    }
    stage_name, product_name, *_ = AIMS
    return [
        ratio(stage_name, rates("stage", all_cells), alone, unit),
        ratio(product_name, flops, products, "GFLOP s-1"),
        *(
            ratio(name, ours, rates(first, some_cells, *more), unit)
            for name, (first, *more) in others.items()
        ),
    ]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch on this many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def product(model: Ensemble, fluxes: np.ndarray, types: np.ndarray) -> dict:
    """Mean and interval from fluxes (2, member, sample)."""
    gpp, reco = fluxes.mean(axis=1)
    nothing = np.zeros(len(types))
    bounds = model.interval(
        gpp, reco - gpp, types, hidden_series=nothing, gap_fraction=nothing
    )
    return bounds | {"gpp": gpp, "nee": reco - gpp}


def networks(model: Ensemble, cells: Arrays) -> np.ndarray:
    """Fluxes (2, member, sample) by two threads, batch by batch."""
    starts = range(0, len(cells[0]), BATCH)
    with ThreadPoolExecutor(
        CORES, initializer=torch.set_num_threads, initargs=(1,)
    ) as p:
        parts = [
            p.submit(model.predict_arrays, *(part[s : s + BATCH] for part in cells))
            for s in starts
        ]
        return np.concatenate([part.result() for part in parts], axis=2)


def loop(model: Ensemble, cells: Arrays) -> np.ndarray:
    """The same as one would write it: all cells in one call, one member after another."""
    series, lat, types = cells
    with threads(CORES):
        ready = model.members[0].prepare(series, lat)
        kinds = torch.from_numpy(one_hot_types(types))
        return np.stack(
            [m.predict_prepared(ready, kinds) for m in model.members], axis=1
        )


def matrix_products() -> Callable[[], object]:
    """Float32 products of square matrices, one a core at a time."""
    pairs = [torch.randn(2, MATRIX, MATRIX) for _ in range(CORES)]

    def multiply() -> None:
        with ThreadPoolExecutor(
            CORES, initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            list(pool.map(lambda pair: pair[0] @ pair[1], pairs))

    return multiply


def network_operations(model: Ensemble) -> float:
    """Floating-point operations of the ensemble's networks for one cell, as they are written."""
    first = model.members[0]
    series = torch.zeros(1, len(first.normalisation.mean), 46)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        first.network(series, torch.zeros(1, len(TYPES)))
    return counter.get_total_flops() * len(model.members)


def stage(paths: list[Path], model: Ensemble, folder: Path) -> None:
    """Mask stores to infer stores."""
    made = infer(
        paths,
        model,
        min_forest_fraction=MIN_FOREST_FRACTION,
        batch_cells=BATCH,
        workers=CORES,
    )
    for number, pieced in enumerate(made):
        write_store(pieced, folder / f"{number}.zarr", chunks=CHUNKS)


def processor_seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Processor time of a call over all threads, and its wall time."""
    start = time.process_time()
    wall = time_call(work)
    return time.process_time() - start, wall


def estimates(model: Ensemble, chunks: Iterable[SeriesChunk]) -> None:
    """What the stage does between reading and writing: fluxes and dissimilarity."""
    for _ in estimate_chunks(iter(chunks), model, batch_cells=BATCH, workers=CORES):
        pass


def filter_share(model: Ensemble, cells: Arrays) -> float:
    """Share of the networks' time that their filters, the matrix products, take."""
    spent = 0.0
    plain = Block.filtered

    def timed(block: Block, padded: torch.Tensor) -> torch.Tensor:
        nonlocal spent
        start = time.perf_counter()
        found = plain(block, padded)
        spent += time.perf_counter() - start
        return found

    with mock.patch.object(Block, "filtered", timed):
        whole = time_call(lambda: model.predict_arrays(*cells))
    return spent / whole


def multiplied(model: Ensemble) -> float:
    """Floating-point operations of the engine's filters for one cell, zeros among them."""
    steps = 46 // model.members[0].settings.pooled_steps
    weights = sum(
        block.time.numel() * block.across.shape[2] + block.across.numel()
        for blocks in model.fast_inference.blocks
        for block in blocks
    )
    return 2 * steps * weights


def measure_shares(
    paths: list[Path], model: Ensemble, chunks: list, folder: Path
) -> dict:
    """Where the processor time of the stage goes, as shares of it."""
    cells = joined(chunks)
    took, wall = processor_seconds(lambda: stage(paths, model, folder / "infer"))
    alone = processor_seconds(lambda: networks(model, cells))[0]
    between = processor_seconds(lambda: estimates(model, chunks))[0]
    reading = processor_seconds(lambda: list(all_chunks(paths)))[0]
    few = tuple(part[:BATCH] for part in cells)
    parts = {
        "networks": alone / took,
        "index, batches that are not full": (between - alone) / took,
        "reading": reading / took,
        "writing and the rest": (took - between - reading) / took,
        "wall time that a core waits": 1 - took / (CORES * wall),
        "filters, of the networks": filter_share(model, few),
        "operations done / counted": multiplied(model) / network_operations(model),
    }
    return {name: round(value, 2) for name, value in parts.items()}


def all_chunks(paths: list[Path]) -> Iterator[SeriesChunk]:
    """Every chunk of the mask stores."""
    for path in paths:
        yield from read_chunks(
            path, inputs=UNITS, min_forest_fraction=MIN_FOREST_FRACTION
        )


def joined(chunks: list[SeriesChunk]) -> Arrays:
    """Series, latitudes and types of the forest cells of all chunks."""
    names = ("series", "lat", "types")
    return tuple(np.concatenate([getattr(p, name) for p in chunks]) for name in names)
