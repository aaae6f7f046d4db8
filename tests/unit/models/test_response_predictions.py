"""Predictions of unseen towers as level and response: what teaches them, and what gaps do."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.models.cross_validation import gap_cases, run_fold
from forestflux.models.flux_model import Fluxes
from forestflux.models.years.response import (
    find_mean_years,
    fit_response,
    measure_sample_departures,
)
from forestflux.models.years.response_predictions import respond_to_years
from forestflux.prepare.departures import measure_departures
from forestflux.prepare.folds import split_rows
from forestflux.prepare.mean_years import average_years
from forestflux.prepare.sample_table import Samples

QUALITY = {"min_quality": 0.8}
VARIABLES = ("heat", "dry")
# gC m-2 yr-1 by unit of each variable, within sites: GPP, then NEE.
PLANTED = np.array([[300.0, -200.0], [-100.0, 150.0]])
GAPS = GapExperiment(
    patterns=("random", "block", "borrowed", "each_input"),
    fractions=(0.3, 0.7),
    months=(4,),
)
FOLDS = [("site", 0), ("site", 1), ("cluster", 1), ("random", 2), ("holdout", 0)]
KEY = ["split", "fold", "site", "year", "gap_pattern", "gap_fraction"]
ALONE = "S05"  # a site with a single year
SITES, YEARS = 24, 5


class Network:
    """A stand-in: it follows heat between places, and is worse where there are gaps."""

    def __init__(self, base=1500.0):
        self.base = base

    def predict_arrays(self, series, lat, forest_type):
        known = np.nan_to_num(series[:, 0]).mean(axis=1)
        gaps = np.isnan(series).mean(axis=(1, 2))
        gpp = self.base - 40 * known + 500 * gaps + lat
        return Fluxes(gpp, 0.7 * gpp + 30)


def plant(rng):
    """Samples whose fluxes respond to the years' heat and drought; the last sites are holdout."""
    level = rng.normal(0, 3, (SITES, 1, 2))
    values = (level + rng.normal(0, 1, (SITES, YEARS, 2))).reshape(-1, 2)
    site = np.repeat(np.arange(SITES), YEARS)
    departure = values - np.repeat(
        values.reshape(SITES, YEARS, 2).mean(axis=1), YEARS, axis=0
    )
    table = pd.DataFrame(
        {
            "site": [f"S{number:02d}" for number in site],
            "year": np.tile(2003 + np.arange(YEARS), SITES),
            "igbp": "DBF",
            "forest": site % 8 != 7,
            "lat": np.where(site % 3, 48.0, -35.0),
            "cluster": site // 2,
            "nee_qc": np.where(np.arange(len(site)) % 11, 0.9, 0.6),
            "weight": 1.0,
            "holdout": site >= 20,
            "fold_site": site % 2,
            "fold_cluster": site // 2 % 3,
            "fold_random": np.arange(len(site)) % 4,
        }
    )
    fluxes = departure @ PLANTED.T + rng.normal(0, 20, (len(site), 2))
    table["gpp"] = 1500 + 100 * site + fluxes[:, 0]
    table["nee"] = -200 + fluxes[:, 1]
    table["reco"] = table["gpp"] + table["nee"]
    series = np.repeat(values[:, :, None], 46, axis=2).astype("float32")
    series[rng.random(series.shape) < 0.1] = np.nan
    kept = (table["site"] != ALONE) | (table["year"] == 2005)
    return Samples(series, table, VARIABLES).take(kept.to_numpy())


def predict(samples, *, base=1500.0, gaps=GAPS):
    """What the network gives for the unseen rows of some folds, as the stages pass it on."""
    parts = []
    for split, fold in FOLDS:
        _, part = run_fold(
            lambda rows, seed: Network(base),
            samples,
            split=split,
            fold=fold,
            member=0,
            model="cnn",
            seed=1,
            gaps=gaps,
        )
        parts.append(part)
    found = pd.concat(parts, ignore_index=True)
    return found.assign(nee_pred=found["reco_pred"] - found["gpp_pred"])


@pytest.fixture(scope="module")
def samples():
    return plant(np.random.default_rng(0))


@pytest.fixture(scope="module")
def predictions(samples):
    return predict(samples)


@pytest.fixture(scope="module")
def responded(predictions, samples):
    return respond_to_years(predictions, samples, gaps=GAPS, **QUALITY)


