"""Other networks: their time of inference, and their skill at real towers.

Time: the compiled loops with another activation or without the normalisation of each cell, and one
network with a head for each member, beside the ensemble with ReLU as it is; the same cells in
turns on one thread. Skill: the training of the repository with each activation, on the same folds
by cluster with the same seeds. Folds differ from those of the run, so that these towers' scores
decide nothing.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

import numpy as np
import pandas as pd
import torch
from numba import njit
from torch import Tensor
from torch.nn import functional

from benchmarks.harness import (
    ROOT,
    Measured,
    Option,
    compare,
    pin_cores,
    repeat,
    take_turns,
)
from benchmarks.masked_tiles import masked_tiles
from benchmarks.trained_model import (
    default_settings,
    ready_cells,
    tower_samples,
)
from forestflux.ensemble.fast import kernels
from forestflux.ensemble.fast.backends import Affine, Filtered, FusedBackend
from forestflux.ensemble.fast.fast_inference import FastInference
from forestflux.evaluation.ablation_table import reassign_folds
from forestflux.evaluation.scores import r2
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.convolution_blocks import ParallelBlock
from forestflux.models.flux_model import predict_samples
from forestflux.models.network_training import member_seed, train_network
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import (
    Samples,
    UnlabelledSeries,
    no_series,
    read_samples,
    read_unlabelled,
)

SPLIT, MIN_QUALITY = "cluster", 0.8
# Of the folds and networks here; the runs have others.
SEED = 777
PRESENT, HEADS = "ReLU", "one network, a head for each member"
ACTIVATIONS = {
    PRESENT: functional.relu,
    "SiLU": functional.silu,
    "hard-swish": functional.hardswish,
}
# What normalises in the text of the loops.
NORMALISATION = (
    "inverse, offset = moments(first[index], second[index])",
    " * inverse - offset",
    " * gain[position] + shift[position]",
    " * gain[channel] + shift[channel]",
)
OPTIONS = {
    "samples": Option(
        "results/towers/samples/samples.json",
        "",
        "site-years of a run of config/towers.yaml; none for made-up ones",
    ),
    "tile": Option("r05c06", "r55c65", "tile of the simulated planet"),
    "tile_cells": Option(400, 40, "rows and columns of the tile"),
    "networks": Option(5, 2, "networks of the ensemble that is timed"),
    "assignments": Option(2, 1, "times that folds are assigned anew"),
    "folds": Option(5, 2, "folds by cluster"),
    "members": Option(2, 1, "networks of a fold"),
    "repeats": Option(6, 1, "times that a turn goes over the cells"),
    "runs": Option(25, 1, "turns"),
}


def measure(
    *,
    samples: str,
    tile: str,
    tile_cells: int,
    networks: int,
    assignments: int,
    folds: int,
    members: int,
    repeats: int,
    runs: int,
) -> Measured:
    """Processor time of each variant beside ReLU, and R2 with each activation."""
    pin_cores(1)
    torch.set_num_threads(1)
    paths = list(masked_tiles((tile,), tile_cells).values())
    made_up = tower_samples(paths)
    model, prepared, kinds = ready_cells(paths, made_up, members=networks)
    with torch.inference_mode():
        contenders = list_variants(model.fast_inference, prepared, kinds)
        repeated = {name: repeat(work, repeats) for name, work in contenders.items()}
        for work in repeated.values():
            work()  # compiled loops are made before anything is measured
        times = take_turns(repeated, runs, time.process_time)
    ratios = [
        compare(f"time of {name} / {PRESENT}", seconds, times[PRESENT], unit="s")
        for name, seconds in times.items()
        if name != PRESENT
    ]
    if samples:
        manifest = ROOT / samples
        towers, others = read_samples(manifest), read_unlabelled(manifest)
        settings = TrainSettings()
    else:
        towers, others = made_up.take(np.arange(200)), no_series(len(made_up.variables))
        settings = default_settings(members=members)
    predictions = pd.concat(
        predict_variants(
            towers,
            others,
            settings=settings,
            folds=folds,
            members=members,
            seed=SEED + number,
        ).assign(assignment=number)
        for number in range(assignments)
    )
    facts = {"precision": model.fast_inference.precision}
    return Measured(rows=score_variants(predictions), ratios=ratios, facts=facts)


class VariantBackend(FusedBackend):
    """The compiled loops with another activation, or without normalisation.

    Parameters
    ----------
    act : compiled activation in the place of that of `kernels`
    normal : whether each cell is normalised; if not, the filters would do it
    """

    def __init__(self, act: Callable = kernels.relu, *, normal: bool = True) -> None:
        self.loops = {
            name: compile_again(getattr(kernels, name), act, normal=normal)
            for name in ("activate", "pool")
        }

    def activate(self, filtered: Filtered, block: Affine, half: int) -> Tensor:
        """As `Backend.activate`."""
        with mock.patch.object(kernels, "activate", self.loops["activate"]):
            return super().activate(filtered, block, half)

    def pool(self, filtered: Filtered, block: Affine) -> Tensor:
        """As `Backend.pool`."""
        with mock.patch.object(kernels, "pool", self.loops["pool"]):
            return super().pool(filtered, block)


def compile_again(loop: Callable, act: Callable, *, normal: bool) -> Callable:
    """A compiled loop of `kernels` with changes in its text."""
    source = inspect.getsource(loop.py_func)
    source = source[source.index("def ") :]
    if not normal:
        for formula in NORMALISATION:
            source = source.replace(formula, "")
    names = loop.py_func.__globals__ | {"relu": act}
    exec(source, names)
    changed = names[loop.__name__]
    return njit(nogil=True, error_model="numpy", fastmath=kernels.LOOSE)(changed)


@njit(inline="always")
def silu(number: np.float32) -> np.float32:
    """SiLU, x sigmoid(x) = x / 2 (1 + tanh(x / 2)), within 5e-4.

    tanh is the continued fraction of Lambert, cut after seven terms; where that is more
    than one it is one.
    """
    half = np.float32(0.5) * number
    x = min(max(half, np.float32(-4.97)), np.float32(4.97))
    q = x * x
    above = np.float32(135135) + q * (np.float32(17325) + q * (np.float32(378) + q))
    below = np.float32(135135) + q * (
        np.float32(62370) + q * (np.float32(3150) + q * np.float32(28))
    )
    return half + half * (x * above / below)


@njit(inline="always")
def hard_swish(number: np.float32) -> np.float32:
    """X min(max(x + 3, 0), 6) / 6."""
    share = number * np.float32(1 / 6) + np.float32(0.5)
    return number * min(max(share, np.float32(0)), np.float32(1))


def list_variants(
    fast: FastInference, prepared: Tensor, types: Tensor
) -> dict[str, Callable[[], object]]:
    """What each variant does with the same cells; `PRESENT` first."""
    backends = {
        PRESENT: VariantBackend(),
        "SiLU": VariantBackend(silu),
        "hard-swish": VariantBackend(hard_swish),
        "no normalisation": VariantBackend(normal=False),
    }

    def ensemble(backend: VariantBackend) -> Callable[[], object]:
        def estimate() -> Tensor:
            fast.backend = backend
            return fast._chunk(prepared, types)

        return estimate

    def heads() -> Tensor:
        blocks, fast.backend = fast.blocks, backends[PRESENT]
        *others, last = blocks[0]
        features = fast._packed(prepared, types)
        for block in others:
            filtered = block.filtered(features)
            features = fast.backend.activate(filtered, block, fast.half)
        pooled = fast.backend.pool(last.filtered(features), last)
        return fast.head.fluxes(pooled.expand(len(blocks), *pooled.shape), types)

    variants = {name: ensemble(backend) for name, backend in backends.items()}
    return variants | {HEADS: heads}


def predict_variants(
    samples: Samples,
    unlabelled: UnlabelledSeries,
    *,
    settings: TrainSettings,
    folds: int,
    members: int,
    seed: int,
) -> pd.DataFrame:
    """Fluxes of unseen site-years by activation, fold and member, beside the towers'."""
    table = reassign_folds(samples.table, count=folds, seed=seed)
    samples = Samples(samples.series, table, samples.variables)
    parts = []
    for fold in range(folds):
        train, test = split_rows(table, SPLIT, fold)
        given, unseen = samples.take(train), samples.take(test)
        others = unlabelled.without(unseen.table["site"].unique().tolist())
        observed = unseen.table[["site", "year", "gpp", "nee", "nee_qc"]]
        for member in range(members):
            own = member_seed(seed, SPLIT, fold, member)
            for name, activation in ACTIVATIONS.items():
                with activated(activation):
                    trained = train_network(
                        given, settings=settings, seed=own, unlabelled=others
                    )
                    fluxes = predict_samples(trained, unseen)
                found = {"gpp_pred": fluxes.gpp, "nee_pred": fluxes.nee}
                place = {"variant": name, "fold": fold, "member": member}
                parts.append(observed.assign(**place, **found))
    return pd.concat(parts, ignore_index=True)


@contextmanager
def activated(activation: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Networks with another activation in their convolutional blocks."""

    def forward(block: ParallelBlock, features: Tensor) -> Tensor:
        return activation(block.norm(block.filtered(features)))

    with mock.patch.object(ParallelBlock, "forward", forward):
        yield


def score_variants(predictions: pd.DataFrame) -> list[dict]:
    """R2 of the mean of the members, pooled over folds, with each activation and assignment."""
    good = predictions[predictions["nee_qc"] >= MIN_QUALITY]
    rows = []
    for (name, number), part in good.groupby(["variant", "assignment"], sort=False):
        mean = part.groupby(["site", "year"]).mean(numeric_only=True)
        scores = {f: r2(mean[f], mean[f"{f}_pred"]) for f in ("gpp", "nee")}
        place = {"variant": name, "assignment": number, "site_years": len(mean)}
        rounded = {f"r2_{flux}": round(score, 4) for flux, score in scores.items()}
        rows.append(place | rounded)
    return rows
