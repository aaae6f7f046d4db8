"""Skill in time: what is known of years, with all that is known of places taken away."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.names import FLUXES
from forestflux.evaluation.evaluation_schemas import INTERANNUAL
from forestflux.evaluation.interannual_skill import (
    choose_flux,
    predict_forms,
    score_anomalies,
    score_form,
    score_trends,
    select_scored_years,
    tabulate_interannual,
)
from forestflux.evaluation.site_bootstrap import draw_sites
from forestflux.models.years.response import (
    measure_sample_departures,
    subtract_site_means,
)
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples

QUALITY = {"min_quality": 0.8}
SETTINGS = {**QUALITY, "seed": 5}
VARIABLES = ("heat", "dry")
# gC m-2 yr-1 by unit of each variable, within sites: GPP, then NEE.
PLANTED = np.array([[200.0, -100.0], [-50.0, 80.0]])
SITES, YEARS, HOLDOUT = 30, 6, ["S00", "S01", "S02"]


@pytest.fixture(scope="module")
def samples():
    """Towers whose years follow heat and drought, and whose places follow the reverse."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(SITES + 3):
        site = {
            "site": f"S{number:02d}",
            "igbp": ("ENF", "DBF")[number % 2] if number < SITES else "GRA",
            "lat": rng.uniform(-40, 60),
            "cluster": number // 2,
        }
        rows += [{**site, "year": 2003 + year} for year in range(YEARS)]
    table = pd.DataFrame(rows)
    count = len(table)
    level = np.repeat(rng.normal(0, 3, (SITES + 3, 2)), YEARS, axis=0)
    values = level + rng.normal(0, 1, (count, 2))
    departure = subtract_site_means(values, table["site"].to_numpy(str))
    fluxes = (departure - 2 * level) @ PLANTED.T + rng.normal(0, 20, (count, 2))
    table["gpp"], table["nee"] = 1500 + fluxes[:, 0], -200 + fluxes[:, 1]
    table["forest"], table["nee_qc"] = table["igbp"] != "GRA", 0.9
    table["holdout"] = table["site"].isin(HOLDOUT)
    for split in ("site", "cluster", "random"):
        fold = table["cluster"] % 3 if split != "random" else np.arange(count) % 3
        table[f"fold_{split}"] = np.where(table["holdout"], -1, fold)
    series = np.repeat(values[:, :, None], 46, axis=2).astype("float32")
    return Samples(series, table, VARIABLES)


def predict(samples, gpp, nee, *, model="cnn", splits=("site", "cluster", "holdout")):
    """Rows as `evaluate/predictions.csv` has them, of predictions for all samples."""
    table = samples.table.assign(gpp_pred=gpp, nee_pred=nee)
    table = table.rename(columns={"gpp": "gpp_obs", "nee": "nee_obs"})
    parts = []
    for split in splits:
        for fold in range(1 if split == "holdout" else 3):
            _, unseen = split_rows(samples.table, split, fold)
            rows = table.iloc[unseen].assign(model=model, split=split, fold=fold)
            parts.append(rows.assign(reco_pred=rows["gpp_pred"] + rows["nee_pred"]))
    return pd.concat(parts, ignore_index=True)


def site_means(samples):
    """The mean GPP and NEE of the site of each sample."""
    means = samples.table.groupby("site")[["gpp", "nee"]].transform("mean")
    return means["gpp"].to_numpy(), means["nee"].to_numpy()


def exaggerate(samples, factor):
    """Predictions with the right mean of each site and so many times its anomalies."""
    return tuple(
        mean + factor * (samples.table[flux].to_numpy() - mean)
        for flux, mean in zip(("gpp", "nee"), site_means(samples), strict=True)
    )


def forms_of(predictions, samples, split="site"):
    scored = predictions[predictions["split"] == split].reset_index(drop=True)
    departures = measure_sample_departures(samples)
    return scored, predict_forms(
        scored, scored, samples, departures, without_model=True, **QUALITY
    )


def anomalies(predicted, scored):
    """Predictions (target, row) without the mean of each site."""
    return subtract_site_means(predicted.T, scored["site"].to_numpy(str)).T


