"""Scores against values worked by hand and against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from forestflux.evaluation import scores


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    observed = rng.normal(1500, 600, 50)
    return observed, observed + rng.normal(100, 300, 50)


def test_scores_agree_with_scikit_learn(pair):
    assert scores.r2(*pair) == pytest.approx(r2_score(*pair))
    assert scores.rmse(*pair) == pytest.approx(root_mean_squared_error(*pair))
    assert scores.mae(*pair) == pytest.approx(mean_absolute_error(*pair))


def test_r2_is_not_a_squared_correlation():
    observed = np.array([1.0, 2.0, 3.0])
    assert scores.r2(observed, observed + 10) == pytest.approx(1 - 300 / 2)


def test_bias_is_predicted_minus_observed():
    assert scores.bias(np.array([-100.0, -200.0]), np.array([-160.0, -240.0])) == -50


@pytest.mark.parametrize("observed", [[], [5.0], [5.0, 5.0, 5.0]])
def test_undefined_r2_is_nan(observed):
    assert np.isnan(scores.r2(np.array(observed), np.zeros(len(observed))))


def test_empty_errors_are_nan():
    none = np.array([])
    assert np.isnan([scores.rmse(none, none), scores.mae(none, none)]).all()
    assert np.isnan(scores.bias(none, none))


def test_r2_of_site_means_counts_each_site_once():
    sites = np.array(["a"] * 3 + ["b", "c"])
    observed = np.array([1.0, 2.0, 3.0, 5.0, 8.0])  # means 2, 5, 8
    predicted = np.array([0.0, 0.0, 9.0, 5.0, 9.0])  # means 3, 5, 9
    found = scores.r2_site_mean(observed, predicted, sites)
    assert found == pytest.approx(1 - 2 / 18)


@pytest.fixture
def predictions():
    table = pd.DataFrame(
        {
            "model": "svr",
            "split": "site",
            "site": ["a", "a", "b", "c"],
            "igbp": ["ENF", "ENF", "ENF", "MF"],
            "climate": ["boreal", "boreal", "temperate", "temperate"],
            "applicable": ["inside", "inside", "outside", "inside"],
            "gpp_obs": [1000.0, 1200.0, 2000.0, 1500.0],
            "gpp_pred": [1100.0, 1100.0, 1900.0, 1600.0],
            "nee_obs": [-100.0, -300.0, -200.0, 0.0],
            "nee_pred": [-200.0, -200.0, -200.0, 0.0],
            "nee_qc": [0.9, 0.8, 0.95, 0.79],
        }
    )
    table["reco_pred"] = table["gpp_pred"] + table["nee_pred"]
    for flux in ("gpp", "nee"):
        table[f"{flux}_lower"] = table[f"{flux}_pred"] - 99
        table[f"{flux}_upper"] = table[f"{flux}_pred"] + 101
    return table


def test_score_table_by_hand(predictions):
    table = scores.tabulate_scores(predictions, min_quality=0.8, seed=1).set_index(
        ["target", "subset"]
    )
    assert list(table.index.get_level_values("target").unique()) == [
        "gpp",
        "reco",
        "nee",
    ]
    assert list(table.loc["gpp"].index) == [
        "all",
        "applicable=inside",
        "applicable=outside",
        "igbp=ENF",
        "climate=temperate",
        "climate=boreal",
        "years=1",
        "years=2-4",
    ]
    # Site a has two scored years, site b has one; c is of too low quality.
    assert table.loc[("gpp", "years=2-4"), "n"] == 2
    assert table.loc[("gpp", "years=1"), "bias"] == pytest.approx(-100)
    assert table.loc[("gpp", "applicable=outside"), "bias"] == pytest.approx(-100)
    gpp = table.loc[("gpp", "all")]
    assert (gpp["n"], gpp["n_sites"]) == (3, 2)  # the row of quality 0.79 is left out
    assert gpp["rmse"] == pytest.approx(100)
    assert gpp["bias"] == pytest.approx(-100 / 3)
    # observed 1000, 1200, 2000: mean 1400, squares 160000 + 40000 + 360000
    assert gpp["r2"] == pytest.approx(1 - 30000 / 560000)
    reco = table.loc[
        ("reco", "all")
    ]  # observed 900, 900, 1800; predicted 900, 900, 1700
    assert reco["mae"] == pytest.approx(100 / 3)


def test_bounds_of_scores_are_those_of_whole_sites_that_are_drawn(predictions):
    table = scores.tabulate_scores(predictions, min_quality=0.8, seed=1)
    gpp = table.query("target == 'gpp' and subset == 'all'").iloc[0]
    # Two sites: a twice (errors 100, -100), both, or b twice (-100).
    assert (gpp["bias_lower"], gpp["bias_upper"]) == (-100, 0)
    assert gpp[["rmse_lower", "rmse_upper"]].tolist() == pytest.approx([100, 100])
    # a twice: as good as its mean; b twice has no spread, and no R2
    assert gpp[["r2_lower", "r2_upper"]].tolist() == pytest.approx([0, gpp["r2"]])
    alone = table.query("subset == 'years=1'")
    assert alone.filter(regex="_(lower|upper)$").isna().all(axis=None)


def test_undefined_scores_are_written_empty(predictions, tmp_path):
    table = scores.tabulate_scores(
        predictions[predictions["site"] == "b"], min_quality=0, seed=1
    )
    table.to_csv(tmp_path / "scores.csv", index=False)
    line = (tmp_path / "scores.csv").read_text().splitlines()[1]
    assert line == "svr,site,gpp,all,1,1,,,,100.0,,,100.0,,,-100.0,,,"


def test_coverage_by_hand(predictions):
    table = scores.tabulate_coverage(predictions, min_quality=0.0, level=0.9, seed=1)
    gpp = table[(table["target"] == "gpp") & (table["subset"] == "all")].iloc[0]
    # Observed minus predicted is -100, 100, 100, -100: inside -99 to 101 twice.
    assert (gpp["covered"], gpp["n"], gpp["mean_width"]) == (0.5, 4, 200.0)
    # Site a has one of two years inside, b its only one, c none.
    assert gpp["covered_site_mean"] == pytest.approx(0.5)
    assert (gpp["covered_lower"], gpp["covered_upper"]) == (0, 1)  # all of c, all of b
    # In the boreal climate: -100 is outside, 100 inside.
    boreal = table[(table["target"] == "gpp") & (table["subset"] == "climate=boreal")]
    assert boreal["covered"].item() == 0.5
    assert set(table["nominal"]) == {0.9}
    assert set(table["target"]) == {"gpp", "nee"}
