"""The plain season: the mean of towers of the same forest type at a similar latitude.

What a season model has to beat. It looks at no satellite and gives every year of a place the same
season.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from forestflux.core.calendars.months import MONTHS
from forestflux.models.seasons.shares import (
    SHARED_FLUXES,
    measure_rates,
    spread_rates,
)
from forestflux.prepare.sample_table import Samples

# Standard deviation of the weights along latitude, degrees, and the weight of another type.
LATITUDE_SD = 6.0
OTHER_TYPE = 0.05
# No place is without a season, however far it lies from all towers.
LEAST_WEIGHT = 1e-9
HALF_YEAR = MONTHS // 2


@dataclass(frozen=True)
class MeanSeasons:
    """Seasons of training rows, a `SeasonModel`.

    Attributes
    ----------
    rates : (row, flux, month) of a mean day, southern years moved by half a year
    lat : degrees from the equator (row,)
    forest_type : codes (row,)
    weight : (row,)
    """

    rates: np.ndarray
    lat: np.ndarray
    forest_type: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, samples: Samples, months: np.ndarray) -> Self:
        """The seasons of samples that have months (sample, flux, month)."""
        known = np.isfinite(months).all(axis=(1, 2))
        own = samples.take(known)
        return cls(
            turn_south(
                measure_rates(months[known], own.table["year"].to_numpy(int)), own.lat
            ),
            np.abs(own.lat),
            own.forest_type,
            own.table["weight"].to_numpy(float),
        )

    def predict_shares(
        self,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        *,
        years: np.ndarray,
    ) -> np.ndarray:
        """Share of each month (flux, sample, month), see `SeasonModel`."""
        rates = np.empty((len(lat), len(SHARED_FLUXES), MONTHS))
        for row, (latitude, kind) in enumerate(zip(lat, forest_type, strict=True)):
            far = (self.lat - abs(latitude)) / LATITUDE_SD
            near = np.exp(-0.5 * far**2) + LEAST_WEIGHT
            alike = np.where(self.forest_type == kind, 1.0, OTHER_TYPE)
            weight = near * alike * self.weight
            rates[row] = np.tensordot(weight / weight.sum(), self.rates, axes=1)
        return spread_rates(turn_south(rates, lat), years).transpose(1, 0, 2)


def turn_south(rates: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """A copy of (sample, ..., month) with southern years moved by half a year."""
    turned = np.array(rates)
    south = np.asarray(lat) < 0
    turned[south] = np.roll(turned[south], HALF_YEAR, axis=-1)
    return turned
