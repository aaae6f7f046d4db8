"""The trained season: fluxes of months with intervals, from fluxes of the year and series."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forestflux.core.months import MONTHS
from forestflux.ensemble.intervals.month_intervals import MonthCalibration
from forestflux.models.flux_model import Fluxes
from forestflux.models.seasons.season_regressor import SeasonRegressor
from forestflux.models.seasons.shares import divide_fluxes


@dataclass(frozen=True)
class TrainedSeason:
    """The season network with its intervals.

    Attributes
    ----------
    network : trained
    calibration : level and half-widths of the intervals of a month
    inputs : unit of each input series, in the order of the network
    """

    network: SeasonRegressor
    calibration: MonthCalibration
    inputs: Mapping[str, str]

    def divide(
        self,
        annual: Fluxes,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
    ) -> dict[str, np.ndarray]:
        """GPP, RECO and NEE of each month with intervals, float32 (sample, month).

        Keys are gpp, reco, nee, gpp_lower, gpp_upper, nee_lower and nee_upper, gC m-2 month-1.
        The months of GPP and of RECO add up to `annual`; NEE = RECO - GPP.

        Parameters
        ----------
        annual : GPP and RECO of the year (sample,), gC m-2 yr-1
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land
        """
        if not len(lat):
            shares = np.empty((2, 0, MONTHS))
        else:
            shares = self.network.predict_shares(series, lat, forest_type)
        months = divide_fluxes(annual, shares)
        bounds = self.calibration.interval(months.gpp, months.nee, forest_type, lat)
        return {
            "gpp": months.gpp,
            "reco": months.reco,
            "nee": months.nee,
            **{name: ends.astype("float32") for name, ends in bounds.items()},
        }
