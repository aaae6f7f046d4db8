"""Daily precipitation whose sums over steps are exactly the planet's."""

import numpy as np

from forestflux.core.calendars.eight_day import STEP_DAYS, STEPS, year_length
from forestflux.sources.simulated.noise import hashed, uniform


def spread_over_days(totals: np.ndarray, *, year: int) -> np.ndarray:
    """Daily sums (day, pixel) float32 whose sum over a step is exactly its total.

    Days are whole multiples of the total's last binary digit, so that no order of
    summation rounds.

    Parameters
    ----------
    totals : sums of each step (step, pixel), float32, NaN where there is none
    """
    days = np.arange(year_length(year))
    step = np.minimum(days // STEP_DAYS, STEPS - 1)
    draw = uniform(
        hashed(0, "wet day", days[:, None], np.arange(totals.shape[1])[None])
    )
    share = 0.02 + np.maximum(draw - 0.45, 0) ** 2
    weight = np.add.reduceat(share, STEP_DAYS * np.arange(STEPS), axis=0)
    known = np.nan_to_num(totals)
    digit = np.spacing(known).astype(float)
    units = np.rint(known / digit)
    parts = np.floor(share / weight[step] * units[step])
    last = np.append(np.flatnonzero(np.diff(step)), len(days) - 1)
    parts[last] = 0
    rest = units - np.add.reduceat(parts, STEP_DAYS * np.arange(STEPS), axis=0)
    parts[last] = rest
    return np.where(np.isnan(totals)[step], np.nan, parts * digit[step]).astype(
        "float32"
    )
