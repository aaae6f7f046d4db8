"""Predictor tables of a user: read column by column, checked before anything uses them.

A year of a tower has 46 rows of physical values; gaps are empty and stay gaps.
"""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xarray as xr

from forestflux.core.calendars import eight_day
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.products import guess_cause
from forestflux.jobs.user_tables import (
    is_fill,
    parse_numbers,
    read_csv,
    require_columns,
)

# Kinds of values that pandas would turn into numbers without a word.
NO_NUMBERS = ("boolean", "datetime", "datetime64", "date", "timedelta", "timedelta64")


class TableSeries(NamedTuple):
    """A series of the table.

    Attributes
    ----------
    variable : as the run calls it
    column : as the table calls it
    units : that its numbers must have
    median : where the median of a tower's series lies if the unit is right. Celsius, indices
        times 10,000 and stored integers fall outside; single outliers are left to the mask stage
    """

    variable: str
    column: str
    units: str
    median: tuple[float, float] | None


@functools.lru_cache(maxsize=4)
def read_predictors(
    resolved: Path, series: tuple[TableSeries, ...], modified: int, path: Path
) -> xr.Dataset:
    """Checked series with dims (site, year, step), float32; read once per process.

    Parameters
    ----------
    resolved, modified : the file and its time of change: a changed file is read again
    series : what is read; other columns stay on disk
    path : the file as the user knows it

    Raises
    ------
    InputError : a table that cannot be read, lacks a column, has something else than
        numbers, another unit, an incomplete year, other towers than `sites.csv`, or a
        year of gaps only
    """
    columns = tuple(one.column for one in series)
    sites = read_csv(path.with_name("sites.csv"), ("site",))["site"]
    table = read_table(path, ("site", "date", *columns))
    check_towers(table["site"], sites, path)
    year, step = check_calendar(table, path)
    for one in series:
        check_values(table, one, path)
    check_gaps(table, year, columns, path)
    names, years = np.unique(table["site"]), np.unique(year)
    where = (np.searchsorted(names, table["site"]), np.searchsorted(years, year), step)
    arrays = {}
    for one in series:
        values = np.full((len(names), len(years), eight_day.STEPS), np.nan, "float32")
        values[where] = table[one.column]
        arrays[one.variable] = (("site", "year", "step"), values)
    return xr.Dataset(arrays, coords={"site": names, "year": years})


