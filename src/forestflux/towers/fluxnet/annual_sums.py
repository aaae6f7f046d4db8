"""Annual sums of one FLUXNET table, whatever its resolution."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forestflux.core.errors import InputError
from forestflux.towers.fluxnet.archive_members import Member
from forestflux.towers.fluxnet.flux_columns import header_of, read_chunks
from forestflux.towers.fluxnet.periods import (
    check_order,
    minutes_of_year,
    periods_of,
    split_by_year,
    stamp_columns,
)

CARBON = 12.0107e-6  # gC in 1 umol CO2
BASE, SPAN = 1900, 300  # years that time stamps may have

# What a minute adds to the annual sum for each unit of the table.
PER_MINUTE = {
    "MM": 1 / 1440,  # gC m-2 d-1
    "WW": 1 / 1440,
    "DD": 1 / 1440,
    "HH": CARBON * 60,  # umolCO2 m-2 s-1
    "HR": CARBON * 60,
}


@dataclass(frozen=True)
class AnnualSums:
    """Annual values of a table's columns.

    Attributes
    ----------
    years : int (year,), those that the table has
    sums : (year, column), gC m-2 yr-1: the mean of what is there, over the whole year;
        NaN where nothing is
    shares : (year, column), share of the year with a value, 1
    zero : bool (year, column), whether every value of the year is exactly zero
    good : (year,), share of the year with measured or well filled NEE, 1
    """

    years: np.ndarray
    sums: np.ndarray
    shares: np.ndarray
    zero: np.ndarray
    good: np.ndarray


def annual_sums(
    member: Member,
    *,
    resolution: str,
    needed: Sequence[str],
    quality: str,
    further: Sequence[str] = (),
) -> AnnualSums:
    """Annual sums of some columns of a table.

    A row counts for the needed columns only where all of them have a value, so that
    their sums are over the same hours and a budget that closes row by row closes by year.

    Parameters
    ----------
    resolution : YY, MM, WW, DD, HH or HR, which says the unit: gC m-2 yr-1 of years, gC
        m-2 d-1 of months, weeks and days, umolCO2 m-2 s-1 of hours and half hours
    needed, further : columns of fluxes; the result has them in this order
    quality : column of the quality of NEE: of half hours and hours a flag (0 measured, 1
        well filled, 2, 3 poor), else the share of measured and well filled half hours

    Raises
    ------
    InputError : what the reader, the periods and their order refuse; a quality that is
        none; no rows
    """
    columns = stamp_columns(header_of(member), resolution, member.label)
    fluxes = [*needed, *further]
    shape = (SPAN, len(fluxes))
    amount, minutes = np.zeros(shape), np.zeros(shape)
    nonzero, there = np.zeros(shape), np.zeros(SPAN)
    good, before = np.zeros(SPAN), None
    pieces = read_chunks(member, stamps=columns, values=[*fluxes, quality])
    for stamps, values in pieces:
        if not len(values):
            continue
        start, end = periods_of(
            columns, stamps, resolution=resolution, label=member.label
        )
        check_order(start, end, before=before, label=member.label)
        before = end[-1]
        flags, table = values[:, -1], values[:, :-1]
        table[np.isnan(table[:, : len(needed)]).any(axis=1), : len(needed)] = np.nan
        share = good_share(flags, resolution, quality, member.label)
        for rows, years, length in split_by_year(start, end):
            year = years - BASE
            there += np.bincount(year, minlength=SPAN)
            good += np.bincount(year, share[rows] * length, minlength=SPAN)
            rate = PER_MINUTE.get(resolution) or 1 / minutes_of_year(years)
            for index in range(len(fluxes)):
                value = table[rows, index]
                known = np.isfinite(value)
                value = np.where(known, value, 0.0)
                for total, part in (
                    (amount, value * rate * length),
                    (minutes, known * length),
                    (nonzero, value != 0),
                ):
                    total[:, index] += np.bincount(year, part, minlength=SPAN)
    if not there.any():
        raise InputError(
            member.label, variable="rows", expected="at least one", found="none"
        )
    years = np.flatnonzero(there)
    whole = minutes_of_year(years + BASE)[:, None]
    with np.errstate(invalid="ignore"):
        sums = amount[years] * whole / minutes[years]
    return AnnualSums(
        years=years + BASE,
        sums=sums,
        shares=minutes[years] / whole,
        zero=(nonzero[years] == 0) & (minutes[years] > 0),
        good=good[years] / whole[:, 0],
    )


def good_share(flags: np.ndarray, resolution: str, name: str, label: str) -> np.ndarray:
    """Share of each row with measured or well filled NEE (row,); 0 where not told.

    Raises
    ------
    InputError : a number that is no quality of this resolution
    """
    known = np.isfinite(flags)
    if resolution in ("HH", "HR"):
        bad = known & ~np.isin(flags, (0, 1, 2, 3))
        expected, share = "a flag 0, 1, 2 or 3", (flags <= 1).astype(float)
    else:
        # Shares are rounded where they are written.
        bad = known & ((flags < 0) | (flags > 1 + 1e-6))
        expected, share = "a share from 0 to 1", np.minimum(flags, 1.0)
    if bad.any():
        found = f"{flags[bad][0]:g}"
        raise InputError(label, variable=name, expected=expected, found=found)
    return np.where(known, share, 0.0)
