"""The months of all FLUXNET sites together, and which years have none."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from forestflux.core.calendars.months import MONTHS
from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import read_manifest
from forestflux.towers.fluxnet.fluxnet_towers import first_fault_error
from forestflux.towers.fluxnet.site_record import MonthsRecord
from forestflux.towers.site_months import (
    describe_sum,
    find_wrong_sums,
    order_months,
)
from forestflux.towers.tower_schemas import FLUXNET_MONTHS, MONTHS_LEFT_OUT

# A month counts of which so much has values, 25 of 31 days. What is missing of it counts as the
# mean of the rest.
MONTH_COMPLETENESS = 0.8
# Why a year, or all years, have no months.
Reason = tuple[str, int | None, str | None, str]


def collect_site_months(
    tables: Sequence[Path], site_years: pd.DataFrame, *, skip_faulty: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Months of the years that have annual fluxes, and the years without months.

    Parameters
    ----------
    tables : `fluxnet/{site}.months.csv` of all sites, each with its record beside it
    site_years : site, year, gpp, nee (gC m-2 yr-1), the years that count
    skip_faulty : whether a site or year that is faulty has no months; else it ends the run

    Returns
    -------
    months, left_out : tables of `forestflux.towers.tower_schemas`

    Raises
    ------
    InputError : the first fault, unless faults are skipped: a damaged file, months that do not
        add up to the year
    """
    kept, left_out, faults = [], list[Reason](), []
    for path in tables:
        own = site_years[site_years["site"] == path.name.partition(".")[0]]
        if own.empty:
            continue
        record = read_manifest(path.with_suffix(".json"), MonthsRecord)
        if record.fault is not None:
            faults.append(record.fault)
            reason = str(InputError(**record.fault))
            left_out.append((record.site, None, record.fault["source"], reason))
        elif record.file is None:
            reason = "there is a table of years only"
            left_out.append((record.site, None, None, reason))
        else:
            months = FLUXNET_MONTHS.read_file(path, empty=True)
            whole, broken = select_whole_years(months, own["year"], record)
            wrong = find_wrong_sums(whole, own)
            faults += [
                describe_wrong_year(year, record) for _, year in wrong.iterrows()
            ]
            left_out += [*broken, *list_wrong_years(wrong, record)]
            kept.append(whole[~whole["year"].isin(wrong["year"])])
    if faults and not skip_faulty:
        raise first_fault_error(faults)
    table = pd.concat(kept) if kept else pd.DataFrame(columns=FLUXNET_MONTHS.names)
    listed = pd.DataFrame(left_out, columns=MONTHS_LEFT_OUT.names)
    listed["year"] = listed["year"].astype("Int64")
    return order_months(table), listed


def select_whole_years(
    months: pd.DataFrame, years: Iterable[int], record: MonthsRecord
) -> tuple[pd.DataFrame, list[Reason]]:
    """Months of the years that have all twelve, and why the other years have none.

    Parameters
    ----------
    months : of one site, the table `FLUXNET_MONTHS`
    years : that have annual fluxes
    """
    good = months[months["completeness"] >= MONTH_COMPLETENESS]
    whole, broken = [], list[Reason]()
    for year in years:
        there = good.loc[good["year"] == year, "month"]
        missing = sorted(set(range(1, MONTHS + 1)) - set(there))
        if missing:
            listed = ", ".join(map(str, missing))
            reason = f"below {MONTH_COMPLETENESS:.0%} of the days in month {listed}"
            broken.append((record.site, int(year), record.file, reason))
        else:
            whole.append(year)
    return good[good["year"].isin(whole)], broken


def describe_wrong_year(wrong: pd.Series, record: MonthsRecord) -> dict[str, str]:
    """Arguments of `InputError` for a year to which its months do not add up."""
    return {
        "source": str(record.file),
        "variable": f"{record.site}: {wrong['flux']}",
        "expected": "months that add up to the year",
        "found": describe_sum(wrong),
    }


def list_wrong_years(wrong: pd.DataFrame, record: MonthsRecord) -> Iterator[Reason]:
    """Why years have no months whose months do not add up to them, each year once."""
    for _, year in wrong.drop_duplicates("year").iterrows():
        reason = f"months of {year['flux']} add up to {describe_sum(year)}"
        yield (record.site, int(year["year"]), record.file, reason)
