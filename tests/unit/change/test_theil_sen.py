"""Slopes and tests against scipy and against sums written out one series at a time."""

import math

import numpy as np
import pymannkendall
import pytest
from scipy import stats

from forestflux.change.trends.theil_sen import (
    kendall_p,
    mann_kendall,
    sen_and_kendall,
    theil_sen,
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


def test_float32_series_give_the_same_to_their_precision(series: np.ndarray) -> None:
    wide = 1500 + 100 * series
    narrow = wide.astype("float32")
    assert theil_sen(narrow, YEARS).dtype == np.float32
    np.testing.assert_allclose(
        theil_sen(narrow, YEARS), theil_sen(wide, YEARS), atol=1e-3
    )
    np.testing.assert_allclose(mann_kendall(narrow), mann_kendall(wide), rtol=1e-12)


def test_p_is_that_of_pymannkendall() -> None:
    rng = np.random.default_rng(12)
    values = rng.normal(size=(18, 12)) + 0.05 * np.arange(18)[:, None]
    values[:, 6:] = values[:, 6:].round(0)  # ties
    values[3, 3] = np.nan
    p, slope = mann_kendall(values), theil_sen(values, np.arange(18))
    for column, series in enumerate(values.T):
        oracle = pymannkendall.original_test(series)
        assert p[column] == pytest.approx(oracle.p, rel=1e-9)
        if np.isfinite(series).all():
            assert slope[column] == pytest.approx(oracle.slope)


def test_one_pass_gives_what_two_give(series: np.ndarray) -> None:
    flat = series.reshape(16, -1)
    slope, score, variance = sen_and_kendall(flat, YEARS, minimum=3)
    np.testing.assert_array_equal(slope, theil_sen(flat, YEARS))
    np.testing.assert_array_equal(kendall_p(score, variance), mann_kendall(flat))
    few = sen_and_kendall(flat, YEARS, minimum=17)
    assert np.isnan(few).all()


def test_a_larger_variance_makes_p_larger() -> None:
    values = np.random.default_rng(13).normal(size=(16, 40)) + np.arange(16)[:, None]
    plain = mann_kendall(values)
    assert (mann_kendall(values, factor=2.0) > plain).all()
    halves = np.where(np.arange(40) < 20, 1.0, np.nan)
    found = mann_kendall(values, factor=halves)
    np.testing.assert_array_equal(found[:20], plain[:20])
    assert np.isnan(found[20:]).all()


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
