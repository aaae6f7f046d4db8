"""Windows of years: the two periods whose means are compared beside the pair."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class YearWindow:
    """A window of years, cut to those that are mapped.

    Attributes
    ----------
    first, last : as configured
    years : mapped years in it; none where fewer than half are mapped, because their mean
        would show the weather of one or two years
    """

    first: int
    last: int
    years: tuple[int, ...]

    @property
    def status(self) -> str:
        """`whole`, `cut` or `missing`."""
        if not self.years:
            return "missing"
        return "whole" if len(self.years) == self.last - self.first + 1 else "cut"

    @property
    def text(self) -> str:
        """Years as they stand in the tables: 2003-2005, or 2001, 2003, 2005."""
        years = self.years
        if not years:
            return ""
        if years[-1] - years[0] + 1 == len(years):
            return f"{years[0]}-{years[-1]}"
        return ", ".join(map(str, years))


def cut_windows(
    settings: Sequence[Sequence[int]], years: Sequence[int]
) -> tuple[YearWindow, YearWindow]:
    """The earlier and the later window of a mapped series.

    Parameters
    ----------
    settings : first and last year of each
    years : mapped years
    """
    earlier, later = (cut_window(first, last, years) for first, last in settings)
    return earlier, later


def cut_window(first: int, last: int, years: Sequence[int]) -> YearWindow:
    """One window: its mapped years where they are at least half of it."""
    inside = tuple(year for year in years if first <= year <= last)
    half = -(-(last - first + 1) // 2)
    return YearWindow(first, last, inside if len(inside) >= half else ())


def average_window(
    values: np.ndarray, years: Sequence[int] | np.ndarray, window: YearWindow
) -> np.ndarray:
    """Mean (...) over the years of a window, NaN where it is missing.

    Parameters
    ----------
    values : (year, ...)
    years : (year,)
    """
    if not window.years:
        return np.full(values.shape[1:], np.nan)
    return values[np.isin(years, window.years)].mean(axis=0)
