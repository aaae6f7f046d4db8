"""Processor time of training a network where freed memory is kept, as jobs keep it.

Beside it trains the same network with the C library's own way, which gives large arrays back to
the system. A process cannot go back to that, so each turn is a process of its own.
"""

import os
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection

import psutil

from benchmarks.harness import Measured, Option, compare, pin_cores
from benchmarks.masked_tiles import masked_tiles
from benchmarks.trained_model import default_settings, tower_samples
from forestflux.jobs.freed_memory import keep_freed_memory
from forestflux.jobs.settings.training_settings import (
    TrainSettings,
    TransferEpochs,
    with_changes,
)
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples

SEED = 1
OPTIONS = {
    "tile": Option("r05c06", "r55c65", "tile of the simulated planet"),
    "tile_cells": Option(100, 40, "rows and columns of the tile"),
    "epochs": Option(3, 1, "of each transfer step"),
    "runs": Option(7, 1, "turns"),
}


def measure(*, tile: str, tile_cells: int, epochs: int, runs: int) -> Measured:
    """Processor seconds and megabytes with kept and with released memory, in turns."""
    pin_cores(1)
    samples = tower_samples(list(masked_tiles((tile,), tile_cells).values()))
    steps = dict.fromkeys(TransferEpochs.model_fields, epochs)
    settings = with_changes(default_settings(members=1), {"epochs": steps})
    found: dict[str, list[dict]] = {"kept": [], "released": []}
    for _ in range(runs):
        for name, turns in found.items():
            turns.append(train_apart(samples, settings, keep=name == "kept"))

    def take(name: str, key: str) -> list[float]:
        return [turn[key] for turn in found[name]]

    ratios = [
        compare(
            f"{key}, kept / released",
            take("kept", key),
            take("released", key),
            unit=unit,
        )
        for key, unit in (("processor time", "s"), ("memory at the end", "MB"))
    ]
    return Measured(ratios=ratios)


def train_apart(samples: Samples, settings: TrainSettings, *, keep: bool) -> dict:
    """What the training of a network takes in a new process."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(
        target=train_here, args=(theirs, samples, settings, keep)
    )
    process.start()
    theirs.close()  # so that a process that fails ends the wait
    found = ours.recv()
    process.join()
    return found


def train_here(
    answer: Connection, samples: Samples, settings: TrainSettings, keep: bool
) -> None:
    """Train a network; answer processor seconds and megabytes held in the end."""
    if keep and not keep_freed_memory():
        raise SystemExit("this C library cannot be told to keep freed memory")
    started = time.process_time()
    train_network(samples, settings=settings, seed=SEED)
    seconds = time.process_time() - started
    held = psutil.Process(os.getpid()).memory_info().rss
    answer.send({"processor time": seconds, "memory at the end": held / 1e6})
