"""Parts of fast inference beside the least time that the processor allows them.

What multiplies takes at least its operations over the rate of a large matrix product in the same
precision; what lies between takes at least the reading and writing of its numbers. Beside the
filters stands one filter over all rows that gives the same, most of whose weights are zero. One
thread, one piece of cells that stays in the cache, all in one run.
"""

import os
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import time

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.harness import (
    Measured,
    Option,
    compare,
    pin_cores,
    repeat,
    take_turns,
)
from benchmarks.inference import MATRIX, multiplied, network_operations
from benchmarks.masked_tiles import masked_tiles
from benchmarks.trained_model import ready_cells, tower_samples
from forestflux.ensemble.fast.backends import Filtered
from forestflux.ensemble.fast.fast_inference import Block, FastInference

VECTOR = 16  # numbers
FILTERS, MERGED = "filters: found", "one filter: found"
PARTS = ("filters", "between the filters", "gaps and packing", "perceptron")
OPTIONS = {
    "tile": Option("r05c06", "r55c65", "tile of the simulated planet"),
    "tile_cells": Option(400, 40, "rows and columns of the tile"),
    "members": Option(5, 1, "networks of the ensemble"),
    "repeats": Option(20, 1, "times that a turn does each part"),
    "runs": Option(9, 1, "turns"),
}


def measure(
    *, tile: str, tile_cells: int, members: int, repeats: int, runs: int
) -> Measured:
    """Nanoseconds a cell of each part, its lower bound, and the rate that all bounds allow."""
    pin_cores(1)
    torch.set_num_threads(1)
    paths = list(masked_tiles((tile,), tile_cells).values())
    model, prepared, kinds = ready_cells(paths, tower_samples(paths), members=members)
    # In a precision that the processor does not have, a product takes minutes.
    products = {torch.float32, model.fast_inference.dtype}
    with torch.inference_mode():
        contenders = list_parts(model.fast_inference, prepared, kinds)
        for dtype in products:
            contenders[str(dtype)] = square_product(dtype)
        repeated = {n: repeat(work, repeats) for n, work in contenders.items()}
        for work in repeated.values():
            work()  # compiled loops are made before anything is measured
        times = take_turns(repeated, runs, time.process_time)
    merged, apart = ([1 / s for s in times[name]] for name in (MERGED, FILTERS))
    seconds = {
        name: statistics.median(found) / repeats for name, found in times.items()
    }
    rates = {dtype: 2 * MATRIX**3 / seconds.pop(str(dtype)) for dtype in products}
    done, counted = multiplied(model), network_operations(model)
    cell = {name: found / len(prepared) for name, found in seconds.items()}
    cell["filters: bound"] = done / rates[model.fast_inference.dtype]
    cell["perceptron: bound"] = (counted - done) / rates[torch.float32]
    rows = tabulate_parts(cell)
    lowest, found = (sum(row[key] for row in rows) for key in ("bound_ns", "found_ns"))
    facts = {
        "operations_per_cell": round(counted),
        "operations_done_per_cell": round(done),
        "gflops": {str(dtype): round(rate * 1e-9, 1) for dtype, rate in rates.items()},
        "parts_ns": found,
        "bounds_ns": lowest,
        "whole_ns": round(cell["whole: found"] * 1e9),
    }
    ratio = compare("filters / one filter over all rows", apart, merged, unit="s-1")
    precision = model.fast_inference.precision
    return Measured(rows=rows, ratios=[ratio], facts=facts, precision=precision)


def tabulate_parts(seconds: dict[str, float]) -> list[dict]:
    """A row for each part: nanoseconds a cell, found and at least."""
    return [
        {
            "part": name,
            "found_ns": round(seconds[f"{name}: found"] * 1e9),
            "bound_ns": round(seconds[f"{name}: bound"] * 1e9),
        }
        for name in PARTS
    ]


