"""Fast inference beside libraries that promise the same: torch.compile and ONNX Runtime.

Every contender gives the two heads of the same networks for the same prepared cells on the same
two cores; ours gives fluxes. Contenders take turns; a ratio is the median over the turns of our
rate over theirs. Each library is tried with batches on a thread each and with one call on both
cores. ONNX Runtime is left out where it is not installed (`pip install
onnxruntime onnx onnxscript`), torch.compile where there is no C++ compiler.
"""

# ruff: noqa: E402 - the number of threads is set before numpy and torch are imported

import os

CORES = 2
os.environ.setdefault("OMP_NUM_THREADS", str(CORES))

import importlib.util
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from benchmarks.harness import (
    Measured,
    Option,
    compare,
    pin_cores,
    scratch_folder,
    take_turns,
)
from forestflux.core.names import FLUXES
from forestflux.ensemble.fast.fast_inference import FastInference
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.flux_network import FluxNetwork
from forestflux.models.network_inputs import TYPES, Normalisation
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.torch_contexts import one_thread, seeded
from tests.builders.inputs import VARIABLES

# Fast inference is kept by hand only while it is so many times as fast as a library.
AIM = 1.5
PRECISIONS = ("float32", "bfloat16")
# Cells that go through the networks together, and whether each core has batches of its own.
WAYS = ((256, True), (1024, False))
GAPS = 0.2
Heads = Callable[[Tensor, Tensor], object]
OPTIONS = {
    "members": Option(5, 1, "networks of the ensemble"),
    "cells": Option(8192, 1024, "cells, a multiple of 1024"),
    "runs": Option(7, 1, "turns"),
}


class Loop(nn.Module):
    """The networks one after another: heads (member, cell, 2)."""

    def __init__(self, networks: list[FluxNetwork]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)

    def forward(self, series: Tensor, types: Tensor) -> Tensor:
        """Heads of prepared series and one-hot types."""
        return torch.stack([network(series, types) for network in self.networks])


class Stacked(nn.Module):
    """The networks at once, their weights stacked: heads (member, cell, 2)."""

    def __init__(self, networks: list[FluxNetwork]) -> None:
        super().__init__()
        self.state = stack_module_state(networks)
        self.base = deepcopy(networks[0])

    def forward(self, series: Tensor, types: Tensor) -> Tensor:
        """Heads of prepared series and one-hot types."""

        def call(weights: dict, buffers: dict) -> Tensor:
            return functional_call(self.base, (weights, buffers), (series, types))

        return vmap(call)(*self.state)


def measure(*, members: int, cells: int, runs: int) -> Measured:
    """The ratios of each precision, and how far the heads of each contender are from ours."""
    pin_cores(CORES)
    regressors = random_members(members)
    networks = [regressor.network for regressor in regressors]
    series = torch.randn(cells, len(regressors[0].series_names()), 46)
    series[torch.rand(series.shape) < GAPS] = torch.nan
    types = torch.eye(len(TYPES))[torch.arange(cells) % len(TYPES)]
    measured = Measured(limits={"ours / library": AIM})
    with scratch_folder() as folder:
        for precision in PRECISIONS:
            ours = FastInference(regressors, device="cpu", precision=precision)
            contenders = {"ours": in_batches(ours.predict_prepared, 2048, pool=True)}
            contenders |= compiled(networks, precision)
            if precision == "float32":  # ONNX Runtime has no bfloat16 filters on a CPU
                contenders |= exported(networks, folder / "networks.onnx")
            compare_all(measured, precision, contenders, (series, types), runs)
    return measured


def random_members(count: int) -> list[NetworkRegressor]:
    """Networks of the default sizes; speed does not depend on what the weights are."""
    settings = TrainSettings()
    names = (*VARIABLES, *settings.derived)
    members = []
    for seed in range(count):
        with seeded(seed):
            member = NetworkRegressor(
                settings,
                variables=VARIABLES,
                normalisation=Normalisation(names, (0.0,) * 7, (1.0,) * 7),
                flux_scale=Normalisation(FLUXES, (1000.0, 900.0, -100.0), (500.0,) * 3),
            )
        member.network.eval()
        members.append(member)
    return members


