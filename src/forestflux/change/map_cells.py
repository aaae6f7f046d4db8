"""Mapped cells of one map, read in blocks of rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from forestflux.core.grids.forest_area import measure_forest_area
from forestflux.core.input_errors import InputError
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FLUXES, PG_PER_G
from forestflux.jobs.stores.store import load_store

CELL_LAYERS = (
    "gpp",
    "gpp_member",
    "reco_member",
    "forest_fraction",
    "forest_type",
    "cell_area",
    "applicable",
)


def row_blocks(store: Path) -> Iterator[slice]:
    """The rows of a map in blocks, those of its chunks."""
    gpp = zarr.open_array(store / "gpp", mode="r")
    for start in range(0, gpp.shape[0], gpp.chunks[0]):
        yield slice(start, min(start + gpp.chunks[0], gpp.shape[0]))


@dataclass(frozen=True)
class YearCells:
    """Mapped cells of one year, of the globe or of a block of its rows.

    Attributes
    ----------
    size : cells of the block, mapped or not
    position : (cell,), of the cell in the block, counted row by row
    row : (cell,), row of the block
    forest_type : (cell,), 1-5
    fraction : (cell,), share of the cell that is forest
    area : (cell,), m2 of forest, in the run's region if it has one
    inside : (cell,), bool, inside the area of applicability
    gpp, reco : (member, cell), gC m-2 yr-1
    """

    size: int
    position: np.ndarray
    row: np.ndarray
    forest_type: np.ndarray
    fraction: np.ndarray
    area: np.ndarray
    inside: np.ndarray
    gpp: np.ndarray
    reco: np.ndarray

    def fluxes_at(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """GPP and RECO (member, position) at positions in the block, NaN where not mapped."""
        cell_at = np.full(self.size, -1)
        cell_at[self.position] = np.arange(len(self.position))
        cell = cell_at[positions]
        mapped = cell >= 0
        if mapped.all():
            return self.gpp[:, cell], self.reco[:, cell]
        shape = len(self.gpp), len(positions)
        gpp, reco = (
            np.full(shape, np.nan, flux.dtype) for flux in (self.gpp, self.reco)
        )
        gpp[:, mapped] = self.gpp[:, cell[mapped]]
        reco[:, mapped] = self.reco[:, cell[mapped]]
        return gpp, reco


def read_cells(path: Path, rows: slice = slice(None)) -> YearCells:
    """Mapped cells of a map store or of some of its rows.

    Raises
    ------
    InputError : a layer is missing or damaged; a member has no flux where the mean has
    """
    layers = load_store(path, CELL_LAYERS, optional=REGION_LAYERS, rows=rows)
    return select_cells(layers, path)


def read_positions(path: Path, rows: slice = slice(None)) -> np.ndarray:
    """Positions of the mapped cells of some rows of a map store, see `YearCells.position`."""
    gpp = load_store(path, ("gpp",), rows=rows)["gpp"].values
    return np.flatnonzero(np.isfinite(gpp))


def select_cells(dataset: xr.Dataset, source: Path | str) -> YearCells:
    """Mapped cells of a map, or of some rows of one, that is in memory.

    Parameters
    ----------
    dataset : `CELL_LAYERS`, and `region_share` of a run with a region
    source : the map, for the error
    """
    mapped = np.isfinite(dataset["gpp"].values)
    position = np.flatnonzero(mapped)
    fluxes = {}
    for name in ("gpp_member", "reco_member"):
        values = dataset[name].values
        fluxes[name] = values.reshape(len(values), -1)[:, position]
        if not np.isfinite(fluxes[name].sum()):
            raise InputError(
                source,
                variable=name,
                expected="a flux of each member wherever gpp is mapped",
                found=f"{(~np.isfinite(fluxes[name])).any(axis=0).sum()} cells without",
            )
    fraction = dataset["forest_fraction"].values.ravel()[position].astype(float)
    return YearCells(
        size=mapped.size,
        position=position,
        row=position // mapped.shape[1],
        forest_type=dataset["forest_type"].values.ravel()[position].astype(int),
        fraction=fraction,
        area=measure_forest_area(dataset).ravel()[position],
        inside=dataset["applicable"].values.ravel()[position] == 1,
        gpp=fluxes["gpp_member"],
        reco=fluxes["reco_member"],
    )


def sum_groups(
    cells: YearCells, group: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Forest area (group,), m2, and totals (flux, member, group), PgC yr-1.

    Parameters
    ----------
    cells : mapped cells of a year
    group : (cell,), position of the group
    count : number of groups
    """
    totals = np.empty((len(FLUXES), len(cells.gpp), count))
    for member, fluxes in enumerate(zip(cells.gpp, cells.reco, strict=True)):
        for position, flux in enumerate(fluxes):
            sums = np.bincount(group, cells.area * flux, count)
            totals[position, member] = sums * PG_PER_G
    totals[2] = totals[1] - totals[0]  # NEE = RECO - GPP
    return np.bincount(group, cells.area, count), totals
