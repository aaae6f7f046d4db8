"""Evaluation: contract columns, ensemble means, and what is missing is named."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.evaluation import tower_evaluation as stage
from forestflux.evaluation.scores import r2
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.models.observed_predictions import join_observed
from forestflux.prepare.sample_table import Samples
from tests.builders.inputs import VARIABLES

MEMBERS = {"cnn": (0, 1, 2), "svr": (-1,)}
GAPS = [("none", 0.0), ("random", 0.5), ("ndvi", 0.166667)]
SETTINGS = {
    "gaps": GapExperiment(patterns=("random", "ndvi"), fractions=(0.5,), months=(2,)),
    "years": "response",
    "min_quality": 0.8,
    "level": 0.8,
    "seed": 3,
}


def evaluate(parts, towers, **settings):
    return stage.evaluate_models(
        parts, towers, likeness(parts), samples=used_samples(towers), **settings
    )


def used_samples(towers):
    """The used rows with series in which every year departs from the others."""
    table = towers[towers["used"]].reset_index(drop=True)
    level = np.random.default_rng(4).random((len(table), len(VARIABLES), 1))
    series = np.repeat(level, 46, axis=2).astype("float32")
    return Samples(series, table, VARIABLES)


def likeness(parts):
    """Rows of S10 to S19 are unlike their training rows, in every split."""
    every = pd.concat(parts)[["split", "site", "year"]].drop_duplicates()
    far = every["site"].str.startswith("S1").to_numpy()
    return every.assign(
        dissimilarity=np.where(far, 0.9, 0.1),
        applicable=np.where(far, "outside", "inside"),
    )


@pytest.fixture(scope="module")
def towers():
    rng = np.random.default_rng(1)
    rows = []
    for number in range(30):
        igbp = ("ENF", "DBF", "GRA")[number % 3]
        for year in (2003, 2004, 2005):
            rows.append(
                (f"S{number:02d}", year, igbp, number % 3 != 2, number // 3 % 3)
            )
    columns = ["site", "year", "igbp", "forest", "fold"]
    table = pd.DataFrame(rows, columns=columns)
    table["gpp"], table["nee"] = rng.normal(1500, 400, 90), rng.normal(-200, 200, 90)
    table["reco"] = table["gpp"] + table["nee"]
    table["lat"] = np.repeat(np.tile([-10.0, 45.0, 65.0], 10), 3)
    table["nee_qc"] = np.where(np.arange(90) % 7 == 0, 0.6, 0.9)
    table["holdout"] = table["site"].isin(["S00", "S01"])
    table["used"] = table["site"] != "S03"
    table["cluster"] = table["site"]
    for split in ("site", "cluster", "random"):
        table[f"fold_{split}"] = np.where(table["holdout"], -1, table["fold"])
    return table


@pytest.fixture(scope="module")
def parts(towers):
    rng = np.random.default_rng(2)
    rows = towers[towers["forest"] & towers["used"]]
    found = []
    for model, members in MEMBERS.items():
        for split in ("site", "cluster", "random", "holdout"):
            own = rows[rows["holdout"] == (split == "holdout")]
            for member in members:
                for pattern, fraction in GAPS if split == "site" else GAPS[:1]:
                    part = own[["site", "year", "fold"]].assign(
                        model=model,
                        split=split,
                        member=member,
                        gap_pattern=pattern,
                        gap_fraction=fraction,
                        gpp_pred=own["gpp"] + rng.normal(0, 100, len(own)),
                    )
                    part["reco_pred"] = part["gpp_pred"] + own["nee"] + 50
                    found += [rows for _, rows in part.groupby("fold")]
    return found


@pytest.fixture(scope="module")
def tables(parts, towers):
    """What the stage makes of all parts; read only."""
    return evaluate(parts, towers, **SETTINGS)


def test_tables_have_the_columns_of_the_contract(tables):
    found = tables
    columns = {
        "predictions": "model split fold site year igbp climate gpp_obs gpp_pred "
        "reco_pred nee_obs nee_pred nee_qc gpp_lower gpp_upper nee_lower nee_upper "
        "dissimilarity applicable",
        "scores": "model split target subset n n_sites r2 r2_lower r2_upper rmse rmse_lower"
        " rmse_upper mae mae_lower mae_upper bias bias_lower bias_upper r2_site_mean",
        "interannual": "model form split target subset n n_sites r2 r2_lower r2_upper "
        "slope slope_lower slope_upper sd_observed sd_predicted trend_sites "
        "trend_sign_share trend_r halves_r2",
        "gaps": "model target gap_pattern gap_fraction n n_sites r2 rmse r2_lost "
        "r2_lost_lower r2_lost_upper",
        "calibration": "model split target subset nominal covered covered_lower "
        "covered_upper covered_site_mean n n_sites mean_width",
        "differences": "split target other n n_sites r2_minus lower upper",
    }
    assert {name: " ".join(table) for name, table in found.items()} == columns


def test_predictions_are_ensemble_means_beside_observations(parts, towers, tables):
    key = "model == 'cnn' and split == 'cluster' and site == 'S04'"
    members = pd.concat(parts).query(key)
    assert len(members) == 3 * 3
    tower = towers[(towers["site"] == "S04") & (towers["year"] == 2004)].iloc[0]
    row = join_observed(parts, towers).query(f"{key} and year == 2004").iloc[0]
    of_year = members.loc[members["year"] == 2004, "gpp_pred"]
    assert row["gpp_pred"] == pytest.approx(of_year.mean())
    assert row["nee_pred"] == pytest.approx(tower["nee"] + 50)
    assert (row["gpp_obs"], row["nee_obs"]) == (tower["gpp"], tower["nee"])
    # What the network gives for single years is only in the level of the site.
    found = tables["predictions"].query(key)
    assert found["gpp_pred"].mean() == pytest.approx(members["gpp_pred"].mean())
    assert (
        found["gpp_pred"].std() < 0.5 * members.groupby("year")["gpp_pred"].mean().std()
    )
    kept = tables["predictions"].query(key.replace("cnn", "svr"))
    given = pd.concat(parts).query(key.replace("cnn", "svr"))
    np.testing.assert_allclose(kept["gpp_pred"], given.sort_values("year")["gpp_pred"])


def test_rows_are_sorted_and_only_forest_rows_that_are_used(parts, towers, tables):
    found = evaluate(parts[::-1], towers, **SETTINGS)["predictions"]
    assert list(found["split"].unique()) == ["site", "cluster", "random", "holdout"]
    again = tables["predictions"]
    pd.testing.assert_frame_equal(found, again)
    assert "S03" not in set(found["site"])
    assert "S02" not in set(found["site"])  # grassland
    assert set(found.loc[found["split"] == "holdout", "site"]) == {"S00", "S01"}


def test_gap_curve_is_pooled_over_folds(parts, towers, tables):
    found = tables["gaps"]
    row = found[
        (found["model"] == "svr")
        & (found["target"] == "gpp")
        & (found["gap_pattern"] == "random")
    ].iloc[0]
    every = pd.concat(parts)
    every = every[(every["model"] == "svr") & (every["gap_pattern"] == "random")]
    both = every.merge(towers, on=["site", "year"])
    both = both[both["nee_qc"] >= 0.8]
    assert row["n"] == len(both)
    assert row["r2"] == pytest.approx(r2(both["gpp"], both["gpp_pred"]))
    assert list(found["gap_pattern"].unique()) == ["ndvi", "none", "random"]


def test_reco_is_scored_against_gpp_plus_nee(parts, towers):
    wrong = towers.assign(reco=0.0)
    found = evaluate(parts, wrong, **SETTINGS)["scores"]
    row = found[
        (found["model"] == "cnn")
        & (found["split"] == "random")
        & (found["target"] == "reco")
        & (found["subset"] == "all")
    ].iloc[0]
    assert 0 < row["bias"] < 100  # 50 and the mean of the errors of GPP


def test_skill_in_time_is_that_of_sites_with_three_good_years(towers, tables):
    found = tables["interannual"].query("model == 'svr' and form == 'between'")
    assert list(found["split"].unique()) == ["site", "cluster", "holdout"]
    good = towers[towers["used"] & towers["forest"] & (towers["nee_qc"] >= 0.8)]
    years = good[~good["holdout"]].groupby("site").size()
    row = found.query("split == 'site' and target == 'nee' and subset == 'all'").iloc[0]
    assert (row["n_sites"], row["n"]) == ((years == 3).sum(), 3 * (years == 3).sum())
    # Predictions of NEE are 50 above the towers every year: no error between years.
    assert row["r2"] == pytest.approx(1)
    row = found.query("split == 'site' and target == 'gpp' and subset == 'all'").iloc[0]
    assert 0.5 < row["r2"] < 0.99


def test_run_without_holdout_has_no_holdout_rows(parts, towers):
    kept = [p for p in parts if p["split"].iloc[0] != "holdout"]
    ours = towers[~towers["holdout"]]
    found = evaluate(kept, ours, **SETTINGS)
    assert "holdout" not in set(found["predictions"]["split"])


def drop(parts, **where):
    """Predictions without the rows that fit."""
    every = pd.concat(parts)
    chosen = np.logical_and.reduce([every[key] == v for key, v in where.items()])
    assert chosen.any()
    return [every[~chosen]]


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ({"model": "svr", "split": "random"}, r"svr, split random.*found 0"),
        ({"model": "svr", "split": "cluster", "fold": 1}, "svr, split cluster"),
        ({"model": "cnn", "split": "site", "site": "S04"}, "S04 2003 is missing"),
        ({"model": "svr", "gap_pattern": "ndvi"}, "svr, split site, gaps ndvi"),
        ({"model": "cnn", "split": "site", "member": 2}, "2 of 3 members"),
    ],
)
def test_missing_predictions_are_named(parts, towers, where, line):
    with pytest.raises(InputError, match=line):
        evaluate(drop(parts, **where), towers, **SETTINGS)


def test_row_predicted_twice_is_refused(parts, towers):
    with pytest.raises(InputError, match="expected one prediction, found several"):
        evaluate([*parts, parts[0]], towers, **SETTINGS)


def test_row_in_two_folds_is_refused(parts, towers):
    moved = [*parts[1:], parts[0], parts[0].assign(fold=8)]
    with pytest.raises(InputError, match=r"more than one fold|members"):
        evaluate(moved, towers, **SETTINGS)


def test_unknown_row_is_refused(parts, towers):
    with pytest.raises(InputError, match="is no scored row"):
        evaluate(parts, towers[towers["site"] != "S04"], **SETTINGS)


def test_scores_and_coverage_inside_and_outside(parts, towers, tables):
    found = tables
    rows = found["predictions"]
    inside = rows["applicable"] == "inside"
    assert (rows["dissimilarity"] == np.where(inside, 0.1, 0.9)).all()
    good = rows[(rows["model"] == "svr") & (rows["split"] == "site")]
    good = good[(good["nee_qc"] >= 0.8) & good["site"].str.startswith("S1")]
    inside = good["nee_obs"].between(good["nee_lower"], good["nee_upper"])
    for name in ("scores", "calibration"):
        table = found[name].query("model == 'svr' and split == 'site'")
        own = table[table["target"] == "nee"].set_index("subset")
        assert own.loc["applicable=outside", "n"] == len(good)
        assert (
            own.loc[["applicable=inside", "applicable=outside"], "n"].sum()
            == (own.loc["all", "n"])
        )
    assert own.loc["applicable=outside", "covered"] == pytest.approx(inside.mean())


def test_a_row_without_a_dissimilarity_is_named(parts, towers):
    known = likeness(parts)
    known = known[(known["site"] != "S04") | (known["split"] != "random")]
    with pytest.raises(InputError, match=r"random.*S04 2003.*expected a dissimilarity"):
        stage.evaluate_models(
            parts, towers, known, samples=used_samples(towers), **SETTINGS
        )
