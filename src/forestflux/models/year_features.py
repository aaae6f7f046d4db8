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
    def of(cls, maps: np.ndarray, lat: np.ndarray, igbp: np.ndarray) -> "GapFiller":
        """The mean years of training rows.

        Parameters
        ----------
        maps : (sample, variable, step), summer in the middle, NaN = gap
        lat : (sample,), degrees north
        igbp : (sample,), class names

        Raises
        ------
        InputError : a variable has no value in any training row
        """
        overall = _interpolate(_mean_year(maps))
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
            mean = _interpolate(_mean_year(maps[(types == kind) & (bands == band)]))
            climatology[kind, band] = np.where(np.isnan(mean), overall, mean)
        return cls(climatology)

    def fill(self, maps: np.ndarray, lat: np.ndarray, igbp: np.ndarray) -> np.ndarray:
        """Maps without gaps, float64 (sample, variable, step).

        The departure from the mean year of the row's forest type and latitude band is
        interpolated linearly in time, the year taken as a circle. A variable without
        any value becomes that mean year itself.
        """
        usual = self.climatology[type_index(igbp), latitude_band(lat)]
        departure = _interpolate(maps - usual)
        return usual + np.nan_to_num(departure, nan=0.0)


def latitude_band(lat: np.ndarray) -> np.ndarray:
    """Band of each latitude (sample,): 0 tropical, 1 temperate, 2 boreal and polar."""
    return np.searchsorted(LATITUDE_BANDS, np.abs(np.asarray(lat, float)))


def summarise(maps: np.ndarray, summary: str) -> np.ndarray:
    """Numbers that stand for a year (sample, feature).

    Parameters
    ----------
    maps : (sample, variable, step), complete
    summary : parts joined by `+`: `steps` (all values), `months` (twelve means),
        `quantiles` (the year sorted: how high and how long, not when)
    """
    parts = {"steps": _steps, "months": _months, "quantiles": _quantiles}
    return np.concatenate([parts[name](maps) for name in summary.split("+")], axis=1)


class Features:
    """Features of any samples; what is learnt for them comes from training rows only.

    A variable that no training row has gives no features.

    Parameters
    ----------
    samples : the training rows
    """

    def __init__(self, samples: Samples) -> None:
        maps, lat, igbp = _parts(samples)
        self.known = np.isfinite(maps).any(axis=(0, 2))
        self.filler = GapFiller.of(maps[:, self.known], lat, igbp)

    def filled(self, samples: Samples) -> np.ndarray:
        """Series (sample, variable, step) with summer in the middle, without gaps.

        A variable that no training row has stays a gap.
        """
        maps, lat, igbp = _parts(samples)
        maps[:, self.known] = self.filler.fill(maps[:, self.known], lat, igbp)
        return maps

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
    """Maps with summer in the middle, latitudes and class names."""
    lat = samples.table["lat"].to_numpy(float)
    maps = season(samples.maps, lat, half_year_shift=True)
    return maps.astype(float), lat, samples.table["igbp"].to_numpy(str)


def _mean_year(maps: np.ndarray) -> np.ndarray:
    """Mean over samples (variable, step), NaN where no sample has a value."""
    valid = np.isfinite(maps)
    count = valid.sum(axis=0)
    total = np.where(valid, maps, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _interpolate(maps: np.ndarray) -> np.ndarray:
    """Series (..., step) with gaps filled linearly on the circle of the year."""
    series = maps.reshape(-1, maps.shape[-1]).copy()
    steps = np.arange(series.shape[1])
    valid = np.isfinite(series)
    for row in np.flatnonzero(valid.any(axis=1) & ~valid.all(axis=1)):
        known = valid[row]
        series[row] = np.interp(
            steps, steps[known], series[row, known], period=len(steps)
        )
    return series.reshape(maps.shape)


def _steps(maps: np.ndarray) -> np.ndarray:
    return maps.reshape(len(maps), -1)


def _months(maps: np.ndarray) -> np.ndarray:
    months = step_months(COMMON_YEAR)
    means = [maps[:, :, months == month].mean(axis=2) for month in range(1, 13)]
    return np.concatenate(means, axis=1)


def _quantiles(maps: np.ndarray) -> np.ndarray:
    levels = np.quantile(maps, QUANTILES, axis=2)
    return np.concatenate(list(levels), axis=1)
