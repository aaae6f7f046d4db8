"""Features of the classical models: gaps filled, the year summarised."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from forestflux.core.eight_day import step_months
from forestflux.core.errors import InputError
from forestflux.models.network_inputs import TYPES, season, type_index, type_one_hot
from forestflux.prepare.sample_table import Samples

# Degrees north or south at which the climatology of the gap filling changes.
LATITUDE_BANDS = (23.5, 50.0)
QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
# Any common year: features must not depend on which year a row is of.
COMMON_YEAR = 2001


@dataclass(frozen=True)
class GapFiller:
    """Mean years of the training rows, with which gaps of any row are filled.

    Attributes
    ----------
    climatology : (type, band, variable, step), mean year of each forest type and
        latitude band; the mean over all training rows where a group has no value
    """

    climatology: np.ndarray

    @classmethod
    def of(cls, series: np.ndarray, lat: np.ndarray, igbp: np.ndarray) -> "GapFiller":
        """The mean years of training rows.

        Parameters
        ----------
        series : (sample, variable, step), summer in the middle, NaN = gap
        lat : (sample,), degrees north
        igbp : (sample,), class names

        Raises
        ------
        InputError : a variable has no value in any training row
        """
        overall = _interpolate(_mean_year(series))
        if np.isnan(overall).any():
            raise InputError(
                "samples",
                variable=f"variable {int(np.argmax(np.isnan(overall).any(axis=1)))}",
                expected="some values in the training rows",
                found="gaps only",
            )
        shape = (len(TYPES), len(LATITUDE_BANDS) + 1, *overall.shape)
        climatology = np.broadcast_to(overall, shape).copy()
        types, bands = type_index(igbp), latitude_band(lat)
        for kind, band in set(zip(types.tolist(), bands.tolist(), strict=True)):
            mean = _interpolate(_mean_year(series[(types == kind) & (bands == band)]))
            climatology[kind, band] = np.where(np.isnan(mean), overall, mean)
        return cls(climatology)

    def fill(self, series: np.ndarray, lat: np.ndarray, igbp: np.ndarray) -> np.ndarray:
        """Series without gaps, float64 (sample, variable, step).

        The departure from the mean year of the row's forest type and latitude band is
        interpolated linearly in time, the year taken as a circle. A variable without
        any value becomes that mean year itself.
        """
        usual = self.climatology[type_index(igbp), latitude_band(lat)]
        departure = _interpolate(series - usual)
        return usual + np.nan_to_num(departure, nan=0.0)


def latitude_band(lat: np.ndarray) -> np.ndarray:
    """Band of each latitude (sample,): 0 tropical, 1 temperate, 2 boreal and polar."""
    return np.searchsorted(LATITUDE_BANDS, np.abs(np.asarray(lat, float)))


def summarise(series: np.ndarray, summary: str) -> np.ndarray:
    """Numbers that stand for a year (sample, feature).

    Parameters
    ----------
    series : (sample, variable, step), complete
    summary : parts joined by `+`: `steps` (all values), `months` (twelve means),
        `quantiles` (the year sorted: how high and how long, not when)
    """
    parts = {"steps": _steps, "months": _months, "quantiles": _quantiles}
    return np.concatenate([parts[name](series) for name in summary.split("+")], axis=1)


class Features:
    """Features of any samples; what is learnt for them comes from training rows only.

    A variable that no training row has gives no features.

    Parameters
    ----------
    samples : the training rows
    """

    def __init__(self, samples: Samples) -> None:
        series, lat, igbp = _parts(samples)
        self.known = np.isfinite(series).any(axis=(0, 2))
        self.filler = GapFiller.of(series[:, self.known], lat, igbp)

    def filled(self, samples: Samples) -> np.ndarray:
        """Series (sample, variable, step) with summer in the middle, without gaps.

        A variable that no training row has stays a gap.
        """
        series, lat, igbp = _parts(samples)
        series[:, self.known] = self.filler.fill(series[:, self.known], lat, igbp)
        return series

    def matrices(
        self, samples: Samples, summaries: Iterable[str]
    ) -> dict[str, np.ndarray]:
        """Features (sample, feature) by summary, with one column a forest type."""
        filled = self.filled(samples)[:, self.known]
        types = type_one_hot(samples.table["igbp"])
        return {
            name: np.concatenate([summarise(filled, name), types], axis=1)
            for name in summaries
        }


def _parts(samples: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Series with summer in the middle, latitudes and class names."""
    lat = samples.table["lat"].to_numpy(float)
    series = season(samples.series, lat, half_year_shift=True)
    return series.astype(float), lat, samples.table["igbp"].to_numpy(str)


def _mean_year(series: np.ndarray) -> np.ndarray:
    """Mean over samples (variable, step), NaN where no sample has a value."""
    valid = np.isfinite(series)
    count = valid.sum(axis=0)
    total = np.where(valid, series, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _interpolate(series: np.ndarray) -> np.ndarray:
    """Series (..., step) with gaps filled linearly on the circle of the year."""
    rows = series.reshape(-1, series.shape[-1]).copy()
    steps = np.arange(rows.shape[1])
    valid = np.isfinite(rows)
    for row in np.flatnonzero(valid.any(axis=1) & ~valid.all(axis=1)):
        known = valid[row]
        rows[row] = np.interp(steps, steps[known], rows[row, known], period=len(steps))
    return rows.reshape(series.shape)


def _steps(series: np.ndarray) -> np.ndarray:
    return series.reshape(len(series), -1)


def _months(series: np.ndarray) -> np.ndarray:
    months = step_months(COMMON_YEAR)
    means = [series[:, :, months == month].mean(axis=2) for month in range(1, 13)]
    return np.concatenate(means, axis=1)


def _quantiles(series: np.ndarray) -> np.ndarray:
    levels = np.quantile(series, QUANTILES, axis=2)
    return np.concatenate(list(levels), axis=1)
