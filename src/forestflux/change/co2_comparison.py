"""Totals with and without the effect of CO2, side by side, whichever of them is mapped."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.change_schemas import CO2
from forestflux.change.strata.groups import Groups
from forestflux.change.trends.variability import consecutive_slope
from forestflux.core.names import FLUXES, FOREST_TYPES, PG_PER_G
from forestflux.models.years.co2 import CO2_PPM, EFFECTS, weigh_years


class Co2Sums:
    """What each effect of CO2 would add to the mapped totals of a block, year by year.

    The level of a cell is taken to be the mean of its mapped fluxes.
    """

    def __init__(
        self,
        positions: np.ndarray,
        temperature: np.ndarray,
        *,
        years: Sequence[int],
        mapped: str,
    ) -> None:
        """Nothing added yet.

        Parameters
        ----------
        positions : cells of the block that are mapped in some year (cell,)
        temperature : of their mean year (cell,), C, NaN where unknown
        years : mapped years
        mapped : the effect that is in the maps
        """
        self.positions, self.years = positions, list(years)
        self.flux = np.zeros((2, len(positions)))
        self.area = np.zeros((len(self.years), len(positions)))
        self.groups = np.zeros((len(self.years), len(positions)), int)
        self.steps = np.full((len(EFFECTS), len(self.years), len(positions)), np.nan)
        if all(year in CO2_PPM for year in self.years):
            known = weigh_years(mapped, self.years, temperature)
            for step, effect in zip(self.steps, EFFECTS, strict=True):
                step[:] = np.nan_to_num(
                    weigh_years(effect, self.years, temperature) - known
                )

    def add(
        self,
        year: int,
        position: np.ndarray,
        *,
        area: np.ndarray,
        group: np.ndarray,
        fluxes: tuple[np.ndarray, np.ndarray],
    ) -> None:
        """Add a year: GPP and RECO (cell,) of its cells, their forest area and their group."""
        where = np.searchsorted(self.positions, position)
        row = self.years.index(year)
        self.area[row, where] = area
        self.groups[row, where] = group
        for total, flux in zip(self.flux, fluxes, strict=True):
            total[where] += flux

    def sum_strata(self, groups: Groups) -> np.ndarray:
        """Added totals (effect, variable, year, stratum), PgC yr-1."""
        count = np.maximum((self.area > 0).sum(axis=0), 1)
        gpp, reco = self.flux / count
        shape = groups.membership.shape[1], len(FOREST_TYPES)
        result = []
        for step in self.steps:
            for flux in (gpp, reco, reco - gpp):
                added = self.area * step * flux * PG_PER_G
                sums = [
                    np.bincount(group, values, shape[0] * shape[1])
                    for group, values in zip(self.groups, added, strict=True)
                ]
                result.append(groups.sum_strata(np.reshape(sums, (-1, *shape))))
        return np.reshape(result, (len(EFFECTS), len(FLUXES), *result[0].shape))


def tabulate_co2(
    totals: xr.Dataset,
    added: np.ndarray,
    *,
    pair: tuple[int, int],
    kinds: Sequence[str],
) -> pd.DataFrame:
    """`co2.csv`: change and slope of the totals with each effect of CO2.

    Empty where the CO2 of a mapped year is not known.

    Parameters
    ----------
    totals : `total (year, variable, stratum, member)` PgC yr-1
    added : by each effect (effect, variable, year, stratum), PgC yr-1
    pair : first and second year
    kinds : of the strata
    """
    years = totals["year"].values
    first, second = (years.tolist().index(year) for year in pair)
    mapped = totals["total"].mean("member").transpose("variable", "year", "stratum")
    chosen = np.isin(totals["kind"].values, kinds)
    rows = []
    for effect, more in zip(EFFECTS, added, strict=True):
        for flux, values in zip(FLUXES, mapped.values + more, strict=True):
            own = values[:, chosen]
            table = pd.DataFrame(
                {
                    "co2": effect,
                    "stratum": totals["stratum"].values[chosen],
                    "kind": totals["kind"].values[chosen],
                    "variable": flux,
                    "change": own[second] - own[first],
                    "slope": consecutive_slope(own, years),
                }
            )
            rows.append(table)
    return pd.concat(rows, ignore_index=True)[CO2.names]
