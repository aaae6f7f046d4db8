"""Change of the cells of one block of rows: its sums and its layers.

A block bounds the memory. It holds all members of the pair and of one more year; of the other
years only the ensemble mean and the departures.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.change.cell_series import CellSeries
from forestflux.change.co2_comparison import FedSums
from forestflux.change.errors.cell_errors import measure_change_errors
from forestflux.change.errors.error_model import ErrorModel
from forestflux.change.errors.place_sums import PlaceSums, number_squares, sum_places
from forestflux.change.map_cells import (
    YearCells,
    read_cells,
    read_places,
    sum_groups,
)
from forestflux.change.strata.decomposition import decompose_change
from forestflux.change.strata.divisions import OUTSIDE, Division, group_cells
from forestflux.change.strata.groups import Groups, number_groups
from forestflux.change.year_windows import YearWindow
from forestflux.core.grids.cell_centres import wrap_longitudes
from forestflux.core.names import FOREST_TYPES, PG_PER_G


@dataclass(frozen=True)
class ChangePlan:
    """What is analysed, the same for every block.

    Attributes
    ----------
    maps : map store by year
    years : mapped years in order
    pair : first and second year
    windows : earlier and later window
    divisions : of the maps; the last one is the change of the forest
    zones : zone of every row of the maps (y,), counted from the North Pole
    stable_within : change of the forest fraction up to which a cell is stable, 0-1
    errors : of the maps
    co2 : effect of CO2 that is in the maps
    """

    maps: dict[int, Path]
    years: list[int]
    pair: tuple[int, int]
    windows: tuple[YearWindow, YearWindow]
    divisions: list[Division]
    zones: np.ndarray
    stable_within: float
    errors: ErrorModel
    co2: str = "none"


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
        `moved (year, regressor, stratum)`, departures times forest area, m2, `fed (effect,
        variable, year, stratum)`, what effects of CO2 would add, PgC yr-1
    places : forest area of the strata by place, mean over the years
    forest_change : uint8 (y, x), 0 none, then 1 + position in FOREST_CHANGES
    paired : bool (y, x), cells that are mapped in both years of the pair
    weights : (cell,), m2 of forest of the paired cells, mean of the pair
    layers : float32 (cell,) of the paired cells, by name
    """

    sums: dict[str, np.ndarray]
    places: PlaceSums
    forest_change: np.ndarray
    paired: np.ndarray
    weights: np.ndarray
    layers: dict[str, np.ndarray]


def analyse_block(plan: ChangePlan, rows: slice) -> BlockChange:
    """What a block of rows contributes to the tables and to the store."""
    pair = {year: read_cells(plan.maps[year], rows) for year in plan.pair}
    first, second = pair.values()
    changes = plan.divisions[-1].names
    change = classify_forest_change(
        first, second, stable_within=plan.stable_within, names=changes
    )
    groups = group_cells(plan.divisions, rows, change)
    places = np.intersect1d(first.place, second.place, assume_unique=True)
    series = CellSeries(places, years=plan.years, windows=plan.windows)
    moved = BlockDepartures(plan, rows)
    fed = FedSums(
        moved.places,
        plan.errors.read_temperature(rows, moved.places),
        years=plan.years,
        mapped=plan.co2,
    )
    sums, area, types = [], np.zeros(first.size), np.zeros(first.size, int)
    for year in plan.years:
        cells = pair[year] if year in pair else read_cells(plan.maps[year], rows)
        sums.append(
            sum_year(cells, groups, plan.zones, rows)
            | {"moved": moved.sum_strata(year, cells, groups)}
        )
        series.add(year, cells)
        fed.add(
            year,
            cells.place,
            area=cells.area,
            group=number_groups(cells, groups),
            fluxes=(cells.gpp.mean(axis=0), cells.reco.mean(axis=0)),
        )
        area[cells.place] += cells.area / len(plan.years)
        types[cells.place] = cells.forest_type
    number, parts = decompose_change(first, second, groups)
    areas = [c.area[np.isin(c.place, places)] for c in (first, second)]
    paired = np.zeros(first.size, bool)
    paired[places] = True
    shape = rows.stop - rows.start, -1
    labels = np.where(change == changes.index(OUTSIDE), 0, change + 1).astype("uint8")
    errors = measure_change_errors(
        plan.errors,
        moved.at(places),
        years=np.array(plan.years),
        pair=plan.pair,
        windows=plan.windows,
    )
    return BlockChange(
        sums={name: np.stack([year[name] for year in sums]) for name in sums[0]}
        | {"cells": number, "part": parts, "fed": fed.sum_strata(groups)},
        places=sum_places(area, types, number_block_squares(plan, rows), groups),
        forest_change=labels.reshape(shape),
        paired=paired.reshape(shape),
        weights=(areas[0] + areas[1]) / 2,
        layers=series.layers(plan.pair, errors),
    )


