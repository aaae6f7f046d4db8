"""Tests and intervals of a change whose variance is known with some degrees of freedom."""

import numpy as np
from scipy import special


def combine_freedom(
    error: np.ndarray,
    variability: np.ndarray,
    *,
    error_freedom: np.ndarray | int,
    variability_freedom: np.ndarray | int,
) -> np.ndarray:
    """Degrees of freedom (...) of the sum of two variances: Welch (1947), Satterthwaite.

    Parameters
    ----------
    error, variability : (...), the two variances
    error_freedom, variability_freedom : degrees of freedom of each
    """
    parts = error**2 / error_freedom + variability**2 / variability_freedom
    whole = np.full(np.shape(parts), np.inf)
    return np.divide((error + variability) ** 2, parts, out=whole, where=parts > 0)


def t_test_p(change: np.ndarray, sd: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """Two-sided p (...) of a change of this standard deviation; 1 for no change."""
    ratio = np.divide(
        np.abs(change), sd, out=np.where(change == 0, 0.0, np.inf), where=sd > 0
    )
    p = 2 * special.stdtr(freedom, -ratio)
    return np.where(np.isnan(sd) | np.isnan(change), np.nan, p)


def t_half_width(sd: np.ndarray, freedom: np.ndarray, *, level: float) -> np.ndarray:
    """Half width (...) of the interval of a change of this standard deviation."""
    return special.stdtrit(freedom, (1 + level) / 2) * sd
