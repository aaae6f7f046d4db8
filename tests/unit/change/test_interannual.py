"""Interannual variability: autocorrelation, and how often chance is taken for a change."""

import numpy as np
import pytest
from scipy import stats

from forestflux.change.trends.interannual import (
    autocorrelation,
    detrended_sd,
    kendall_variance_factor,
    mean_variance,
    year_sd,
)
from forestflux.change.trends.t_tests import combine_freedom, t_half_width, t_test_p
from forestflux.change.trends.theil_sen import mann_kendall, theil_sen

YEARS = np.arange(2003, 2019)


def persistent(n: int, rho: float, series: int, seed: int = 21) -> np.ndarray:
    """Series (year, series) of a first-order process of variance 1, without a trend."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, series))
    for year in range(1, n):
        values[year] = rho * values[year - 1] + np.sqrt(1 - rho**2) * values[year]
    return values


def rho_of(values: np.ndarray, years: np.ndarray = YEARS) -> np.ndarray:
    return autocorrelation(values, years, theil_sen(values, years))


def test_autocorrelation_by_hand() -> None:
    years = np.arange(2001, 2013)
    # Runs of three: of 11 pairs of neighbours 8 have the same sign, so that r = 5 / 12.
    rest = np.array([1.0, 1, 1, -1, -1, -1, 1, 1, 1, -1, -1, -1])
    assert (12 * 5 / 12 + 4) / (12 - 4) > 0.5
    assert autocorrelation(3 * years + rest, years, np.float64(3)) == 0.5
    # Six pairs of neighbours differ in sign and five do not: r = -1 / 12.
    rest = np.tile([1.0, -1, -1, 1], 3)
    expected = (12 * -1 / 12 + 4) / (12 - 4)
    found = autocorrelation(3 * years + rest, years, np.float64(3))
    assert found == pytest.approx(expected)
    rest = np.tile([1.0, -1], 6)
    assert autocorrelation(3 * years + rest, years, np.float64(3)) == 0


def test_autocorrelation_needs_ten_years_that_follow_each_other() -> None:
    values = persistent(16, 0.3, 5)
    assert np.isfinite(rho_of(values)).all()
    assert np.isnan(rho_of(values[:9], YEARS[:9])).all()
    assert np.isnan(rho_of(values, np.append(YEARS[:-1], 2020))).all()
    values[:7, 0] = np.nan
    values[:6, 1] = np.nan
    assert np.isfinite(rho_of(values)).tolist() == [False, True, True, True, True]


def test_a_series_on_its_slope_has_no_autocorrelation() -> None:
    for kind in ("float32", "float64"):
        values = np.linspace(900, 1100, 16, dtype=kind)[:, None]
        assert rho_of(values) == 0
        assert rho_of(0 * values) == 0


def test_factor_of_the_score_by_hand() -> None:
    # n = 4: 1 + 2 / (4 x 3 x 2) x 3 x 2 x 1 x r, further lags have no weight.
    assert kendall_variance_factor(np.array(0.5), 4) == pytest.approx(1.25)
    # n = 5: lags 1 and 2 with weights 4 x 3 x 2 and 3 x 2 x 1.
    expected = 1 + 2 / 60 * (24 * 0.5 + 6 * 0.25)
    assert kendall_variance_factor(np.array(0.5), 5) == pytest.approx(expected)
    assert kendall_variance_factor(np.array(0.0), 16) == 1
    both = kendall_variance_factor(np.array([0.5, np.nan]), np.array([5, 5]))
    assert both[0] == pytest.approx(expected)
    assert np.isnan(both[1])


@pytest.mark.parametrize("n", [16, 20])
@pytest.mark.parametrize("rho", [-0.2, 0.0, 0.2, 0.3])
def test_nominal_five_percent_finds_at_most_five_where_there_is_no_trend(
    n: int, rho: float
) -> None:
    years = np.arange(n)
    values = persistent(n, rho, 20_000)
    factor = kendall_variance_factor(rho_of(values, years), n)
    found = (mann_kendall(values, factor=factor) <= 0.05).mean()
    # Twice the standard error of a share of 5 % of 20,000 is 0.3 %.
    assert found <= 0.053
    if rho == 0.3:
        assert (mann_kendall(values) <= 0.05).mean() > 0.1


def test_a_trend_is_still_found() -> None:
    values = persistent(20, 0.2, 5000) + 0.2 * np.arange(20)[:, None]
    factor = kendall_variance_factor(rho_of(values, np.arange(20)), 20)
    assert (mann_kendall(values, factor=factor) <= 0.05).mean() > 0.8


def test_what_a_slope_leaves() -> None:
    rng = np.random.default_rng(11)
    series = rng.normal(size=(16, 5, 8)).round(1)
    series[rng.random(series.shape) < 0.15] = np.nan
    slope = theil_sen(series, YEARS)
    found = detrended_sd(series, YEARS, slope)
    for place in np.ndindex(5, 8):
        values = series[(slice(None), *place)]
        there = np.isfinite(values)
        rest = values[there] - slope[place] * YEARS[there]
        expected = np.sqrt(((rest - rest.mean()) ** 2).sum() / (there.sum() - 2))
        assert found[place] == pytest.approx(expected)
    assert np.isnan(detrended_sd(np.arange(2.0), YEARS[:2], np.float64(1.0)))


def test_variability_of_noise_on_a_trend_is_that_of_the_noise() -> None:
    noise = np.random.default_rng(6).normal(scale=144, size=(16, 5000))
    values = noise + 5 * np.arange(16)[:, None]
    found = detrended_sd(values, YEARS, theil_sen(values, YEARS))
    assert np.sqrt((found**2).mean()) == pytest.approx(144, rel=0.02)


def test_known_autocorrelation_gives_back_the_variability_of_one_year() -> None:
    values = persistent(16, 0.5, 40_000)
    line = np.polynomial.polynomial.polyfit(YEARS - 2010.5, values, 1)[1]
    spread = detrended_sd(values, YEARS, line)
    assert np.sqrt((spread**2).mean()) < 0.9
    known = year_sd(spread, np.full(spread.shape, 0.5), 16)
    assert np.sqrt((known**2).mean()) == pytest.approx(1, rel=0.01)
    unknown = year_sd(spread, np.full(spread.shape, np.nan), 16)
    np.testing.assert_allclose(unknown, spread)


def test_variance_of_a_mean_of_persistent_years() -> None:
    means = persistent(5, 0.4, 200_000).mean(axis=0)
    assert mean_variance(np.array(0.4), 5) == pytest.approx(means.var(), rel=0.02)
    assert mean_variance(np.array(np.nan), 5) == pytest.approx(0.2)
    assert mean_variance(np.array(0.4), 1) == 1


@pytest.mark.parametrize("rho", [0.0, 0.2, 0.3])
def test_two_years_and_two_windows_differ_by_weather_no_more_often_than_nominal(
    rho: float,
) -> None:
    values = persistent(16, rho, 20_000)
    slope = theil_sen(values, YEARS)
    found = autocorrelation(values, YEARS, slope)
    sd = year_sd(detrended_sd(values, YEARS, slope), found, 16)
    pair = values[-1] - values[0]
    assert (t_test_p(pair, np.sqrt(2) * sd, 14) <= 0.05).mean() <= 0.053
    windows = values[-3:].mean(axis=0) - values[:3].mean(axis=0)
    spread = np.sqrt(2 * mean_variance(found, 3)) * sd
    assert 0.01 < (t_test_p(windows, spread, 14) <= 0.05).mean() <= 0.053


def test_joint_freedom_by_hand_and_at_its_ends() -> None:
    freedom = combine_freedom(
        np.array([3.0, 0.0, 5.0, 0.0]),
        np.array([1.0, 5.0, 0.0, 0.0]),
        error_freedom=2,
        variability_freedom=14,
    )
    np.testing.assert_allclose(freedom, [16 / (9 / 2 + 1 / 14), 14, 2, np.inf])


def test_p_and_interval_belong_together() -> None:
    change, sd, freedom = np.array([1.3, 0.0, 2.0]), np.array([0.6, 0.0, 0.0]), 7.0
    p = t_test_p(change, sd, freedom)
    assert p[0] == pytest.approx(2 * stats.t.sf(1.3 / 0.6, 7))
    np.testing.assert_array_equal(p[1:], [1, 0])
    half = t_half_width(sd, freedom, level=1 - p[0])
    assert half[0] == pytest.approx(1.3)
    assert np.isnan(t_test_p(np.array(1.0), np.array(np.nan), 7.0))
