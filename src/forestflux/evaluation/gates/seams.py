"""Whether a map jumps at the borders of its tiles or at 180 degrees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.jobs.stores.store import load_part

# Lines on each side of a border with which it is compared, fewer in small tiles.
REACH = 8
# Place of the worst single edge between two tiles.
WORST_EDGE = "worst tile edge"
# Jumps across a border below which nothing can be said.
MINIMUM_PAIRS = 30
# Standard deviation of a normal distribution per median absolute deviation.
SD_PER_MAD = 1.4826


@dataclass(frozen=True)
class Seam:
    """The jump across borders beside the jumps just inside.

    Attributes
    ----------
    pairs : neighbours across the borders that are both forest
    ratio : median absolute jump across the borders / that of the lines inside
    noise : standard deviation of that ratio among the lines inside (robust)
    """

    pairs: int
    ratio: float
    noise: float

    @property
    def known(self) -> bool:
        """Whether there are jumps enough to say something."""
        return self.pairs >= MINIMUM_PAIRS and not np.isnan(self.ratio)


def measure_seams(dataset: xr.Dataset, flux: str, grid: Grid) -> dict[str, list[Seam]]:
    """Seams of one flux: at all inner tile borders, at each tile's edge, at 180 degrees.

    A map that ends on one side of 180 degrees has no seam there.

    Neighbouring cells differ because the land differs, at a tile's border no more than
    beside it. So the median
    absolute difference across it is compared with the same at each of the lines up to
    eight cells away. Only strips along the borders are read.

    Parameters
    ----------
    dataset : a map store, opened
    flux : its layer
    grid : of the map
    """
    reach = min(REACH, grid.tile_cells // 2)
    lines, edges = [], []
    starts = {
        "y": sorted({tile.rows.start for tile in grid.tiles()}),
        "x": sorted({tile.columns.start for tile in grid.tiles()}),
    }
    for dim, beside in (("y", "x"), ("x", "y")):
        last = dataset.sizes[dim] - reach
        inner = [start for start in starts[dim] if reach <= start <= last]
        across = read_jumps(dataset, flux, dim, inner, reach)
        lines.append(across.reshape(len(across), -1))
        for border in across.transpose(1, 0, 2):
            parts = np.split(border, starts[beside][1:], axis=1)
            edges += [measure_seam(part) for part in parts]
    around = read_jumps(dataset, flux, "x", find_date_line(grid, reach), reach)
    together = np.concatenate(lines, axis=1)
    return {
        "tile borders": [measure_seam(together)],
        WORST_EDGE: edges,
        "180 degrees": [measure_seam(line) for line in around.transpose(1, 0, 2)],
    }


def find_date_line(grid: Grid, reach: int) -> list[int]:
    """Column of a map east of 180 degrees; none where it does not have both sides of it.

    Parameters
    ----------
    reach : columns that must be there on each side
    """
    west, around = grid.window.columns.start, grid.globe_shape[1]
    if grid.shape[1] == around:
        return [(around - west) % around]
    column = around - west
    return [column] if reach <= column <= grid.shape[1] - reach else []


def read_jumps(
    dataset: xr.Dataset, flux: str, dim: str, borders: Sequence[int], reach: int
) -> np.ndarray:
    """Absolute differences (line, border, pair) on lines beside borders, NaN: no forest.

    Parameters
    ----------
    dim : `y` or `x`; columns of the globe go around it
    borders : positions of the first cells behind the borders
    reach : cells on each side; the line in the middle is the border itself
    """
    window = np.arange(-reach, reach)
    if not borders:
        return np.empty((len(window) - 1, 0, dataset.sizes["x" if dim == "y" else "y"]))
    where = (np.array(borders, int)[:, None] + window) % dataset.sizes[dim]
    strips = load_part(dataset, [flux], **{dim: where.ravel()})[flux]
    values = np.moveaxis(strips.values.astype(float), strips.dims.index(dim), 0)
    cells = values.reshape(len(borders), len(window), values.shape[1])
    return np.abs(np.diff(cells, axis=1)).transpose(1, 0, 2)


def measure_seam(together: np.ndarray) -> Seam:
    """The seam of borders from their jumps (line, pair); the middle line is theirs."""
    middle = len(together) // 2
    known = np.isfinite(together)
    pairs = int(known[middle].sum())
    if not known.any(axis=1).all():
        return Seam(pairs, np.nan, np.nan)
    medians = np.array([np.median(r[k]) for r, k in zip(together, known, strict=True)])
    inside = np.delete(medians, middle)
    usual = np.median(inside)
    if usual == 0:
        # Beside the borders nothing differs: a jump of any size is a seam.
        return Seam(pairs, np.inf if medians[middle] > 0 else 1.0, 0.0)
    noise = SD_PER_MAD * np.median(np.abs(inside / usual - 1))
    return Seam(pairs, medians[middle] / usual, noise)
