"""Calendar months beside the eight-day steps: their lengths, and which steps lie in them."""

import numpy as np

from forestflux.core.calendars.eight_day import step_lengths, step_starts

MONTHS = 12
MONTH_FLUX_UNIT = "gC m-2 month-1"
COMMON_YEAR_DAYS = 365


def month_starts(year: int) -> np.ndarray:
    """First day of each month, and of the January after (month + 1,), datetime64[D]."""
    first = np.datetime64(f"{year}-01", "M")
    return (first + np.arange(MONTHS + 1)).astype("datetime64[D]")


def month_lengths(year: int) -> np.ndarray:
    """Days of each month (month,)."""
    return np.diff(month_starts(year)).astype(int)


def is_leap_year(years: np.ndarray) -> np.ndarray:
    """Whether each calendar year has 366 days, (year,), bool."""
    return list_month_lengths(years).sum(axis=-1) > COMMON_YEAR_DAYS


def list_month_lengths(years: np.ndarray) -> np.ndarray:
    """Days of each month of some calendar years (year, month), int."""
    wanted, place = np.unique(np.asarray(years, int), return_inverse=True)
    lengths = [month_lengths(int(year)) for year in wanted]
    return np.array(lengths, int).reshape(-1, MONTHS)[place]


def count_step_days(year: int) -> np.ndarray:
    """Days that each step has in each month, int (step, month).

    A step that begins in one month and ends in the next has days in both.
    """
    starts, lengths = step_starts(year), step_lengths(year)
    edges = month_starts(year)
    first = np.maximum(starts[:, None], edges[None, :-1])
    last = np.minimum((starts + lengths)[:, None], edges[None, 1:])
    return np.maximum((last - first).astype(int), 0)
