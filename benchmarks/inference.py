"""Inference side by side: the whole stage, the networks alone, and what one would use instead.

    python benchmarks/masked.py --folder results/globe            # once; or some --tiles
    python benchmarks/inference.py --masked results/globe/mask    # writes benchmarks/inference.json

Every contender gives the same product for the same forest cells on the same two cores: mean
and 90 % interval of GPP and NEE. Contenders take turns; a ratio is the median over the
turns of (their time / our time), or of rates where it says so.
"""

# ruff: noqa: E402 - the number of threads is set before numpy and torch are imported

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

CORES = 2
os.environ.setdefault("OMP_NUM_THREADS", str(CORES))

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesRegressor
from torch.utils.flop_counter import FlopCounterMode
from trained import forest_rows, tower_samples, write_model
from xgboost import XGBRegressor

from forestflux.ensemble.fast_inference import Block
from forestflux.ensemble.model_folder import load_model
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.chunked import CHUNKS
from forestflux.jobs.store import write_json, write_store
from forestflux.maps.inference import estimate_pieces, infer
from forestflux.models.network_inputs import TYPES, one_hot_types
from forestflux.models.year_features import Features
from forestflux.prepare.masked_series import Piece, read_pieces
from forestflux.prepare.sample_table import Samples

ROOT = Path(__file__).parents[1]

AIMS = {
    "whole stage / networks alone, cells per second": 0.85,
    "networks / matrix product, floating-point rate": 0.5,
    "ensemble / extra trees": 3,
    "ensemble / 30 XGBoost members": 3,
    "ensemble / straightforward loop": 4,
}
SUMMARY = "months+quantiles"
TREES, BOOSTED, ROUNDS = 300, 30, 300
BATCH = 2048
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Torch on this many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def product(model: Ensemble, fluxes: np.ndarray, types: np.ndarray) -> dict:
    """Mean and interval from fluxes (2, member, sample)."""
    gpp, reco = fluxes.mean(axis=1)
    return model.interval(gpp, reco - gpp, types) | {"gpp": gpp, "nee": reco - gpp}


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


def matrix_rate(size: int = 2048) -> float:
    """Floating-point operations per second of float32 products, one a core."""
    pairs = [torch.randn(2, size, size) for _ in range(CORES)]
    with ThreadPoolExecutor(
        CORES, initializer=torch.set_num_threads, initargs=(1,)
    ) as p:
        list(p.map(lambda pair: pair[0] @ pair[1], pairs))
        took = seconds(lambda: list(p.map(lambda pair: pair[0] @ pair[1], pairs)))
    return CORES * 2 * size**3 / took


def network_operations(model: Ensemble) -> float:
    """Floating-point operations of the ensemble's networks for one cell, as they are written."""
    first = model.members[0]
    series = torch.zeros(1, len(first.normalisation.mean), 46)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        first.network(series, torch.zeros(1, len(TYPES)))
    return counter.get_total_flops() * len(model.members)


