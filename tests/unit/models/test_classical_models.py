"""The classical models learn, and what they learn is from training rows only."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.settings.training_settings import ClassicalModel
from forestflux.models.classical.classical_models import (
    BASELINES,
    SHARED_HYPERPARAMETERS,
    ClassicalRegressor,
    choose,
    draw_candidates,
)
from forestflux.models.classical.regressors import FITTERS
from forestflux.models.classical.year_features import GapFiller, summarise
from forestflux.models.cross_validation import FOLD_PREDICTIONS, gap_cases, run_fold
from forestflux.models.flux_model import predict_samples
from forestflux.prepare.folds import assign_folds
from forestflux.prepare.sample_table import Samples, forest_type_codes
from tests.builders.inputs import VARIABLES

SETTINGS = {"candidates": 2, "inner_folds": 2}
NO_GAPS = GapExperiment(patterns=())


@pytest.fixture(scope="module")
def samples():
    """Sites whose fluxes follow from the level of NDVI and of temperature."""
    rng = np.random.default_rng(0)
    rows, series = [], []
    season = np.sin(np.linspace(0, np.pi, 46))
    for number in range(40):
        level, heat = rng.uniform(0.2, 0.8), rng.uniform(0, 20)
        igbp = ("ENF", "DBF", "MF", "GRA")[number % 4]
        lat = rng.uniform(30, 60) * (-1 if number % 5 == 0 else 1)
        for year in range(2003, 2006):
            one = np.ones((6, 46)) * season
            one[:2] *= level
            one[3:5] = 270 + heat * season
            if lat < 0:
                one = np.roll(one, 23, axis=1)
            series.append(one + rng.normal(0, 0.01, one.shape))
            gpp = 2000 * level + 20 * heat + rng.normal(0, 30)
            nee = 100 - 500 * level + rng.normal(0, 20)
            rows.append((f"S{number}", year, igbp, lat, number, gpp, nee))
    columns = ["site", "year", "igbp", "lat", "cluster", "gpp", "nee"]
    table = pd.DataFrame(rows, columns=columns)
    table["reco"] = table["gpp"] + table["nee"]
    table["forest"] = table["igbp"] != "GRA"
    table["holdout"] = table["site"].isin(["S1"])
    table["weight"] = 1.0
    table = table.join(assign_folds(table, count=3, seed=0))
    series = np.array(series, dtype="float32")
    series[rng.random(series.shape) < 0.1] = np.nan
    return Samples(series, table, VARIABLES)


def test_every_model_that_a_run_may_name_has_a_space_and_is_fitted_by_its_own_function():
    names = get_args(ClassicalModel)
    assert names == tuple(BASELINES) == tuple(FITTERS)
    assert len(set(FITTERS.values())) == len(names)
    for space in BASELINES.values():
        assert set(SHARED_HYPERPARAMETERS) <= set(space)


@pytest.mark.parametrize("name", BASELINES)
def test_unseen_sites_are_predicted(samples, name):
    regressor = ClassicalRegressor(name, **SETTINGS)
    _, found = run_fold(
        regressor.fit,
        samples,
        split="site",
        fold=0,
        member=-1,
        model=name,
        seed=1,
        gaps=NO_GAPS,
    )
    both = found.merge(samples.table, on=["site", "year"])
    assert len(both) == len(found) > 20
    error = both["gpp_pred"] - both["gpp"]
    assert error.std() < 0.6 * both["gpp"].std()
    error = both["reco_pred"] - both["gpp_pred"] - both["nee"]
    assert error.std() < 0.7 * both["nee"].std()


@pytest.mark.parametrize("name", BASELINES)
def test_same_seed_same_prediction(samples, name):
    first, second = (
        predict_samples(
            ClassicalRegressor(name, **SETTINGS).fit(samples, seed=4), samples
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.gpp, second.gpp)
    np.testing.assert_array_equal(first.reco, second.reco)


def test_any_gap_still_gives_a_prediction(samples):
    fitted = ClassicalRegressor("svr", **SETTINGS).fit(samples, seed=0)
    empty = Samples(np.full_like(samples.series, np.nan), samples.table, VARIABLES)
    fluxes = predict_samples(fitted, empty)
    assert np.isfinite(fluxes.gpp).all()
    assert np.isfinite(fluxes.reco).all()


def test_weights_are_used(samples):
    table = samples.table.copy()
    odd = table["site"].isin([f"S{n}" for n in range(0, 40, 2)])
    table.loc[odd, "gpp"] += 3000
    table["weight"] = np.where(odd, 1e-6, 1.0)
    weighted = Samples(samples.series, table, VARIABLES)
    fluxes = predict_samples(
        ClassicalRegressor("svr", **SETTINGS).fit(weighted, seed=0), samples
    )
    assert np.mean(fluxes.gpp - samples.table["gpp"]) < 300


def test_unseen_rows_do_not_reach_the_fit(samples):
    """Other series and fluxes in the test fold leave the fitted model as it was."""
    test = (samples.table["fold_site"] == 0).to_numpy()
    series, table = samples.series.copy(), samples.table.copy()
    series[test] = 9.0
    table.loc[test, ["gpp", "nee"]] = 1e6
    fits = [
        predict_samples(
            run_fold(
                ClassicalRegressor("svr", **SETTINGS).fit,
                given,
                split="site",
                fold=0,
                member=-1,
                model="svr",
                seed=1,
                gaps=NO_GAPS,
            )[0],
            samples,
        )
        for given in (samples, Samples(series, table, VARIABLES))
    ]
    np.testing.assert_array_equal(fits[0].gpp, fits[1].gpp)


def test_inner_folds_do_not_split_a_site(samples):
    """Fluxes that only a site's own years give away cannot be learnt in tuning."""
    rng = np.random.default_rng(0)
    by_site = {site: rng.normal(0, 100) for site in samples.table["site"].unique()}
    fluxes = samples.table["site"].map(by_site).to_numpy()
    table = samples.table.assign(gpp=fluxes, nee=fluxes, forest=True)
    signed = Samples(samples.series, table, VARIABLES)
    fitted = ClassicalRegressor("extra_trees", **SETTINGS).fit(signed, seed=0)
    assert fitted.choices["gpp"].rmse > 0.9 * fluxes.std()
    # The same years that trained are recognised: the signature is there.
    assert np.std(predict_samples(fitted, signed).gpp - fluxes) < 0.5 * fluxes.std()


