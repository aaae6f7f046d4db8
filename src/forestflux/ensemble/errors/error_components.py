"""Components of the error of a flux, and how large each of them is.

The error of a flux of a place and year is the sum of

- the error of its **level**, which all years of the place share and which a change does not
  have. Part of it is common to all forest of a type, part goes together over some distance;
- the error of its **response** to the year, which all places share, because its coefficients
  do. Their covariance belongs to `forestflux.models.years.response.Response`;
- an **unseen trend**, which departures of the inputs do not show and all forest has in common;
- the error of the single **year**, which lasts into the next in part.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.errors.correlogram import Correlogram


@dataclass(frozen=True)
class ErrorComponents:
    """Standard deviations of the components of the error of one flux.

    Attributes
    ----------
    level_sd : of the level of a place, about what its type has in common, by forest type,
        gC m-2 yr-1
    type_sd : of what all places of a forest type have in common, gC m-2 yr-1
    level_correlation : between levels of places
    trend_sd : of the unseen trend, gC m-2 yr-2
    year_sd : of a single year of a place, gC m-2 yr-1
    year_correlation : between places in the same year
    autocorrelation : between two years in a row of a place, 0-1
    clusters : of towers that these numbers are from
    """

    level_sd: Mapping[str, float]
    type_sd: Mapping[str, float]
    level_correlation: Correlogram
    trend_sd: float
    year_sd: float
    year_correlation: Correlogram
    autocorrelation: float
    clusters: int

    def by_type(self, name: str) -> np.ndarray:
        """`level_sd` or `type_sd` (type,) in the order of the forest types."""
        values: Mapping[str, float] = getattr(self, name)
        return np.array([values[each] for each in FOREST_TYPES])

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; `ErrorComponents.from_dict` reads them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "ErrorComponents":
        """The components from plain numbers."""
        read = dict(content)
        for name in ("level_correlation", "year_correlation"):
            read[name] = Correlogram(tuple(content[name]["shares"]))
        return cls(**read)


# Of GPP, RECO and NEE, by name.
FluxErrors = Mapping[str, ErrorComponents]


def correlate_years(years: np.ndarray, autocorrelation: float) -> np.ndarray:
    """Correlation (year, year) of the errors of single years of a place."""
    return autocorrelation ** np.abs(np.subtract.outer(years, years)).astype(float)
