"""Means over years without gaps."""

import numpy as np


def average_known(values: np.ndarray, *, axis: int | tuple[int, ...] = 0) -> np.ndarray:
    """Mean of the values that are known along some axes, float64; NaN where none is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis, dtype="float64")
    mean = np.full(total.shape, np.nan)
    return np.divide(total, count, out=mean, where=count > 0)


def average_years(series: np.ndarray) -> np.ndarray:
    """Mean over the first axis without gaps, float32; NaN where every year has a gap."""
    return average_known(series).astype("float32")
