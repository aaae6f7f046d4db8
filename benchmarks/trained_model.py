"""A model for the benchmarks: networks of the default sizes, trained for a moment.

Speed does not depend on what the weights are, nor much on how many rows a tree has seen, so the
rows are forest cells of masked tiles with fluxes that follow their greenness.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from benchmarks.harness import scratch_folder
from benchmarks.masked_tiles import MIN_FOREST_FRACTION, SEED
from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.fast.fast_inference import CELLS
from forestflux.ensemble.model_folder import load_model, save_model
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.settings.training_settings import (
    TrainSettings,
    TransferEpochs,
    with_changes,
)
from forestflux.models.network_inputs import one_hot_types
from forestflux.models.network_training import train_network
from forestflux.models.years.response import fit_response, measure_sample_departures
from forestflux.prepare.masked_series import read_chunks
from forestflux.prepare.sample_table import Samples
from tests.builders.error_models import make_errors
from tests.builders.inputs import RANGES, UNITS, VARIABLES

# Site-years: about what the towers of the world give.
ROWS = 1500
HALF_WIDTH = {"gpp": {"all": 500.0}, "nee": {"all": 400.0}}


def default_settings(*, members: int) -> TrainSettings:
    """Section `train` of the configuration with one epoch a step."""
    epochs = dict.fromkeys(TransferEpochs.model_fields, 1)
    return with_changes(TrainSettings(), {"epochs": epochs, "members": members})


def forest_rows(paths: list[Path], count: int) -> tuple[np.ndarray, ...]:
    """Series, latitudes and forest type codes of some forest cells of mask stores."""
    parts = []
    for path in paths:
        for chunk in read_chunks(
            path, inputs=UNITS, min_forest_fraction=MIN_FOREST_FRACTION
        ):
            parts.append((chunk.series, chunk.lat, chunk.types))
            if sum(len(part[0]) for part in parts) >= count:
                break
    series, lat, types = (np.concatenate(part) for part in zip(*parts, strict=True))
    chosen = np.random.default_rng(SEED).permutation(len(series))[:count]
    return series[chosen], lat[chosen], types[chosen]


def tower_samples(paths: list[Path]) -> Samples:
    """Rows as towers give them, with fluxes that follow the year's greenness."""
    series, lat, types = forest_rows(paths, ROWS)
    rng = np.random.default_rng(SEED)
    green = np.nan_to_num(np.nanmean(series[:, 0], axis=1), nan=0.5)
    gpp = 200 + 2500 * green + rng.normal(0, 200, len(green))
    reco = 150 + 2000 * green + rng.normal(0, 200, len(green))
    site = np.arange(len(green)) // 7
    table = pd.DataFrame(
        {
            "site": [f"S{number:03d}" for number in site],
            "year": 2003,
            "igbp": [FOREST_TYPES[code - 1] for code in types],
            "forest": True,
            "lat": lat,
            "lon": 0.0,
            "holdout": False,
            "fold_site": site % 5,
            "cluster": site,
            "fold_cluster": site % 5,
            "gpp": gpp,
            "reco": reco,
            "nee": reco - gpp,
            "nee_qc": 0.9,
            "weight": 1.0,
        }
    )
    return Samples(series, table, VARIABLES)


def ready_cells(
    paths: list[Path], samples: Samples, *, members: int
) -> tuple[Ensemble, Tensor, Tensor]:
    """A trained model with fast inference, and one piece of cells as its networks take them.

    Parameters
    ----------
    paths : mask stores that the cells are of
    samples : that the networks learn
    members : networks of the ensemble

    Returns
    -------
    model; series (cell, series, step), standard deviations; one-hot types (cell, type)
    """
    with scratch_folder() as folder:
        write_model(folder / "model", samples, members=members)
        model = load_model(folder / "model").accelerate(device="cpu", precision="auto")
    series, lat, types = forest_rows(paths, CELLS["cpu"])
    prepared = model.members[0].prepare(series, lat)
    return model, prepared, torch.from_numpy(one_hot_types(types))


def write_model(folder: Path, samples: Samples, *, members: int) -> None:
    """A trained model as the stage writes it."""
    settings = default_settings(members=members)
    trained = [
        train_network(samples, settings=settings, seed=m) for m in range(members)
    ]
    save_model(
        folder,
        trained,
        response=fit_response(
            measure_sample_departures(samples),
            samples.table,
            min_quality=0.8,
            members=members,
            seed=SEED,
        ),
        calibration={"level": 0.9, "half_width": HALF_WIDTH},
        errors=make_errors(),
        applicability=fit_applicability(trained, samples, quantile=None, seed=SEED),
        units=UNITS,
        ranges=RANGES,
        metadata={"run": "benchmark"},
    )
