"""Time stamps of FLUXNET tables as periods: when each row begins and ends."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from forestflux.core.input_errors import InputError

# Digits of a time stamp by resolution.
DIGITS = {"YY": 4, "MM": 6, "WW": 8, "DD": 8, "HH": 12, "HR": 12}
FORMATS = {4: "YYYY", 6: "YYYYMM", 8: "YYYYMMDD", 12: "YYYYMMDDhhmm"}
STEP = {"HH": np.timedelta64(30, "m"), "HR": np.timedelta64(60, "m")}
DAY = np.timedelta64(1, "D")
# Calendar years or months, over which fluxes are summed.
PeriodUnit = Literal["Y", "M"]


def find_stamp_columns(names: Sequence[str], resolution: str, label: str) -> list[str]:
    """Columns of a table that hold the times of its rows.

    Days, months and years have TIMESTAMP; weeks, half hours and hours have
    TIMESTAMP_START and TIMESTAMP_END, of which half hours and hours need only one.

    Raises
    ------
    InputError : none of them is there
    """
    both = ["TIMESTAMP_START", "TIMESTAMP_END"]
    if resolution in ("WW", "HH", "HR"):
        # TIMESTAMP alone would not say whether a half hour begins or ends with it.
        choices = [both] if resolution == "WW" else [both, both[:1], both[1:]]
    else:
        choices = [["TIMESTAMP"], both[:1]]
    for choice in choices:
        if set(choice) <= set(names):
            return choice
    wanted = " or ".join(" and ".join(choice) for choice in choices)
    found = ", ".join(name for name in names if name.startswith("TIMESTAMP")) or "none"
    raise InputError(label, variable="TIMESTAMP", expected=wanted, found=found)


def convert_to_periods(
    columns: Sequence[str],
    stamps: Sequence[np.ndarray],
    *,
    resolution: str,
    label: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each row, datetime64[m] (row,); the end is not part of the period.

    Parameters
    ----------
    columns : names of the stamps, result of `find_stamp_columns`
    stamps : int64 (row,) each

    Raises
    ------
    InputError : a number that is no date, an end before its start
    """
    digits = DIGITS[resolution]
    times = {
        name: convert_stamps(values, digits, name, label)
        for name, values in zip(columns, stamps, strict=True)
    }
    if resolution == "WW":
        start = times["TIMESTAMP_START"]
        end = times["TIMESTAMP_END"] + DAY  # tables give the week's last day
    elif resolution in STEP:
        step = STEP[resolution]
        if "TIMESTAMP_START" in times:
            start = times["TIMESTAMP_START"]
            end = times.get("TIMESTAMP_END", start + step)
        else:
            end = times["TIMESTAMP_END"]
            start = end - step
    else:
        start = times[columns[0]]
        unit = {"YY": "Y", "MM": "M", "DD": "D"}[resolution]
        end = (start.astype(f"datetime64[{unit}]") + 1).astype("datetime64[m]")
    refuse_stamps(
        end <= start, stamps[0], columns[0], label, expected="an end after its start"
    )
    return start, end


def convert_stamps(
    stamps: np.ndarray, digits: int, name: str, label: str
) -> np.ndarray:
    """Time stamps as datetime64[m] (row,).

    Raises
    ------
    InputError : a number that is no date of so many digits
    """
    scale = 10 ** (digits - 4)
    year, rest = stamps // scale, stamps % scale
    month = rest // 10 ** (digits - 6) if digits > 4 else np.ones_like(stamps)
    day = rest // 10 ** (digits - 8) % 100 if digits > 6 else np.ones_like(stamps)
    hour = rest // 100 % 100 if digits == 12 else np.zeros_like(stamps)
    minute = rest % 100 if digits == 12 else np.zeros_like(stamps)
    known = (year >= 1900) & (year <= 2199) & (month >= 1) & (month <= 12)
    known &= (hour < 24) & (minute < 60)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    date = months.astype("datetime64[D]") + (day - 1)
    known &= (day >= 1) & (date.astype("datetime64[M]") == months)
    expected = f"dates as {FORMATS[digits]}"
    refuse_stamps(~known, stamps, name, label, expected=expected)
    return date.astype("datetime64[m]") + 60 * hour + minute


def refuse_stamps(
    bad: np.ndarray, stamps: np.ndarray, name: str, label: str, *, expected: str
) -> None:
    """Refuse a table at its first bad time stamp, if there is one."""
    if bad.any():
        found = f"{stamps[int(np.argmax(bad))]}"
        raise InputError(label, variable=name, expected=expected, found=found)


def check_order(
    start: np.ndarray,
    end: np.ndarray,
    *,
    previous_end: np.datetime64 | None,
    label: str,
) -> None:
    """Refuse rows that do not follow each other in time.

    Parameters
    ----------
    start, end : datetime64[m] (row,)
    previous_end : end of the last row of the chunk before; None at the table's top

    Raises
    ------
    InputError : a time stamp twice, out of order, or within the period before it
    """
    ends = np.concatenate(
        [[start[0] if previous_end is None else previous_end], end[:-1]]
    )
    bad = start < ends
    if not bad.any():
        return
    row = int(np.argmax(bad))
    same = row > 0 and start[row] == start[row - 1]
    same |= row == 0 and end[row] == previous_end
    raise InputError(
        label,
        variable="TIMESTAMP",
        expected="each time stamp once and in order",
        found=f"{start[row]} {'twice' if same else f'after {ends[row]}'}",
    )


def split_by_period(
    start: np.ndarray, end: np.ndarray, *, unit: PeriodUnit
) -> Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The calendar years or months that each row belongs to, and its minutes in each of them.

    Parameters
    ----------
    start, end : datetime64[m] (row,); no row is longer than a period
    unit : Y for years, M for months

    Returns
    -------
    parts : row (int), period (datetime64[Y] or [M]) and minutes (float), each (row,); the
        first part holds every row, the second the rows that end in the period after, as some
        weeks do
    """
    first = start.astype(f"datetime64[{unit}]")
    border = (first + 1).astype("datetime64[m]")
    rows = np.arange(len(start))
    minutes = (np.minimum(end, border) - start) / np.timedelta64(1, "m")
    parts = [(rows, first, minutes)]
    over = end > border
    if over.any():
        minutes = (end[over] - border[over]) / np.timedelta64(1, "m")
        parts.append((rows[over], first[over] + 1, minutes))
    return parts


def count_minutes(periods: np.ndarray) -> np.ndarray:
    """Length of calendar years or months, datetime64[Y] or [M] (period,), in minutes."""
    return (
        (periods + 1).astype("datetime64[m]") - periods.astype("datetime64[m]")
    ) / np.timedelta64(1, "m")
