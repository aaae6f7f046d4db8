"""The trained season: fluxes of months with intervals, from fluxes of the year and series."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from forestflux.core.calendars.months import MONTH_FLUX_UNIT, MONTHS
from forestflux.ensemble.intervals.month_intervals import MonthCalibration
from forestflux.ensemble.masked_dataset import read_forest_cells
from forestflux.models.flux_model import Fluxes
from forestflux.models.seasons.season_regressor import SeasonRegressor
from forestflux.models.seasons.shares import SHARED_FLUXES, divide_fluxes


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

    def predict(self, dataset: xr.Dataset, annual: xr.Dataset) -> xr.Dataset:
        """The months of the fluxes of a year, with intervals.

        Parameters
        ----------
        dataset : masked, as `forestflux.ensemble.trained_ensemble.Ensemble.predict` takes it
        annual : what that gives for it

        Returns
        -------
        gpp, reco, nee, gpp_lower, gpp_upper, nee_lower, nee_upper : float32 with the rows and
            columns of the dataset and `month` (1-12), gC m-2 month-1, NaN where `annual` is; the
            months of `gpp` and `reco` add up to it

        Raises
        ------
        InputError : a variable, its unit, the calendar, a forest type or a latitude does not fit
        """
        cells = read_forest_cells(dataset, inputs=self.inputs, ranges={})
        gpp, reco = (
            annual[flux].values.reshape(cells.forest.shape)[cells.forest]
            for flux in SHARED_FLUXES
        )
        made = self.divide(
            Fluxes(gpp, reco), cells.series, cells.lat, cells.types, year=cells.year
        )
        result = xr.Dataset(coords=cells.like.coords)
        for name, values in made.items():
            layer = np.full((MONTHS, *cells.forest.shape), np.nan, "float32")
            layer[:, cells.forest] = values.T
            attributes = {"units": MONTH_FLUX_UNIT, "long_name": f"{name} of the month"}
            result[name] = ("month", "y", "x"), layer, attributes
        result = result.assign_coords(month=np.arange(1, MONTHS + 1))
        return cells.restore(result)

    def divide(
        self,
        annual: Fluxes,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        *,
        year: int,
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
        year : calendar year of all samples
        """
        if not len(lat):
            shares = np.empty((2, 0, MONTHS))
        else:
            years = np.full(len(lat), year)
            shares = self.network.predict_shares(series, lat, forest_type, years=years)
        months = divide_fluxes(annual, shares)
        bounds = self.calibration.interval(months.gpp, months.nee, forest_type, lat)
        return {
            "gpp": months.gpp,
            "reco": months.reco,
            "nee": months.nee,
            **{name: ends.astype("float32") for name, ends in bounds.items()},
        }
