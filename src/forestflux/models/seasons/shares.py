"""Shares of the months in a year: what every season model gives, and fluxes made of them."""

from typing import Protocol

import numpy as np

from forestflux.core.calendars.months import MONTHS, list_month_lengths
from forestflux.models.flux_model import Fluxes
from forestflux.prepare.sample_table import Samples

# Fluxes that have shares; NEE = RECO - GPP in each month.
SHARED_FLUXES = ("gpp", "reco")
# The models beside the network, as tables name them: the plain season, and trees.
MEAN_SEASON, TREES = "mean_season", "extra_trees"


class SeasonModel(Protocol):
    """A trained model of the season."""

    def predict_shares(
        self,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        *,
        years: np.ndarray,
    ) -> np.ndarray:
        """Share of each month in GPP and RECO (flux, sample, month), float64, sums to 1.

        Parameters
        ----------
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land
        years : (sample,), calendar years; February of a leap year has a day more
        """
        ...


class MonthIntervals(Protocol):
    """Calibrated intervals of months.

    Attributes
    ----------
    level : nominal coverage, 0-1
    """

    @property
    def level(self) -> float:
        """Nominal coverage, 0-1."""
        ...

    def widths(self, forest_type: np.ndarray, lat: np.ndarray) -> dict[str, np.ndarray]:
        """Half-widths of GPP and NEE by name (sample, month), gC m-2 month-1.

        Parameters
        ----------
        forest_type : (sample,), codes 1-5
        lat : (sample,), degrees north
        """
        ...


def predict_sample_shares(model: SeasonModel, samples: Samples) -> np.ndarray:
    """Shares (flux, sample, month) of the rows of a table, which may be none."""
    if not len(samples):
        return np.empty((len(SHARED_FLUXES), 0, MONTHS))
    years = samples.table["year"].to_numpy(int)
    return model.predict_shares(
        samples.series, samples.lat, samples.forest_type, years=years
    )


def measure_shares(months: np.ndarray) -> np.ndarray:
    """Shares (..., month) of measured months (..., month) in their year.

    Night-time partitioning gives a little negative GPP in winter, which counts as none.
    """
    positive = np.maximum(months, 0.0)
    total = positive.sum(axis=-1, keepdims=True)
    even = np.full(positive.shape, 1 / MONTHS)
    return np.divide(positive, total, out=even, where=total > 0)


def measure_rates(months: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Course of the flux of a mean day (sample, flux, month), sums to 1, of measured months.

    It is the same in years of 365 and 366 days. `spread_rates` turns it into shares.

    Parameters
    ----------
    months : (sample, flux, month), as `measure_shares` takes them
    years : (sample,), calendar years
    """
    rates = measure_shares(months) / list_month_lengths(years)[:, None]
    return rates / rates.sum(axis=-1, keepdims=True)


def spread_rates(rates: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Shares (sample, flux, month) of the months of calendar years; see `measure_rates`."""
    months = rates * list_month_lengths(years)[:, None]
    return months / months.sum(axis=-1, keepdims=True)


def divide_fluxes(annual: Fluxes, shares: np.ndarray) -> Fluxes:
    """GPP and RECO of each month (sample, month), float32, whose sum is that of the year.

    Added up in double precision and rounded, they are the annual numbers: the largest month takes
    what rounding leaves.

    Parameters
    ----------
    annual : GPP and RECO (sample,), rounded to float32 here if they are not
    shares : (flux, sample, month)
    """
    return Fluxes(
        *(
            divide_flux(whole, share)
            for whole, share in zip(annual, shares, strict=True)
        )
    )


def divide_flux(annual: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Months (sample, month), float32, of a flux of the year (sample,); see `divide_fluxes`."""
    whole = np.asarray(annual, "float32").astype(float)
    months = (whole[:, None] * shares).astype("float32")
    left = whole - months.sum(axis=1, dtype=float)
    largest = months.argmax(axis=1)
    rows = np.arange(len(months))
    months[rows, largest] += left.astype("float32")
    return months
