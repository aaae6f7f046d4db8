"""Interannual variability: how far single years depart from their trend, and how long.

A departure from the trend lasts in part into the next year. A series of sixteen or twenty
years gives only a rough estimate of how much, and one that is too low, because the fitted
trend absorbs some of it. All tests use one coefficient, `autocorrelation`, which is corrected
for that.
"""

import numpy as np

# Fewer years do not determine an autocorrelation, so no p of a trend is given.
TESTED_YEARS = 10
# (n r + 2) / (n - 4) would be free of bias. The rest of the 4 allows for what n years leave
# unknown: it is the smallest whole number with which Mann-Kendall at 5 % finds no more than
# 5 % of trendless series of 16 to 20 years with autocorrelation up to 0.3 significant
# (`python -m benchmarks trend_tests`).
BIAS_CORRECTION = 4.0
# A departure that lasts longer is a disturbance and its recovery rather than weather. Without
# this bound a lasting step would count as variability and hide itself.
LARGEST_AUTOCORRELATION = 0.5


def autocorrelation(
    values: np.ndarray, years: np.ndarray, slope: np.ndarray
) -> np.ndarray:
    """Corrected lag-one autocorrelation (...) of the detrended series, from 0 to 0.5.

    NaN for fewer than ten values or years that do not follow each other; 0 for a series
    that lies on its slope. The corrected estimate is (n r + 4) / (n - 4): the first
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
    residuals, n = detrend(values, years, slope)
    square = (residuals**2).sum(axis=0)
    scale = (np.nan_to_num(values) ** 2).sum(axis=0)
    varies = square > (16 * np.finfo(values.dtype).eps) ** 2 * scale
    product = (residuals[1:] * residuals[:-1]).sum(axis=0)
    r = np.divide(product, square, out=np.zeros_like(square), where=varies)
    corrected = np.clip(
        (n * r + BIAS_CORRECTION) / np.maximum(n - 4, 1), 0, LARGEST_AUTOCORRELATION
    )
    corrected = np.where(varies, corrected, 0)
    return np.where((n >= TESTED_YEARS) & np.isfinite(slope), corrected, np.nan)


def detrend(
    values: np.ndarray, years: np.ndarray, slope: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of the slope (year, ...), mean 0, 0 where missing; values per series."""
    centred = (np.asarray(years, float) - np.mean(years)).astype(values.dtype)
    residuals = values - slope * centred.reshape(-1, *(1,) * (values.ndim - 1))
    known = np.isfinite(residuals)
    n = known.sum(axis=0)
    mean = np.where(known, residuals, 0).sum(axis=0) / np.maximum(n, 1)
    return np.where(known, residuals - mean, 0), n


def kendall_variance_factor(
    autocorrelation: np.ndarray, n: np.ndarray | int
) -> np.ndarray:
    """Factor by which autocorrelation raises the variance of Kendall's score.

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
    """Interannual variability (...): standard deviation about the slope.

    The line takes two degrees of freedom; NaN for fewer than three values.

    Parameters
    ----------
    values : (year, ...), NaN = missing
    years : (year,)
    slope : (...), per year; NaN gives NaN
    """
    residuals, n = detrend(values, years, slope)
    squares = (residuals**2).sum(axis=0)
    variance = np.divide(
        squares, n - 2, out=np.full(squares.shape, np.nan), where=n > 2
    )
    return np.where(np.isfinite(slope), np.sqrt(variance), np.nan)


def year_sd(spread: np.ndarray, autocorrelation: np.ndarray, years: int) -> np.ndarray:
    """Standard deviation (...) of one year about the trend, from `detrended_sd`.

    A fitted line absorbs lasting departures, so the residuals are too small. The correction
    is the trace of the line's projection of the autocorrelation matrix, which is exact for
    ordinary least squares on all years. Unknown autocorrelation counts as none.
    """
    rho = np.linspace(0, LARGEST_AUTOCORRELATION, 51)
    time = np.arange(years)
    line = np.stack([np.ones(years), time - time.mean()])
    line /= np.sqrt((line**2).sum(axis=1, keepdims=True))
    lag = np.abs(time[:, None] - time)
    absorbed = [np.einsum("ki,ij,kj->", line, r**lag, line) for r in rho]
    left = (years - np.array(absorbed)) / (years - 2) if years > 2 else np.ones(51)
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
