"""Hiding: gaps put into series, to train for them and to measure what they cost."""

from collections.abc import Sequence

import numpy as np

from forestflux.core.errors import InputError
from forestflux.core.names import VARIABLES

PATTERNS = ("random", "block")


def hide(
    series: np.ndarray,
    *,
    pattern: str,
    fraction: float | np.ndarray,
    rng: np.random.Generator,
    variables: Sequence[str] = VARIABLES,
) -> np.ndarray:
    """A copy of the series with values hidden (NaN), (sample, variable, step).

    Parameters
    ----------
    series : (sample, variable, step); gaps that are there stay
    pattern : `random` hides single values; `block` hides a run of steps, the year taken
        as a circle, in half of the samples the same run in all variables, in the others
        a run of its own in each; the name of a variable hides it whole
    fraction : share of all values that is hidden, one number or one per sample; no
        meaning for a variable's name
    rng : generator; equal generators hide the same values
    variables : names along the axis of the variables

    Raises
    ------
    InputError : an unknown pattern
    """
    shape = series.shape
    share = np.broadcast_to(np.asarray(fraction, float), shape[:1])[:, None, None]
    if pattern == "random":
        hidden = rng.random(shape) < share
    elif pattern == "block":
        hidden = runs(shape, share, rng=rng)
    elif pattern in variables:
        hidden = (np.asarray(variables) == pattern)[None, :, None]
    else:
        raise InputError(
            "artificial_gaps",
            variable="pattern",
            expected=f"one of {', '.join((*PATTERNS, *variables))}",
            found=pattern,
        )
    return np.where(hidden, np.array(np.nan, series.dtype), series)


def borrow_gaps(
    series: np.ndarray,
    sites: np.ndarray,
    donors: np.ndarray,
    donor_sites: np.ndarray,
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """A copy of the series in which each sample also has the gaps of a donor of another site.

    Parameters
    ----------
    series : (sample, variable, step); gaps that are there stay
    sites : (sample,), names
    donors : bool (donor, variable, step), true where the donor has a gap
    donor_sites : (donor,), names
    rng : generator; equal generators choose the same donors

    Raises
    ------
    InputError : a sample has no donor of another site
    """
    hidden = np.empty(series.shape, bool)
    for row, site in enumerate(sites):
        others = np.flatnonzero(donor_sites != site)
        if not others.size:
            raise InputError(
                "samples",
                variable="site",
                expected="site-years of another site, whose gaps can be borrowed",
                found=f"only those of {site}",
            )
        hidden[row] = donors[rng.choice(others)]
    return np.where(hidden, np.array(np.nan, series.dtype), series)


def runs(
    shape: tuple[int, int, int], share: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Runs of hidden steps on the circle of the year, bool (sample, variable, step)."""
    samples, variables, steps = shape
    start = rng.integers(steps, size=(samples, variables, 1))
    together = rng.random((samples, 1, 1)) < 0.5
    start = np.where(together, start[:, :1], start)
    length = np.rint(share * steps)
    return (np.arange(steps) - start) % steps < length


def hide_mixed(
    series: np.ndarray,
    *,
    share: float,
    max_fraction: float,
    rng: np.random.Generator,
    maskable: int,
) -> np.ndarray:
    """A copy in which a share of the samples has gaps of mixed patterns, for training.

    Each chosen sample has one pattern: random values, runs of steps, or one whole
    variable. The fraction is uniform between 0 and its maximum.

    Parameters
    ----------
    series : (sample, variable, step)
    share : share of the samples that get gaps
    max_fraction : largest fraction of values hidden in one sample
    rng : generator
    maskable : only the first so many variables are ever hidden; derived series have no
        gaps
    """
    part = series[:, :maskable]
    samples = len(series)
    fraction = rng.random(samples) * max_fraction
    choice = np.where(rng.random(samples) < share, rng.integers(3, size=samples), -1)
    choice = choice[:, None, None]
    whole = rng.integers(maskable, size=samples)[:, None] == np.arange(maskable)
    hidden = np.select(
        [choice == 0, choice == 1, choice == 2],
        [
            rng.random(part.shape) < fraction[:, None, None],
            runs(part.shape, fraction[:, None, None], rng=rng),
            np.broadcast_to(whole[:, :, None], part.shape),
        ],
        default=False,
    )
    result = series.copy()
    result[:, :maskable][hidden] = np.nan
    return result


def disturb(
    series: np.ndarray, settings: dict, *, rng: np.random.Generator, maskable: int
) -> np.ndarray:
    """A copy of the series as another year or another product could show them.

    Moved in time, with noise on each value and an offset on each series, then with
    gaps.

    Parameters
    ----------
    series : float32 (sample, variable, step), in standard deviations
    settings : `jitter` (steps), `noise` and `offset_noise` (standard deviations),
        `occlusion` (`share` and `max_fraction` of `hide_mixed`)
    rng : generator
    maskable : only the first so many variables are ever hidden
    """
    samples, variables, steps = series.shape
    shift = rng.integers(-settings["jitter"], settings["jitter"] + 1, samples)
    order = (np.arange(steps) - shift[:, None]) % steps
    moved = np.take_along_axis(series, order[:, None], axis=2)
    moved += settings["noise"] * rng.standard_normal(moved.shape, dtype="float32")
    offset = rng.standard_normal((samples, variables, 1), dtype="float32")
    moved += settings["offset_noise"] * offset
    return hide_mixed(moved, **settings["artificial_gaps"], rng=rng, maskable=maskable)
