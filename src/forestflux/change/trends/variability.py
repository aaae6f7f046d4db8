"""Slope and interannual variability of totals, and changes tested against it."""

import numpy as np
import xarray as xr

from forestflux.change.trends.interannual import (
    autocorrelation,
    detrended_sd,
    year_sd,
)
from forestflux.change.trends.t_tests import combine_freedom, t_half_width, t_test_p
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
        self,
        change: np.ndarray,
        error: np.ndarray,
        variability: np.ndarray,
        *,
        freedom: np.ndarray,
        level: float,
    ) -> dict[str, np.ndarray]:
        """A change of totals, its bounds and its p (variable, stratum).

        The bounds are of the change between just these years. The p asks whether more has
        changed than errors and the weather of single years together explain.

        Parameters
        ----------
        change : (variable, stratum)
        error : variance of its error (variable, stratum)
        variability : (variable, stratum), what interannual variability adds to the change
        freedom : of the variance of the error, broadcasts with it
        level : probability of the interval
        """
        whole = combine_freedom(
            error,
            variability,
            error_freedom=freedom,
            variability_freedom=max(len(self.years) - 2, 1),
        )
        half = t_half_width(np.sqrt(error), freedom, level=level)
        return {
            "change": change,
            "change_lower": change - half,
            "change_upper": change + half,
            "change_p": t_test_p(change, np.sqrt(error + variability), whole),
        }


def consecutive_slope(values: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Theil-Sen slope (...) of years that follow each other; NaN for others."""
    if (np.diff(years) != 1).any():
        return np.full(values.shape[1:], np.nan)
    return theil_sen(values, years)
