"""Means over cells of another grid, weighted with the exact area that they share.

Both grids are rectilinear in latitude and longitude. The area that two cells share is then a
product of two lengths, one of latitude and one of longitude, and all of them together are two
sparse matrices: rows by rows, columns by columns.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from forestflux.core.grids.grid import zone_area

# Edges closer than this share of a cell are one edge: files keep degrees in single precision.
SAME_EDGE = 1e-3
# Least share of a cell that must have values; with less it has none.
LEAST_COVERED = 0.5


@dataclass(frozen=True)
class AreaWeights:
    """Areas that the cells of two grids share, up to one common factor.

    Attributes
    ----------
    rows : (row, product row), lengths of latitude on the ellipsoid
    columns : (column, product column), lengths of longitude, degrees
    area : (row, column), area of each cell in the same measure
    """

    rows: sparse.csr_array
    columns: sparse.csr_array
    area: np.ndarray

    def average(
        self, values: np.ndarray, weights: np.ndarray | None = None
    ) -> np.ndarray:
        """Mean (row, column) of the values that a cell covers; NaN where they cover too little.

        The integral is kept: the sum over cells of mean x covered area is that of the values.

        Parameters
        ----------
        values : (product row, product column), NaN = missing
        weights : of each value beside its area, such as the share of land; 0 counts as missing
        """
        known = np.isfinite(values)
        weight = known.astype(float)
        if weights is not None:
            weight *= np.where(np.isfinite(weights), weights, 0.0)
        covered = self.integrate(known.astype(float) if weights is not None else weight)
        total = self.integrate(np.where(known, values, 0.0) * weight)
        base = covered if weights is None else self.integrate(weight)
        enough = (covered >= LEAST_COVERED * self.area) & (base > 0)
        return np.divide(total, base, out=np.full(base.shape, np.nan), where=enough)

    def integrate(self, values: np.ndarray) -> np.ndarray:
        """Sum (row, column) of values times the area that they share with a cell."""
        return (self.columns @ (self.rows @ values).T).T


def weigh_areas(
    rows: np.ndarray,
    columns: np.ndarray,
    *,
    product_rows: np.ndarray,
    product_columns: np.ndarray,
) -> AreaWeights:
    """Areas that cells share.

    Parameters
    ----------
    rows, columns : edges of the cells, degrees north falling and degrees east rising
    product_rows, product_columns : edges of the product's cells, degrees, both rising; columns
        may begin anywhere on the globe and span 360 degrees at most
    """
    south = rows[::-1]
    heights = share_lengths(
        zone_area(south), zone_area(snap_edges(product_rows, onto=south))
    )
    widths = sum(
        share_lengths(columns, snap_edges(product_columns + turn, onto=columns))
        for turn in (-360.0, 0.0, 360.0)
    )
    lengths = np.diff(zone_area(south))[::-1]
    return AreaWeights(
        rows=sparse.csr_array(heights.tocsr()[::-1]),
        columns=sparse.csr_array(widths),
        area=np.outer(lengths, np.diff(columns)),
    )


def share_lengths(edges: np.ndarray, others: np.ndarray) -> sparse.csr_array:
    """Length (interval, other interval) that intervals of two rising lists of edges share."""
    first = np.maximum(np.searchsorted(others, edges[:-1], side="right") - 1, 0)
    last = np.minimum(np.searchsorted(others, edges[1:], side="left"), len(others) - 1)
    counts = np.maximum(last - first, 0)
    interval = np.repeat(np.arange(len(counts)), counts)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    other = np.arange(len(interval)) - starts + np.repeat(first, counts)
    low = np.maximum(edges[interval], others[other])
    high = np.minimum(edges[interval + 1], others[other + 1])
    length = np.maximum(high - low, 0.0)
    shape = len(edges) - 1, len(others) - 1
    shared = sparse.csr_array((length, (interval, other)), shape=shape)
    shared.eliminate_zeros()
    return shared


def snap_edges(edges: np.ndarray, *, onto: np.ndarray) -> np.ndarray:
    """Rising edges, those that differ from one of another list by rounding set onto it."""
    tolerance = SAME_EDGE * min(np.diff(edges).min(), np.diff(onto).min())
    place = np.clip(np.searchsorted(onto, edges), 1, len(onto) - 1)
    beside = np.stack([onto[place - 1], onto[place]])
    near = np.abs(beside - edges).argmin(axis=0)
    nearest = beside[near, np.arange(len(edges))]
    return np.where(np.abs(nearest - edges) <= tolerance, nearest, edges)
