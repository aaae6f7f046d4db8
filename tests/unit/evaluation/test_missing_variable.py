"""A variable that no tower has, or that never changes, through every model and its reasons."""

import json
from dataclasses import asdict
from functools import partial

import numpy as np
import pytest

from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.evaluation.explain.explanations import (
    measure_occlusion,
    tabulate_activations,
    tabulate_importance,
)
from forestflux.models.classical.classical_models import BASELINES, ClassicalRegressor
from forestflux.models.flux_model import predict_samples
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import make_ensemble, make_samples, settings

RAIN = VARIABLES.index("precip")


def changed(samples, value, rows=slice(None)):
    """The samples with the rain of some rows set to one value."""
    series = samples.series.copy()
    series[rows, RAIN] = value
    return Samples(series, samples.table, VARIABLES)


MODELS = ("cnn", *BASELINES)


def fit(name):
    """What trains a model of this name."""
    if name == "cnn":
        return partial(train_network, settings=settings())
    return ClassicalRegressor(name, candidates=1, inner_folds=2).fit


@pytest.mark.parametrize("value", [np.nan, 3.0], ids=["absent", "constant"])
@pytest.mark.parametrize("name", MODELS)
def test_fluxes_stay_finite(name, value):
    samples = changed(make_samples(), value)
    fluxes = predict_samples(fit(name)(samples, seed=1), samples)
    assert np.isfinite(fluxes.gpp).all()
    assert np.isfinite(fluxes.reco).all()
    assert fluxes.gpp.std() > 0


@pytest.mark.parametrize("name", MODELS)
def test_values_of_a_variable_that_was_never_learnt_change_nothing(name):
    without = changed(make_samples(), np.nan)
    fitted = fit(name)(without, seed=1)
    expected = predict_samples(fitted, without)
    given = predict_samples(fitted, changed(without, 1000.0))
    np.testing.assert_array_equal(given.gpp, expected.gpp)
    np.testing.assert_array_equal(given.reco, expected.reco)


def test_reasons_of_an_absent_variable_are_zero_and_others_are_not():
    samples = changed(make_samples(), np.nan)
    member = train_network(samples, settings=settings(), seed=1)
    near = fit_applicability([member], samples, quantile=None, seed=1)
    assert 0 < near.threshold < np.inf
    model = make_ensemble(
        [member], calibration=Calibration(0.9, {}), applicability=near
    )
    table = tabulate_importance(measure_occlusion(model, samples))
    assert np.isfinite(table[["gpp", "nee"]]).all(axis=None)
    rain = table["variable"] == "precip"
    assert (table.loc[rain, "gpp"] == 0).all()
    assert (table.loc[~rain, "gpp"] > 0).any()
    assert np.isfinite(tabulate_activations(model, samples)["activation"]).all()


def test_scales_of_an_absent_variable_are_plain_json():
    member = train_network(changed(make_samples(), np.nan), settings=settings(), seed=1)
    text = json.dumps(asdict(member.normalisation), allow_nan=False)
    assert json.loads(text)["mean"][RAIN] is None
