"""Slope and interannual variability of totals, and changes tested against it."""

import numpy as np
import xarray as xr

from forestflux.change.trends.interannual import (
    autocorrelation,
    combine_freedom,
    detrended_sd,
    t_half_width,
    t_test_p,
    year_sd,
)
from forestflux.change.trends.member_spread import member_sd
from forestflux.change.trends.theil_sen import theil_sen


class TotalVariability:
    """Slope and interannual variability of the totals, ensemble mean.

    Attributes
    ----------
    years : (year,)
    mean : totals (year, variable, stratum), PgC yr-1
    slope : Theil-Sen slope (variable, stratum), PgC yr-2
    autocorrelation : lag one (variable, stratum)
    variance : of one year about the slope (variable, stratum); NaN, like the slope, where
        the years do not follow each other
    """

    def __init__(self, totals: xr.Dataset) -> None:
        """Slope and variability of a whole series."""
        self.years = totals["year"].values
        self.mean = totals["total"].mean("member").values
        self.slope = consecutive_slope(self.mean, self.years)
        self.autocorrelation = autocorrelation(self.mean, self.years, self.slope)
        spread = detrended_sd(self.mean, self.years, self.slope)
        self.variance = year_sd(spread, self.autocorrelation, len(self.years)) ** 2

    def assess_change(
        self, change: np.ndarray, variance: np.ndarray, *, level: float
    ) -> dict[str, np.ndarray]:
        """Mean, bounds and p (variable, stratum) of a change of totals.

        Parameters
        ----------
        change : (variable, stratum, member)
        variance : (variable, stratum), what interannual variability adds to the change
        level : probability of the interval
        """
        number = change.shape[-1]
        members = member_sd(change) ** 2 * (1 + 1 / number)
        freedom = combine_freedom(
            members,
            variance,
            member_freedom=number - 1,
            variability_freedom=max(len(self.years) - 2, 1),
        )
        mean, sd = change.mean(axis=-1), np.sqrt(members + variance)
        half = t_half_width(sd, freedom, level=level)
        bounds = {"change_lower": mean - half, "change_upper": mean + half}
        return {"change": mean, **bounds, "change_p": t_test_p(mean, sd, freedom)}


def consecutive_slope(values: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Theil-Sen slope (...) of years that follow each other; NaN for others."""
    if (np.diff(years) != 1).any():
        return np.full(values.shape[1:], np.nan)
    return theil_sen(values, years)
