"""Small samples and settings with which the network trains in a second."""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.jobs.settings.training_settings import TrainSettings, with_changes
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.years.response import (
    Response,
    fit_response,
    measure_sample_departures,
)
from forestflux.prepare.sample_table import Samples
from tests.builders.error_models import make_errors
from tests.builders.inputs import RANGES, UNITS, VARIABLES

SETTINGS = TrainSettings.model_validate_json(
    json.dumps(
        {
            "steps": {
                "masked_pretraining": True,
                "all_biomes": True,
                "distillation": True,
                "forest": True,
                "class_weights": True,
            },
            "epochs": {
                "masked_pretraining": 1,
                "all_biomes": 2,
                "distillation": 1,
                "forest": 3,
                "class_weights": 1,
            },
            "learning_rate": {
                "masked_pretraining": 0.003,
                "all_biomes": 0.003,
                "distillation": 0.003,
                "forest": 0.003,
                "class_weights": 0.0003,
            },
            "distillation": {"teachers": ["svr"], "mixtures": 40, "offset_noise": 0.2},
            "batch_size": 32,
            "weight_decay": 0.01,
            "weight_average": 0.9,
            "channels": 4,
            "blocks": 2,
            "kernel": 5,
            "filters": ["time", "variable", "joint"],
            "pooled_steps": 2,
            "gap_handling": "normalised_convolution",
            "gap_channel": True,
            "forest_type": "late",
            "heads": "gpp_reco",
            "encoded": 8,
            "hidden": 8,
            "dropout": 0.1,
            "artificial_gaps": {"share": 0.5, "max_fraction": 0.7},
            "loss": {"gpp": 1.0, "reco": 1.0, "nee": 1.0},
            "huber": 1.0,
            "jitter": 1,
            "noise": 0.05,
            "offset_noise": 0.05,
            "half_year_shift": True,
            "derived": ["radiation"],
        }
    )
)


def settings(**changes: object) -> TrainSettings:
    """The small settings with some keys replaced; sections are merged."""
    return with_changes(SETTINGS, changes)


def make_ensemble(
    members: Sequence[NetworkRegressor],
    *,
    calibration: Calibration | None = None,
    applicability: Applicability | None = None,
) -> Ensemble:
    """An ensemble without a response and, unless given, without intervals and applicability."""
    return Ensemble(
        members,
        response=None,
        calibration=calibration,
        errors=make_errors(),
        applicability=applicability,
        inputs=UNITS,
        ranges=RANGES,
        metadata={},
    )


def make_applicability(members: list[NetworkRegressor]) -> Applicability:
    """The area of applicability of members that were trained on `make_samples()`."""
    return fit_applicability(members, make_samples(), quantile=None, seed=1)


def make_response(members: int) -> Response:
    """The response that `make_samples()` teaches an ensemble of so many members."""
    samples = make_samples()
    return fit_response(
        measure_sample_departures(samples),
        samples.table,
        min_quality=0.8,
        members=members,
        seed=1,
    )


def make_samples(count: int = 60, *, seed: int = 5) -> Samples:
    """Samples whose GPP follows the summer's NDVI; every seventh row is a grassland."""
    rng = np.random.default_rng(seed)
    lat = rng.choice([-40.0, 10.0, 45.0, 60.0], count)
    green = rng.random(count)
    wave = -np.cos(2 * np.pi * (np.arange(46) + 0.5) / 46)
    wave = np.where(lat[:, None] < 0, -wave, wave)
    series = rng.normal(0, 0.1, (count, len(VARIABLES), 46))
    series[:, 0] += green[:, None] * (1 + wave) / 2
    series[:, 3:5] = 285 + 12 * wave[:, None] + 5 * series[:, 3:5]
    series = series.astype("float32")
    series[rng.random(series.shape) < 0.1] = np.nan
    gpp = 400 + 1800 * green
    reco = 350 + 1300 * green + rng.normal(0, 30, count)
    igbp = [("GRA" if i % 7 == 6 else FOREST_TYPES[i % 5]) for i in range(count)]
    table = pd.DataFrame(
        {
            "site": [f"S{i // 3:02d}" for i in range(count)],
            "year": 2003 + np.arange(count) % 3,
            "igbp": igbp,
            "forest": [name in FOREST_TYPES for name in igbp],
            "lat": lat,
            "lon": 0.0,
            "holdout": False,
            "fold_site": np.arange(count) // 3 % 4,
            "cluster": np.arange(count) // 6,
            "fold_cluster": np.arange(count) // 6 % 3,
            "gpp": gpp,
            "reco": reco,
            "nee": reco - gpp,
            "nee_qc": 0.9,
            "weight": rng.uniform(0.5, 1.0, count),
        }
    )
    return Samples(series, table, VARIABLES)
