"""Intervals of months: widths by month of the season, and how often they hold."""

import numpy as np
import pandas as pd
import pytest

from forestflux.ensemble.intervals.month_intervals import (
    MonthCalibration,
    add_month_intervals,
    calibrate_months,
    season_month,
)

LEVEL, MIN_QUALITY = 0.9, 0.8
MONTHS = np.arange(1, 13)
# Spread of the errors by month of the season, gC m-2 month-1.
SPREAD = 5.0 + 40 * np.exp(-0.5 * ((MONTHS - 7) / 1.5) ** 2)


def predictions(sites, *, seed, south=False, split="cluster", igbp="ENF"):
    """Months of sites with one year each whose errors are larger in summer."""
    rng = np.random.default_rng(seed)
    season = np.roll(SPREAD, 6) if south else SPREAD
    rows = len(sites) * 12
    error = rng.normal(0, np.tile(season, len(sites)))
    return pd.DataFrame(
        {
            "split": split,
            "fold": np.repeat(np.arange(len(sites)) % 3, 12),
            "site": np.repeat(sites, 12),
            "year": 2003,
            "month": np.tile(MONTHS, len(sites)),
            "igbp": igbp,
            "lat": -40.0 if south else 50.0,
            "nee_qc": 0.9,
            "gpp_obs": 100.0,
            "gpp_pred": 100.0 + error,
            "nee_obs": -10.0,
            "nee_pred": -10.0 + 0.5 * error,
        },
        index=np.arange(rows),
    )


def names(count, prefix="S"):
    return np.array([f"{prefix}{i:03d}" for i in range(count)])


@pytest.fixture(scope="module")
def north():
    return predictions(names(150), seed=1)


def test_summer_months_have_wider_intervals(north):
    widths = calibrate_months(north, level=LEVEL, min_quality=MIN_QUALITY).half_width
    found = np.array(widths["gpp"]["ENF"])
    # 1.645 standard deviations hold 90 % of normal errors.
    np.testing.assert_allclose(found, 1.645 * SPREAD, rtol=0.35)
    np.testing.assert_allclose(widths["nee"]["ENF"], found / 2, rtol=1e-6)


def test_months_of_other_sites_lie_inside_as_often_as_promised(north):
    calibration = calibrate_months(north, level=LEVEL, min_quality=MIN_QUALITY)
    others = predictions(names(400, "T"), seed=2)
    bounds = calibration.interval(
        others["gpp_pred"].to_numpy().reshape(-1, 12),
        others["nee_pred"].to_numpy().reshape(-1, 12),
        np.full(400, "ENF"),
        np.full(400, 50.0),
    )
    inside = (bounds["gpp_lower"] <= 100) & (bounds["gpp_upper"] >= 100)
    assert inside.mean() == pytest.approx(LEVEL, abs=0.03)


def test_southern_months_have_the_widths_of_their_season(north):
    calibration = calibrate_months(north, level=LEVEL, min_quality=MIN_QUALITY)
    widths = calibration.widths(np.array([1, 1]), np.array([50.0, -40.0]))["gpp"]
    np.testing.assert_array_equal(widths[1], np.roll(widths[0], 6))
    south = predictions(names(150), seed=1, south=True)
    turned = calibrate_months(south, level=LEVEL, min_quality=MIN_QUALITY)
    assert np.argmax(turned.half_width["gpp"]["ENF"]) in (5, 6, 7)


def test_months_of_the_season_are_those_of_the_north():
    found = season_month(np.array([1, 7, 12, 7]), np.array([-1.0, -1.0, -1.0, 1.0]))
    assert found.tolist() == [7, 1, 6, 7]


def test_few_sites_are_pooled_and_too_few_give_no_finite_width():
    few = predictions(names(4), seed=3, igbp="DBF")
    calibration = calibrate_months(few, level=LEVEL, min_quality=MIN_QUALITY)
    assert set(calibration.half_width["gpp"]) == {"all"}
    assert np.isinf(calibration.half_width["gpp"]["all"]).all()
    again = MonthCalibration.from_dict(calibration.to_dict())
    assert again == calibration


def test_a_fold_has_the_widths_of_the_others(north):
    wild = north.copy()
    own = wild["fold"] == 0
    wild.loc[own, "gpp_pred"] += 1000.0
    bounded = add_month_intervals(wild, level=LEVEL, min_quality=MIN_QUALITY)
    width = (bounded["gpp_upper"] - bounded["gpp_lower"])[own]
    assert width.max() < 300


def test_only_folds_by_cluster_and_the_holdout_have_intervals(north):
    holdout = predictions(names(3, "H"), seed=5, split="holdout").assign(fold=0)
    table = pd.concat([north, holdout, north.assign(split="site")], ignore_index=True)
    bounded = add_month_intervals(table, level=LEVEL, min_quality=MIN_QUALITY)
    assert set(bounded["split"]) == {"cluster", "holdout"}
    assert len(bounded) == len(north) + len(holdout)
    assert bounded["nee_lower"].notna().all()
