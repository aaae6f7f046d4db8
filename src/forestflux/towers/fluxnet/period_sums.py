"""Sums of one FLUXNET table by year or month, whatever its resolution."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.towers.fluxnet.flux_columns import read_chunks, read_header
from forestflux.towers.fluxnet.packed_files import PackedFile
from forestflux.towers.fluxnet.periods import (
    PeriodUnit,
    check_order,
    convert_to_periods,
    count_minutes,
    find_stamp_columns,
    split_by_period,
)

CARBON_G_PER_UMOL = 12.0107e-6  # gC in 1 umol CO2
# The calendar that time stamps may have: its first year, years, and periods in a year.
CALENDAR_START, CALENDAR_YEARS = 1900, 300
PERIODS_OF_YEAR: dict[PeriodUnit, int] = {"Y": 1, "M": 12}

# What a minute adds to a sum (gC m-2) for each unit of the table.
PER_MINUTE = {
    "MM": 1 / 1440,  # gC m-2 d-1
    "WW": 1 / 1440,
    "DD": 1 / 1440,
    "HH": CARBON_G_PER_UMOL * 60,  # umolCO2 m-2 s-1
    "HR": CARBON_G_PER_UMOL * 60,
}


@dataclass(frozen=True)
class FluxSums:
    """Sums of a table's columns over calendar years or months.

    Attributes
    ----------
    periods : datetime64[Y] or [M] (period,), those that the table has
    sums : (period, column), gC m-2 of the period: the mean of the values there are, over the
        whole period; NaN where there are none
    shares : (period, column), share of the period with a value, 1
    zero : bool (period, column), whether every value of the period is exactly zero
    good : (period,), share of the period with measured or well filled NEE, 1
    """

    periods: np.ndarray
    sums: np.ndarray
    shares: np.ndarray
    zero: np.ndarray
    good: np.ndarray

    @property
    def years(self) -> np.ndarray:
        """Calendar year of each period, int (period,)."""
        return self.periods.astype("datetime64[Y]").astype(int) + 1970

    @property
    def months(self) -> np.ndarray:
        """Month of each period of months, 1-12, int (period,)."""
        return self.periods.astype("datetime64[M]").astype(int) % 12 + 1


def sum_by_period(
    file: PackedFile,
    *,
    unit: PeriodUnit,
    resolution: str,
    needed: Sequence[str],
    quality: str,
    further: Sequence[str] = (),
) -> FluxSums:
    """Sums of some columns of a table over calendar years or months.

    Parameters
    ----------
    unit : Y for years, M for months, which no table of years gives
    resolution : YY, MM, WW, DD, HH or HR, which says the unit: gC m-2 yr-1 of years, gC
        m-2 d-1 of months, weeks and days, umolCO2 m-2 s-1 of hours and half hours
    needed, further : columns of fluxes; the result has them in this order
    quality : column of the quality of NEE: of half hours and hours a flag (0 measured, 1
        well filled, 2, 3 poor), else the share of measured and well filled half hours

    Raises
    ------
    InputError : what the reader, the periods and their order refuse; a number that is no
        quality; no rows
    """
    columns = find_stamp_columns(read_header(file), resolution, file.label)
    fluxes = [*needed, *further]
    first = np.datetime64(f"{CALENDAR_START}", unit)
    count = CALENDAR_YEARS * PERIODS_OF_YEAR[unit]
    shape = (count, len(fluxes))
    amount, minutes = np.zeros(shape), np.zeros(shape)
    nonzero, rows_of_period = np.zeros(shape), np.zeros(count)
    good, previous_end = np.zeros(count), None
    for stamps, values in read_chunks(file, stamps=columns, values=[*fluxes, quality]):
        if not len(values):
            continue
        start, end = convert_to_periods(
            columns, stamps, resolution=resolution, label=file.label
        )
        check_order(start, end, previous_end=previous_end, label=file.label)
        previous_end = end[-1]
        flags, table = values[:, -1], values[:, :-1]
        # A row counts for the needed columns only where all of them have a value. Their
        # sums are then over the same hours, and a budget that closes row by row closes by
        # period.
        table[np.isnan(table[:, : len(needed)]).any(axis=1), : len(needed)] = np.nan
        share = compute_good_share(flags, resolution, quality, file.label)
        for rows, periods, length in split_by_period(start, end, unit=unit):
            place = (periods - first).astype(int)
            rows_of_period += np.bincount(place, minlength=count)
            good += np.bincount(place, share[rows] * length, minlength=count)
            rate = PER_MINUTE.get(resolution) or 1 / count_minutes(periods)
            for index in range(len(fluxes)):
                value = table[rows, index]
                known = np.isfinite(value)
                value = np.where(known, value, 0.0)
                for total, part in (
                    (amount, value * rate * length),
                    (minutes, known * length),
                    (nonzero, value != 0),
                ):
                    total[:, index] += np.bincount(place, part, minlength=count)
    if not rows_of_period.any():
        raise InputError(
            file.label, variable="rows", expected="at least one", found="none"
        )
    present = np.flatnonzero(rows_of_period)
    lengths = count_minutes(first + present)[:, None]
    with np.errstate(invalid="ignore"):
        sums = amount[present] * lengths / minutes[present]
    return FluxSums(
        periods=first + present,
        sums=sums,
        shares=minutes[present] / lengths,
        zero=(nonzero[present] == 0) & (minutes[present] > 0),
        good=good[present] / lengths[:, 0],
    )


def compute_good_share(
    flags: np.ndarray, resolution: str, name: str, label: str
) -> np.ndarray:
    """Share of each row with measured or well filled NEE (row,); 0 where it is not known.

    Parameters
    ----------
    flags : (row,), see `quality` of `sum_by_period`
    name, label : of the column and the file, in messages

    Raises
    ------
    InputError : a number that is no quality of this resolution
    """
    known = np.isfinite(flags)
    if resolution in ("HH", "HR"):
        bad = known & ~np.isin(flags, (0, 1, 2, 3))
        expected, share = "a flag 0, 1, 2 or 3", (flags <= 1).astype(float)
    else:
        # Files hold rounded shares, which may exceed 1 by a little.
        bad = known & ((flags < 0) | (flags > 1 + 1e-6))
        expected, share = "a share from 0 to 1", np.minimum(flags, 1.0)
    if bad.any():
        found = f"{flags[bad][0]:g}"
        raise InputError(label, variable=name, expected=expected, found=found)
    return np.where(known, share, 0.0)