class Trees:
    """Extra trees and boosted trees on the usual features; gaps are filled first."""

    def __init__(self, samples: Samples) -> None:
        """Fit both."""
        self.features = Features(samples)
        matrix = self.features.matrices(
            samples.series, samples.lat, samples.forest_type, summaries=[SUMMARY]
        )[SUMMARY]
        target = samples.table[["gpp", "nee"]].to_numpy()
        self.extra = ExtraTreesRegressor(TREES, n_jobs=CORES, random_state=1)
        self.extra.fit(matrix, target)
        self.boosted = [
            XGBRegressor(
                n_estimators=ROUNDS,
                max_depth=6,
                learning_rate=0.05,
                subsample=0.7,
                colsample_bytree=0.3,
                n_jobs=CORES,
                random_state=member,
            ).fit(matrix, target[:, column])
            for member in range(BOOSTED)
            for column in range(2)
        ]

    def matrix(self, cells: Arrays) -> np.ndarray:
        """Features (sample, feature) of cells."""
        matrix = self.features.matrices(*cells, summaries=[SUMMARY])[SUMMARY]
        return np.ascontiguousarray(matrix, "float32")

    def extra_product(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles over the trees."""
        with ThreadPoolExecutor(CORES) as pool:
            trees = [tree.tree_ for tree in self.extra.estimators_]
            found = np.stack(list(pool.map(lambda t: t.predict(matrix)[..., 0], trees)))
        return found.mean(axis=0), np.quantile(found, [0.05, 0.95], axis=0)

    def boosted_product(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles over the members."""
        found = np.stack([member.predict(matrix) for member in self.boosted])
        found = found.reshape(BOOSTED, 2, -1)
        return found.mean(axis=0), np.quantile(found, [0.05, 0.95], axis=0)


def stage(paths: list[Path], model: Ensemble, folder: Path) -> None:
    """Mask stores to infer stores."""
    made = infer(
        paths, model, min_forest_fraction=0.05, batch_cells=BATCH, workers=CORES
    )
    for number, pieced in enumerate(made):
        write_store(pieced, folder / f"{number}.zarr", chunks=CHUNKS)


def processor_seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Processor time of a call over all threads, and its wall time."""
    start = time.process_time()
    wall = seconds(work)
    return time.process_time() - start, wall


def estimates(model: Ensemble, pieces: Iterable[Piece]) -> None:
    """What the stage does between reading and writing: fluxes and dissimilarity."""
    for _ in estimate_pieces(iter(pieces), model, batch_cells=BATCH, workers=CORES):
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
        whole = seconds(lambda: model.predict_arrays(*cells))
    return spent / whole


def multiplied(model: Ensemble) -> float:
    """Floating-point operations of the engine's filters for one cell, zeros among them."""
    steps = 46 // model.members[0].settings.pooled_steps
    weights = sum(
        b.weight.numel() for blocks in model.fast_inference.blocks for b in blocks
    )
    return 2 * steps * weights


def shares(paths: list[Path], model: Ensemble, pieces: list, folder: Path) -> dict:
    """Where the processor time of the stage goes, as shares of it."""
    cells = joined(pieces)
    took, wall = processor_seconds(lambda: stage(paths, model, folder / "infer"))
    alone = processor_seconds(lambda: networks(model, cells))[0]
    between = processor_seconds(lambda: estimates(model, pieces))[0]
    reading = processor_seconds(lambda: list(all_pieces(paths)))[0]
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


def all_pieces(paths: list[Path]) -> Iterator[Piece]:
    """Every piece of the mask stores."""
    for path in paths:
        yield from read_pieces(path, min_forest_fraction=0.05)


def joined(pieces: list[Piece]) -> Arrays:
    """Series, latitudes and types of the forest cells of all pieces."""
    names = ("series", "lat", "types")
    return tuple(np.concatenate([getattr(p, name) for p in pieces]) for name in names)


def record(name: str, ours: list[float], other: list[float], unit: str) -> dict:
    """A ratio: medians of both sides and of the turns' ratios; rates, so larger is faster."""
    ratios = [a / b for a, b in zip(ours, other, strict=True)]
    return {
        "name": name,
        "ours": float(f"{np.median(ours):.4g}"),
        "other": float(f"{np.median(other):.4g}"),
        "unit": unit,
        "ratio": round(float(np.median(ratios)), 3),
        "lowest": round(min(ratios), 3),
        "highest": round(max(ratios), 3),
        "aim": AIMS.get(name),
        "runs": len(ratios),
    }


def measure(
    paths: list[Path], folder: Path, *, members: int, runs: int, cells: int
) -> dict[str, list | dict]:
    """The ratios, and where the time of the stage goes."""
    samples = tower_samples(paths)
    write_model(folder / "model", samples, members=members)
    reference = load_model(folder / "model")
    model = reference.accelerate(device="cpu", precision="auto")
    trees = Trees(samples)
    some = forest_rows(paths, cells)
    pieces = list(all_pieces(paths))
    whole = joined(pieces)
    count, all_cells = len(some[0]), len(whole[0])
    operations = network_operations(model)
    found: dict[str, list[float]] = {}

    def turn(name: str, amount: float, work: Callable[[], object]) -> None:
        found.setdefault(name, []).append(amount / seconds(work))

    matrix = trees.matrix(some)
    networks(model, some)
    stage(paths[:1], model, folder / "infer")
    for _ in range(runs):
        turn("stage", all_cells, lambda: stage(paths, model, folder / "infer"))
        turn("alone", all_cells, lambda: networks(model, whole))
        found.setdefault("matrix", []).append(matrix_rate())
        turn("ensemble", count, lambda: product(model, networks(model, some), some[2]))
        turn("loop", count, lambda: product(model, loop(reference, some), some[2]))
        turn("features", count, lambda: trees.matrix(some))
        turn("extra alone", count, lambda: trees.extra_product(matrix))
        turn("boosted alone", count, lambda: trees.boosted_product(matrix))

    def with_features(name: str) -> list[float]:
        pairs = zip(found["features"], found[name], strict=True)
        return [1 / (1 / features + 1 / rate) for features, rate in pairs]

    rate = [cells * operations * 1e-9 for cells in found["alone"]]
    matrix_gflops = [number * 1e-9 for number in found["matrix"]]
    names = list(AIMS)
    ours, unit = found["ensemble"], "cells s-1"
    ratios = [
        record(names[0], found["stage"], found["alone"], unit),
        record(names[1], rate, matrix_gflops, "GFLOP s-1"),
        record(names[2], ours, with_features("extra alone"), unit),
        record(names[3], ours, with_features("boosted alone"), unit),
        record(names[4], ours, found["loop"], unit),
        record(
            "ensemble / extra trees, features given", ours, found["extra alone"], unit
        ),
        record(
            "ensemble / 30 XGBoost members, features given",
            ours,
            found["boosted alone"],
            unit,
        ),
    ]
    return {"ratios": ratios, "shares": shares(paths, model, pieces, folder)}


def main() -> None:
    """Measure and write the records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--masked", type=Path, required=True, help="folder of mask stores"
    )
    parser.add_argument("--tiles", nargs="+", default=["r05c06", "r02c14"])
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cells", type=int, default=16384)
    parser.add_argument(
        "--output", type=Path, default=ROOT / "benchmarks/inference.json"
    )
    arguments = parser.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    paths = [arguments.masked / f"{tile}/2003.zarr" for tile in arguments.tiles]
    folder = Path(tempfile.mkdtemp(dir=Path.cwd()))
    try:
        found = measure(
            paths,
            folder,
            members=arguments.members,
            runs=arguments.runs,
            cells=arguments.cells,
        )
    finally:
        shutil.rmtree(folder)
    write_json(
        arguments.output,
        {"cores": CORES, "members": arguments.members} | found,
    )
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
