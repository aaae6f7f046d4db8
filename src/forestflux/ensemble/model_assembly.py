"""The parts of the trained model, from its networks and those that calibrate it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.errors.error_components import FluxErrors
from forestflux.ensemble.errors.error_fitting import fit_errors
from forestflux.ensemble.intervals.conformal import Calibration, calibrate
from forestflux.ensemble.intervals.gap_calibration import calibrate_gaps
from forestflux.jobs.settings.map_settings import UnseenTrend
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.observed_predictions import join_observed
from forestflux.models.years.response import (
    COVARIANCE_DRAWS,
    Response,
    fit_response,
    measure_sample_departures,
)
from forestflux.models.years.response_predictions import respond_to_years
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples


@dataclass(frozen=True)
class CalibratingNetworks:
    """Networks of the split by cluster, of which each tower is unseen by some.

    Attributes
    ----------
    predictions : of their unseen rows, member by member
    networks : by split and fold
    """

    predictions: list[pd.DataFrame]
    networks: Mapping[tuple[str, int], list[NetworkRegressor]]


@dataclass(frozen=True)
class AssemblyChoices:
    """What the configuration chooses.

    Attributes
    ----------
    level : nominal coverage of the intervals, 0-1
    min_quality : rows of lower `nee_qc` neither calibrate nor teach the response
    quantile : of the dissimilarity of training rows, from which the area of applicability
        ends; None for the largest that is no outlier
    unseen_trend : how large a trend can be that no input shows, `model.unseen_trend`
    responds : whether the fluxes of a place respond to its years
    seed : of the draws
    """

    level: float
    min_quality: float
    quantile: float | None
    unseen_trend: UnseenTrend
    responds: bool
    seed: int


@dataclass(frozen=True)
class ModelParts:
    """What a trained model has beside its members, as `save_model` takes it.

    Attributes
    ----------
    response : None where years are taken to differ like places
    calibration : level, half-widths and their widening, as JSON has them
    errors : components of the errors of the fluxes
    applicability : of the members
    """

    response: Response | None
    calibration: dict[str, Any]
    errors: FluxErrors
    applicability: Applicability


def assemble_model(
    members: Sequence[NetworkRegressor],
    samples: Samples,
    site_years: pd.DataFrame,
    *,
    calibrating: CalibratingNetworks,
    choices: AssemblyChoices,
) -> ModelParts:
    """Response, intervals, errors and area of applicability of networks that are to map.

    Parameters
    ----------
    members : networks that make the maps, trained on all towers except the holdout
    samples : the used rows with their series
    site_years : `samples/samples.csv`
    calibrating : networks whose errors at unseen towers are those of the maps
    choices : of the configuration

    Raises
    ------
    InputError : a calibrating network lacks a row, or has it twice
    """
    predictions = join_observed(calibrating.predictions, site_years)
    predictions = predictions[predictions["gap_pattern"] == "none"]
    if choices.responds:
        predictions = respond_to_years(
            predictions, samples, gaps=None, min_quality=choices.min_quality
        )
    training = samples.take(split_rows(samples.table, "holdout", 0)[0])
    return ModelParts(
        response=learn_response(training, members=len(members), choices=choices),
        calibration=calibrate_intervals(
            predictions, samples, calibrating=calibrating, choices=choices
        ),
        errors=fit_errors(
            predictions,
            site_years,
            min_quality=choices.min_quality,
            unseen_trend=choices.unseen_trend,
        ),
        applicability=fit_applicability(
            list(members), training, quantile=choices.quantile, seed=choices.seed
        ),
    )


def learn_response(
    training: Samples, *, members: int, choices: AssemblyChoices
) -> Response | None:
    """The response to the years of the rows that the members were trained on."""
    if not choices.responds:
        return None
    return fit_response(
        measure_sample_departures(training),
        training.table,
        min_quality=choices.min_quality,
        members=members,
        draws=COVARIANCE_DRAWS,
        seed=choices.seed,
    )


def calibrate_intervals(
    predictions: pd.DataFrame,
    samples: Samples,
    *,
    calibrating: CalibratingNetworks,
    choices: AssemblyChoices,
) -> dict[str, Any]:
    """Level, half-widths, and how much wider they are where inputs are missing.

    Parameters
    ----------
    predictions : of unseen rows beside what was observed, as the maps are made
    samples : the used rows with their series
    calibrating : networks that predicted them
    choices : of the configuration
    """
    calibration = calibrate(
        predictions, level=choices.level, min_quality=choices.min_quality
    )
    widening = calibrate_gaps(
        calibrating.networks,
        samples,
        Calibration.from_dict(calibration),
        responds=choices.responds,
        min_quality=choices.min_quality,
        seed=choices.seed,
    )
    return calibration | {
        "widening": {target: each.to_dict() for target, each in widening.items()}
    }
