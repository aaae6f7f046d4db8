"""Start, peak and end of a season from its twelve months, in days of the year.

Months are joined by straight lines between their middles, the year taken as a circle. The season
starts where the flux rises through the middle between its least and its largest value, and ends
where it falls through it (half of the amplitude: White et al. 1997, doi 10.1029/97GB00330).
"""

from typing import NamedTuple

import numpy as np

from forestflux.core.calendars.months import month_starts

DAYS = 365
# Any common year: the 29th of February is no day of a mean season.
YEAR = 2001
# A flux whose amplitude is a smaller share of its largest month has no season to speak of.
LEAST_AMPLITUDE = 0.3


class SeasonDates(NamedTuple):
    """Days of the year, each (season,); NaN where there is no season.

    Attributes
    ----------
    start, peak, end : from 0 to 365
    """

    start: np.ndarray
    peak: np.ndarray
    end: np.ndarray


def date_seasons(months: np.ndarray) -> SeasonDates:
    """Start, peak and end of seasons.

    Parameters
    ----------
    months : (season, month), daily rates, larger in season
    """
    days = np.arange(DAYS)
    middles = middle_days()
    dates = np.full((3, len(months)), np.nan)
    for row, season in enumerate(np.asarray(months, float)):
        high, low = season.max(), season.min()
        if not high - low > LEAST_AMPLITUDE * abs(high):
            continue
        curve = np.interp(days, middles, season, period=DAYS)
        peak = int(curve.argmax())
        turned = np.roll(curve, DAYS // 2 - peak)
        above = turned > (high + low) / 2
        before = np.flatnonzero(~above[: DAYS // 2])
        after = np.flatnonzero(~above[DAYS // 2 :])
        rise = before[-1] + 1 if before.size else 0
        fall = DAYS // 2 + after[0] if after.size else DAYS
        shift = peak - DAYS // 2
        dates[:, row] = (rise + shift) % DAYS, peak, (fall + shift) % DAYS
    return SeasonDates(*dates)


def middle_days() -> np.ndarray:
    """Day of the year of the middle of each month (month,)."""
    edges = (month_starts(YEAR) - month_starts(YEAR)[0]).astype(int)
    return (edges[:-1] + edges[1:]) / 2


def circular_error(observed: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Days between two days of the year, the shorter way round; NaN where one is not known."""
    half = DAYS / 2
    return np.abs((np.asarray(predicted) - observed + half) % DAYS - half)
