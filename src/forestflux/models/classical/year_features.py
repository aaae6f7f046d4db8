"""Features of the classical models: gaps filled, the year summarised."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from forestflux.core.calendars.eight_day import step_months
from forestflux.core.climates import CLIMATE_BOUNDS
from forestflux.core.input_errors import InputError
from forestflux.models.network_inputs import (
    TYPES,
    align_season,
    one_hot_types,
    type_positions,
)
from forestflux.prepare.mean_years import average_known
from forestflux.prepare.sample_table import Samples

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
    def of(
        cls, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> "GapFiller":
        """The mean years of training rows.

        Parameters
        ----------
        series : (sample, variable, step), summer in the middle, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land

        Raises
        ------
        InputError : a variable has no value in any training row
        """
        overall = _interpolate(average_known(series))
        if np.isnan(overall).any():
            raise InputError(
                "samples",
                variable=f"variable {int(np.argmax(np.isnan(overall).any(axis=1)))}",
                expected="some values in the training rows",
                found="gaps only",
            )
        shape = (len(TYPES), len(CLIMATE_BOUNDS) + 1, *overall.shape)
        climatology = np.broadcast_to(overall, shape).copy()
        types, bands = type_positions(forest_type), latitude_band(lat)
        for kind, band in set(zip(types.tolist(), bands.tolist(), strict=True)):
            mean = _interpolate(
                average_known(series[(types == kind) & (bands == band)])
            )
            climatology[kind, band] = np.where(np.isnan(mean), overall, mean)
        return cls(climatology)

    def fill(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> np.ndarray:
        """Series without gaps, float64 (sample, variable, step).

        The departure from the mean year of the row's forest type and latitude band is
        interpolated linearly in time, the year taken as a circle. A variable without
        any value becomes that mean year itself.
        """
        usual = self.climatology[type_positions(forest_type), latitude_band(lat)]
        departure = _interpolate(series - usual)
        return usual + np.nan_to_num(departure, nan=0.0)


def latitude_band(lat: np.ndarray) -> np.ndarray:
    """Band of each latitude (sample,): 0 tropical, 1 temperate, 2 boreal and polar."""
    # A latitude on a bound is in the lower band here, in the upper one of `climate_of`.
    return np.searchsorted(CLIMATE_BOUNDS, np.abs(np.asarray(lat, float)))


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
        aligned = _align(samples.series, samples.lat)
        self.known = np.isfinite(aligned).any(axis=(0, 2))
        self.filler = GapFiller.of(
            aligned[:, self.known], samples.lat, samples.forest_type
        )

    def fill(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> np.ndarray:
        """Series (sample, variable, step) with summer in the middle, without gaps.

        A variable that no training row has stays a gap.

        Parameters
        ----------
        series : (sample, variable, step), calendar order, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land
        """
        aligned = _align(series, lat)
        known = aligned[:, self.known]
        aligned[:, self.known] = self.filler.fill(known, lat, forest_type)
        return aligned

    def matrices(
        self,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        *,
        summaries: Iterable[str],
    ) -> dict[str, np.ndarray]:
        """Features (sample, feature) by summary, with one column a forest type.

        Parameters
        ----------
        series, lat, forest_type : as in `fill`
        summaries : as in `summarise`
        """
        complete = self.fill(series, lat, forest_type)[:, self.known]
        types = one_hot_types(forest_type)
        return {
            name: np.concatenate([summarise(complete, name), types], axis=1)
            for name in summaries
        }


def _align(series: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Float64 series with summer in the middle, rounded to float32 as samples are."""
    return align_season(series.astype("float32"), lat).astype(float)


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