def change(samples, rows):
    """The samples with other fluxes in some rows (row,), bool."""
    table = samples.table.copy()
    noise = np.random.default_rng(6).normal(0, 1e5, (rows.sum(), 2))
    table.loc[rows, ["gpp", "nee"]] = noise
    return Samples(samples.series, table, samples.variables)


def test_years_of_a_site_follow_what_the_towers_planted(responded, samples):
    """Site by site and year by year, although the network has the opposite sign."""
    rows = responded.query("split == 'site' and gap_pattern == 'none'")
    joined = rows.merge(samples.table, on=["site", "year"])
    errors = {}
    for flux, found in (("gpp", "gpp_pred"), ("nee", "nee_pred")):
        within = joined[[flux, found]] - joined.groupby("site")[
            [flux, found]
        ].transform("mean")
        errors[flux] = within[found] - within[flux]
        assert within[flux].std() > 100
    assert errors["gpp"].std() < 60
    assert errors["nee"].std() < 60


def test_a_flux_is_the_level_of_the_site_and_the_response_of_the_fold(
    predictions, responded, samples
):
    """One site, computed here again from the rows that its fold trains on."""
    teach, _ = split_rows(samples.table, "site", 0)
    response = fit_response(
        measure_sample_departures(samples)[teach], samples.table.iloc[teach], **QUALITY
    )
    site = samples.take((samples.table["site"] == "S04").to_numpy())
    mean = average_years(site.series)
    moved = measure_departures(
        site.series, np.repeat(mean[None], len(site), axis=0), site.lat
    )
    gpp, nee = response.predict(moved)
    query = "site == 'S04' and split == 'site' and gap_pattern == 'none'"
    given, found = predictions.query(query), responded.query(query)
    assert found["year"].tolist() == site.table["year"].tolist()
    np.testing.assert_allclose(found["gpp_pred"], given["gpp_pred"].mean() + gpp)
    np.testing.assert_allclose(
        found["reco_pred"], given["reco_pred"].mean() + gpp + nee
    )


def test_mean_over_the_years_is_that_of_the_network(predictions, responded):
    """In every fold and with any gaps: the level is the network's."""
    columns = ["gpp_pred", "reco_pred", "nee_pred"]
    key = ["split", "fold", "site", "gap_pattern", "gap_fraction"]
    wanted = predictions.groupby(key)[columns].mean()
    found = responded.groupby(key)[columns].mean()
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-6)
    moved = (responded[columns] - predictions[columns]).abs()
    assert (moved.mean() > 50).all()


def test_a_site_with_one_year_keeps_the_estimate_of_the_network(predictions, responded):
    alone = predictions["site"] == ALONE
    assert set(predictions.loc[alone, "gap_pattern"]) > {"none", "random", "heat"}
    pd.testing.assert_frame_equal(responded[alone], predictions[alone])


def test_other_columns_and_the_order_of_rows_stay(predictions, samples, responded):
    mixed = predictions.sample(frac=1, random_state=3)
    found = respond_to_years(mixed, samples, gaps=GAPS, **QUALITY)
    assert list(found.columns) == list(predictions.columns)
    pd.testing.assert_frame_equal(found[KEY], mixed[KEY])
    pd.testing.assert_frame_equal(found.loc[predictions.index], responded)


def test_holdout_never_teaches(predictions, responded, samples):
    """Neither other folds nor the holdout itself: its towers may say what they like."""
    other = change(samples, samples.table["holdout"].to_numpy())
    found = respond_to_years(predictions, other, gaps=GAPS, **QUALITY)
    pd.testing.assert_frame_equal(found, responded)


@pytest.mark.parametrize(("split", "fold"), FOLDS[:4])
def test_unseen_rows_never_teach(predictions, responded, samples, split, fold):
    """What towers of a fold say changes other folds, and not the fold itself."""
    _, unseen = split_rows(samples.table, split, fold)
    rows = np.isin(np.arange(len(samples)), unseen)
    found = respond_to_years(predictions, change(samples, rows), gaps=GAPS, **QUALITY)
    own = (predictions["split"] == split) & (predictions["fold"] == fold)
    pd.testing.assert_frame_equal(found[own], responded[own])
    holdout = predictions["split"] == "holdout"
    assert (found["gpp_pred"] != responded["gpp_pred"])[holdout].mean() > 0.8


