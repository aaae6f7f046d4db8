"""Changes as weighted sums of years: the weights of a slope and of a difference."""

from collections.abc import Sequence

import numpy as np


def weigh_slope(years: np.ndarray) -> np.ndarray:
    """Weights (year,) with which a sum over years is the slope by least squares."""
    time = years - np.mean(years)
    square = (time**2).sum()
    return time / square if square > 0 else np.full(len(time), np.nan)


def weigh_difference(
    years: np.ndarray, first: Sequence[int], second: Sequence[int]
) -> np.ndarray:
    """Weights (year,) of the mean of the second years minus the mean of the first."""
    early, late = (np.isin(years, chosen).astype(float) for chosen in (first, second))
    if not (early.any() and late.any()):
        return np.full(len(years), np.nan)
    return late / late.sum() - early / early.sum()
