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
    (a, there), (b, known) = fill_unknown(points), fill_unknown(others)
    whole = known.all()
    # Where all columns are known, the last term is the same for all of them.
    left, right = (
        torch.from_numpy(np.concatenate(terms[: 2 if whole else 3], axis=1)).float()
        for terms in ([there, -2 * a, a**2], [b**2, b, known])
    )
    first, second = (torch.from_numpy(part).float() for part in (there * share, known))
    position = np.empty(len(points), int)
    with one_thread():
        for start in range(0, len(points), ROWS):
            part = slice(start, start + ROWS)
            square = left[part] @ right.T
            if whole:
                position[part] = square.numpy().argmin(axis=1)
                continue
            shared = first[part] @ second.T
            dissimilarity_loops.find_nearest(
                square.numpy(), shared.numpy(), np.float32(MIN_SHARED), position[part]
            )
    both = there & known[position]
    exact = np.square(a - b[position], where=both, out=np.zeros(a.shape)).sum(axis=1)
    return scale_up(exact, both @ share)


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


def fill_unknown(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates with zero where they are unknown, and whether they are known."""
    known = np.isfinite(points)
    return np.where(known, points, 0.0), known


def scale_up(square: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Distances from squared ones over the shared part of what is expected of them."""
    apart = np.full(square.shape, np.inf)
    np.divide(square, shared, where=shared >= MIN_SHARED, out=apart)
    return np.sqrt(apart)
