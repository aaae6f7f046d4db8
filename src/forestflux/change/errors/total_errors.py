"""Errors of the totals of strata, and of any weighted sum of their years."""

from dataclasses import dataclass

import numpy as np

from forestflux.change.errors.error_model import ErrorModel
from forestflux.change.errors.square_sums import SquareSums
from forestflux.core.names import FLUXES, FOREST_TYPES, PG_PER_G
from forestflux.ensemble.errors.error_components import correlate_years


@dataclass(frozen=True)
class TotalErrors:
    """What the errors of totals consist of, by flux and stratum.

    Attributes
    ----------
    model : components of the errors
    years : (year,)
    area : forest area (year, stratum), m2
    departures : times forest area (year, regressor, stratum), m2
    level : variance of the sum of the errors of levels (flux, stratum) for the mean area,
        (gC yr-1)^2
    single : the same of the errors of a single year
    """

    model: ErrorModel
    years: np.ndarray
    area: np.ndarray
    departures: np.ndarray
    level: np.ndarray
    single: np.ndarray

    def variance(self, weights: np.ndarray) -> np.ndarray:
        """Variance (flux, stratum) of the error of a weighted sum of the totals of years.

        Parameters
        ----------
        weights : (year,); NaN gives NaN

        Returns
        -------
        In the square of the unit of that sum, PgC yr-1 for a total and a difference
        """
        mean = self.area.mean(axis=0)
        share = np.divide(self.area, mean, out=np.zeros_like(self.area), where=mean > 0)
        weighted = weights[:, None] * share
        shift = np.tensordot(weights, self.departures, axes=1)
        time = self.years - self.years.mean()
        grown = (weights * time) @ self.area
        result = []
        for position, flux in enumerate(FLUXES):
            components = self.model.components[flux]
            years = correlate_years(self.years, components.autocorrelation)
            covariance = self.model.response_covariance(flux)
            result.append(
                self.level[position] * weighted.sum(axis=0) ** 2
                + np.einsum("rs,rs->s", shift, covariance @ shift)
                + (components.trend_sd * grown) ** 2
                + self.single[position]
                * np.einsum("ys,ys->s", weighted, years @ weighted)
            )
        return np.stack(result) * PG_PER_G**2

    @property
    def freedom(self) -> np.ndarray:
        """Degrees of freedom (flux, 1) of the variances: clusters of towers less one."""
        clusters = [self.model.components[flux].clusters for flux in FLUXES]
        return np.maximum(np.array(clusters)[:, None] - 1, 1)


def collect_total_errors(
    model: ErrorModel,
    squares: SquareSums,
    *,
    years: np.ndarray,
    area: np.ndarray,
    departures: np.ndarray,
) -> TotalErrors:
    """The errors of totals from the sums over all blocks; parameters as the attributes.

    Parameters
    ----------
    squares : area of the strata by square, mean over the years
    """
    level, single = [], []
    for flux in FLUXES:
        components = model.components[flux]
        common = sum(
            (np.asarray(areas.sum(axis=1)).ravel() * components.type_sd[name]) ** 2
            for name, areas in zip(FOREST_TYPES, squares.area, strict=True)
        )
        own = components.by_type("level_sd")
        level.append(squares.sum_variance(own, components.level_correlation) + common)
        each_year = np.full(len(FOREST_TYPES), components.year_sd)
        single.append(squares.sum_variance(each_year, components.year_correlation))
    return TotalErrors(
        model, years, area, departures, np.stack(level), np.stack(single)
    )
