"""Weather: slope and interannual variability of totals, and changes against it."""

import numpy as np
import xarray as xr

from forestflux.change.strata.totals import member_sd
from forestflux.change.trends.interannual import (
    autocorrelation,
    detrended_sd,
    joint_freedom,
    t_half_width,
    t_p,
    year_sd,
)
from forestflux.change.trends.theil_sen import theil_sen


class Weather:
    """Slope and interannual variability of the totals, ensemble mean.

    Attributes
    ----------
    years : (year,)
    mean : totals (year, variable, stratum), PgC yr-1
    slope : Theil-Sen slope (variable, stratum), PgC yr-2
    rho : autocorrelation (variable, stratum)
    variance : of one year about the slope (variable, stratum); NaN, like the slope, where
        the years do not follow each other
    """

    def __init__(self, totals: xr.Dataset) -> None:
        """Slope and variability of a whole series."""
        self.years = totals["year"].values
        self.mean = totals["total"].mean("member").values
        self.slope = consecutive_slope(self.mean, self.years)
        self.rho = autocorrelation(self.mean, self.years, self.slope)
        spread = detrended_sd(self.mean, self.years, self.slope)
        self.variance = year_sd(spread, self.rho, len(self.years)) ** 2

    def compared(
        self, change: np.ndarray, weather: np.ndarray, *, level: float
    ) -> dict[str, np.ndarray]:
        """Mean, bounds and p (variable, stratum) of a change of totals.

        Parameters
        ----------
        change : (variable, stratum, member)
        weather : (variable, stratum), its variance from interannual variability
        level : probability of the interval
        """
        number = change.shape[-1]
        members = member_sd(change) ** 2 * (1 + 1 / number)
        freedom = joint_freedom(
            members,
            weather,
            member_freedom=number - 1,
            weather_freedom=max(len(self.years) - 2, 1),
        )
        mean, sd = change.mean(axis=-1), np.sqrt(members + weather)
        half = t_half_width(sd, freedom, level=level)
        bounds = {"change_lower": mean - half, "change_upper": mean + half}
        return {"change": mean, **bounds, "change_p": t_p(mean, sd, freedom)}


def consecutive_slope(values: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Theil-Sen slope (...) of years that follow each other; NaN for others."""
    if (np.diff(years) != 1).any():
        return np.full(values.shape[1:], np.nan)
    return theil_sen(values, years)
