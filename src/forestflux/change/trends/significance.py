"""Significance: which of very many tests hold when false discoveries are kept few."""

import numpy as np
import pandas as pd
from scipy import stats

from forestflux.change.change_schemas import SIGNIFICANCE

# Bits of a flag: tested at all, p <= alpha, and two ways to hold the false discovery rate.
FLAG_MASKS = (1, 2, 4, 8)
FLAG_MEANINGS = "tested significant significant_adjusted significant_two_stage"


def adjust_p(p: np.ndarray) -> np.ndarray:
    """Adjusted p (...), NaN where p is: at most q means rejected at a false discovery rate q.

    Benjamini and Hochberg (1995), doi 10.1111/j.2517-6161.1995.tb02031.x
    """
    result = np.full(p.shape, np.nan)
    known = np.isfinite(p)
    if known.any():
        result[known] = stats.false_discovery_control(p[known])
    return result


def step_up_threshold(p: np.ndarray, rate: float) -> float:
    """Largest p that Benjamini and Hochberg reject at a false discovery rate; -1 for none.

    Parameters
    ----------
    p : (test,), finite
    rate : false discovery rate
    """
    ordered = np.sort(p)
    below = ordered <= rate * np.arange(1, p.size + 1) / p.size
    return float(ordered[np.flatnonzero(below)[-1]]) if below.any() else -1.0


def two_stage_threshold(p: np.ndarray, rate: float) -> float:
    """Largest p that the two stages of Benjamini, Krieger and Yekutieli reject; -1 for none.

    The first stage, at rate / (1 + rate), estimates how many tests are of true changes;
    the second holds the rate among the others alone. Biometrika 93 (2006), definition 6,
    doi 10.1093/biomet/93.3.491.

    Parameters
    ----------
    p : (test,), finite
    rate : false discovery rate
    """
    first_rate = rate / (1 + rate)
    first = step_up_threshold(p, first_rate)
    rejected = int((p <= first).sum())
    if rejected in (0, p.size):
        return first
    return step_up_threshold(p, first_rate * p.size / (p.size - rejected))


def flag_significance(p: np.ndarray, *, alpha: float, fdr_alpha: float) -> np.ndarray:
    """Flags (test,), uint8, sums of `FLAG_MASKS`; 0 where p is NaN.

    Parameters
    ----------
    p : (test,), NaN where not tested
    alpha : level of a single test
    fdr_alpha : false discovery rate over all tests
    """
    tested = np.isfinite(p)
    known = p[tested]
    flags = np.zeros(p.shape, "uint8")
    if known.size:
        limits = (
            1.0,
            alpha,
            step_up_threshold(known, fdr_alpha),
            two_stage_threshold(known, fdr_alpha),
        )
        flags[tested] = sum(
            mask * (known <= limit).astype("uint8")
            for mask, limit in zip(FLAG_MASKS, limits, strict=True)
        )
    return flags


def tabulate_significance(
    flags: dict[tuple[str, str], np.ndarray],
    area: np.ndarray,
    *,
    alpha: float,
    fdr_alpha: float,
) -> pd.DataFrame:
    """`significance.csv`: shares of the tested forest area, plain and adjusted.

    Without adjustment many of thousands of cells are significant by chance alone. Shares
    are empty where no cell could be tested.

    Parameters
    ----------
    flags : of the cells (cell,), by flux and test
    area : forest area of the cells (cell,), m2
    alpha : level of a single test
    fdr_alpha : false discovery rate over all cells
    """
    rows = []
    for (variable, test), flag in flags.items():
        tested = flag > 0
        whole = area[tested].sum()
        plain, simple, staged = (
            area[flag & mask > 0].sum() / whole if tested.any() else np.nan
            for mask in FLAG_MASKS[1:]
        )
        row = (variable, test, alpha, int(tested.sum()), plain, simple)
        rows.append((*row, fdr_alpha, staged))
    return pd.DataFrame(rows, columns=SIGNIFICANCE.names)
