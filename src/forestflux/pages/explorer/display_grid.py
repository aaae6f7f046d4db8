"""The displayed grid: the map's own cells, or blocks of them where they are too many."""

import math
from dataclasses import dataclass

import numpy as np

from forestflux.core.grids.grid import Grid


@dataclass(frozen=True)
class Display:
    """A grid coarse enough for a screen.

    Attributes
    ----------
    grid : the grid of the maps
    factor : rows and columns of map cells that one displayed cell holds; 1 shows every
        cell as it is
    """

    grid: Grid
    factor: int

    @property
    def shape(self) -> tuple[int, int]:
        """Displayed rows and columns."""
        rows, columns = self.grid.shape
        return -(-rows // self.factor), -(-columns // self.factor)

    @property
    def resolution_deg(self) -> float:
        """Side of a displayed cell, degrees."""
        return self.grid.resolution_deg * self.factor

    def split_into_blocks(
        self, values: np.ndarray, factor: int | None = None
    ) -> np.ndarray:
        """Map cells (y, x) by block: (row, column, cell of the block), 0 beyond the map."""
        factor = factor or self.factor
        values = pad_to_blocks(values, factor)
        rows, columns = (length // factor for length in values.shape)
        parts = values.reshape(rows, factor, columns, factor)
        return parts.swapaxes(1, 2).reshape(rows, columns, factor**2)

    def average_over_forest(self, values: np.ndarray, forest: np.ndarray) -> np.ndarray:
        """Means of blocks (row, column) over the forest of their cells; NaN without forest.

        Parameters
        ----------
        values : (y, x), NaN where unknown
        forest : forest area of each cell (y, x), m2
        """
        if self.factor == 1:
            return np.where(forest > 0, values, np.nan)
        known = np.isfinite(values)
        weight = self.split_into_blocks(np.where(known, forest, 0))
        total = (self.split_into_blocks(np.where(known, values, 0)) * weight).sum(-1)
        area = weight.sum(-1)
        return np.where(area > 0, total / np.where(area > 0, area, 1), np.nan)

    def find_commonest(
        self, codes: np.ndarray, forest: np.ndarray, count: int
    ) -> np.ndarray:
        """Code (1 to `count`) with most forest in each block (row, column), uint8; 0 without."""
        if self.factor == 1:
            return np.where(forest > 0, codes, 0).astype("uint8")
        blocks, weight = self.split_into_blocks(codes), self.split_into_blocks(forest)
        areas = [
            np.where(blocks == code, weight, 0).sum(-1) for code in range(1, count + 1)
        ]
        commonest = np.argmax(areas, axis=0) + 1
        return np.where(np.max(areas, axis=0) > 0, commonest, 0).astype("uint8")


def choose_display(grid: Grid, *, columns: int, least: int = 1) -> Display:
    """The finest display that has no more cells than the globe in so many columns.

    Blocks of the globe are whole; those at the end of another window may be cut.

    Parameters
    ----------
    grid : of the maps
    columns : of a globe with as many cells as may be displayed
    least : map cells along a side of a block, at least
    """
    height, width = grid.shape
    displays = (
        Display(grid, n)
        for n in range(least, max(height, width) + 1)
        if height % n == 0 or not grid.covers_globe
    )
    return next(d for d in displays if math.prod(d.shape) <= max(columns**2 // 2, 2))


def choose_cells(
    display: Display, forest: np.ndarray, *, limit: int
) -> tuple[np.ndarray, int]:
    """One map cell for each square block of displayed cells: the one with most forest.

    Parameters
    ----------
    display : the displayed grid
    forest : forest area of each map cell (y, x), m2; cells without forest are never chosen
    limit : most cells to choose; the blocks are the smallest that stay within it

    Returns
    -------
    cells : positions of the chosen map cells in the flattened map, by block
    side : displayed cells along a side of a block
    """
    for side in range(1, max(display.shape) + 1):
        factor = display.factor * side
        blocks = display.split_into_blocks(forest, factor)
        has_forest = blocks.max(-1) > 0
        if has_forest.sum() <= limit:
            break
    positions = np.arange(forest.size, dtype="int64").reshape(forest.shape)
    candidates = display.split_into_blocks(positions, factor)
    best = blocks.argmax(-1)[..., None]
    return np.take_along_axis(candidates, best, -1)[..., 0][has_forest], side


def pad_to_blocks(values: np.ndarray, factor: int) -> np.ndarray:
    """Values (y, x) with zeros below and to the right, up to whole blocks."""
    padding = [(0, -length % factor) for length in values.shape]
    return np.pad(values, padding) if np.any(padding) else values
