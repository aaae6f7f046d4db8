"""Months at unseen towers and their scores, against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.calendars.months import list_month_lengths
from forestflux.core.input_errors import InputError
from forestflux.evaluation.months.month_schemas import (
    MONTH_COVERAGE,
    MONTH_PREDICTIONS,
    MONTH_SCORES,
)
from forestflux.evaluation.months.month_scores import (
    add_observed,
    predict_months,
    score_anomalies,
    tabulate_month_coverage,
    tabulate_month_scores,
)

SITES = ("A", "B", "C", "D")
YEARS = (2003, 2004, 2005)
SEASON = np.array([0, 1, 3, 6, 10, 14, 16, 14, 9, 4, 2, 1]) / 80
FLAT = np.full(12, 1 / 12)


def rows(model, share):
    """Shares of all site-years by one model."""
    index = pd.MultiIndex.from_product(
        [SITES, YEARS, range(1, 13)], names=["site", "year", "month"]
    )
    many = np.tile(share, len(SITES) * len(YEARS))
    table = pd.DataFrame({"gpp_share": many, "reco_share": FLAT[0]}, index=index)
    return table.reset_index().assign(model=model, split="site", fold=0)


@pytest.fixture
def annual():
    table = pd.DataFrame(
        [(site, year) for site in SITES for year in YEARS], columns=["site", "year"]
    )
    gpp = 1000.0 + 100 * np.arange(len(table))
    return table.assign(
        model="cnn", split="site", gpp_pred=gpp, reco_pred=0.8 * gpp, fold=0
    )


@pytest.fixture
def samples(annual):
    return annual[["site", "year"]].assign(igbp="ENF", lat=50.0, nee_qc=0.9)


def observe(annual):
    """Months of the towers: the year of `annual` with the season, RECO even."""
    parts = []
    for one in annual.itertuples():
        gpp, reco = one.gpp_pred * SEASON, one.reco_pred * FLAT
        part = {"gpp": gpp, "reco": reco, "nee": reco - gpp}
        key = {"site": one.site, "year": one.year, "month": np.arange(1, 13)}
        parts.append(pd.DataFrame(key | part))
    return pd.concat(parts, ignore_index=True)


def test_months_are_the_year_times_the_shares_and_close(annual, samples):
    shares = pd.concat([rows("cnn", SEASON), rows("mean_season", FLAT)])
    table = add_observed(predict_months(shares, annual, samples), observe(annual))
    assert list(table) == MONTH_PREDICTIONS.names
    assert len(table) == len(shares)
    table = table.astype({"gpp_pred": float})
    sums = table.groupby(["model", "site", "year"])["gpp_pred"].sum()
    for model in ("cnn", "mean_season"):
        np.testing.assert_allclose(sums[model], annual["gpp_pred"], rtol=1e-7)
    np.testing.assert_allclose(
        table["nee_pred"], table["reco_pred"] - table["gpp_pred"], atol=1e-4
    )
    own = table[table["model"] == "cnn"]
    np.testing.assert_allclose(own["gpp_pred"], own["gpp_obs"], rtol=1e-6)


def test_a_year_that_is_not_predicted_stops_with_one_line(annual, samples):
    with pytest.raises(InputError) as caught:
        predict_months(rows("cnn", SEASON), annual.iloc[1:], samples)
    assert str(caught.value) == (
        "predictions: cnn, split site: expected the year of A 2003, whose months are known,"
        " found none"
    )


def test_the_right_season_scores_one_and_an_even_one_what_it_deserves(annual, samples):
    shares = pd.concat([rows("cnn", SEASON), rows("mean_season", FLAT)])
    table = add_observed(predict_months(shares, annual, samples), observe(annual))
    scores = tabulate_month_scores(table, min_quality=0.8, seed=1)
    assert list(scores) == MONTH_SCORES.names
    found = scores.set_index(["model", "target", "subset"])
    best = found.loc[("cnn", "gpp", "all")]
    assert best["n"] == 12
    assert best["n_sites"] == best["n_seasonal"] == 4
    for name in ("r2", "r2_season", "r2_anomaly", "r2_amplitude"):
        assert best[name] == pytest.approx(1, abs=1e-6)
    assert best[["start_error", "peak_error", "end_error"]].tolist() == [0, 0, 0]
    even = found.loc[("mean_season", "gpp", "all")]
    assert even["r2_season"] == pytest.approx(0, abs=1e-6)
    assert even["n_seasonal"] == 0
    assert np.isnan(even["start_error"])
    # RECO has no season in these towers.
    assert found.loc[("cnn", "reco", "all"), "n_seasonal"] == 0
    assert ("cnn", "gpp", "igbp=ENF") in found.index
    assert ("cnn", "gpp", "igbp=DBF") not in found.index


def test_years_of_low_quality_and_without_months_are_not_scored(annual, samples):
    poor = samples.assign(nee_qc=np.where(samples["site"] == "A", 0.5, 0.9))
    observed = observe(annual)
    table = add_observed(
        predict_months(rows("cnn", SEASON), annual, poor),
        observed[observed["site"] != "B"],
    )
    scores = tabulate_month_scores(table, min_quality=0.8, seed=1)
    assert scores["n_sites"].tolist() == [2] * len(scores)


def test_anomalies_are_departures_from_the_mean_of_a_month():
    sites = np.array(["A"] * 3 + ["B"] * 2)
    observed = np.zeros((5, 12))
    observed[:3, 6] = [90.0, 100.0, 110.0]
    observed[3:, 6] = [0.0, 500.0]  # two years are too few
    assert score_anomalies(observed, observed + 7, sites) == pytest.approx(1)
    half = observed.copy()
    half[:3, 6] = [95.0, 100.0, 105.0]
    assert score_anomalies(observed, half, sites) == pytest.approx(0.75)
    assert score_anomalies(observed, np.zeros((5, 12)), sites) == pytest.approx(0)


def test_the_day_of_a_leap_year_is_no_anomaly(annual, samples):
    """Towers with the same flux every day have none, whatever February has."""
    days = list_month_lengths(annual["year"])
    parts = []
    for one, length in zip(annual.itertuples(), days, strict=True):
        key = {"site": one.site, "year": one.year, "month": np.arange(1, 13)}
        flux = {"gpp": 4.0 * length, "reco": 2.0 * length, "nee": -2.0 * length}
        parts.append(pd.DataFrame(key | flux))
    shares = rows("cnn", FLAT)
    table = add_observed(predict_months(shares, annual, samples), pd.concat(parts))
    scores = tabulate_month_scores(table, min_quality=0.8, seed=1)
    assert scores["r2_anomaly"].isna().all()


def test_coverage_counts_months_inside_by_type_and_month_of_the_season():
    """Errors of 10 everywhere but for one site, whose July is far off."""
    sites = [f"S{i:02d}" for i in range(30)]
    index = pd.MultiIndex.from_product([sites, range(1, 13)], names=["site", "month"])
    table = index.to_frame(index=False).assign(
        model="cnn", split="cluster", year=2003, igbp="ENF", lat=50.0, nee_qc=0.9
    )
    table["fold"] = table["site"].str[1:].astype(int) % 3
    for flux in ("gpp", "reco", "nee"):
        table[f"{flux}_obs"], table[f"{flux}_pred"] = 100.0, 110.0
    # A little negative GPP in winter is none, which lies inside.
    winter = table["month"] == 1
    table.loc[winter, ["gpp_obs", "gpp_pred"]] = [-3.0, 10.0]
    far = (table["site"] == "S00") & (table["month"] == 7)
    table.loc[far, "gpp_pred"] = 1000.0
    coverage = tabulate_month_coverage(table, level=0.9, min_quality=0.8, seed=1)
    assert list(coverage) == MONTH_COVERAGE.names
    found = coverage.set_index(["target", "subset"])
    assert found.loc[("nee", "all"), "covered"] == 1
    assert found.loc[("nee", "all"), "n"] == 360
    assert found.loc[("gpp", "month=7"), "covered"] == pytest.approx(29 / 30)
    assert found.loc[("gpp", "month=1"), "covered"] == 1
    assert found.loc[("gpp", "igbp=ENF"), "covered"] == pytest.approx(359 / 360)
