"""The calendar: 46 steps of eight days from 1 January, and how products come onto it."""

import numpy as np

STEPS = 46
STEP_DAYS = 8


def year_length(year: int) -> int:
    """Days of the year."""
    return (np.datetime64(f"{year + 1}-01-01") - np.datetime64(f"{year}-01-01")).astype(
        int
    )


def step_starts(year: int) -> np.ndarray:
    """First day of each step (step,), datetime64[D]."""
    return np.datetime64(f"{year}-01-01", "D") + STEP_DAYS * np.arange(STEPS)


def step_lengths(year: int) -> np.ndarray:
    """Days of each step (step,): 8, and 5 or 6 for the last."""
    lengths = np.full(STEPS, STEP_DAYS)
    lengths[-1] = year_length(year) - STEP_DAYS * (STEPS - 1)
    return lengths


def step_months(year: int) -> np.ndarray:
    """Month (1-12) of the middle of each step (step,)."""
    middle = step_starts(year) + step_lengths(year) // 2
    return middle.astype("datetime64[M]").astype(int) % 12 + 1


def step_of_day(days: np.ndarray, year: int) -> np.ndarray:
    """Step (0-45) in which each day lies; -1 for days of other years.

    Parameters
    ----------
    days : datetime64[D] (time,)
    """
    offset = (days - np.datetime64(f"{year}-01-01", "D")).astype(int)
    inside = (offset >= 0) & (offset < year_length(year))
    return np.where(inside, np.minimum(offset // STEP_DAYS, STEPS - 1), -1)


def place_composites(
    values: np.ndarray, days: np.ndarray, *, year: int, absent: float
) -> np.ndarray:
    """Composites of 8 or 16 days on the calendar (step, ...): each in the step in which it starts.

    Nothing is averaged, so stored integers and quality bits stay what they were.
    Terra's 16-day composites start on steps 0, 2, 4, ... and Aqua's on 1, 3, 5, ...:
    together they fill the calendar, one alone leaves every second step absent. Of two
    composites that start in one step the later image in the list counts.

    Parameters
    ----------
    values : (time, ...) stored values
    days : datetime64[D] (time,), first day of each composite
    absent : value of steps without a composite
    """
    placed = np.full((STEPS, *values.shape[1:]), absent, dtype=values.dtype)
    steps = step_of_day(days, year)
    inside = steps >= 0
    placed[steps[inside]] = values[inside]
    return placed


def average_days(values: np.ndarray, days: np.ndarray, *, year: int) -> np.ndarray:
    """Daily sums as each step's mean per day (step, ...), float32; NaN where a day is missing.

    Parameters
    ----------
    values : (time, ...) daily sums, NaN = missing
    days : datetime64[D] (time,), one image a day
    """
    total = np.zeros((STEPS, *values.shape[1:]))
    count = np.zeros(STEPS, dtype=int)
    steps = step_of_day(days, year)
    inside = steps >= 0
    np.add.at(total, steps[inside], values[inside].astype(float))
    np.add.at(count, steps[inside], 1)
    lengths = step_lengths(year)
    total[count != lengths] = np.nan
    shape = (STEPS,) + (1,) * (values.ndim - 1)
    return (total / lengths.reshape(shape)).astype("float32")
