"""Trend: Theil-Sen slope and Mann-Kendall test of many annual series at once."""

import numpy as np
from scipy import stats

# Fewer values have no trend worth a number: with three the smallest p is 0.30.
MINIMUM_VALUES = 3


def theil_sen(
    values: np.ndarray,
    years: np.ndarray,
    *,
    minimum: int = MINIMUM_VALUES,
    chunk: int = 50_000,
) -> np.ndarray:
    """Median of the slopes between all pairs of years, per year, (...).

    Pairs with a NaN do not count. Sen (1968), doi 10.1080/01621459.1968.10480934.

    Parameters
    ----------
    values : (year, ...), NaN = missing
    years : (year,)
    minimum : fewest finite values; NaN where a series has fewer
    chunk : series at a time; the working memory is 4 x years^2 x chunk bytes
    """
    years = np.asarray(years, float)
    first, second = np.triu_indices(len(years), 1)
    step = (years[second] - years[first])[:, None]
    series = values.reshape(len(values), -1)
    slope = np.empty(series.shape[1])
    for start in range(0, series.shape[1], chunk):
        part = series[:, start : start + chunk].astype(float)
        slopes = (part[second] - part[first]) / step
        slope[start : start + chunk] = finite_median(slopes)
    enough = np.isfinite(series).sum(axis=0) >= max(minimum, 2)
    return np.where(enough, slope, np.nan).reshape(values.shape[1:])


def finite_median(values: np.ndarray) -> np.ndarray:
    """Median of the finite values along the first axis, NaN where there is none.

    numpy.nanmedian does the same one column at a time, which is a hundred times slower.
    """
    ordered = np.sort(values, axis=0)  # NaN goes last
    count = np.isfinite(ordered).sum(axis=0)
    column = np.arange(ordered.shape[1])
    low = ordered[np.maximum(count - 1, 0) // 2, column]
    high = ordered[np.minimum(count // 2, len(ordered) - 1), column]
    return np.where(count > 0, (low + high) / 2, np.nan)


def mann_kendall(
    values: np.ndarray, *, minimum: int = MINIMUM_VALUES, chunk: int = 50_000
) -> np.ndarray:
    """Two-sided p (...) of the hypothesis that a series has no monotonic trend.

    Normal approximation with correction for ties and continuity; 1 for a constant
    series. Years are taken as independent: persistence from year to year makes p too
    small. Kendall (1975), Rank correlation methods, chapter 4.

    Parameters
    ----------
    values : (year, ...) in order of time, NaN = missing
    minimum : fewest finite values; NaN where a series has fewer
    chunk : series at a time
    """
    series = values.reshape(len(values), -1)
    p = np.empty(series.shape[1])
    for start in range(0, series.shape[1], chunk):
        part = series[:, start : start + chunk]
        p[start : start + chunk] = p_of_score(*score_and_variance(part))
    enough = np.isfinite(series).sum(axis=0) >= minimum
    return np.where(enough, p, np.nan).reshape(values.shape[1:])


def score_and_variance(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kendall's score S and its variance under no trend, for series (year, n)."""
    there = np.isfinite(series)
    n = there.sum(axis=0).astype(float)
    score = np.zeros(series.shape[1])
    same = there.astype(float)  # values equal to this one, itself included
    for i in range(len(series)):
        for j in range(i + 1, len(series)):
            score += np.nan_to_num(np.sign(series[j] - series[i]))
            tied = series[j] == series[i]
            same[i] += tied
            same[j] += tied
    # Sum over groups of t (t - 1) (2 t + 5) = sum over values of (t - 1) (2 t + 5).
    ties = np.where(there, (same - 1) * (2 * same + 5), 0.0).sum(axis=0)
    return score, (n * (n - 1) * (2 * n + 5) - ties) / 18


def p_of_score(score: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Two-sided p of Kendall's score, normal with continuity correction."""
    moved = np.maximum(np.abs(score) - 1, 0)
    z = np.divide(
        moved, np.sqrt(variance), out=np.zeros_like(moved), where=variance > 0
    )
    return np.where(score == 0, 1.0, 2 * stats.norm.sf(z))


def detrended_sd(
    values: np.ndarray, years: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    """Interannual variability (...): standard deviation of what the slope leaves.

    Two degrees of freedom are gone; NaN for fewer than three values.

    Parameters
    ----------
    values : (year, ...), NaN = missing
    years : (year,)
    slope : (...), per year; NaN gives NaN
    """
    centred = np.asarray(years, float) - np.mean(years)
    shape = (len(centred),) + (1,) * (values.ndim - 1)
    rest = values - slope * centred.reshape(shape)
    there = np.isfinite(rest)
    n = there.sum(axis=0)
    mean = np.where(there, rest, 0).sum(axis=0) / np.maximum(n, 1)
    squares = (np.where(there, rest - mean, 0) ** 2).sum(axis=0)
    variance = np.divide(
        squares, n - 2, out=np.full(squares.shape, np.nan), where=n > 2
    )
    return np.sqrt(variance)


def weather_half_width(
    mean: np.ndarray, years: np.ndarray, slope: np.ndarray, *, level: float
) -> np.ndarray:
    """Half width of the interval of a two-year difference from weather alone."""
    if len(years) < MINIMUM_VALUES:
        return np.full(slope.shape, np.nan)
    quantile = stats.t.ppf((1 + level) / 2, len(years) - 2)
    return quantile * np.sqrt(2) * detrended_sd(mean, years, slope)


def sen_interval(
    mean: np.ndarray, years: np.ndarray, *, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of the slope of each series (year, ...): Sen (1968)."""
    bounds = np.full((2, *mean.shape[1:]), np.nan)
    if len(years) >= MINIMUM_VALUES:
        for place in np.ndindex(mean.shape[1:]):
            fit = stats.theilslopes(mean[(slice(None), *place)], years, alpha=level)
            bounds[(slice(None), *place)] = fit.low_slope, fit.high_slope
    return bounds[0], bounds[1]


def significant_shares(
    p: np.ndarray, weights: np.ndarray, *, alpha: float
) -> tuple[float, float]:
    """Weighted share of p at or below alpha, as it is and adjusted; NaN for no test."""
    if not p.size:
        return np.nan, np.nan
    adjusted = stats.false_discovery_control(p)
    total = weights.sum()
    return weights[p <= alpha].sum() / total, weights[adjusted <= alpha].sum() / total
