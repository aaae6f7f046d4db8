"""Decomposition of the change of a total into intensity, area and interaction.

With A the forest area of a cell and f its flux, in the first and second year of the pair,

    A2 f2 - A1 f1 = A1 (f2 - f1) + (A2 - A1) f1 + (A2 - A1) (f2 - f1):

the change of the flux on the first year's forest (intensity), the change of the forest area
at the first year's flux (area), and both together (interaction). The three sum to the change
exactly. A cell that is mapped in one year only has no flux in the other, so all of its change
is area. The same holds for forest that changed its type, in the strata of both types, but not
in the other strata.
"""

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.map_cells import YearCells
from forestflux.change.strata.groups import Groups
from forestflux.change.trends.member_spread import member_sd
from forestflux.core.names import FLUXES, FOREST_TYPES, PG_PER_G

CHANGE_PARTS = ("intensity", "area_effect", "interaction")
# Codes of forest types, with 0 for "not mapped".
TYPE_CODES = 1 + len(FOREST_TYPES)


def decompose_change(
    first: YearCells, second: YearCells, groups: Groups
) -> tuple[np.ndarray, np.ndarray]:
    """Cells (stratum,) mapped in either year; parts (part, flux, member, stratum).

    Parameters
    ----------
    first, second : the two years of one block
    groups : of the block's cells

    Returns
    -------
    cells : number of cells; one that changed its type counts in both types, one on the
        border of two regions in both
    parts : PgC yr-1, in the order of `CHANGE_PARTS`
    """
    mapped = np.union1d(first.position, second.position)
    area, types = np.zeros((2, mapped.size)), np.zeros((2, mapped.size), int)
    for year, cells in enumerate((first, second)):
        here = np.searchsorted(mapped, cells.position)
        area[year, here], types[year, here] = cells.area, cells.forest_type
    count = groups.membership.shape[1]
    # One number for the group of a cell and its forest type in both years.
    key = (groups.cell_group[mapped] * TYPE_CODES + types[0]) * TYPE_CODES + types[1]
    terms = ChangeTerms(area, both=np.all(types > 0, axis=0))
    members = len(first.gpp)
    sums = np.empty((5, len(FLUXES), members, count * TYPE_CODES**2))
    pairs = zip(first.fluxes_at(mapped), second.fluxes_at(mapped), strict=True)
    for position, (before, after) in enumerate(pairs):
        for member in range(members):
            for term, values in enumerate(terms.compute(before[member], after[member])):
                sums[term, position, member] = np.bincount(key, values, sums.shape[-1])
    sums[:, 2] = sums[:, 1] - sums[:, 0]
    shape = (count, TYPE_CODES, TYPE_CODES)
    number = np.bincount(key, minlength=sums.shape[-1]).reshape(shape)
    sums = sums.reshape(*sums.shape[:3], *shape) * PG_PER_G
    parts = groups.add_up(sums[:3].sum(axis=(-2, -1)))
    parts[..., groups.types] = sum_type_terms(sums.sum(axis=-3))
    cell_count = groups.count_cells(number.sum(axis=(-2, -1)))
    cell_count[groups.types] = count_type_cells(number.sum(axis=0))
    return cell_count, parts


class ChangeTerms:
    """Terms of the change of cells: its three parts, and the totals of both years."""

    def __init__(self, area: np.ndarray, *, both: np.ndarray) -> None:
        """Areas (year, cell), m2; cells that are mapped in both years."""
        self.area, self.both = area, both
        self.gained = area[1] - area[0]

    def compute(self, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, ...]:
        """Intensity, area, interaction, first and second total (cell,), gC yr-1.

        Parameters
        ----------
        before, after : flux (cell,), gC m-2 yr-1, NaN where not mapped
        """
        before = np.nan_to_num(before).astype(float)
        after = np.nan_to_num(after).astype(float)
        rise = np.where(self.both, after - before, 0.0)
        totals = self.area[0] * before, self.area[1] * after
        area_effect = np.where(self.both, self.gained * before, totals[1] - totals[0])
        return self.area[0] * rise, area_effect, self.gained * rise, *totals


def sum_type_terms(sums: np.ndarray) -> np.ndarray:
    """Parts (part, ..., type) from terms (term, ..., first type, second type)."""
    kept = np.diagonal(sums, axis1=-2, axis2=-1)[..., 1:]
    lost = sums[3].sum(axis=-1)[..., 1:] - kept[3]
    gained = sums[4].sum(axis=-2)[..., 1:] - kept[4]
    return np.stack([kept[0], kept[1] + gained - lost, kept[2]])


def count_type_cells(number: np.ndarray) -> np.ndarray:
    """Cells (type,) that had the type in either year, from (first type, second type)."""
    either = number.sum(axis=0) + number.sum(axis=1) - np.diagonal(number)
    return either[1:]


def tabulate_decomposition(totals: xr.Dataset) -> pd.DataFrame:
    """`decomposition.csv`: change and its parts of every stratum and flux.

    Parameters
    ----------
    totals : `part (part, variable, stratum, member)`, PgC yr-1, with `kind` and `code`
    """
    parts = totals["part"].values
    columns = {"change": parts.sum(axis=0)}
    columns |= dict(zip(CHANGE_PARTS, parts, strict=True))
    tables = []
    for position, variable in enumerate(FLUXES):
        rows = {
            "stratum": totals["stratum"].values,
            "kind": totals["kind"].values,
            "code": totals["code"].values,
            "variable": variable,
        }
        for name, values in columns.items():
            mean = values[position].mean(axis=-1)
            rows |= {name: mean, f"{name}_member_sd": member_sd(values[position])}
        tables.append(pd.DataFrame(rows))
    return pd.concat(tables, ignore_index=True)