def read_table(path: Path, columns: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Columns of the table by name: site (text), date (datetime64[ns]), numbers."""
    if path.suffix == ".csv":
        text = read_csv(path, columns)
        table = {c: parse_numbers(text, c, path=path, gaps=True) for c in columns[2:]}
        frame = text[["site", "date"]]
    else:
        frame = read_parquet(path, columns)
        table = {column: float_column(frame, column, path) for column in columns[2:]}
    refuse_nameless(frame["site"], path)
    site = frame["site"].astype(str).to_numpy(object)
    return {"site": site, "date": dates(frame["date"], site, path), **table}


def refuse_nameless(site: pd.Series, path: Path) -> None:
    """Refuse a row without a tower: as text it would be a tower called None."""
    bad = (site.isna() | (site.astype(str).str.strip() == "")).to_numpy()
    if bad.any():
        raise InputError(
            path,
            variable="site",
            expected="a tower in each row",
            found=f"none in {bad.sum()} rows, first in row {int(bad.argmax()) + 1}",
        )


def read_parquet(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """These columns of a Parquet file; one line says when it is damaged."""
    try:
        names = pq.read_schema(path).names
        require_columns(names, columns, path=path)
        # Pages have checksums where whoever wrote the file asked for them.
        table = pq.read_table(
            path, columns=list(columns), page_checksum_verification=True
        )
        frame = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(
            path,
            variable="file",
            expected="a whole Parquet file",
            found=f"a damaged one ({error})",
        ) from error
    if frame.empty:
        raise InputError(path, variable="rows", expected="at least one", found="none")
    return frame


def float_column(frame: pd.DataFrame, column: str, path: Path) -> np.ndarray:
    """Numbers of a Parquet column, float64 (row,), NaN = gap."""
    kind = pd.api.types.infer_dtype(frame[column], skipna=True)
    if kind in NO_NUMBERS:
        raise InputError(path, variable=column, expected="numbers", found=f"{kind}s")
    try:
        return pd.to_numeric(frame[column]).to_numpy(float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(
            path, variable=column, expected="numbers", found=str(error)
        ) from error


def dates(column: pd.Series, site: np.ndarray, path: Path) -> np.ndarray:
    """Dates of the rows, datetime64[ns] (row,)."""
    if pd.api.types.is_numeric_dtype(column):  # 20030109, not nanoseconds since 1970
        column = column.astype(str)
    parsed = pd.to_datetime(column, errors="coerce", utc=True, format="ISO8601")
    if parsed.isna().any():
        row = int(np.flatnonzero(parsed.isna())[0])
        raise InputError(
            path,
            variable="date",
            expected="dates such as 2003-01-09",
            found=f"'{column.iloc[row]}' at {site[row]}",
        )
    return parsed.dt.tz_localize(None).to_numpy("datetime64[ns]")


def check_towers(found: np.ndarray, sites: pd.Series, path: Path) -> None:
    """Refuse predictors of unknown towers and towers without predictors."""
    refuse_names(
        set(found) - set(sites),
        path,
        expected="towers of sites.csv only",
        found="predictors without a tower",
    )
    refuse_names(
        set(sites) - set(found),
        path,
        expected="predictors of each tower of sites.csv",
        found="none",
    )


def refuse_names(names: set[str], path: Path, *, expected: str, found: str) -> None:
    """Stop if there are such towers, naming some of them."""
    if names:
        some = ", ".join(sorted(names)[:5])
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        raise InputError(
            path, variable="site", expected=expected, found=f"{found}: {some}{more}"
        )


def check_calendar(
    table: dict[str, np.ndarray], path: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Year and step of each row (row,); a tower's year has each of 46 steps once."""
    site, days = table["site"], table["date"].astype("datetime64[D]")
    year = days.astype("datetime64[Y]").astype(int) + 1970
    offset = (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    step = offset // eight_day.STEP_DAYS
    rows = pd.DataFrame({"site": site, "year": year, "step": step})
    repeated = rows.assign(date=days).duplicated(["site", "date"]).to_numpy()
    off = (offset % eight_day.STEP_DAYS != 0) | (table["date"] != days)
    for bad, expected in (
        (repeated, "each date once per site"),
        (
            off,
            "first days of eight-day steps: 1, 9, 17 January, ..., 26 or 27 December",
        ),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            found = f"{days[row]}{' twice' if bad is repeated else ''} at {site[row]}"
            raise InputError(path, variable="date", expected=expected, found=found)
    steps = rows.groupby(["site", "year"]).size()
    short = steps[steps != eight_day.STEPS]
    if len(short):
        (name, first), count = short.index[0], short.iloc[0]
        raise InputError(
            path,
            variable="date",
            expected=f"{eight_day.STEPS} steps a year and site",
            found=f"{count} at {name} in {first}"
            + (f" and {len(short) - 1} more such years" if len(short) > 1 else ""),
        )
    return year, step


def check_values(table: dict[str, np.ndarray], series: TableSeries, path: Path) -> None:
    """Refuse infinite and fill values, and a tower's series in another unit."""
    values, site = table[series.column], table["site"]
    for bad, expected in (
        (np.isinf(values), "finite numbers"),
        (is_fill(values), "gaps left empty"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            found = f"{values[row]:g} at {site[row]} on {str(table['date'][row])[:10]}"
            raise InputError(
                path, variable=series.column, expected=expected, found=found
            )
    if series.median is None:
        return
    low, high = series.median
    median = pd.Series(values).groupby(site).median()
    outside = median[(median < low) | (median > high)]
    if len(outside):
        raise InputError(
            path,
            variable=series.column,
            expected=f"{series.units}, a median from {low:g} to {high:g}",
            found=f"{outside.iloc[0]:.4g} at {outside.index[0]}"
            f" ({len(outside)} of {len(median)} towers; {guess_cause(series.units)})",
        )


def check_gaps(
    table: dict[str, np.ndarray],
    year: np.ndarray,
    columns: tuple[str, ...],
    path: Path,
) -> None:
    """Refuse a tower's year in which every series is a gap throughout."""
    valid = np.any([np.isfinite(table[column]) for column in columns], axis=0)
    some = pd.Series(valid).groupby([table["site"], year]).any()
    empty = some[~some]
    if len(empty):
        name, first = empty.index[0]
        raise InputError(
            path,
            variable=", ".join(columns),
            expected="some value in each year and site (else no rows)",
            found=f"gaps only at {name} in {first}"
            + (f" and {len(empty) - 1} more" if len(empty) > 1 else ""),
        )
