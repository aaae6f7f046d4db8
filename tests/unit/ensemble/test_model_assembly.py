"""The parts of a model: intervals of unseen towers, a response only where years are told apart."""

from functools import partial

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, NETWORK, TARGET_FLUXES
from forestflux.ensemble.intervals.conformal import calibrate
from forestflux.ensemble.model_assembly import (
    AssemblyChoices,
    CalibratingNetworks,
    assemble_model,
)
from forestflux.jobs.settings.map_settings import UnseenTrend
from forestflux.models.cross_validation import run_fold
from forestflux.models.network_training import train_network
from forestflux.models.observed_predictions import join_observed
from tests.builders.small_training import make_samples, settings

SAMPLES = make_samples()
SITE_YEARS = SAMPLES.table.assign(used=True)
LEVEL = 0.5


@pytest.fixture(scope="module")
def calibrating() -> CalibratingNetworks:
    predictions, networks = [], {}
    for fold in sorted(set(SAMPLES.table["fold_cluster"])):
        network, found = run_fold(
            partial(train_network, settings=settings()),
            SAMPLES,
            split="cluster",
            fold=int(fold),
            member=0,
            model=NETWORK,
            seed=int(fold),
            gaps=None,
        )
        predictions.append(found)
        networks["cluster", int(fold)] = [network]
    return CalibratingNetworks(predictions, networks)


def choose(*, responds: bool) -> AssemblyChoices:
    return AssemblyChoices(
        level=LEVEL,
        min_quality=0.8,
        quantile=None,
        unseen_trend=UnseenTrend(),
        responds=responds,
        seed=1,
    )


@pytest.mark.parametrize("responds", [True, False])
def test_intervals_are_those_of_unseen_towers_as_the_maps_are_made(
    calibrating: CalibratingNetworks, responds: bool
) -> None:
    members = [train_network(SAMPLES, settings=settings(), seed=1)]
    parts = assemble_model(
        members,
        SAMPLES,
        SITE_YEARS,
        calibrating=calibrating,
        choices=choose(responds=responds),
    )
    each_year = calibrate(
        join_observed(calibrating.predictions, SITE_YEARS),
        level=LEVEL,
        min_quality=0.8,
    )
    assert (parts.calibration["half_width"] == each_year["half_width"]) != responds
    assert set(parts.calibration["widening"]) == set(TARGET_FLUXES)
    assert (parts.response is not None) == responds
    index = parts.applicability.reference
    assert np.isfinite(index.points).all()
    assert set(parts.errors) == set(FLUXES)


def test_a_row_that_no_calibrating_network_predicted_is_named(
    calibrating: CalibratingNetworks,
) -> None:
    short = CalibratingNetworks(calibrating.predictions[1:], calibrating.networks)
    with pytest.raises(InputError, match=r"predictions: cnn, split cluster.* missing"):
        assemble_model(
            [], SAMPLES, SITE_YEARS, calibrating=short, choices=choose(responds=False)
        )