@pytest.fixture(scope="module")
def doubled(samples):
    """The table of a network that doubles each anomaly; read only."""
    predictions = predict(samples, *exaggerate(samples, 2.0))
    return tabulate_interannual(predictions, samples, **SETTINGS)


def only(table, **where):
    """The one row that fits; of all forest types unless one is asked for."""
    where = {"subset": "all"} | where
    chosen = table[np.logical_and.reduce([table[k] == v for k, v in where.items()])]
    assert len(chosen) == 1
    return chosen.iloc[0]


def test_table_has_the_columns_of_the_contract_and_each_case_once(doubled):
    assert list(doubled.columns) == list(INTERANNUAL.names)
    key = ["model", "form", "split", "target", "subset"]
    assert not doubled.duplicated(key).any()
    cases = [set(doubled[name]) for name in key]
    forms = {"constant", "between", "scaled", "response", "scaled_response"}
    assert cases[1:4] == [forms, {"site", "cluster", "holdout"}, set(FLUXES)]
    assert cases[4] == {"all", "igbp=ENF", "igbp=DBF"}
    assert len(doubled) == 5 * 3 * 3 * 3
    row = only(doubled, form="between", split="site", target="gpp")
    assert (row["n"], row["n_sites"]) == (27 * YEARS, 27)
    parts = [
        only(doubled, form="between", split="site", target="gpp", subset=f"igbp={name}")
        for name in ("ENF", "DBF")
    ]
    assert [part["n_sites"] for part in parts] == [13, 14]
    assert parts[0]["sd_observed"] != parts[1]["sd_observed"]


def test_constant_has_no_skill_and_no_slope(doubled):
    rows = doubled[doubled["form"] == "constant"]
    assert (rows[["r2", "r2_lower", "r2_upper", "sd_predicted", "halves_r2"]] == 0).all(
        axis=None
    )
    without = ["slope", "slope_lower", "slope_upper", "trend_sign_share"]
    assert rows[without].isna().all(axis=None)
    assert (rows["sd_observed"] > 0).all()


def test_perfect_differences_between_years_whatever_the_places(samples):
    """Nonsense about places costs nothing here."""
    table = samples.table
    wrong = np.random.default_rng(1).normal(0, 2000, table["site"].nunique())
    wrong = wrong[pd.factorize(table["site"])[0]]
    predictions = predict(samples, table["gpp"] + wrong, table["nee"] - 3 * wrong)
    found = tabulate_interannual(predictions, samples, **SETTINGS)
    rows = found.query("form == 'between' and subset == 'all'")
    assert len(rows) == 9
    ones = ["r2", "r2_lower", "r2_upper", "slope", "slope_lower", "slope_upper"]
    ones += ["trend_sign_share", "trend_r", "halves_r2"]
    np.testing.assert_allclose(rows[ones].astype(float), 1)
    np.testing.assert_allclose(rows["sd_predicted"], rows["sd_observed"])


def test_perfect_places_alone_have_no_skill(samples):
    """A year that is estimated by another year of its site knows nothing of time."""
    rng = np.random.default_rng(2)
    gpp, nee = site_means(samples)
    other = rng.normal(0, 1, (2, len(gpp)))
    spread = only(
        tabulate_interannual(predict(samples, gpp, nee), samples, **SETTINGS),
        **{"form": "between", "split": "site", "target": "gpp"},
    )["sd_observed"]
    predictions = predict(samples, gpp + spread * other[0], nee + spread * other[1])
    assert np.corrcoef(predictions["gpp_obs"], predictions["gpp_pred"])[0, 1] > 0.9
    found = tabulate_interannual(predictions, samples, **SETTINGS)
    for split in ("site", "cluster"):
        row = only(found, form="between", split=split, target="gpp")
        assert row["r2"] < -0.5
        assert abs(row["slope"]) < 0.3
        scaled = only(found, form="scaled", split=split, target="gpp")
        assert -0.1 < scaled["r2"] < 0.1


@pytest.mark.parametrize("split", ["site", "cluster", "holdout"])
def test_planted_response_is_told_at_unseen_sites(doubled, split):
    """Between places the same variables go with the opposite fluxes."""
    for target in FLUXES:
        row = only(doubled, form="response", split=split, target=target)
        assert row["r2"] > 0.9
        assert row["r2_lower"] < row["r2"] < row["r2_upper"]
        assert row["slope"] == pytest.approx(1, abs=0.15)
        assert row["trend_r"] > 0.9


