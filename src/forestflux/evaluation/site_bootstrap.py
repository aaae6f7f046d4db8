"""Bootstrap over sites: how far a number would move if other towers had been measured.

Whole sites are drawn, with replacement, because the years of a site are not independent.
"""

import numpy as np

# Draws of an interval: its ends then move by less than a tenth of its width.
DRAWS = 1000
LEVEL = 0.95


def draw_sites(sites: np.ndarray, *, seed: int) -> np.ndarray:
    """How often each draw has the site of each row, float64 (draw, row).

    Equal sites and seeds give equal draws, whatever is computed from them: models and
    cases are compared on the same towers.

    Parameters
    ----------
    sites : (row,), names
    seed : of the draws
    """
    names, position = np.unique(sites, return_inverse=True)
    chance = np.full(len(names), 1 / len(names))
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(names), chance, size=DRAWS)
    return drawn[:, position].astype(float)


def bootstrap_r2(
    draws: np.ndarray, observed: np.ndarray, predicted: np.ndarray
) -> np.ndarray:
    """R2 of each draw (draw,); NaN where all observed values of a draw are equal.

    Parameters
    ----------
    draws : (draw, row) of `draw_sites`
    observed, predicted : (row,)
    """
    count = draws.sum(axis=1)
    # Centred first: the sum of squares must not drown in the square of the sum.
    centred = observed - observed.mean()
    spread = draws @ centred**2 - (draws @ centred) ** 2 / count
    error = draws @ (predicted - observed) ** 2
    some = spread > 1e-12 * np.square(centred).sum()
    return 1 - np.divide(error, spread, where=some, out=np.full(len(draws), np.nan))


def bootstrap_interval(values: np.ndarray) -> tuple[float, float]:
    """The ends of the 95 % interval of draws (draw,); NaN where none is finite."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.nan, np.nan
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)
