"""Sums over the cells of a block of rows, year by year."""

from dataclasses import dataclass

import numpy as np

from forestflux.change.cell_series import CellSeries
from forestflux.change.change_plan import ChangePlan
from forestflux.change.co2_comparison import Co2Sums
from forestflux.change.map_cells import (
    YearCells,
    read_cells,
    read_positions,
    sum_groups,
)
from forestflux.change.strata.groups import Groups, number_groups
from forestflux.core.names import FOREST_TYPES, PG_PER_G


class BlockDepartures:
    """Departures of the forest cells of a block in all years."""

    def __init__(self, plan: ChangePlan, rows: slice) -> None:
        """Read them, of every cell that is mapped in some year."""
        mapped = [read_positions(plan.maps[year], rows) for year in plan.years]
        self.positions = np.unique(np.concatenate(mapped))
        self.years = plan.years
        self.values = plan.errors.read_departures(rows, self.positions, plan.years)

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Departures (year, regressor, cell) of the cells at some positions."""
        return self.values[..., np.searchsorted(self.positions, positions)]

    def sum_strata(self, year: int, cells: YearCells, groups: Groups) -> np.ndarray:
        """Departures times forest area (regressor, stratum) in a year, m2."""
        where = np.searchsorted(self.positions, cells.position)
        own = self.values[self.years.index(year)][:, where]
        shape = groups.membership.shape[1], len(FOREST_TYPES)
        group, count = number_groups(cells, groups), shape[0] * shape[1]
        sums = [np.bincount(group, cells.area * each, count) for each in own]
        return groups.sum_strata(np.reshape(sums, (len(own), *shape)))


@dataclass(frozen=True)
class BlockYears:
    """What all years of a block come to.

    Attributes
    ----------
    sums : by name, see `forestflux.change.change_blocks.BlockChange`
    area : forest area (cell,), mean over the years, m2, 0 where none
    types : forest type (cell,) of the last mapped year, 1-5, 0 where none
    """

    sums: dict[str, np.ndarray]
    area: np.ndarray
    types: np.ndarray


def sum_block_years(
    plan: ChangePlan,
    rows: slice,
    *,
    pair: dict[int, YearCells],
    groups: Groups,
    departures: BlockDepartures,
    series: CellSeries,
) -> BlockYears:
    """Sums of the block, read year by year; the series are filled on the way.

    Parameters
    ----------
    pair : cells of the years of the pair, which are read already
    groups : of the block's cells
    departures : of the block
    series : of the paired cells, without values yet
    """
    co2 = Co2Sums(
        departures.positions,
        plan.errors.read_temperature(rows, departures.positions),
        years=plan.years,
        mapped=plan.co2,
    )
    size = next(iter(pair.values())).size
    sums, area, types = [], np.zeros(size), np.zeros(size, int)
    for year in plan.years:
        cells = pair[year] if year in pair else read_cells(plan.maps[year], rows)
        sums.append(
            sum_year(cells, groups, plan.zones, rows)
            | {"departures": departures.sum_strata(year, cells, groups)}
        )
        series.add(year, cells)
        co2.add(
            year,
            cells.position,
            area=cells.area,
            group=number_groups(cells, groups),
            fluxes=(cells.gpp.mean(axis=0), cells.reco.mean(axis=0)),
        )
        area[cells.position] += cells.area / len(plan.years)
        types[cells.position] = cells.forest_type
    by_name = {name: np.stack([year[name] for year in sums]) for name in sums[0]}
    by_name |= {"co2_added": co2.sum_strata(groups)}
    return BlockYears(by_name, area, types)


def sum_year(
    cells: YearCells, groups: Groups, zones: np.ndarray, rows: slice
) -> dict[str, np.ndarray]:
    """Area and totals of a year by stratum and by zone, as `BlockYears.sums` has them."""
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