def number_block_squares(plan: ChangePlan, rows: slice) -> np.ndarray:
    """Number (cell,) of the square of every cell of a block."""
    grid = plan.errors.grid
    lat, lon = grid.latitudes()[rows], wrap_longitudes(grid.longitudes())
    return number_squares(np.repeat(lat, len(lon)), np.tile(lon, len(lat)))


class BlockDepartures:
    """Departures of the forest cells of a block in all years."""

    def __init__(self, plan: ChangePlan, rows: slice) -> None:
        """Read them, of every cell that is mapped in some year."""
        mapped = [read_places(plan.maps[year], rows) for year in plan.years]
        self.places = np.unique(np.concatenate(mapped))
        self.years = plan.years
        self.values = plan.errors.read_departures(rows, self.places, plan.years)

    def at(self, places: np.ndarray) -> np.ndarray:
        """Departures (year, regressor, place)."""
        return self.values[..., np.searchsorted(self.places, places)]

    def sum_strata(self, year: int, cells: YearCells, groups: Groups) -> np.ndarray:
        """Departures times forest area (regressor, stratum) in a year, m2."""
        where = np.searchsorted(self.places, cells.place)
        own = self.values[self.years.index(year)][:, where]
        shape = groups.membership.shape[1], len(FOREST_TYPES)
        group, count = number_groups(cells, groups), shape[0] * shape[1]
        sums = [np.bincount(group, cells.area * each, count) for each in own]
        return groups.sum_strata(np.reshape(sums, (len(own), *shape)))


def classify_forest_change(
    first: YearCells, second: YearCells, *, stable_within: float, names: tuple[str, ...]
) -> np.ndarray:
    """Position in the names (cell,) of every cell of the block, uint8.

    A cell that is mapped in one year only is loss or gain, whatever its fraction.
    """
    fraction, mapped = np.zeros((2, first.size)), np.zeros((2, first.size), bool)
    for position, cells in enumerate((first, second)):
        fraction[position, cells.place] = cells.fraction
        mapped[position, cells.place] = True
    moved = fraction[1] - fraction[0]
    choices = {
        OUTSIDE: ~mapped.any(axis=0),
        "loss": ~mapped[1] | (mapped[0] & (moved < -stable_within)),
        "gain": ~mapped[0] | (moved > stable_within),
    }
    labels = [names.index(name) for name in choices]
    chosen = np.select(list(choices.values()), labels, names.index("stable"))
    return chosen.astype("uint8")


def sum_year(
    cells: YearCells, groups: Groups, zones: np.ndarray, rows: slice
) -> dict[str, np.ndarray]:
    """Area and totals of a year by stratum and by zone, see `BlockChange`."""
    shape = groups.membership.shape[1], len(FOREST_TYPES)
    group = number_groups(cells, groups)
    area, total = sum_groups(cells, group, shape[0] * shape[1])
    inside = np.bincount(group, cells.area * cells.inside, shape[0] * shape[1])
    zone, count = zones[rows][cells.row], zones[-1] + 1
    gpp, reco = (flux.mean(axis=0, dtype=float) for flux in (cells.gpp, cells.reco))
    return {
        "area": groups.sum_strata(area.reshape(shape)),
        "inside": groups.sum_strata(inside.reshape(shape)),
        "total": groups.sum_strata(total.reshape(*total.shape[:2], *shape)),
        "zone_area": np.bincount(zone, cells.area, count),
        "zone_total": np.stack(
            [
                np.bincount(zone, cells.area * flux, count) * PG_PER_G
                for flux in (gpp, reco, reco - gpp)
            ]
        ),
    }
