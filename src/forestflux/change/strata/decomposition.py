"""Decomposition: a total's change as intensity, area and interaction, without a rest.

With A the forest area of a cell and f its flux, in the first and second year of the pair,

    A2 f2 - A1 f1 = A1 (f2 - f1) + (A2 - A1) f1 + (A2 - A1) (f2 - f1):

what the forest that was there does otherwise (intensity), what more or less forest would
do at the old flux (area), and both together (interaction). A cell that is mapped in one
year only has no flux in the other: all of its change is area. So has forest that changed its
type, in the strata of both types, but not in the others.
"""

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.map_cells import YearCells
from forestflux.change.strata.divisions import Groups
from forestflux.change.strata.totals import PG_PER_G, member_half_width
from forestflux.core.names import FLUXES, FOREST_TYPES

PARTS = ("intensity", "area_effect", "interaction")
KINDS = 1 + len(FOREST_TYPES)


def stratum_parts(
    first: YearCells, second: YearCells, groups: Groups
) -> tuple[np.ndarray, np.ndarray]:
    """Cells (stratum,) mapped in either year; parts (part, flux, member, stratum).

    Parameters
    ----------
    first, second : the two years of one block
    groups : of the block's cells

    Returns
    -------
    cells : number of cells; one that changed its type counts in both types
    parts : PgC yr-1, in the order of `PARTS`
    """
    places = np.union1d(first.place, second.place)
    area, kind = np.zeros((2, places.size)), np.zeros((2, places.size), int)
    for position, cells in enumerate((first, second)):
        here = np.searchsorted(places, cells.place)
        area[position, here], kind[position, here] = cells.area, cells.kind
    count = groups.parts.shape[1]
    group = (groups.of_cell[places] * KINDS + kind[0]) * KINDS + kind[1]
    terms = Terms(area, both=(kind > 0).all(axis=0))
    members = len(first.gpp)
    sums = np.empty((5, len(FLUXES), members, count * KINDS**2))
    pairs = zip(first.at(places), second.at(places), strict=True)
    for position, (before, after) in enumerate(pairs):
        for member in range(members):
            for term, values in enumerate(terms.of(before[member], after[member])):
                sums[term, position, member] = np.bincount(
                    group, values, sums.shape[-1]
                )
    sums[:, 2] = sums[:, 1] - sums[:, 0]
    by_kind = (count, KINDS, KINDS)
    number = np.bincount(group, minlength=sums.shape[-1]).reshape(by_kind)
    sums = sums.reshape(*sums.shape[:3], *by_kind) * PG_PER_G
    parts = sums[:3].sum(axis=(-2, -1)) @ groups.parts.T
    parts[..., groups.types] = type_parts(sums.sum(axis=-3))
    cells = number.sum(axis=(-2, -1)) @ groups.parts.T
    cells[groups.types] = type_cells(number.sum(axis=0))
    return cells.astype(int), parts


class Terms:
    """Terms of the change of cells: the three parts, and the totals of both years."""

    def __init__(self, area: np.ndarray, *, both: np.ndarray) -> None:
        """Areas (year, cell), m2; cells that are mapped in both years."""
        self.area, self.both = area, both
        self.gained = area[1] - area[0]

    def of(self, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, ...]:
        """Intensity, area, interaction, first and second total (cell,), gC yr-1.

        Parameters
        ----------
        before, after : flux (cell,), gC m-2 yr-1, NaN where not mapped
        """
        before = np.nan_to_num(before).astype(float)
        after = np.nan_to_num(after).astype(float)
        rise = np.where(self.both, after - before, 0.0)
        totals = self.area[0] * before, self.area[1] * after
        swapped = np.where(self.both, self.gained * before, totals[1] - totals[0])
        return self.area[0] * rise, swapped, self.gained * rise, *totals


def type_parts(sums: np.ndarray) -> np.ndarray:
    """Parts (part, ..., type) from terms (term, ..., first type, second type)."""
    same = np.diagonal(sums, axis1=-2, axis2=-1)[..., 1:]
    left = sums[3].sum(axis=-1)[..., 1:] - same[3]
    came = sums[4].sum(axis=-2)[..., 1:] - same[4]
    return np.stack([same[0], same[1] + came - left, same[2]])


def type_cells(number: np.ndarray) -> np.ndarray:
    """Cells (type,) that had the type in either year, from (first type, second type)."""
    either = number.sum(axis=0) + number.sum(axis=1) - np.diagonal(number)
    return either[1:]


def decomposition_table(totals: xr.Dataset, *, level: float) -> pd.DataFrame:
    """`decomposition.csv`: change and its parts of every stratum and flux.

    Parameters
    ----------
    totals : `part (part, variable, stratum, member)`, PgC yr-1, with `kind` and `code`
    level : probability of the members' intervals, see `member_half_width`
    """
    parts = totals["part"].values
    columns = {"change": parts.sum(axis=0)}
    columns |= dict(zip(PARTS, parts, strict=True))
    frames = []
    for position, variable in enumerate(FLUXES):
        rows = {
            "stratum": totals["stratum"].values,
            "kind": totals["kind"].values,
            "code": totals["code"].values,
            "variable": variable,
        }
        for name, values in columns.items():
            mean = values[position].mean(axis=-1)
            half = member_half_width(values[position], level=level)
            rows |= {
                name: mean,
                f"{name}_lower": mean - half,
                f"{name}_upper": mean + half,
            }
        frames.append(pd.DataFrame(rows))
    return pd.concat(frames, ignore_index=True)
