"""Forest area of each stratum in 3-degree squares.

From it spatially correlated errors of sums are computed: squares are far fewer than cells. Two
cells of one square are taken to be as far from each other as two points of it are in the mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from forestflux.change.strata.groups import Groups
from forestflux.core.grids.distances import measure_distances
from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.errors.correlogram import Correlogram

SQUARE_DEG = 3
COLUMNS = 360 // SQUARE_DEG
# Points along each side of a square from which the mean distance within it is known.
POINTS = 6


@dataclass(frozen=True)
class SquareSums:
    """Sums over the cells of a block or of the globe.

    Attributes
    ----------
    squares : (square,), number of each square that has forest
    area : forest area (stratum, square) of each type, m2
    area_squared : sum of the squared areas of the cells, the same shape, m4
    """

    squares: np.ndarray
    area: tuple[sparse.csr_array, ...]
    area_squared: tuple[sparse.csr_array, ...]

    def sum_variance(
        self, standard_deviation: np.ndarray, correlogram: Correlogram
    ) -> np.ndarray:
        """Variance (stratum,) of the sum over cells of area times error.

        Parameters
        ----------
        standard_deviation : of the error of a cell, by type (type,)
        correlogram : of the errors
        """
        correlation = correlate_squares(self.squares, correlogram)
        area, squared = (
            sum(each * factor for each, factor in zip(sums, factors, strict=True))
            for sums, factors in (
                (self.area, standard_deviation),
                (self.area_squared, standard_deviation**2),
            )
        )
        together = area.multiply(area @ correlation).sum(axis=1)
        # A cell's correlation with itself is 1.
        alone = squared @ (1 - np.diag(correlation))
        return np.asarray(together).ravel() + np.asarray(alone).ravel()


def number_squares(lat: np.ndarray, lon: np.ndarray) -> np.ndarray:
    """Number (cell,) of the square in which each cell's centre lies."""
    row = np.clip((90 - lat) // SQUARE_DEG, 0, 180 // SQUARE_DEG - 1)
    column = np.clip((lon + 180) // SQUARE_DEG, 0, COLUMNS - 1)
    return (row * COLUMNS + column).astype(int)


def sum_squares(
    area: np.ndarray, types: np.ndarray, squares: np.ndarray, groups: Groups
) -> SquareSums:
    """Sums of a block.

    Parameters
    ----------
    area : forest area (cell,) of every cell of the block, m2, 0 where none
    types : forest type (cell,), 1-5
    squares : (cell,), number of the square
    groups : of the block
    """
    forest = np.flatnonzero(area > 0)
    numbers, square = np.unique(squares[forest], return_inverse=True)
    count = groups.membership.shape[1]
    sums = []
    for values, membership in (
        (area[forest], groups.membership),
        (area[forest] ** 2, groups.membership.power(2)),
    ):
        by_type = []
        for code in range(1, len(FOREST_TYPES) + 1):
            own = types[forest] == code
            here = sparse.csr_array(
                (values[own], (groups.cell_group[forest[own]], square[own])),
                shape=(count, len(numbers)),
            )
            strata = (membership @ here).tolil()
            strata[groups.types.start + code - 1] = here.sum(axis=0)
            by_type.append(strata.tocsr())
        sums.append(tuple(by_type))
    return SquareSums(numbers, *sums)


def join_squares(blocks: Sequence[SquareSums]) -> SquareSums:
    """The sums of all blocks together."""
    numbers = np.unique(np.concatenate([block.squares for block in blocks]))

    def join(name: str) -> Iterator[sparse.csr_array]:
        for position in range(len(FOREST_TYPES)):
            parts = [
                widen(getattr(block, name)[position], block.squares, numbers)
                for block in blocks
            ]
            yield sum(parts[1:], start=parts[0])

    return SquareSums(numbers, tuple(join("area")), tuple(join("area_squared")))


def widen(
    sums: sparse.csr_array, squares: np.ndarray, numbers: np.ndarray
) -> sparse.csr_array:
    """Sums (stratum, square) with columns for all squares in `numbers`."""
    entries = sums.tocoo()
    column = np.searchsorted(numbers, squares)[entries.col]
    shape = sums.shape[0], len(numbers)
    return sparse.csr_array((entries.data, (entries.row, column)), shape=shape)


def correlate_squares(squares: np.ndarray, correlogram: Correlogram) -> np.ndarray:
    """Mean correlation (square, square) between a cell of one square and one of another.

    On the diagonal that of two different cells of the square.
    """
    row, column = np.divmod(squares, COLUMNS)
    lat = 90 - (row + 0.5) * SQUARE_DEG
    lon = (column + 0.5) * SQUARE_DEG - 180
    result = correlogram.correlate(measure_distances(lat, lon))
    offsets = ((np.arange(POINTS) + 0.5) / POINTS - 0.5) * SQUARE_DEG
    north, east = (each.ravel() for each in np.meshgrid(offsets, offsets))
    different = ~np.eye(POINTS**2, dtype=bool)
    within = {
        centre: correlogram.correlate(
            measure_distances(centre + north, east)[different]
        ).mean()
        for centre in np.unique(lat)
    }
    np.fill_diagonal(result, [within[centre] for centre in lat])
    return result
