"""Spread of the ensemble: how far equally trained networks disagree."""

import numpy as np


def member_sd(members: np.ndarray, *, axis: int = -1) -> np.ndarray:
    """Standard deviation over members, NaN for a single one.

    It says how far equally trained networks disagree. What all of them get wrong alike is not in
    it, so that no interval follows from it.
    """
    spread = members.std(axis=axis, ddof=1 if members.shape[axis] > 1 else 0)
    return spread if members.shape[axis] > 1 else np.full_like(spread, np.nan)
