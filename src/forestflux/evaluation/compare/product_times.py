"""Which part of which year a step of a product stands for, in the calendar of its files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from forestflux.core.input_errors import InputError
from forestflux.evaluation.compare.flux_units import FluxUnit

SECONDS_PER_DAY = 86400.0
EIGHT_DAYS = timedelta(days=8)
YEAR_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])(?!\d)")
YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
# A moment of any calendar: datetime, or its like of cftime.
Moment = Any
Kind = Literal["year", "month", "eight days", "day"]
# Median distance of steps in days, least and most, of each kind.
DISTANCES: dict[Kind, tuple[float, float]] = {
    "year": (359, 367),
    "month": (27.5, 31.5),
    "eight days": (7.9, 8.1),
    "day": (0.99, 1.01),
}
MOST_HOURS = timedelta(hours=13)


@dataclass(frozen=True)
class Stamp:
    """A step as a file names it.

    Attributes
    ----------
    path : of the file
    index : position along time in it; None where the file has no time
    moment : in the calendar of the file
    bounds : beginning and end, where the file has them
    kind : where the name of the file says it
    """

    path: Path
    index: int | None
    moment: Moment
    bounds: tuple[Moment, Moment] | None = None
    kind: Kind | None = None


@dataclass(frozen=True)
class StepPart:
    """The part of a step that lies in one year.

    Attributes
    ----------
    path, index : where its values are
    year : calendar year
    days : of the year that it covers
    year_days : days of the year
    factor : what a value of the product is multiplied with, so that the sum over a year is g m-2
        or g of a cell
    """

    path: Path
    index: int | None
    year: int
    days: float
    year_days: float
    factor: float


def divide_steps(stamps: Sequence[Stamp], unit: FluxUnit) -> list[StepPart]:
    """The parts of all steps by year and time.

    Parameters
    ----------
    stamps : of all files of a product
    unit : of its values

    Raises
    ------
    InputError : the length of the steps is not known, two steps overlap, or the files have
        different calendars
    """
    ordered = order_stamps(stamps)
    length = choose_length(ordered, unit)
    parts: list[StepPart] = []
    before: tuple[Moment, Stamp] | None = None
    for stamp in ordered:
        start, end = stamp.bounds or span_of(stamp.moment, stamp.kind or length)
        if before is not None and start < before[0]:
            other = before[1].path
            raise InputError(
                stamp.path,
                variable="time",
                expected="each step once",
                found=f"{day_of(start)} again, which {other.name} has as well",
            )
        before = end, stamp
        parts += split_years(stamp, start, end, unit)
    return parts


def order_stamps(stamps: Sequence[Stamp]) -> list[Stamp]:
    """The steps in order of time."""
    try:
        return sorted(stamps, key=lambda stamp: stamp.moment)
    except TypeError:
        other = next(
            s for s in stamps if calendar_of(s.moment) != calendar_of(stamps[0].moment)
        )
        raise InputError(
            other.path,
            variable="time",
            expected=f"the calendar {calendar_of(stamps[0].moment)} of the other files",
            found=calendar_of(other.moment),
        ) from None


def calendar_of(moment: Moment) -> str:
    """Name of the calendar of a moment; names of files have one of their own."""
    return getattr(moment, "calendar", "of names of files")


def choose_length(stamps: Sequence[Stamp], unit: FluxUnit) -> Kind | timedelta:
    """How long a step without bounds is, from the distance of the steps.

    Raises
    ------
    InputError : a distance that is none of a year, a month, eight days, a day or hours
    """
    if len(stamps) == 1:
        if stamps[0].bounds or stamps[0].kind or unit.period in ("year", "step"):
            return "year"
        found = "one step"
    else:
        moments = [stamp.moment for stamp in stamps]
        gaps = [b - a for a, b in pairwise(moments)]
        gap = sorted(gaps)[len(gaps) // 2]
        for kind, (least, most) in DISTANCES.items():
            if least <= days_in(gap) <= most:
                return kind
        known = all(stamp.bounds or stamp.kind for stamp in stamps)
        if known or timedelta(0) < gap <= MOST_HOURS:
            return gap
        found = f"steps of {days_in(gap):g} days"
    raise InputError(
        stamps[0].path,
        variable="time",
        expected="hours, days, eight days, months or years, or bounds of the steps",
        found=found,
    )


def span_of(moment: Moment, length: Kind | timedelta) -> tuple[Moment, Moment]:
    """Beginning and end of the step in which a moment lies."""
    if isinstance(length, timedelta):
        return moment, moment + length
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    year = day.replace(month=1, day=1)
    if length == "year":
        return year, next_year(year)
    if length == "month":
        first = day.replace(day=1)
        return first, next_month(first)
    if length == "eight days":
        start = year + EIGHT_DAYS * ((day - year) // EIGHT_DAYS)
        return start, min(start + EIGHT_DAYS, next_year(year))
    return day, day + timedelta(days=1)


def split_years(
    stamp: Stamp, start: Moment, end: Moment, unit: FluxUnit
) -> list[StepPart]:
    """The parts of a step, one for each year in which it lies."""
    whole = days_in(end - start)
    parts = []
    first = start.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    while first < end:
        after = next_year(first)
        inside = days_in(min(end, after) - max(start, first))
        length = days_in(after - first)
        factor = unit.grams * periods_in(unit, start, inside, whole, length)
        parts.append(
            StepPart(stamp.path, stamp.index, first.year, inside, length, factor)
        )
        first = after
    return parts


def periods_in(
    unit: FluxUnit, start: Moment, inside: float, whole: float, length: float
) -> float:
    """How many periods of the unit a part of a step has.

    Parameters
    ----------
    unit : of the values
    start : beginning of the step
    inside, whole, length : days of the part, of the step and of the year
    """
    if unit.period == "step":
        return inside / whole
    if unit.period == "year":
        return inside / length
    if unit.period == "month":
        month = start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return inside / days_in(next_month(month) - month)
    return inside * SECONDS_PER_DAY / unit.period


def next_year(first: Moment) -> Moment:
    """1 January of the next year."""
    return first.replace(year=first.year + 1)


def next_month(first: Moment) -> Moment:
    """The first day of the next month."""
    if first.month == 12:
        return first.replace(year=first.year + 1, month=1)
    return first.replace(month=first.month + 1)


def days_in(length: timedelta) -> float:
    """A length of time in days."""
    return length.total_seconds() / SECONDS_PER_DAY


def day_of(moment: Moment) -> str:
    """A moment's day, for messages."""
    return f"{moment.year}-{moment.month:02d}-{moment.day:02d}"


def stamp_of_name(path: Path) -> Stamp | None:
    """The step that the name of a file says, such as `..._200105.nc`; None where it says none."""
    month, year = YEAR_MONTH.search(path.stem), YEAR.search(path.stem)
    if month:
        moment = datetime(int(month[1]), int(month[2]), 1)
        return Stamp(path, None, moment, kind="month")
    if year:
        return Stamp(path, None, datetime(int(year[1]), 1, 1), kind="year")
    return None
