"""Interannual variability: how far single years depart from their trend, and how long.

What one year has over the trend lasts in part into the next. Sixteen or twenty years
say little about how much, and what they say is too low, because the trend takes some of
it away. All tests use one coefficient, `autocorrelation`, which is corrected for that.
"""

import numpy as np
from scipy import special

# Fewer years say nothing about autocorrelation: no p of a trend is given.
TESTED_YEARS = 10
# Of the corrected coefficient, (n r + 2) / (n - 4) without bias; the rest of the 4 stands
# for what n years leave unknown. The smallest whole number with which Mann-Kendall at 5 %
# finds no more than 5 % of trendless series of 16 to 20 years with autocorrelation up to
# 0.3 significant (benchmarks/trend_tests.py).
BIAS = 4.0
# What lasts longer is a disturbance and its recovery rather than weather; without this
# bound a lasting step would hide itself as variability.
LARGEST = 0.5


def autocorrelation(
    values: np.ndarray, years: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    """Lag-one autocorrelation (...) of what the slope leaves, corrected, from 0 to 0.5.

    NaN for fewer than ten values or years that do not follow each other. A series that
    lies on its slope has none. The corrected estimate is (n r + 4) / (n - 4): the first
    2 take away the bias of r in a detrended series (Kendall 1954, Biometrika 41), the
    others make it an upper estimate.

    Parameters
    ----------
    values : (year, ...), NaN = missing; neighbours with a NaN do not count
    years : (year,)
    slope : (...), per year; NaN gives NaN
    """
    if len(years) < TESTED_YEARS or (np.diff(years) != 1).any():
        return np.full(values.shape[1:], np.nan)
    rest, n = departures(values, years, slope)
    square = (rest**2).sum(axis=0)
    scale = (np.nan_to_num(values) ** 2).sum(axis=0)
    moves = square > (16 * np.finfo(values.dtype).eps) ** 2 * scale
    product = (rest[1:] * rest[:-1]).sum(axis=0)
    r = np.divide(product, square, out=np.zeros_like(square), where=moves)
    corrected = np.clip((n * r + BIAS) / np.maximum(n - 4, 1), 0, LARGEST)
    corrected = np.where(moves, corrected, 0)
    return np.where((n >= TESTED_YEARS) & np.isfinite(slope), corrected, np.nan)


def departures(
    values: np.ndarray, years: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the slope leaves (year, ...), mean 0, 0 where missing; values per series."""
    centred = (np.asarray(years, float) - np.mean(years)).astype(values.dtype)
    rest = values - slope * centred.reshape(-1, *(1,) * (values.ndim - 1))
    there = np.isfinite(rest)
    n = there.sum(axis=0)
    mean = np.where(there, rest, 0).sum(axis=0) / np.maximum(n, 1)
    return np.where(there, rest - mean, 0), n


def score_factor(autocorrelation: np.ndarray, n: np.ndarray | int) -> np.ndarray:
    """How many times larger the variance of Kendall's score is than of independent years.

    The correction of Hamed and Rao (1998), doi 10.1016/S0022-1694(97)00125-X, with the
    autocorrelations of a first-order process, r, r^2, ..., in place of the
    significant ones of the ranks: those of so few years are noise, and keeping only the
    significant ones finds trends in 9 % of series that are plain noise.

    Parameters
    ----------
    autocorrelation : (...), lag one; NaN gives NaN
    n : (...), values of the series
    """
    n = np.broadcast_to(n, np.shape(autocorrelation)).astype(float)
    total = np.zeros_like(n)
    power = np.ones_like(n)
    for lag in range(1, int(n.max(initial=0))):
        power = power * autocorrelation
        left = np.maximum(n - lag, 0)
        total += left * np.maximum(left - 1, 0) * np.maximum(left - 2, 0) * power
    known = n * (n - 1) * (n - 2)
    return 1 + 2 * np.divide(total, known, out=np.zeros_like(n), where=known > 0)


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
    rest, n = departures(values, years, slope)
    squares = (rest**2).sum(axis=0)
    variance = np.divide(
        squares, n - 2, out=np.full(squares.shape, np.nan), where=n > 2
    )
    return np.where(np.isfinite(slope), np.sqrt(variance), np.nan)


def year_sd(spread: np.ndarray, autocorrelation: np.ndarray, years: int) -> np.ndarray:
    """Standard deviation (...) of one year about the trend, from `detrended_sd`.

    A fitted line follows lasting departures, so that what it leaves is too small: by
    the trace of the line's projection of the autocorrelation matrix, exact for ordinary
    least squares on all years. Unknown autocorrelation counts as none.
    """
    rho = np.linspace(0, LARGEST, 51)
    time = np.arange(years)
    line = np.stack([np.ones(years), time - time.mean()])
    line /= np.sqrt((line**2).sum(axis=1, keepdims=True))
    lag = np.abs(time[:, None] - time)
    followed = [np.einsum("ki,ij,kj->", line, r**lag, line) for r in rho]
    left = (years - np.array(followed)) / (years - 2) if years > 2 else np.ones(51)
    return spread / np.sqrt(np.interp(np.nan_to_num(autocorrelation), rho, left))


def mean_variance(autocorrelation: np.ndarray, years: int) -> np.ndarray:
    """Variance (...) of the mean of so many years in a row, that of one year being 1.

    Unknown autocorrelation counts as none.
    """
    rho = np.nan_to_num(autocorrelation)
    total = np.ones_like(rho)
    for lag in range(1, years):
        total += 2 * (1 - lag / years) * rho**lag
    return total / years


def joint_freedom(
    members: np.ndarray,
    weather: np.ndarray,
    *,
    member_freedom: int,
    weather_freedom: np.ndarray | int,
) -> np.ndarray:
    """Degrees of freedom (...) of a variance that is a sum of two, after Welch (1947).

    Parameters
    ----------
    members, weather : (...), the two variances
    member_freedom, weather_freedom : degrees of freedom of each
    """
    parts = members**2 / max(member_freedom, 1) + weather**2 / weather_freedom
    whole = np.full(np.shape(parts), np.inf)
    return np.divide((members + weather) ** 2, parts, out=whole, where=parts > 0)


def t_p(change: np.ndarray, sd: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Two-sided p (...) of a change of this standard deviation; 1 for no change."""
    ratio = np.divide(
        np.abs(change), sd, out=np.where(change == 0, 0.0, np.inf), where=sd > 0
    )
    p = 2 * special.stdtr(freedom, -ratio)
    return np.where(np.isnan(sd) | np.isnan(change), np.nan, p)


def t_half_width(sd: np.ndarray, freedom: np.ndarray, *, level: float) -> np.ndarray:
    """Half width (...) of the interval of a change of this standard deviation."""
    return special.stdtrit(freedom, (1 + level) / 2) * sd
