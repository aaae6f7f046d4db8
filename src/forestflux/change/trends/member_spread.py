"""Spread of the ensemble: how far equally trained networks disagree."""

import numpy as np
from scipy import stats


def member_sd(members: np.ndarray, *, axis: int = -1) -> np.ndarray:
    """Standard deviation over members, NaN for a single one."""
    spread = members.std(axis=axis, ddof=1 if members.shape[axis] > 1 else 0)
    return spread if members.shape[axis] > 1 else np.full_like(spread, np.nan)


def member_half_width(members: np.ndarray, *, level: float) -> np.ndarray:
    """Half width of the interval in which one more member would fall, (...).

    Student's t for the few members that there are: t x sd x sqrt(1 + 1 / n). It says
    how far equally trained networks disagree on a sum. Errors that are correlated over
    space are in it in full, because members are summed before they are compared: nothing
    is divided by the square root of the number of cells. What all members share (towers,
    inputs, forest map) is not in it. NaN for a single member.

    Parameters
    ----------
    members : (..., member)
    level : probability that the interval is to hold
    """
    n = members.shape[-1]
    quantile = stats.t.ppf((1 + level) / 2, n - 1) if n > 1 else np.nan
    return quantile * member_sd(members) * np.sqrt(1 + 1 / n)