def compare_all(
    measured: Measured,
    precision: str,
    contenders: dict[str, Heads],
    inputs: tuple[Tensor, Tensor],
    runs: int,
) -> None:
    """Let the contenders take turns, each after one call that nothing is measured of."""
    calls: dict[str, Callable[[], object]] = {}
    for name, work in contenders.items():
        work(*inputs)
        calls[name] = lambda work=work: work(*inputs)
    times = take_turns(calls, runs)
    cells = len(inputs[0])
    rates = {name: [cells / s for s in seconds] for name, seconds in times.items()}
    measured.ratios += [
        compare(
            f"ours / {name}, {precision}",
            rates["ours"],
            rate,
            unit="cells s-1",
            aim=AIM,
        )
        for name, rate in rates.items()
        if name != "ours"
    ]


def in_batches(heads: Heads, size: int, *, pool: bool) -> Heads:
    """The same over many cells: batches on a thread each, or one call on all cores."""
    warm = False

    def work(series: Tensor, types: Tensor) -> object:
        nonlocal warm
        batches = list(zip(series.split(size), types.split(size), strict=True))
        if not pool:
            torch.set_num_threads(CORES)
            return [heads(*batch) for batch in batches]
        if not warm:  # torch.compile writes the number of threads into its code
            with one_thread():
                heads(*batches[0])
            warm = True
        with ThreadPoolExecutor(
            CORES, initializer=torch.set_num_threads, initargs=(1,)
        ) as threads:
            return list(threads.map(lambda batch: heads(*batch), batches))

    return work


def compiled(networks: list[FluxNetwork], precision: str) -> dict[str, Heads]:
    """torch.compile of both ways to write an ensemble."""
    if shutil.which("c++") is None:
        return {}
    ways: dict[str, Heads] = {}
    for name, kind in {"loop": Loop, "stacked": Stacked}.items():
        for size, pool in WAYS:
            network = torch.compile(kind(networks).eval(), dynamic=False)

            def heads(
                series: Tensor, types: Tensor, network: nn.Module = network
            ) -> Tensor:
                half = precision == "bfloat16"
                with torch.inference_mode(), torch.autocast("cpu", enabled=half):
                    return network(series, types).float()

            way = f"torch.compile, {name}, {describe(size, pool)}"
            ways[way] = in_batches(heads, size, pool=pool)
    return ways


def exported(networks: list[FluxNetwork], path: Path) -> dict[str, Heads]:
    """ONNX Runtime with the networks in one graph."""
    if importlib.util.find_spec("onnxruntime") is None:
        return {}
    import onnxruntime

    example = torch.zeros(8, len(VARIABLES) + 1, 46), torch.zeros(8, len(TYPES))
    cells = torch.export.Dim("cells")
    torch.onnx.export(
        Loop(networks).eval(),
        example,
        path,
        input_names=["series", "types"],
        dynamic_shapes=({0: cells}, {0: cells}),
        dynamo=True,
    )
    ways: dict[str, Heads] = {}
    for size, pool in WAYS:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1 if pool else CORES
        session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )

        def heads(
            series: Tensor,
            types: Tensor,
            session: "onnxruntime.InferenceSession" = session,
        ) -> np.ndarray:
            inputs = {"series": series.numpy(), "types": types.numpy()}
            return session.run(None, inputs)[0]

        ways[f"ONNX Runtime, {describe(size, pool)}"] = in_batches(
            heads, size, pool=pool
        )
    return ways


def describe(size: int, pool: bool) -> str:
    """A way to use the cores, in words."""
    return f"{size} cells, {'a thread each' if pool else 'one call on both cores'}"