def test_poor_years_are_predicted_but_do_not_teach(predictions, responded, samples):
    poor = (samples.table["nee_qc"] < QUALITY["min_quality"]).to_numpy()
    found = respond_to_years(predictions, change(samples, poor), gaps=GAPS, **QUALITY)
    pd.testing.assert_frame_equal(found, responded)


def test_each_kind_of_gap_has_its_own_departures(predictions, responded, samples):
    """Those of the very series that the network was given, in all years of a site."""
    teach, unseen = split_rows(samples.table, "site", 1)
    response = fit_response(
        measure_sample_departures(samples)[teach], samples.table.iloc[teach], **QUALITY
    )
    own = samples.take(unseen)
    cases = list(gap_cases(own, GAPS, fold=1, others=samples))
    names = [pattern for pattern, *_ in cases]
    assert names == ["none", "random", "random", "block", "borrowed", "heat", "dry"]
    changes = []
    for pattern, fraction, series in cases:
        here = (
            (predictions["split"] == "site")
            & (predictions["fold"] == 1)
            & (predictions["gap_pattern"] == pattern)
            & np.isclose(predictions["gap_fraction"], fraction)
        )
        moved = measure_departures(
            series, find_mean_years(series, own.table["site"].to_numpy(str)), own.lat
        )
        level = predictions[here].groupby("site")["gpp_pred"].transform("mean")
        found = (responded.loc[here, "gpp_pred"] - level).to_numpy()
        np.testing.assert_allclose(found, response.predict(moved)[0], atol=1e-6)
        changes.append(found)
    assert all((one != other).any() for one, other in pairwise(changes))


def test_a_variable_that_is_masked_in_all_years_has_no_response(responded):
    """What is left of the years is the response to the other one."""
    rows = responded[responded["split"] == "site"]
    wide = rows.pivot_table(
        index=["fold", "site", "year"], columns="gap_pattern", values="gpp_pred"
    )
    within = wide - wide.groupby(["fold", "site"]).transform("mean")
    # Departures are sums over inputs: both masked ones together are the whole.
    np.testing.assert_allclose(
        within["heat"] + within["dry"], within["none"], atol=1e-6
    )
    assert within["heat"].std() > 50


def test_gaps_in_all_years_change_the_level(predictions, responded):
    """The network gives more where there are gaps; the mean over the years has it all."""
    rows = responded[responded["split"] == "site"]
    level = rows.pivot_table(
        index=["fold", "site"],
        columns=["gap_pattern", "gap_fraction"],
        values="gpp_pred",
    )
    given = predictions[predictions["split"] == "site"].pivot_table(
        index=["fold", "site"],
        columns=["gap_pattern", "gap_fraction"],
        values="gpp_pred",
    )
    pd.testing.assert_frame_equal(level, given, rtol=1e-6)
    lost = level["random"][0.7] - level["none"][0.0]
    assert lost.abs().min() > 30


def test_fluxes_are_never_negative_and_nee_closes(samples):
    """Of a network that gives next to nothing, so that many years would fall below zero."""
    poor = predict(samples, base=150.0)
    found = respond_to_years(poor, samples, gaps=GAPS, **QUALITY)
    for name in ("gpp_pred", "reco_pred"):
        assert found[name].min() == 0
        assert (found[name] == 0).mean() > 0.02
        assert (found[name] > 0).mean() > 0.3
    np.testing.assert_array_equal(
        found["nee_pred"], found["reco_pred"] - found["gpp_pred"]
    )


def test_without_gap_experiment_only_observed_series_are_wanted(
    predictions, responded, samples
):
    observed = predictions["gap_pattern"] == "none"
    found = respond_to_years(predictions[observed], samples, gaps=None, **QUALITY)
    pd.testing.assert_frame_equal(found, responded[observed])


def test_no_response_is_the_level_of_the_site(predictions, samples):
    """Where no row is good enough to teach, every year is the mean of the years."""
    found = respond_to_years(predictions, samples, gaps=GAPS, min_quality=0.95)
    key = ["split", "fold", "site", "gap_pattern", "gap_fraction"]
    level = predictions.groupby(key)["gpp_pred"].transform("mean")
    np.testing.assert_allclose(found["gpp_pred"], level)
