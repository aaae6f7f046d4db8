"""Trend: Theil-Sen slope and Mann-Kendall test of many annual series at once."""

from collections.abc import Iterator

import numpy as np
from scipy import special

# With fewer values a trend cannot be significant: with three the smallest p is 0.30.
MINIMUM_VALUES = 3
# Series at a time, so that their pairwise slopes (4 x 190 x 4096 bytes) fit a core's cache.
CHUNK = 4096


def theil_sen(
    values: np.ndarray,
    years: np.ndarray,
    *,
    minimum: int = MINIMUM_VALUES,
    chunk: int = CHUNK,
) -> np.ndarray:
    """Median of the slopes between all pairs of years, per year, (...).

    Pairs with a NaN do not count. Sen (1968), doi 10.1080/01621459.1968.10480934.

    Parameters
    ----------
    values : (year, ...), NaN = missing; float32 is worked on as float32
    years : (year,)
    minimum : fewest finite values; NaN where a series has fewer
    chunk : series at a time; the working memory is 4 x years^2 x chunk bytes
    """
    series = values.reshape(len(values), -1)
    slope = np.empty(series.shape[1], working_precision(series))
    for part, slopes in pairwise_slopes(series, years, chunk=chunk):
        slope[part] = finite_median(slopes)
    return mask_short_series(slope, series, minimum=max(minimum, 2)).reshape(
        values.shape[1:]
    )


def mann_kendall(
    values: np.ndarray,
    *,
    minimum: int = MINIMUM_VALUES,
    factor: np.ndarray | float = 1.0,
    chunk: int = CHUNK,
) -> np.ndarray:
    """Two-sided p (...) of the hypothesis that a series has no monotonic trend.

    Normal approximation with correction for ties and continuity; 1 for a constant
    series. Kendall (1975), Rank correlation methods, chapter 4.

    Parameters
    ----------
    values : (year, ...) in order of time, NaN = missing
    minimum : fewest finite values; NaN where a series has fewer
    factor : (...) multiplies the variance of the score where years depend on each
        other (`interannual.kendall_variance_factor`); 1 takes them as independent, and then
        persistence from year to year makes p too small
    chunk : series at a time
    """
    series = values.reshape(len(values), -1)
    score, variance = np.empty((2, series.shape[1]))
    for part, slopes in pairwise_slopes(series, np.arange(len(series)), chunk=chunk):
        score[part] = kendall_score(slopes)
        variance[part] = score_variance(series[:, part], slopes)
    p = kendall_p(score, variance * np.broadcast_to(factor, values.shape[1:]).ravel())
    return mask_short_series(p, series, minimum=minimum).reshape(values.shape[1:])


def sen_and_kendall(
    series: np.ndarray, years: np.ndarray, *, minimum: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slope, Kendall's score and its variance (series,) in one pass over the pairs.

    Parameters
    ----------
    series : (year, series), NaN = missing
    years : (year,)
    minimum : fewest finite values; all three NaN where a series has fewer
    """
    result = np.empty((3, series.shape[1]), working_precision(series))
    for part, slopes in pairwise_slopes(series, years, chunk=CHUNK):
        result[1, part] = kendall_score(slopes)
        result[2, part] = score_variance(series[:, part], slopes)
        result[0, part] = finite_median(slopes)  # last, because it sorts in place
    slope, score, variance = mask_short_series(result, series, minimum=max(minimum, 2))
    return slope, score, variance


def pairwise_slopes(
    series: np.ndarray, years: np.ndarray, *, chunk: int
) -> Iterator[tuple[slice, np.ndarray]]:
    """Slopes (pair, series) between all pairs of years, chunk by chunk of series."""
    first, second = np.triu_indices(len(years), 1)
    years = np.asarray(years, working_precision(series))
    step = (years[second] - years[first])[:, None]
    for start in range(0, series.shape[1], chunk):
        part = slice(start, start + chunk)
        values = series[:, part].astype(working_precision(series), copy=False)
        slopes = values[second]
        slopes -= values[first]
        slopes /= step
        yield part, slopes


def working_precision(values: np.ndarray) -> type[np.floating]:
    """Working precision: that of float32 series, else float64."""
    return np.float32 if values.dtype == np.float32 else np.float64


def mask_short_series(
    result: np.ndarray, series: np.ndarray, *, minimum: int
) -> np.ndarray:
    """The result (..., series) with NaN where a series has too few finite values."""
    enough = np.isfinite(series).sum(axis=0) >= minimum
    return np.where(enough, result, np.nan)


def finite_median(values: np.ndarray) -> np.ndarray:
    """Median of the finite values along the first axis, NaN where known is none.

    Sorts `values` in place. numpy.nanmedian does the same one column at a time, which
    is a hundred times slower.
    """
    values.sort(axis=0)  # NaN goes last
    pairs, series = values.shape
    if not pairs:
        return np.full(series, np.nan, values.dtype)
    if np.isfinite(values[-1]).all():
        return (values[(pairs - 1) // 2] + values[pairs // 2]) / 2
    count = np.isfinite(values).sum(axis=0)
    column = np.arange(series)
    low = values[np.maximum(count - 1, 0) // 2, column]
    high = values[np.minimum(count // 2, pairs - 1), column]
    return np.where(count > 0, (low + high) / 2, np.nan)


def kendall_score(slopes: np.ndarray) -> np.ndarray:
    """Kendall's score S (series,): rising minus falling pairs of years."""
    rising = np.count_nonzero(slopes > 0, axis=0)
    return rising - np.count_nonzero(slopes < 0, axis=0)


def score_variance(series: np.ndarray, slopes: np.ndarray) -> np.ndarray | float:
    """Variance of the score under no trend (series,); one number without ties and gaps.

    Parameters
    ----------
    series : (year, series), NaN = missing
    slopes : (pair, series) of the same series, in the order of `pairwise_slopes`
    """
    years = len(series)
    tied = slopes == 0
    known = np.isfinite(series)
    if known.all() and not tied.any():
        return years * (years - 1) * (2 * years + 5) / 18
    n = known.sum(axis=0).astype(float)
    membership = np.zeros((years, len(slopes)))
    for side in np.triu_indices(years, 1):
        membership[side, np.arange(len(slopes))] = 1
    same = 1 + membership @ tied  # Values equal to this one, itself included.
    # Sum over groups of t (t - 1) (2 t + 5) = sum over values of (t - 1) (2 t + 5).
    ties = np.where(known, (same - 1) * (2 * same + 5), 0.0).sum(axis=0)
    return (n * (n - 1) * (2 * n + 5) - ties) / 18


def kendall_p(score: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Two-sided p of Kendall's score, normal with continuity correction."""
    corrected = np.maximum(np.abs(score) - 1, 0)
    z = np.divide(
        corrected,
        np.sqrt(variance),
        out=np.zeros_like(corrected, float),
        where=variance > 0,
    )
    p = np.where(score == 0, 1.0, 2 * special.ndtr(-z))
    return np.where(np.isnan(score) | np.isnan(variance), np.nan, p)
