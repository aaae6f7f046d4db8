"""Samples that cannot train, and those that can though little is in them."""

from functools import partial

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.models.classical.classical_models import BASELINES, ClassicalRegressor
from forestflux.models.cross_validation import run_fold
from forestflux.models.flux_model import predict_samples
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples
from tests.builders.small_training import make_ensemble, make_samples, settings

MODELS = ("cnn", *BASELINES)


def fit(name):
    """What trains a model of this name."""
    if name == "cnn":
        return partial(train_network, settings=settings())
    return ClassicalRegressor(name, candidates=1, inner_folds=2).fit


def changed(**columns):
    """The small samples with some columns of the table replaced."""
    samples = make_samples()
    return Samples(samples.series, samples.table.assign(**columns), samples.variables)


def run(name, samples, split="site"):
    return run_fold(
        fit(name),
        samples,
        split=split,
        fold=0,
        member=-1,
        model=name,
        seed=1,
        gaps=None,
    )


def with_value(column, row, value):
    table = make_samples().table
    values = table[column].astype(float).to_numpy(copy=True)
    values[row] = value
    return {column: values}


BAD = {
    "a flux that is no number": (
        with_value("nee", 40, np.nan),
        "nee: expected a finite number, found nan at S13 in 2004 (1 such)",
    ),
    "a weight that is no number": (
        with_value("weight", 40, np.inf),
        "weight: expected a finite number, found inf at S13",
    ),
    "a negative weight": (
        with_value("weight", 40, -0.5),
        "weight: expected no negative weight, found -0.5 at S13",
    ),
    "weights that sum to zero": (
        {"weight": 0.0},
        "weight: expected some weight among the forest rows that train, found a sum of 0",
    ),
    "a site in two folds": (
        {
            "fold_site": np.where(
                np.arange(60) == 40, 0, make_samples().table["fold_site"]
            )
        },
        "fold_site: expected each site in one fold, found S13 in 0 and 1",
    ),
    "a site-year twice": (
        {"year": np.where(np.arange(60) == 40, 2003, make_samples().table["year"])},
        "site, year: expected each site-year once, found S13, 2003",
    ),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("name", MODELS)
def test_no_model_learns_from(name, case):
    columns, line = BAD[case]
    with pytest.raises(InputError) as caught:
        run(name, changed(**columns))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_cluster_in_two_folds_is_refused():
    cluster = np.arange(60) // 6
    samples = changed(cluster=cluster, fold_cluster=np.arange(60) // 3 % 2)
    with pytest.raises(
        InputError, match=r"each cluster in one fold, found 0 in 0 and 1"
    ):
        run("svr", samples, "cluster")


def test_a_flux_of_the_unseen_rows_is_not_asked_for():
    """What a fold predicts need not be known: holdout towers may lack a flux."""
    first = int(np.flatnonzero(make_samples().table["fold_site"] == 0)[0])
    _, found = run("svr", changed(**with_value("gpp", first, np.nan)))
    assert np.isfinite(found["gpp_pred"]).all()


@pytest.mark.parametrize("name", MODELS)
def test_a_single_class_is_enough(name):
    samples = make_samples(90)
    samples = samples.take((samples.table["igbp"] == "DBF").to_numpy())
    fluxes = predict_samples(fit(name)(samples, seed=1), samples)
    for values in fluxes:
        assert np.isfinite(values).all()
    assert fluxes.gpp.std() > 0


@pytest.mark.parametrize("name", MODELS)
def test_series_that_never_change_give_fluxes(name):
    samples = make_samples()
    still = Samples(np.full_like(samples.series, 0.5), samples.table, samples.variables)
    fluxes = predict_samples(fit(name)(still, seed=1), still)
    for values in fluxes:
        assert np.isfinite(values).all()
        assert values.std() < 0.5 * samples.table["gpp"].std()


def test_series_that_never_change_have_no_area_of_applicability():
    samples = make_samples()
    types = samples.table["igbp"] == "MF"
    samples = samples.take(types.to_numpy())
    table = samples.table.assign(lat=10.0)
    still = Samples(np.full_like(samples.series, 0.5), table, samples.variables)
    member = train_network(still, settings=settings(), seed=1)
    with pytest.raises(InputError, match="training rows that differ"):
        fit_applicability([member], still, quantile=None, seed=1)


@pytest.mark.parametrize("name", MODELS)
def test_a_type_that_was_never_seen_is_estimated(name):
    samples = make_samples()
    seen = (samples.table["igbp"] != "DNF").to_numpy()
    fitted = fit(name)(samples.take(seen), seed=1)
    fluxes = predict_samples(fitted, samples.take(~seen))
    assert np.isfinite(fluxes.gpp).all()
    assert np.isfinite(fluxes.reco).all()


def test_a_type_that_was_never_seen_is_outside_with_the_interval_of_all():
    samples = make_samples()
    seen = (samples.table["igbp"] != "DNF").to_numpy()
    learnt = samples.take(seen)
    member = train_network(learnt, settings=settings(), seed=1)
    area = fit_applicability([member], learnt, quantile=1.0, seed=1)
    widths = {"all": 300.0, "ENF": 100.0}
    model = make_ensemble(
        [member],
        calibration=Calibration(0.9, {"gpp": widths, "nee": widths}),
        applicability=area,
    )
    forest = samples.take(samples.table["forest"].to_numpy(bool))
    igbp = forest.table["igbp"]
    index = model.dissimilarity_index(forest.series, forest.lat, forest.forest_type)
    unseen = (igbp == "DNF").to_numpy()
    assert np.isnan(index[unseen]).all()
    assert np.isfinite(index[~unseen]).all()
    inside = model.applicable(index, np.ones(len(index), bool))
    assert not inside[unseen].any()
    assert inside[~unseen].all()
    zero = np.zeros(len(index))
    bounds = model.interval(
        zero, zero, igbp.to_numpy(), hidden_series=zero, gap_fraction=zero
    )
    np.testing.assert_array_equal(bounds["nee_upper"][unseen], 300)