@pytest.mark.parametrize("split", ["site", "cluster", "holdout"])
def test_scaled_halves_a_doubled_anomaly(doubled, split):
    """In the holdout, too, whose factor is learnt from predictions of the clusters."""
    for target in FLUXES:
        key = {"split": split, "target": target}
        between = only(doubled, form="between", **key)
        assert between["r2"] == pytest.approx(0)
        assert between["slope"] == pytest.approx(0.5)
        scaled = only(doubled, form="scaled", **key)
        assert scaled["r2"] > 0.99
        assert scaled["slope"] == pytest.approx(1, abs=0.1)
        half = 0.5 * between["sd_predicted"]
        assert scaled["sd_predicted"] == pytest.approx(half, rel=0.1)
        assert only(doubled, form="scaled_response", **key)["r2"] > 0.98


def test_reco_is_gpp_plus_nee(samples):
    gpp, nee = np.array([5.0, 7.0]), np.array([-2.0, -1.0])
    both = np.stack([gpp, nee])
    np.testing.assert_array_equal(choose_flux(both, "gpp"), gpp)
    np.testing.assert_array_equal(choose_flux(both, "nee"), nee)
    np.testing.assert_array_equal(choose_flux(both, "reco"), [3.0, 6.0])
    # Errors of GPP and NEE that cancel are none of RECO.
    table = samples.table
    error = np.random.default_rng(3).normal(0, 300, len(table))
    predictions = predict(samples, table["gpp"] + error, table["nee"] - error)
    found = tabulate_interannual(predictions, samples, **SETTINGS)
    r2 = {
        flux: only(found, form="between", split="site", target=flux)["r2"]
        for flux in FLUXES
    }
    assert r2["reco"] == pytest.approx(1)
    assert r2["gpp"] < 0.5
    assert r2["nee"] < 0


@pytest.mark.parametrize("split", ["site", "holdout"])
def test_labels_of_holdout_and_of_the_test_fold_never_teach(samples, split):
    """Absurd ones leave the predictions of their fold as they were, to the last bit."""
    predictions = predict(samples, *exaggerate(samples, 2.0))
    scored, wanted = forms_of(predictions, samples, split)
    table = samples.table.copy()
    hidden = table["holdout"].to_numpy()
    if split == "site":
        hidden = hidden | (table["fold_site"] == 0).to_numpy()
    table.loc[hidden, ["gpp", "nee"]] *= np.arange(hidden.sum())[:, None]
    _, found = forms_of(predictions, Samples(samples.series, table, VARIABLES), split)
    own = (scored["fold"] == 0).to_numpy()
    for form in ("response", "scaled", "scaled_response"):
        np.testing.assert_array_equal(found[form][:, own], wanted[form][:, own])
        if split == "site":  # Labels of the fold teach the other folds.
            assert np.abs(found[form][:, ~own] - wanted[form][:, ~own]).min() > 1
        assert split == "holdout" or np.abs(wanted[form]).min() > 0


def test_rows_of_other_biomes_and_poor_years_never_teach(samples):
    predictions = predict(samples, *exaggerate(samples, 2.0))
    table = samples.table.copy()
    poor = (table["year"] == 2004).to_numpy()
    odd = poor | ~table["forest"].to_numpy()
    table.loc[poor, "nee_qc"] = 0.5
    good = Samples(samples.series, table, VARIABLES)
    bad = table.copy()
    bad.loc[odd, ["gpp", "nee"]] *= np.arange(odd.sum())[:, None]
    _, wanted = forms_of(predictions, good)
    _, found = forms_of(
        predictions.assign(gpp_obs=np.nan), Samples(samples.series, bad, VARIABLES)
    )
    for form, values in wanted.items():
        np.testing.assert_array_equal(found[form], values)


def test_scaled_needs_predictions_of_rows_that_teach(samples):
    """Without the clusters nothing is known of the factor in the holdout: none is used."""
    predictions = predict(samples, *exaggerate(samples, 2.0), splits=("holdout",))
    found = tabulate_interannual(predictions, samples, **SETTINGS)
    row = only(found, form="scaled", split="holdout", target="gpp")
    assert (row["r2"], row["sd_predicted"]) == (0, 0)
    assert only(found, form="response", split="holdout", target="gpp")["r2"] > 0.9


