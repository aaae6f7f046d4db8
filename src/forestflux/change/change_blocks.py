"""Change of the cells of one block of rows: its sums and its layers.

A block bounds the memory. It holds all members of the pair and of one more year; of the other
years only the ensemble mean and the departures.
"""

from dataclasses import dataclass

import numpy as np

from forestflux.change.block_years import BlockDepartures, sum_block_years
from forestflux.change.cell_series import CellSeries
from forestflux.change.change_plan import ChangePlan
from forestflux.change.errors.cell_errors import measure_change_errors
from forestflux.change.errors.square_sums import (
    SquareSums,
    number_squares,
    sum_squares,
)
from forestflux.change.map_cells import YearCells, read_cells
from forestflux.change.strata.decomposition import decompose_change
from forestflux.change.strata.divisions import OUTSIDE, group_cells
from forestflux.core.grids.cell_centres import wrap_longitudes


@dataclass(frozen=True)
class BlockChange:
    """Sums and layers of a block.

    Attributes
    ----------
    sums : by name, to be added over blocks: `area (year, stratum)` m2, `inside (year,
        stratum)` m2 of it inside the area of applicability, `total (year,
        variable, member, stratum)` PgC yr-1, `zone_area (year, zone)` m2, `zone_total
        (year, variable, zone)` PgC yr-1, mean of the members, `cells (stratum,)` mapped
        in either year of the pair, `part (part, variable, member, stratum)` PgC yr-1,
        `departures (year, regressor, stratum)` times forest area, m2, `co2_added (effect,
        variable, year, stratum)`, what effects of CO2 would add, PgC yr-1
    squares : forest area of the strata by square, mean over the years
    forest_change : uint8 (y, x), 0 none, then 1 + position in FOREST_CHANGES
    paired : bool (y, x), cells that are mapped in both years of the pair
    weights : (cell,), m2 of forest of the paired cells, mean of the pair
    layers : float32 (cell,) of the paired cells, by name
    """

    sums: dict[str, np.ndarray]
    squares: SquareSums
    forest_change: np.ndarray
    paired: np.ndarray
    weights: np.ndarray
    layers: dict[str, np.ndarray]


def analyse_block(plan: ChangePlan, rows: slice) -> BlockChange:
    """What a block of rows contributes to the tables and to the store."""
    pair = {year: read_cells(plan.maps[year], rows) for year in plan.pair}
    first, second = pair.values()
    names = plan.divisions[-1].names
    change = classify_forest_change(
        first, second, stable_within=plan.stable_within, names=names
    )
    groups = group_cells(plan.divisions, rows, change)
    departures = BlockDepartures(plan, rows)
    paired = pair_cells(first, second)
    series = CellSeries(paired.positions, years=plan.years, windows=plan.windows)
    years = sum_block_years(
        plan, rows, pair=pair, groups=groups, departures=departures, series=series
    )
    errors = measure_change_errors(
        plan.errors,
        departures.at(paired.positions),
        years=np.array(plan.years),
        pair=plan.pair,
        windows=plan.windows,
    )
    number, parts = decompose_change(first, second, groups)
    # Zero is "outside" in the store, whatever its position among the names.
    labels = np.where(change == names.index(OUTSIDE), 0, change + 1).astype("uint8")
    shape = rows.stop - rows.start, -1
    return BlockChange(
        sums=years.sums | {"cells": number, "part": parts},
        squares=sum_squares(
            years.area, years.types, number_block_squares(plan, rows), groups
        ),
        forest_change=labels.reshape(shape),
        paired=paired.mask.reshape(shape),
        weights=paired.weights,
        layers=series.layers(plan.pair, errors),
    )


@dataclass(frozen=True)
class PairedCells:
    """Cells that are mapped in both years of the pair.

    Attributes
    ----------
    positions : (cell,), in the block
    mask : bool, of every cell of the block
    weights : (cell,), m2 of forest, mean of the pair
    """

    positions: np.ndarray
    mask: np.ndarray
    weights: np.ndarray


def pair_cells(first: YearCells, second: YearCells) -> PairedCells:
    """The cells of a block that are mapped in both years."""
    positions = np.intersect1d(first.position, second.position, assume_unique=True)
    mask = np.zeros(first.size, bool)
    mask[positions] = True
    areas = [
        cells.area[np.isin(cells.position, positions)] for cells in (first, second)
    ]
    return PairedCells(positions, mask, (areas[0] + areas[1]) / 2)


def number_block_squares(plan: ChangePlan, rows: slice) -> np.ndarray:
    """Number (cell,) of the square of every cell of a block."""
    grid = plan.errors.grid
    lat, lon = grid.latitudes()[rows], wrap_longitudes(grid.longitudes())
    return number_squares(np.repeat(lat, len(lon)), np.tile(lon, len(lat)))


def classify_forest_change(
    first: YearCells, second: YearCells, *, stable_within: float, names: tuple[str, ...]
) -> np.ndarray:
    """Position in the names (cell,) of every cell of the block, uint8.

    A cell that is mapped in one year only is loss or gain, whatever its fraction.
    """
    fraction, mapped = np.zeros((2, first.size)), np.zeros((2, first.size), bool)
    for year, cells in enumerate((first, second)):
        fraction[year, cells.position] = cells.fraction
        mapped[year, cells.position] = True
    gained = fraction[1] - fraction[0]
    choices = {
        OUTSIDE: ~mapped.any(axis=0),
        "loss": ~mapped[1] | (mapped[0] & (gained < -stable_within)),
        "gain": ~mapped[0] | (gained > stable_within),
    }
    labels = [names.index(name) for name in choices]
    chosen = np.select(list(choices.values()), labels, names.index("stable"))
    return chosen.astype("uint8")
