"""Monthly fluxes of towers, checked beside the annual ones: twelve that add up to the year."""

from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.calendars.months import MONTH_FLUX_UNIT, MONTHS
from forestflux.core.input_errors import InputError
from forestflux.core.names import CLOSURE_TOLERANCE, FLUX_UNIT, TARGET_FLUXES
from forestflux.jobs.user_tables import parse_numbers, read_csv, refuse_cell
from forestflux.towers.tower_schemas import SITE_MONTHS
from forestflux.towers.tower_tables import parse_years, refuse_unknown_towers

SITE_YEAR = ["site", "year"]
# Largest difference of the sum of twelve months from the year, as a share of its GPP. FLUXNET
# chooses the reference of years and of months apart: at US-MMS they differ by up to 3.7 %.
SUM_TOLERANCE = 0.05


def read_site_months(
    path: Path, sites: pd.DataFrame, site_years: pd.DataFrame
) -> pd.DataFrame:
    """One row per tower, year and month, the table `SITE_MONTHS`; `reco` is `gpp + nee`.

    Parameters
    ----------
    path : the user's `site_months.csv`
    sites, site_years : tables of `forestflux.towers.tower_tables`

    Raises
    ------
    InputError : an unreadable table; a site or year that the other tables lack; a month twice;
        a year without all of its twelve months, with a gap, or that they do not add up to
    """
    table = read_csv(path, (*SITE_YEAR, "month", *TARGET_FLUXES))
    refuse_unknown_towers(table, sites, path=path)
    clean = table[["site"]].assign(year=parse_years(table, path=path))
    month = parse_numbers(table, "month", path=path)
    no_month = ~np.isin(month, np.arange(1, MONTHS + 1))
    expected = "a whole number from 1 to 12"
    refuse_cell(no_month, table, "month", path=path, expected=expected)
    clean["month"] = month.astype(int)
    known = pd.MultiIndex.from_frame(site_years[SITE_YEAR])
    without_year = ~pd.MultiIndex.from_frame(clean[SITE_YEAR]).isin(known)
    expected = "a year that site_years.csv has of the site"
    refuse_cell(without_year, table, "year", path=path, expected=expected)
    repeated = clean.duplicated([*SITE_YEAR, "month"]).to_numpy()
    expected = "each site, year and month once"
    refuse_cell(repeated, table, "month", path=path, expected=expected)
    for flux in TARGET_FLUXES:
        clean[flux] = parse_numbers(table, flux, path=path, gaps=True)
        gap = clean[flux].isna().to_numpy()
        expected = "a number: a year with a gap in its months has no rows"
        refuse_cell(gap, table, flux, path=path, expected=expected)
    refuse_missing_months(clean, path)
    refuse_wrong_sums(clean, site_years, path)
    return order_months(clean)


def order_months(months: pd.DataFrame) -> pd.DataFrame:
    """The table `SITE_MONTHS` in order of site, year and month, with RECO = GPP + NEE."""
    closed = months.assign(reco=months["gpp"] + months["nee"])
    ordered = closed.sort_values([*SITE_YEAR, "month"], ignore_index=True)
    return ordered[SITE_MONTHS.names]


def refuse_missing_months(months: pd.DataFrame, source: str | Path) -> None:
    """Refuse a year that has some of its months and not all."""
    groups = months.groupby(SITE_YEAR)["month"]
    incomplete = groups.nunique() < MONTHS
    if not incomplete.any():
        return
    site, year = incomplete.index[incomplete.to_numpy()][0]
    there = set(groups.get_group((site, year)))
    first = next(month for month in range(1, MONTHS + 1) if month not in there)
    raise InputError(
        source,
        variable="month",
        expected="all 12 months of a year, or no row",
        found=f"{len(there)} at {site} in {year} (month {first} is missing)",
    )


def find_wrong_sums(months: pd.DataFrame, site_years: pd.DataFrame) -> pd.DataFrame:
    """Site-years to which their months do not add up: site, year, flux, total, annual.

    Both are gC m-2 yr-1. A year whose annual flux is not known is not judged.

    Parameters
    ----------
    months : site, year, gpp, nee, twelve rows a year, gC m-2 month-1
    site_years : site, year, gpp, nee, gC m-2 yr-1
    """
    totals = months.groupby(SITE_YEAR, as_index=False)[list(TARGET_FLUXES)].sum()
    joined = totals.merge(site_years, on=SITE_YEAR, suffixes=("_months", ""))
    allowed = np.maximum(CLOSURE_TOLERANCE, SUM_TOLERANCE * joined["gpp"].abs())
    parts = []
    for flux in TARGET_FLUXES:
        total, annual = joined[f"{flux}_months"], joined[flux]
        part = joined[SITE_YEAR].assign(flux=flux, total=total, annual=annual)
        parts.append(part[(total - annual).abs() > allowed])
    return pd.concat(parts, ignore_index=True)


def refuse_wrong_sums(
    months: pd.DataFrame, site_years: pd.DataFrame, source: str | Path
) -> None:
    """Refuse months that do not add up to the year, as `find_wrong_sums` finds them."""
    wrong = find_wrong_sums(months, site_years)
    if wrong.empty:
        return
    first = wrong.iloc[0]
    more = len(wrong[SITE_YEAR].drop_duplicates()) - 1
    others = f" and {more} more such site-years" if more else ""
    raise InputError(
        source,
        variable=str(first["flux"]),
        expected=f"{MONTH_FLUX_UNIT}, twelve months that add up to the year within"
        f" {CLOSURE_TOLERANCE:g} {FLUX_UNIT} or {SUM_TOLERANCE:.0%} of GPP",
        found=f"{describe_sum(first)}{others}",
    )


def describe_sum(wrong: pd.Series) -> str:
    """In words, what months of a site-year add up to and what the year has."""
    return (
        f"{wrong['total']:.0f} beside {wrong['annual']:.0f} of the year"
        f" at {wrong['site']} in {wrong['year']}"
    )