def test_gap_is_interpolated_in_departures_from_the_mean_year():
    year = np.sin(2 * np.pi * np.arange(46) / 46)
    train = np.stack([year, year + 2])[:, None]
    types, lat = forest_type_codes(["ENF", "ENF"]), np.array([40.0, 41.0])
    filler = GapFiller.of(train, lat, types)
    gappy = (year + 5)[None, None].copy()
    gappy[..., 10:30] = np.nan
    filled = filler.fill(gappy, lat[:1], types[:1])
    np.testing.assert_allclose(filled[0, 0], year + 5, atol=1e-12)


def test_empty_variable_becomes_the_mean_year_of_type_and_band():
    train = np.stack([np.full((1, 46), value) for value in (1.0, 3.0, 10.0)])
    types, lat = forest_type_codes(["ENF", "ENF", "EBF"]), np.array([60.0, 55.0, 5.0])
    filler = GapFiller.of(train, lat, types)
    empty = np.full((3, 1, 46), np.nan)
    types = forest_type_codes(["ENF", "EBF", "MF"])
    filled = filler.fill(empty, np.array([52.0, -3.0, 0.0]), types)
    # MF is unknown in the tropics: the mean over all training rows.
    np.testing.assert_allclose(filled[:, 0, 0], [2.0, 10.0, 14 / 3])


def test_variable_without_any_value_is_refused():
    with pytest.raises(InputError, match="gaps only"):
        GapFiller.of(
            np.full((2, 1, 46), np.nan), np.zeros(2), forest_type_codes(["MF"] * 2)
        )


def test_summaries():
    series = np.arange(46.0)[None, None]
    np.testing.assert_array_equal(summarise(series, "steps")[0], np.arange(46))
    months = summarise(series, "months")[0]
    assert months[0] == np.mean([0, 1, 2, 3])  # middles 5, 13, 21 and 29 January
    quantiles = summarise(series, "quantiles")[0]
    np.testing.assert_allclose(quantiles, [0, 4.5, 11.25, 22.5, 33.75, 40.5, 45])
    assert summarise(series, "months+quantiles").shape == (1, 19)


def test_quantiles_do_not_know_when():
    series = np.random.default_rng(0).random((2, 6, 46))
    turned = np.roll(series, 17, axis=2)
    np.testing.assert_allclose(
        summarise(series, "quantiles"), summarise(turned, "quantiles")
    )


def test_candidates_start_with_the_first_and_are_distinct():
    found = draw_candidates("svr", count=10, seed=2)
    assert found[0] == {key: values[0] for key, values in BASELINES["svr"].items()}
    assert len({tuple(point.values()) for point in found}) == 10
    assert found == draw_candidates("svr", count=10, seed=2)
    everything = draw_candidates("svr", count=10**6, seed=2)
    assert len(everything) == np.prod([len(v) for v in BASELINES["svr"].values()])