def test_only_well_measured_years_of_sites_with_three_of_them_are_scored(samples):
    predictions = predict(samples, *exaggerate(samples, 1.0), splits=("site",))
    quality = np.where(
        # Two good years are left to S05, three to S06.
        ((predictions["site"] == "S05") & (predictions["year"] > 2004))
        | ((predictions["site"] == "S06") & (predictions["year"] > 2005)),
        0.79,
        0.8,
    )
    predictions = predictions.assign(nee_qc=quality)
    scored = select_scored_years(predictions, **QUALITY)
    counts = scored.groupby("site").size()
    assert "S05" not in counts
    assert counts["S06"] == 3
    assert (counts.drop("S06") == YEARS).all()
    # What is not scored may be anything.
    wrong = predictions["site"].eq("S05") | predictions["nee_qc"].lt(0.8)
    predictions.loc[wrong, ["gpp_pred", "nee_pred"]] = 1e6
    found = tabulate_interannual(predictions, samples, **SETTINGS)
    row = only(found, form="between", split="site", target="gpp")
    assert (row["n"], row["n_sites"]) == (len(scored), 26)
    assert row["r2"] == pytest.approx(1)
    assert row["trend_sites"] == 25  # S06 has too few years for a trend


def test_nothing_to_score_gives_an_empty_table(samples):
    predictions = predict(samples, *exaggerate(samples, 1.0))
    predictions = predictions[predictions["year"] < 2005]
    found = tabulate_interannual(predictions, samples, **SETTINGS)
    assert list(found.columns) == list(INTERANNUAL.names)
    assert found.empty


def test_forms_without_a_model_stand_once_and_random_folds_do_not_count(samples):
    splits = ("site", "cluster", "holdout", "random")
    parts = [
        predict(samples, *exaggerate(samples, factor), model=model, splits=splits)
        for model, factor in (("cnn", 2.0), ("svr", 4.0))
    ]
    found = tabulate_interannual(pd.concat(parts), samples, **SETTINGS)
    assert list(found["split"].unique()) == ["site", "cluster", "holdout"]
    forms = found.groupby("model")["form"].unique()
    assert list(forms["svr"]) == ["between", "scaled", "scaled_response"]
    assert set(forms["cnn"]) == {*forms["svr"], "constant", "response"}
    for model, slope in (("cnn", 0.5), ("svr", 0.25)):
        for split in ("site", "holdout"):
            key = {"model": model, "split": split, "target": "gpp"}
            row = only(found, form="between", **key)
            assert row["slope"] == pytest.approx(slope)
            # Each model is scaled by its own predictions.
            assert only(found, form="scaled", **key)["r2"] > 0.99


def test_scaled_response_knows_what_model_and_departures_know(samples):
    """Of two causes the model knows one, and exaggerates it; the series show the other."""
    cause = np.random.default_rng(6).normal(0, 300, len(samples))
    table = samples.table.copy()
    table["gpp"] += cause
    both = Samples(samples.series, table, VARIABLES)
    gpp, nee = site_means(both)
    predictions = predict(both, gpp + 3 * cause, nee)
    found = tabulate_interannual(predictions, both, **SETTINGS)
    for split in ("site", "holdout"):
        r2 = {
            form: only(found, form=form, split=split, target="gpp")["r2"]
            for form in ("scaled", "response", "scaled_response")
        }
        assert 0.2 < r2["scaled"] < 0.9
        assert 0.1 < r2["response"] < 0.8
        assert r2["scaled_response"] > 0.95


def test_order_of_rows_does_not_matter(samples, doubled):
    rng = np.random.default_rng(4)
    predictions = predict(samples, *exaggerate(samples, 2.0))
    mixed = predictions.iloc[rng.permutation(len(predictions))].reset_index(drop=True)
    other = samples.take(rng.permutation(len(samples)))
    key = ["form", "split", "target", "subset"]
    found = tabulate_interannual(mixed, other, **SETTINGS)
    pd.testing.assert_frame_equal(
        found.sort_values(key, ignore_index=True),
        doubled.sort_values(key, ignore_index=True),
        rtol=1e-4,
        atol=1e-6,
    )


