"""Tables of a user: read as text first, so that a bad cell is named with its line."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.errors import InputError

# Texts that stand for "no value"; everything else must be a number.
MISSING = ("", "NA", "NaN", "nan", "null")

# What archives write where they have nothing; netCDF tools write less than -1e9.
FILLS = (-9999.0, -99999.0, -999999.0)

LINE = "_line"  # line of each row in the file, kept beside the user's columns


def read_csv(
    path: Path,
    columns: Iterable[str],
    *,
    wanted: Callable[[str], bool] | None = None,
) -> pd.DataFrame:
    """Read a comma-separated table as text, blanks stripped; extra columns stay.

    Parameters
    ----------
    path : the file, UTF-8 with or without byte order mark
    columns : names that must be there
    wanted : which columns are read at all, by name; all of them where not given

    Raises
    ------
    InputError : no file, no text, no rows, a wrong delimiter, a missing column
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
        found = shape_fault(table)
    if found is not None:
        expected = "a comma-separated table in UTF-8 with a header"
        raise InputError(path, variable="file", expected=expected, found=found)
    table.columns = [str(name).strip() for name in table.columns]
    require_columns(table.columns, columns, path=path)
    table = table.fillna("").apply(lambda column: column.str.strip())
    table[LINE] = np.arange(len(table)) + 2
    table = table[(table.drop(columns=LINE) != "").any(axis=1)].reset_index(drop=True)
    if table.empty:
        raise InputError(path, variable="rows", expected="at least one", found="none")
    return table


def shape_fault(table: pd.DataFrame) -> str | None:
    """What makes a parsed file no table with a header; None if it is one."""
    if not isinstance(table.index, pd.RangeIndex):
        # pandas takes the surplus first column as an index: all names would shift.
        return "rows with more fields than the header"
    if any("\x00" in str(name) for name in table.columns):
        return "binary data"
    if len(table.columns) == 1:
        return f"the one column '{str(table.columns[0])[:60]}'"
    return None


def require_columns(
    names: Iterable[str], columns: Iterable[str], *, path: Path
) -> None:
    """Refuse a table that lacks a column or has it twice."""
    names = list(names)
    for column in columns:
        if column not in names:
            raise InputError(
                path,
                variable=column,
                expected="a column of this name",
                found=f"only {', '.join(names[:12])}",
            )
        if f"{column}.1" in names or names.count(column) > 1:  # .1: pandas' second one
            raise InputError(
                path, variable=column, expected="one column of this name", found="two"
            )


def numbers(
    table: pd.DataFrame, column: str, *, path: Path, gaps: bool = False
) -> np.ndarray:
    """Numbers of a column of text, float64 (row,), NaN where the cell is empty.

    Parameters
    ----------
    gaps : whether an empty cell is allowed

    Raises
    ------
    InputError : a cell that is no number, infinite, or a fill value such as -9999; an
        empty one where a value is needed
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
    """Whether each number is a fill value that stands for none, bool (row,)."""
    return np.isin(values, FILLS) | (values < -1e9)


def refuse_cell(
    bad: np.ndarray, table: pd.DataFrame, column: str, *, path: Path, expected: str
) -> None:
    """Stop at the first bad cell of a column, with its line in the file.

    Parameters
    ----------
    bad : bool (row,)
    table : as `read_csv` gave it
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
