"""Slopes and tests against scipy and against sums written out one series at a time."""

import math

import numpy as np
import pytest
from scipy import stats

from forestflux.trend import (
    detrended_sd,
    mann_kendall,
    sen_interval,
    significant_shares,
    theil_sen,
    weather_half_width,
)

YEARS = np.arange(2003, 2019)


@pytest.fixture
def series() -> np.ndarray:
    """Series (year, 5, 8) with ties and gaps."""
    rng = np.random.default_rng(11)
    values = rng.normal(size=(16, 5, 8)).round(1)
    values[rng.random(values.shape) < 0.15] = np.nan
    return values


def brute_force_p(values: np.ndarray) -> float:
    """Mann-Kendall by the textbook, one series, one pair at a time."""
    x = [float(v) for v in values if not math.isnan(v)]
    n = len(x)
    score = sum(
        (x[j] > x[i]) - (x[j] < x[i]) for i in range(n) for j in range(i + 1, n)
    )
    variance = n * (n - 1) * (2 * n + 5)
    for value in set(x):
        t = x.count(value)
        variance -= t * (t - 1) * (2 * t + 5)
    variance /= 18
    if score == 0 or variance == 0:
        return 1.0
    z = (abs(score) - 1) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def test_slopes_are_those_of_scipy(series: np.ndarray) -> None:
    slopes = theil_sen(series, YEARS)
    assert slopes.shape == (5, 8)
    for place in np.ndindex(5, 8):
        values = series[(slice(None), *place)]
        there = np.isfinite(values)
        expected = stats.theilslopes(values[there], YEARS[there]).slope
        assert slopes[place] == pytest.approx(expected, abs=1e-12)


def test_slopes_of_uneven_years() -> None:
    years = np.array([2001, 2002, 2005, 2010])
    values = np.array([3.0, 1.0, 4.0, 9.0])
    expected = stats.theilslopes(values, years).slope
    assert theil_sen(values, years) == pytest.approx(expected)
    assert theil_sen(2.5 * years - 7, years) == pytest.approx(2.5)


@pytest.mark.parametrize("chunk", [1, 7, 40])
def test_chunks_do_not_change_the_result(series: np.ndarray, chunk: int) -> None:
    slopes = theil_sen(series, YEARS, chunk=chunk)
    np.testing.assert_array_equal(slopes, theil_sen(series, YEARS))
    np.testing.assert_array_equal(
        mann_kendall(series, chunk=chunk), mann_kendall(series)
    )


def test_p_is_the_textbook_s(series: np.ndarray) -> None:
    p = mann_kendall(series)
    for place in np.ndindex(5, 8):
        expected = brute_force_p(series[(slice(None), *place)])
        assert p[place] == pytest.approx(expected, rel=1e-12)


def test_p_of_a_rising_series_by_hand() -> None:
    # n = 10: S = 45, variance = 10 x 9 x 25 / 18 = 125, z = 44 / sqrt(125).
    p = mann_kendall(np.arange(10.0))
    assert p == pytest.approx(2 * stats.norm.sf(44 / np.sqrt(125)))
    assert mann_kendall(-np.arange(10.0)) == pytest.approx(p)


def test_p_is_near_the_exact_one() -> None:
    values = np.random.default_rng(2).normal(size=(16, 60)) + np.arange(16)[:, None] / 8
    exact = [stats.kendalltau(YEARS, v, method="exact").pvalue for v in values.T]
    np.testing.assert_allclose(mann_kendall(values), exact, atol=0.01)


def test_p_is_even_where_there_is_no_trend() -> None:
    p = mann_kendall(np.random.default_rng(4).normal(size=(16, 20_000)))
    for level in (0.01, 0.05, 0.2, 0.5):
        assert (p <= level).mean() == pytest.approx(level, abs=0.02)


def test_constant_and_short_series() -> None:
    values = np.full((6, 3), np.nan)
    values[:, 0] = 4.0
    values[:2, 1] = [1.0, 2.0]
    np.testing.assert_array_equal(mann_kendall(values), [1, np.nan, np.nan])
    np.testing.assert_array_equal(theil_sen(values, YEARS[:6]), [0, np.nan, np.nan])
    values[2, 1] = 3.0
    assert theil_sen(values, YEARS[:6])[1] == 1
    assert np.isnan(theil_sen(values, YEARS[:6], minimum=4)[1])
    assert np.isnan(mann_kendall(values, minimum=4)[1])


def test_what_a_slope_leaves(series: np.ndarray) -> None:
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


def test_two_years_differ_by_weather_as_often_as_the_interval_says() -> None:
    rng = np.random.default_rng(8)
    values, fresh = rng.normal(size=(16, 20_000)), rng.normal(size=(2, 20_000))
    half = weather_half_width(values, YEARS, theil_sen(values, YEARS), level=0.9)
    assert (np.abs(fresh[1] - fresh[0]) <= half).mean() == pytest.approx(0.9, abs=0.01)
    assert np.isnan(
        weather_half_width(values[:2], YEARS[:2], values[0], level=0.9)
    ).all()


def test_interval_of_a_slope_is_scipy_s() -> None:
    values = np.random.default_rng(9).normal(size=(16, 2, 3))
    low, high = sen_interval(values, YEARS, level=0.9)
    fit = stats.theilslopes(values[:, 1, 2], YEARS, alpha=0.9)
    assert (low[1, 2], high[1, 2]) == (fit.low_slope, fit.high_slope)
    assert (low < theil_sen(values, YEARS)).all()
    assert np.isnan(sen_interval(values[:2], YEARS[:2], level=0.9)).all()


def test_false_discoveries_by_hand() -> None:
    # Adjusted p of Benjamini and Hochberg: 0.04, 0.04, 0.04, 0.5.
    p = np.array([0.01, 0.02, 0.03, 0.5])
    weights = np.array([1.0, 1.0, 2.0, 4.0])
    assert significant_shares(p, weights, alpha=0.05) == (0.5, 0.5)
    assert significant_shares(p, weights, alpha=0.035) == (0.5, 0.0)
    assert np.isnan(significant_shares(p[:0], weights[:0], alpha=0.05)).all()