def test_choice_needs_a_clear_gain():
    groups, weight = np.repeat(np.arange(10), 2), np.ones(20)
    candidates = [{"C": 1}, {"C": 2}, {"C": 3}]
    first = np.full(20, 10.0)
    one_site = np.where(groups == 0, 0.0, 10.0)  # better at one site only
    everywhere = np.full(20, 9.0)
    error = np.stack([first, one_site, first])
    assert choose(candidates, error, weight=weight, groups=groups).hyperparameters == {
        "C": 1
    }
    error = np.stack([first, one_site, everywhere])
    found = choose(candidates, error, weight=weight, groups=groups)
    assert found.hyperparameters == {"C": 3}
    assert found.rmse == pytest.approx(9.0)


def test_unknown_model_is_refused():
    with pytest.raises(InputError, match="extra_trees, svr, gradient_boosting"):
        ClassicalRegressor("forest", **SETTINGS)


def test_run_fold_asks_about_gaps_by_site_only(samples):
    gaps = GapExperiment(
        patterns=("random", "block", "ndvi"),
        fractions=(
            0.3,
            0.6,
        ),
        months=(2,),
    )
    cases = {}
    for split in ("site", "random", "holdout"):
        _, found = run_fold(
            ClassicalRegressor("svr", **SETTINGS).fit,
            samples,
            split=split,
            fold=0,
            member=-1,
            model="svr",
            seed=1,
            gaps=gaps,
        )
        assert list(found.columns) == FOLD_PREDICTIONS.names
        cases[split] = list(
            found[["gap_pattern", "gap_fraction"]]
            .drop_duplicates()
            .itertuples(index=False, name=None)
        )
    assert cases["random"] == cases["holdout"] == [("none", 0.0)]
    assert cases["site"] == [
        ("none", 0.0),
        ("random", 0.3),
        ("random", 0.6),
        ("block", 0.166667),
        ("ndvi", 0.166667),
    ]


def test_no_holdout_site_gives_an_empty_table(samples):
    none = Samples(samples.series, samples.table.assign(holdout=False), VARIABLES)
    _, found = run_fold(
        ClassicalRegressor("svr", **SETTINGS).fit,
        none,
        split="holdout",
        fold=0,
        member=-1,
        model="svr",
        seed=1,
        gaps=NO_GAPS,
    )
    assert list(found.columns) == FOLD_PREDICTIONS.names
    assert len(found) == 0


def test_every_model_is_asked_about_the_same_gaps(samples):
    gaps = GapExperiment(
        patterns=("random", "block", "borrowed"), fractions=(0.5,), months=(4,)
    )

    def cases(fold):
        return [m for _, _, m in gap_cases(samples, gaps, fold=fold, others=samples)]

    first, second = cases(1), cases(1)
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    assert np.isnan(first[1]).mean() > 0.4
    # Four months are 15 of 46 steps; a tenth of the values is a gap anyway.
    hidden = np.isnan(first[2]).sum(axis=2)
    assert hidden.min() >= 15
    assert hidden.mean() == pytest.approx(15 + 3.1, abs=0.3)
    for one, two in zip(first[1:], cases(2)[1:], strict=True):
        assert not np.array_equal(one, two, equal_nan=True)


def test_borrowed_gaps_are_those_of_another_site_of_the_gappiest_third(samples):
    series, table = np.nan_to_num(samples.series), samples.table
    whole = Samples(series.copy(), table, VARIABLES)
    rows, turned = np.arange(len(series)), np.where(table["lat"] < 0, 23, 0)
    # A row tells its number by where its gaps begin in the season: row % 46 in the
    # first series, row // 46 in the others. Every second row has few of them.
    lengths = np.where(rows % 2 == 0, 20, 3)
    for row in rows:
        for variable in range(6):
            start = turned[row] + (row // 46 if variable else row % 46)
            series[row, variable, (start + np.arange(lengths[row])) % 46] = np.nan
    (_, _, before), (name, share, found) = gap_cases(
        whole,
        GapExperiment(patterns=("borrowed",)),
        fold=0,
        others=Samples(series, table, VARIABLES),
    )
    assert (name, share) == ("borrowed", pytest.approx(20 / 46, abs=1e-6))
    assert not np.isnan(before).any()
    missing = np.isnan(found)
    assert (missing.sum(axis=2) == 20).all()
    begins = (missing & ~np.roll(missing, 1, axis=2)).argmax(axis=2)
    begins = (begins - turned[:, None]) % 46
    donors = begins[:, 0] + 46 * begins[:, 1]
    assert table["forest"].to_numpy()[donors].all()
    sites = table["site"].to_numpy()
    assert (sites[donors] != sites).all()
    assert len(set(donors)) > 10
    np.testing.assert_array_equal(found[~missing], whole.series[~missing])


def test_gaps_cannot_be_borrowed_from_the_same_site(samples):
    one = samples.take((samples.table["site"] == "S0").to_numpy())
    with pytest.raises(InputError, match=r"another site.*only those of S0"):
        list(gap_cases(one, GapExperiment(patterns=("borrowed",)), fold=0, others=one))
