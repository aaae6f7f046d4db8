"""Dissimilarity index: how unlike a year's series is to all that the network learnt.

After Meyer and Pebesma (2021, doi 10.1111/2041-210X.13650): a row is described by a few
numbers, each in standard deviations of the training rows times its importance; the
distance to the nearest training row, divided by the mean distance of two training rows,
is its index.

The numbers are the means of each series in the four quarters of the year as the network
reads it (summer in the middle), and the forest type. Gaps are skipped. A quarter without
a value leaves its number unknown; distances are then over the numbers that both rows
have, scaled up to all of them.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from forestflux.core.input_errors import InputError
from forestflux.ensemble import dissimilarity_loops
from forestflux.models.network_inputs import TYPES
from forestflux.models.torch_contexts import one_thread

QUARTERS = 4
# Two rows are compared when they share this much of what distances are made of: the
# network has met gaps of up to 70 % in training (`train.artificial_gaps.max_fraction`).
MIN_SHARED = 0.3
# Rows that are compared together: few, so that their distances stay in the cache.
ROWS = 128
# Coordinates with zero where they are unknown, and whether they are known (point, feature).
Known = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Reference:
    """Training rows as points, with the scales by which any row becomes one.

    Attributes
    ----------
    mean, factor : float64 (feature,); a coordinate is (feature - mean) * factor
    share : float64 (feature,), part of the expected squared distance; sums to 1
    points : float64 (sample, feature), training rows, NaN where unknown
    mean_distance : of two training rows
    """

    mean: np.ndarray
    factor: np.ndarray
    share: np.ndarray
    points: np.ndarray
    mean_distance: float

    @classmethod
    def of(cls, features: np.ndarray, weights: np.ndarray) -> "Reference":
        """The reference of training rows.

        Parameters
        ----------
        features : (sample, feature), as `describe` gives them; the last columns are the
            forest types
        weights : (feature,), importance, not negative

        Raises
        ------
        InputError : all rows are alike where it matters, so that nothing is far or near
        """
        known = np.isfinite(features)
        count = np.maximum(known.sum(axis=0), 1)
        filled = np.where(known, features, 0.0)
        mean = filled.sum(axis=0) / count
        variance = np.where(known, (features - mean) ** 2, 0.0).sum(axis=0) / count
        spread = variance.copy()
        # One variable with many columns: they share the spread of the variable.
        spread[-len(TYPES) :] = variance[-len(TYPES) :].sum()
        factor = np.divide(weights, np.sqrt(spread), where=spread > 0, out=0 * spread)
        expected = variance * factor**2
        points = (features - mean) * factor
        total = expected.sum()
        apart = np.empty(0)
        if total > 0:
            share = expected / total
            pairs = distances(points, points, share)[np.triu_indices(len(points), 1)]
            apart = pairs[np.isfinite(pairs)]
        if not apart.size or apart.mean() == 0:
            raise InputError(
                "samples",
                variable="series",
                expected="training rows that differ in what moves the estimate",
                found=f"{len(features)} alike",
            )
        return cls(mean, factor, share, points, float(apart.mean()))

    def dissimilarity(self, features: np.ndarray) -> np.ndarray:
        """Dissimilarity index (row,), 1.

        NaN where gaps leave too little to compare, where a series that moves the estimate
        has no value all year, and where no training row is of the row's forest type: what
        the type does was never learnt. A series that is not there is no evidence of being
        like the training.

        Parameters
        ----------
        features : (row, feature), as `describe` gives them
        """
        points = (features - self.mean) * self.factor
        index = self._index(distance_to_nearest(points, self.points, self.share))
        never_seen = self.mean[-len(TYPES) :] == 0
        unknown = (features[:, -len(TYPES) :] * never_seen).any(axis=1)
        unknown |= self._lacks_series(features)
        return np.where(unknown, np.nan, index)

    def _lacks_series(self, features: np.ndarray) -> np.ndarray:
        """Whether a series that moves the estimate has no value in any quarter, bool (row,)."""
        series = (features.shape[1] - len(TYPES)) // QUARTERS
        quarters = slice(0, series * QUARTERS)
        gap = np.isnan(features[:, quarters]).reshape(len(features), series, QUARTERS)
        counts = self.share[quarters].reshape(series, QUARTERS).any(axis=1)
        return (gap.all(axis=2) & counts).any(axis=1)

    def between_folds(self, folds: np.ndarray) -> np.ndarray:
        """Dissimilarity index (sample,) of training rows to those of other folds.

        Parameters
        ----------
        folds : (sample,), fold of each training row
        """
        apart = distances(self.points, self.points, self.share)
        folds = np.asarray(folds)
        apart[folds[:, None] == folds[None, :]] = np.inf
        return self._index(apart.min(axis=1, initial=np.inf))

    def _index(self, nearest: np.ndarray) -> np.ndarray:
        return np.where(np.isfinite(nearest), nearest / self.mean_distance, np.nan)


def describe(prepared: np.ndarray, types: np.ndarray) -> np.ndarray:
    """Features (sample, feature), float64: quarter means by series, then forest types.

    Parameters
    ----------
    prepared : (sample, series, step) as the network reads it, NaN = gap
    types : one-hot (sample, type)

    Returns
    -------
    (sample, 4 * series + type), NaN where a quarter has no value
    """
    prepared = np.asarray(prepared, "float32")
    lengths = [
        len(part) for part in np.array_split(np.arange(prepared.shape[2]), QUARTERS)
    ]
    means = np.empty((*prepared.shape[:2], QUARTERS))
    dissimilarity_loops.part_means(prepared, np.cumsum(lengths), means)
    return np.concatenate([means.reshape(len(means), -1), types], axis=1)


def count_features(series: int) -> int:
    """Numbers that `describe` gives of a sample of so many series."""
    return QUARTERS * series + len(TYPES)


def distance_to_nearest(
    points: np.ndarray, others: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Distance (row,) to the nearest other point, as `distances` has it, float64.

    The nearest point is found with a float32 matrix product, so ties may be broken
    arbitrarily; its distance is computed from the coordinates, in float64.

    Parameters
    ----------
    points : (row, feature), NaN = unknown
    others : (column, feature)
    share : (feature,), sums to 1
    """
    apart = np.full(len(points), np.inf)
    # Most points are known in full, and need a fraction of the products that others need.
    for rows, columns in product(split_by_gaps(points), split_by_gaps(others)):
        some, there = fill_unknown(points[rows])
        known = fill_unknown(others[columns])
        position = find_nearest((some, there), known, share)
        nearest, both = known[0][position], there & known[1][position]
        exact = np.square(some - nearest, where=both, out=np.zeros(some.shape))
        found = scale_up(exact.sum(axis=1), both @ share)
        apart[rows] = np.minimum(apart[rows], found)
    return apart