def list_parts(
    fast: FastInference, prepared: Tensor, types: Tensor
) -> dict[str, Callable[[], object]]:
    """What each part does, and what bounds it, for all members of one piece of cells."""
    backend, half = fast.backend, fast.half
    packed = fast._packed(prepared, types)
    given, filtered = follow_features(fast, packed)
    pooled = torch.stack(
        [
            backend.pool(each[-1], blocks[-1])
            for each, blocks in zip(filtered, fast.blocks, strict=True)
        ]
    )
    copies = [
        (part, torch.empty_like(part))
        for each in filtered
        for numbers in each
        for part in map(Tensor.contiguous, numbers)
    ]

    def between() -> None:
        for each, blocks in zip(filtered, fast.blocks, strict=True):
            for numbers, block in zip(each[:-1], blocks[:-1], strict=True):
                backend.activate(numbers, block, half)
            backend.pool(each[-1], blocks[-1])

    def filter_all() -> None:
        for each, blocks in zip(given, fast.blocks, strict=True):
            for features, block in zip(each, blocks, strict=True):
                block.filtered(features)

    wide = [
        (merge_filters(block), widen_features(features))
        for each, blocks in zip(given, fast.blocks, strict=True)
        for features, block in zip(each, blocks, strict=True)
    ]
    read = torch.empty_like(prepared), torch.empty_like(packed)
    return {
        MERGED: lambda: [filter_wide(*pair) for pair in wide],
        "whole: found": lambda: fast._chunk(prepared, types),
        FILTERS: filter_all,
        "between the filters: found": between,
        "between the filters: bound": lambda: [b.copy_(a) for a, b in copies],
        "gaps and packing: found": lambda: fast._packed(prepared, types),
        "gaps and packing: bound": lambda: (
            read[0].copy_(prepared),
            read[1].copy_(packed),
        ),
        "perceptron: found": lambda: fast.head.fluxes(pooled, types),
    }


def follow_features(
    fast: FastInference, packed: Tensor
) -> tuple[list[list[Tensor]], list[list[Filtered]]]:
    """What each block of each member is given, and what its filter makes of it."""
    given, filtered = [], []
    for blocks in fast.blocks:
        features, before, after = packed, [], []
        for block in blocks:
            before.append(features)
            after.append(block.filtered(features))
            features = fast.backend.activate(after[-1], block, fast.half)
        given.append(before)
        filtered.append(after)
    return given, filtered


def merge_filters(block: Block) -> tuple[Tensor, Tensor]:
    """Weight (row and channel, row and channel in, 1, step) and bias of the one filter."""
    channels, before, _, kernel = block.time.shape
    rows = block.across.shape[2]
    size = rows * before
    parts = block.time.new_zeros(rows, channels, rows, before, kernel)
    for row in range(rows):
        parts[row, :, row] = block.time[:, :, 0]
    across = block.across.transpose(1, 2).reshape(-1, size, kernel)
    weight = torch.cat([parts.reshape(-1, size, kernel), across]).unsqueeze(2)
    # Zeros up to a whole vector, else the first product is slow.
    weight = functional.pad(weight, (0, 0, 0, 0, 0, -size % VECTOR))
    bias = torch.cat([block.time_bias.repeat(rows), block.across_bias])
    return weight.contiguous(memory_format=torch.channels_last), bias


def widen_features(padded: Tensor) -> Tensor:
    """What the one filter is given (cell, row and channel, 1, step), channels last."""
    features = padded.transpose(1, 2).flatten(2)
    features = functional.pad(features, (0, -features.shape[2] % VECTOR))
    return features.contiguous().unsqueeze(1).permute(0, 3, 1, 2)


def filter_wide(merged: tuple[Tensor, Tensor], features: Tensor) -> Tensor:
    """Filtered features (cell, row and channel, 1, step)."""
    return functional.conv2d(features, *merged)


def square_product(dtype: torch.dtype) -> Callable[[], object]:
    """A product of square matrices."""
    first, second = torch.randn(2, MATRIX, MATRIX).to(dtype)
    return lambda: first @ second
