"""Augmentation: series as another year could show them, and artificial gaps.

Artificial gaps serve the training and the experiment that measures what gaps cost.
"""

from collections.abc import Sequence

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.training_settings import TrainSettings


def augment(
    series: np.ndarray,
    settings: TrainSettings,
    *,
    rng: np.random.Generator,
    maskable: int,
) -> np.ndarray:
    """A copy of the series as another year or another product could show them.

    Shifted in time, with noise on each value and an offset on each series, then with
    artificial gaps.

    Parameters
    ----------
    series : float32 (sample, variable, step), in standard deviations
    settings : section `train`, of which `jitter` (steps), `noise` and `offset_noise`
        (standard deviations) and `artificial_gaps` count
    rng : generator
    maskable : only the first so many variables get gaps; derived series have none
    """
    samples, variables, steps = series.shape
    shift = rng.integers(-settings.jitter, settings.jitter + 1, size=(samples,))
    order = (np.arange(steps) - shift[:, None]) % steps
    moved = np.take_along_axis(series, order[:, None], axis=2)
    moved += settings.noise * rng.standard_normal(moved.shape, dtype="float32")
    offset = rng.standard_normal((samples, variables, 1), dtype="float32")
    moved += settings.offset_noise * offset
    gaps = settings.artificial_gaps
    return mask_mixed(
        moved,
        share=gaps.share,
        max_fraction=gaps.max_fraction,
        rng=rng,
        maskable=maskable,
    )


def mask_pattern(
    series: np.ndarray,
    *,
    pattern: str,
    fraction: float | np.ndarray,
    rng: np.random.Generator,
    variables: Sequence[str] = (),
) -> np.ndarray:
    """A copy of the series with artificial gaps (NaN) of a pattern.

    Parameters
    ----------
    series : (sample, variable, step); gaps that are there stay
    pattern : `random`, `block`, or the name of a variable, which is masked whole
    fraction : of `mask_random` and `mask_block`; no meaning for a variable
    rng : generator; equal generators mask the same values
    variables : names along the axis of the variables

    Raises
    ------
    InputError : an unknown pattern
    """
    if pattern == "random":
        return mask_random(series, fraction=fraction, rng=rng)
    if pattern == "block":
        return mask_block(series, fraction=fraction, rng=rng)
    if pattern in variables:
        gaps = np.asarray(variables) == pattern
        return with_gaps(series, gaps[None, :, None])
    raise InputError(
        "artificial gaps",
        variable="pattern",
        expected=f"one of {', '.join(('random', 'block', *variables))}",
        found=pattern,
    )


def mask_random(
    series: np.ndarray, *, fraction: float | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A copy of (sample, variable, step) in which single values are NaN, anywhere.

    Parameters
    ----------
    fraction : chance of each value, 0-1, one number or one per sample
    """
    return with_gaps(series, rng.random(series.shape) < by_sample(fraction, series))


def mask_block(
    series: np.ndarray, *, fraction: float | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """A copy of (sample, variable, step) in which a run of steps is NaN.

    The year is a circle. In half of the samples the run is the same in all variables,
    in the others each variable has a run of its own.

    Parameters
    ----------
    fraction : length of the run as a share of the year, 0-1, one number or one per
        sample
    """
    runs = draw_runs(series.shape, by_sample(fraction, series), rng=rng)
    return with_gaps(series, runs)


def by_sample(fraction: float | np.ndarray, series: np.ndarray) -> np.ndarray:
    """One number per sample, (sample, 1, 1)."""
    return np.broadcast_to(np.asarray(fraction, float), len(series))[:, None, None]


def mask_borrowed(
    series: np.ndarray,
    sites: np.ndarray,
    donors: np.ndarray,
    donor_sites: np.ndarray,
    *,
    rng: np.random.Generator,
) -> np.ndarray:
    """A copy of the series in which each sample also has the gaps of another site's year.

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
    gaps = np.empty(series.shape, bool)
    for row, site in enumerate(sites):
        others = np.flatnonzero(donor_sites != site)
        if not others.size:
            raise InputError(
                "samples",
                variable="site",
                expected="site-years of another site, whose gaps can be borrowed",
                found=f"only those of {site}",
            )
        gaps[row] = donors[rng.choice(others)]
    return with_gaps(series, gaps)


def mask_mixed(
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
    max_fraction : largest fraction of values masked in one sample
    rng : generator
    maskable : only the first so many variables get gaps; derived series have none
    """
    part = series[:, :maskable]
    samples = len(series)
    fraction = rng.random(samples) * max_fraction
    # Every number is drawn whether or not it is used, so that a setting of one pattern
    # does not change the others.
    choice = np.where(rng.random(samples) < share, rng.integers(3, size=samples), -1)
    choice = choice[:, None, None]
    whole = rng.integers(maskable, size=samples)[:, None] == np.arange(maskable)
    gaps = np.select(
        [choice == 0, choice == 1, choice == 2],
        [
            rng.random(part.shape) < fraction[:, None, None],
            draw_runs(part.shape, fraction[:, None, None], rng=rng),
            np.broadcast_to(whole[:, :, None], part.shape),
        ],
        default=False,
    )
    result = series.copy()
    result[:, :maskable][gaps] = np.nan
    return result


def draw_runs(
    shape: tuple[int, ...], fraction: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """Runs of steps on the circle of the year, bool (sample, variable, step)."""
    samples, variables, steps = shape
    start = rng.integers(steps, size=(samples, variables, 1))
    together = rng.random((samples, 1, 1)) < 0.5
    start = np.where(together, start[:, :1], start)
    length = np.rint(fraction * steps)
    return (np.arange(steps) - start) % steps < length


def with_gaps(series: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """A copy with NaN where `gaps` (broadcast) is true; the type stays."""
    return np.where(gaps, np.array(np.nan, series.dtype), series)