def split_by_gaps(points: np.ndarray) -> list[np.ndarray]:
    """Positions of the points without and with an unknown number, where there are such."""
    complete = np.isfinite(points).all(axis=1)
    return [
        positions
        for positions in (np.flatnonzero(complete), np.flatnonzero(~complete))
        if len(positions)
    ]


def find_nearest(points: Known, others: Known, share: np.ndarray) -> np.ndarray:
    """Which of the others is nearest to each point, int (row,).

    A squared distance over known coordinates is the sum of -2 a b, of b^2 where a is known and
    of a^2 where b is. The second is the same for all rows whose points are complete, and the
    third does not choose between others that are.

    Parameters
    ----------
    points, others : as `fill_unknown` gives them
    share : (feature,), sums to 1
    """
    (a, there), (b, known) = points, others
    left, right, offset = [-2 * a], [b], np.zeros(len(b))
    if there.all():
        offset = (b**2).sum(axis=1)
    else:
        left, right = [*left, there], [*right, b**2]
    whole = known.all()
    if not whole:
        left, right = [*left, a**2], [*right, known]
    first, second, base = map(as_floats, (left, right, [offset]))
    parts, columns = map(as_floats, ([there * share], [known]))
    position = np.empty(len(a), int)
    with one_thread():
        for start in range(0, len(a), ROWS):
            rows = slice(start, start + ROWS)
            square = torch.addmm(base, first[rows], second.T).numpy()
            if whole:
                position[rows] = square.argmin(axis=1)
            else:
                shared = (parts[rows] @ columns.T).numpy()
                dissimilarity_loops.find_nearest(
                    square, shared, np.float32(MIN_SHARED), position[rows]
                )
    return position


def as_floats(parts: list[np.ndarray]) -> torch.Tensor:
    """Arrays side by side, float32."""
    return torch.from_numpy(np.concatenate(parts, axis=-1)).float()


def distances(first: np.ndarray, second: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Distances (row, column) over the coordinates that both points have.

    The squared distance is divided by the part of the expected one that the shared
    coordinates make up. Infinite where that part is below `MIN_SHARED`.

    Parameters
    ----------
    first : (row, feature), NaN = unknown
    second : (column, feature)
    share : (feature,), sums to 1
    """
    (a, there), (b, known) = fill_unknown(first), fill_unknown(second)
    square = (a**2) @ known.T + there @ (b**2).T - 2 * a @ b.T
    return scale_up(np.maximum(square, 0.0), (there * share) @ known.T)


def fill_unknown(points: np.ndarray) -> Known:
    """Coordinates with zero where they are unknown, and whether they are known."""
    known = np.isfinite(points)
    return np.where(known, points, 0.0), known


def scale_up(square: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Distances from squared ones over the shared part of what is expected of them."""
    apart = np.full(square.shape, np.inf)
    np.divide(square, shared, where=shared >= MIN_SHARED, out=apart)
    return np.sqrt(apart)
