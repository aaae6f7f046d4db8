"""Errors of the changes of cells."""

from dataclasses import dataclass

import numpy as np

from forestflux.change.errors.error_model import ErrorModel
from forestflux.change.errors.year_weights import weigh_difference, weigh_slope
from forestflux.change.year_windows import YearWindow
from forestflux.core.names import TARGET_FLUXES
from forestflux.ensemble.errors.error_components import (
    ErrorComponents,
    correlate_years,
)


@dataclass(frozen=True)
class ChangeErrors:
    """Variances of the errors of the changes of cells (cell,), in the square of their units.

    Attributes
    ----------
    difference : of the pair of years
    window : of the two windows
    slope : over all years
    freedom : degrees of freedom of these variances
    """

    difference: np.ndarray
    window: np.ndarray
    slope: np.ndarray
    freedom: int

    def select(self, part: slice) -> "ChangeErrors":
        """Those of some cells."""
        return ChangeErrors(
            self.difference[part], self.window[part], self.slope[part], self.freedom
        )


def measure_change_errors(
    model: ErrorModel,
    departures: np.ndarray,
    *,
    years: np.ndarray,
    pair: tuple[int, int],
    windows: tuple[YearWindow, YearWindow],
) -> dict[str, ChangeErrors]:
    """Errors of the changes of cells by flux, GPP and NEE.

    Parameters
    ----------
    model : of the errors
    departures : (year, regressor, cell), as `ErrorModel.read_departures` gives them
    years : (year,)
    pair : first and second year
    windows : earlier and later window
    """
    changes = {
        "difference": weigh_difference(years, pair[:1], pair[1:]),
        "window": weigh_difference(years, *(window.years for window in windows)),
        "slope": weigh_slope(years),
    }
    result = {}
    for flux in TARGET_FLUXES:
        components = model.components[flux]
        variances = {
            name: cell_variance(
                components,
                model.response_covariance(flux),
                departures,
                years=years,
                weights=weights,
            )
            for name, weights in changes.items()
        }
        freedom = max(components.clusters - 1, 1)
        result[flux] = ChangeErrors(**variances, freedom=freedom)
    return result


def cell_variance(
    components: ErrorComponents,
    covariance: np.ndarray,
    departures: np.ndarray,
    *,
    years: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Variance (cell,) of the error of a change of cells, (gC m-2 yr-1)^2.

    The level has no part in it: the weights of a change sum to 0.

    Parameters
    ----------
    components : of the flux
    covariance : (regressor, regressor), of the coefficients of the response
    departures : (year, regressor, cell)
    years : (year,)
    weights : (year,), whose weighted sum of the years is the change
    """
    shift = np.tensordot(weights, departures, axes=1)
    response = np.einsum("rc,rc->c", shift, covariance @ shift)
    trend = (components.trend_sd * (weights @ years)) ** 2
    single = weights @ correlate_years(years, components.autocorrelation) @ weights
    return response + trend + components.year_sd**2 * single
