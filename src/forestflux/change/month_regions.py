"""Months of every stratum: forest area, mean and total of each month of each mapped year.

Maps are read in blocks of rows from the north, one year after the other, and blocks are added up
in that order: what is in memory does not grow with the globe, and the sums are the same whatever
the tiles.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.change.change_schemas import MONTH_REGIONS
from forestflux.change.map_cells import (
    YearCells,
    read_cells,
    row_blocks,
    sum_groups,
)
from forestflux.change.strata.divisions import Division, group_cells, list_strata
from forestflux.change.strata.groups import Groups, number_groups
from forestflux.core.calendars.months import MONTHS
from forestflux.core.grids.forest_area import divide_by_area
from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, FOREST_TYPES, PG_PER_G
from forestflux.jobs.stores.store import load_store, open_store

# GPP and RECO; NEE = RECO - GPP.
SUMMED = FLUXES[:2]


def tabulate_month_regions(
    months: Mapping[int, Path], maps: Mapping[int, Path], divisions: Sequence[Division]
) -> pd.DataFrame:
    """The table `MONTH_REGIONS`.

    Parameters
    ----------
    months, maps : by year, stores of the months and of the map of the year
    divisions : of the grid of the maps, those that no pair of years decides

    Raises
    ------
    InputError : years of one side are missing on the other; a layer is missing or damaged; a
        mapped cell without months
    """
    if set(months) != set(maps):
        raise InputError(
            MONTH_REGIONS.path,
            variable="year",
            expected=f"months of the mapped years {sorted(maps)}",
            found=f"months of {sorted(months)}",
        )
    years, strata = sorted(maps), list_strata(list(divisions))
    area = np.zeros((len(years), len(strata)))
    annual = np.zeros((len(years), len(FLUXES), len(strata)))
    monthly = np.zeros((len(years), len(SUMMED), MONTHS, len(strata)))
    columns = open_store(maps[years[0]]).sizes["x"]
    for rows in row_blocks(maps[years[0]]):
        none_changed = np.zeros((rows.stop - rows.start) * columns, int)
        groups = group_cells(list(divisions), rows, none_changed)
        for position, year in enumerate(years):
            cells = read_cells(maps[year], rows)
            group, shape = number_groups(cells, groups), group_shape(groups)
            of_groups, totals = sum_groups(cells, group, int(np.prod(shape)))
            area[position] += groups.sum_strata(of_groups.reshape(shape))
            totals = totals.mean(axis=1).reshape(len(FLUXES), *shape)
            annual[position] += groups.sum_strata(totals)
            sums = sum_months(months[year], rows, cells, group=group, shape=shape)
            monthly[position] += groups.sum_strata(sums)
    closed = close_months(monthly, annual[:, : len(SUMMED)])
    nee = closed[:, 1] - closed[:, 0]
    totals = np.concatenate([closed, nee[:, None]], axis=1)
    return stack_months(years, strata, area, totals)


def group_shape(groups: Groups) -> tuple[int, int]:
    """Number of groups and of forest types."""
    return groups.membership.shape[1], len(FOREST_TYPES)


def sum_months(
    path: Path,
    rows: slice,
    cells: YearCells,
    *,
    group: np.ndarray,
    shape: tuple[int, int],
) -> np.ndarray:
    """Totals (flux, month, group, type) of GPP and RECO of some rows, PgC month-1.

    Parameters
    ----------
    path : store of the months of a year
    rows : of the grid
    cells : mapped ones of these rows and this year
    group : number (cell,) of the group and type of each
    shape : number of groups and of types

    Raises
    ------
    InputError : a layer is missing or damaged; a mapped cell has no months
    """
    layers = load_store(path, SUMMED, rows=rows)
    sums = np.empty((len(SUMMED), MONTHS, *shape))
    for flux, name in enumerate(SUMMED):
        for month, layer in enumerate(layers[name].values):
            values = layer.ravel()[cells.position]
            if not np.isfinite(values).all():
                raise InputError(
                    path,
                    variable=name,
                    expected="a flux of each month wherever the year is mapped",
                    found=f"{(~np.isfinite(values)).sum()} cells without",
                )
            total = np.bincount(group, cells.area * values, int(np.prod(shape)))
            sums[flux, month] = total.reshape(shape) * PG_PER_G
    return sums


def close_months(monthly: np.ndarray, annual: np.ndarray) -> np.ndarray:
    """Totals of the months that add up to those of the year.

    Cells of a map are rounded to single precision, totals of the year are sums over members: the
    two differ in the eighth digit.

    Parameters
    ----------
    monthly : (year, flux, month, stratum)
    annual : (year, flux, stratum)
    """
    whole = monthly.sum(axis=2)
    factor = np.divide(annual, whole, out=np.ones_like(whole), where=whole > 0)
    return monthly * factor[:, :, None]


def stack_months(
    years: Sequence[int],
    strata: Sequence[tuple[str, str, str]],
    area: np.ndarray,
    totals: np.ndarray,
) -> pd.DataFrame:
    """The table from areas (year, stratum) and totals (year, flux, month, stratum)."""
    forest = area.max(axis=0) > 0
    names, kinds, codes = (
        np.array(each, object)[forest] for each in zip(*strata, strict=True)
    )
    totals = totals[..., forest].transpose(0, 3, 1, 2)
    area = np.broadcast_to(area[:, forest, None, None], totals.shape)
    year, stratum, flux, month = np.indices(totals.shape)
    columns = {
        "year": np.array(years)[year],
        "stratum": names[stratum],
        "kind": kinds[stratum],
        "code": codes[stratum],
        "area": area,
        "variable": np.array(FLUXES, object)[flux],
        "month": month + 1,
        "mean": divide_by_area(totals / PG_PER_G, area),
        "total": totals,
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})