def test_scores_by_hand():
    truth, guess = np.array([-3.0, 3.0, -1.0, 1.0]), np.array([-1.0, 1.0, -2.0, 2.0])
    sites = np.array(["a", "a", "b", "b"])
    found = score_anomalies(truth, guess, draw_sites(sites, seed=0))
    assert found["r2"] == pytest.approx(1 - 10 / 20)
    assert found["slope"] == pytest.approx((6 + 4) / (2 + 8))
    assert found["sd_observed"] == pytest.approx(np.sqrt(5))
    assert found["sd_predicted"] == pytest.approx(np.sqrt(2.5))
    # Draws of site b alone: errors as large as its differences; of a alone: 3 times larger.
    assert found["r2_lower"] == pytest.approx(0)
    assert found["r2_upper"] == pytest.approx(1 - 8 / 18)
    assert (found["slope_lower"], found["slope_upper"]) == pytest.approx((0.5, 3))


def test_scores_of_a_form_are_those_of_anomalies():
    rows = pd.DataFrame(
        {
            "site": ["a", "b", "a", "b"],
            "year": [2003, 2003, 2004, 2004],
            "gpp_obs": [1000.0, 2000, 1006, 2002],
            "nee_obs": [-100.0, -300, -102, -296],
        }
    )
    predicted = np.array([[0.0, 900, 2, 904], [10.0, 20, 6, 28]])
    gpp, reco, nee = score_form(rows, predicted, seed=0)
    # Anomalies of GPP: -3, -1, 3, 1 observed; -1, -2, 1, 2 predicted. Of NEE: 1, -2, -1, 2
    # and 2, -4, -2, 4. Of RECO: -2, -3, 2, 3 and 1, -6, -1, 6.
    assert [row["target"] for row in (gpp, reco, nee)] == ["gpp", "reco", "nee"]
    r2 = [row["r2"] for row in (gpp, reco, nee)]
    assert r2 == pytest.approx([0.5, 1 - 36 / 26, 0])
    slope = [row["slope"] for row in (gpp, reco, nee)]
    assert slope == pytest.approx([1, 32 / 74, 0.5])
    assert (gpp["n"], gpp["n_sites"], gpp["trend_sites"]) == (4, 2, 0)
    assert np.isnan([gpp["trend_r"], gpp["trend_sign_share"], gpp["halves_r2"]]).all()


def test_trends_and_halves_by_hand():
    """Slopes follow the calendar, halves the order; the middle of five is in neither."""
    sites = np.repeat(["a", "b", "c", "d"], [5, 6, 4, 5])
    years = [2001, 2002, 2003, 2004, 2005, *range(2001, 2007), 1, 2, 3, 4]
    years = np.array([*years, 2001, 2002, 2003, 2004, 2009], float)
    truth = [-2.0, -1, 0, 1, 2]  # slope 1, change 3
    truth += [5, 3, 1, -1, -3, -5]  # slope -2, change -6
    truth += [-90, -30, 30, 90]  # too short
    truth += [
        -1,
        1,
        0,
        1,
        -1,
    ]  # times -2.8 -1.8 -0.8 0.2 5.2: slope -4 / 38.8, change 0
    guess = [-4.0, -2, 0, 2, 4]  # slope 2, change 6
    guess += [-5, -3, -1, 1, 3, 5]  # slope 2, the wrong sign; change 6
    guess += [1, 2, -2, -1]
    guess += [2, 0, 0, 0, -2]  # slope -16 / 38.8, change -2
    order = np.random.default_rng(0).permutation(len(sites))
    rows = (np.array(column)[order] for column in (truth, guess, sites, years))
    found = score_trends(*rows)
    real, mapped = [1, -2, -4 / 38.8], [2, 2, -16 / 38.8]
    assert found["trend_sites"] == 3
    assert found["trend_sign_share"] == pytest.approx(2 / 3)
    assert found["trend_r"] == pytest.approx(np.corrcoef(real, mapped)[0, 1])
    assert found["halves_r2"] == pytest.approx(1 - (9 + 144 + 4) / (9 + 36 + 0))
