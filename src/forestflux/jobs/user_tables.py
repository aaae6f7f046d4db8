"""Tables that a user brings, checked cell by cell.

Every column is read as text first. A bad cell can then be shown as the user wrote it, with
its line in the file.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.errors import InputError

# Texts that stand for "no value" in a column of numbers.
MISSING = ("", "NA", "NaN", "nan", "null")

# Numbers that tower databases write where they have no value.
FILLS = (-9999.0, -99999.0, -999999.0)
# netCDF tools fill with numbers below this one.
LOWEST_VALUE = -1e9

# Column with the line of each row in the file, beside the user's columns.
LINE = "_line"


def read_csv(
    path: Path,
    columns: Iterable[str],
    *,
    wanted: Callable[[str], bool] | None = None,
) -> pd.DataFrame:
    """A comma-separated table as text, blanks stripped; extra columns stay.

    Parameters
    ----------
    path : the file, UTF-8 with or without byte order mark
    columns : names that must be there
    wanted : says by its name whether a column is read; all are where not given

    Raises
    ------
    InputError : no file, no text, no rows, a wrong delimiter, a missing column or one
        that is there twice, with blanks or without
    """
    found = None
    try:
        table = pd.read_csv(
            path,
            usecols=wanted,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            skip_blank_lines=False,
        )
    except FileNotFoundError:
        found = "no such file"
    except pd.errors.EmptyDataError:
        found = "an empty file"
    except (pd.errors.ParserError, UnicodeDecodeError, OSError) as error:
        found = f"something else ({error})"
    else:
        found = find_shape_fault(table)
    if found is not None:
        expected = "a comma-separated table in UTF-8 with a header"
        raise InputError(path, variable="file", expected=expected, found=found)
    require_columns(read_header(path, wanted), columns, path=path)
    table.columns = [str(name).strip() for name in table.columns]
    table = table.fillna("").apply(lambda column: column.str.strip())
    table[LINE] = np.arange(len(table)) + 2
    table = table[(table.drop(columns=LINE) != "").any(axis=1)].reset_index(drop=True)
    if table.empty:
        raise InputError(path, variable="rows", expected="at least one", found="none")
    return table


def read_header(path: Path, wanted: Callable[[str], bool] | None) -> list[str]:
    """Names of the columns as the file has them: pandas renames the second of two equal ones."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file, skipinitialspace=True))
    return [name.strip() for name in names if wanted is None or wanted(name)]


def find_shape_fault(table: pd.DataFrame) -> str | None:
    """Why a parsed file is not a table with a header; None if it is one."""
    if not isinstance(table.index, pd.RangeIndex):
        # pandas takes a surplus first column as the index, and all names would shift.
        return "rows with more fields than the header"
    if any("\x00" in str(name) for name in table.columns):
        return "binary data"
    if len(table.columns) == 1:
        return f"the one column '{str(table.columns[0])[:60]}'"
    return None


def require_columns(
    names: Iterable[str], columns: Iterable[str], *, path: Path
) -> None:
    """Refuse a table that lacks a column or has any column twice."""
    names = list(names)
    repeated = next((n for n, count in Counter(names).items() if n and count > 1), None)
    if repeated is not None:
        raise InputError(
            path, variable=repeated, expected="one column of this name", found="two"
        )
    for column in columns:
        if column not in names:
            raise InputError(
                path,
                variable=column,
                expected="a column of this name",
                found=f"only {', '.join(names[:12])}",
            )


def parse_numbers(
    table: pd.DataFrame, column: str, *, path: Path, gaps: bool = False
) -> np.ndarray:
    """Numbers of a column of text, float64 (row,), NaN where the cell is empty.

    Parameters
    ----------
    gaps : whether a cell may be empty

    Raises
    ------
    InputError : a cell is not a number, is infinite, is a fill value such as -9999, or
        is empty where a value is needed
    """
    text = table[column]
    values = pd.to_numeric(text, errors="coerce").to_numpy(float)
    empty = text.isin(MISSING).to_numpy()
    bad = (np.isnan(values) & ~(empty & gaps)) | np.isinf(values)
    refuse_cell(bad, table, column, path=path, expected="a number")
    expected = "an empty cell where there is no value"
    refuse_cell(is_fill(values), table, column, path=path, expected=expected)
    return values


def is_fill(values: np.ndarray) -> np.ndarray:
    """Whether each number is a fill value, bool (row,)."""
    return np.isin(values, FILLS) | (values < LOWEST_VALUE)


def refuse_cell(
    bad: np.ndarray, table: pd.DataFrame, column: str, *, path: Path, expected: str
) -> None:
    """Refuse a table at the first bad cell of a column.

    Parameters
    ----------
    bad : bool (row,)
    table : result of `read_csv`
    expected : what the cell should be, in words

    Raises
    ------
    InputError : a cell is bad; the line names file, column, cell, line in the file, site,
        and how many more there are
    """
    bad = np.asarray(bad)
    if not bad.any():
        return
    row = table.iloc[int(np.flatnonzero(bad)[0])]
    cell = "an empty cell" if row[column] == "" else f"'{row[column]}'"
    site = f" ({row['site']})" if column != "site" and "site" in table else ""
    more = f" and {bad.sum() - 1} more" if bad.sum() > 1 else ""
    raise InputError(
        path,
        variable=column,
        expected=expected,
        found=f"{cell} on line {row[LINE]}{site}{more}",
    )
