"""Cost of the dissimilarity index beside the networks' own estimate.

Cells per second of processor time, of the model and the samples of a finished run. With the
smallest options a model is made here.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks.harness import (
    ROOT,
    Measured,
    Option,
    compare,
    scratch_folder,
    take_turns,
)
from benchmarks.masked_tiles import masked_tiles
from benchmarks.trained_model import tower_samples, write_model
from forestflux.ensemble.model_folder import load_model
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.prepare.sample_table import Samples, read_samples

OPTIONS = {
    "results": Option(
        "results/demo", "", "folder of a finished run; none makes a model"
    ),
    "cells": Option(8192, 256, "forest site-years, repeated as often as needed"),
    "runs": Option(3, 1, "turns"),
}


def measure(*, results: str, cells: int, runs: int) -> Measured:
    """Rates of the networks and of the index."""
    model, samples = finished(ROOT / results) if results else made()
    forest = np.flatnonzero(samples.table["forest"].to_numpy(bool))
    chosen = samples.take(np.resize(forest, cells))
    batch = chosen.series, chosen.lat, chosen.forest_type
    times = take_turns(
        {
            "networks": lambda: model.predict_arrays(*batch),
            "index": lambda: model.dissimilarity_index(*batch),
        },
        runs,
        time.process_time,
    )
    rates = {name: [cells / s for s in seconds] for name, seconds in times.items()}
    name, unit = "networks / index, rate", "cells s-1 of one core"
    return Measured(
        ratios=[compare(name, rates["networks"], rates["index"], unit=unit)],
        facts={
            "reference_rows": len(model.applicability.reference.points),
            "members": len(model.members),
        },
    )


def finished(results: Path) -> tuple[Ensemble, Samples]:
    """Model and samples of a finished run."""
    samples = read_samples(results / "samples/samples.json")
    return load_model(results / "model"), samples


def made() -> tuple[Ensemble, Samples]:
    """A model of one member and its samples, from a small tile."""
    samples = tower_samples(list(masked_tiles(["r55c65"], 40).values()))
    with scratch_folder() as folder:
        write_model(folder / "model", samples, members=1)
        return load_model(folder / "model"), samples
