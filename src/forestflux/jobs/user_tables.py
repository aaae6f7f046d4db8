"""Tables that a user brings, checked cell by cell.

Every column is read as text first. A bad cell can then be shown as the user wrote it, with
its line in the file.
"""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError

# Texts that stand for "no value" in a column of numbers.
MISSING = ("", "NA", "NaN", "nan", "null")

# Numbers that tower databases and their tools write where they have no value; of each also
# the spellings with decimals, such as -9999.9 and -999.99.
WHOLE_FILLS = (
    -999,
    -6999,
    -7777,
    -7999,
    -8888,
    -8999,
    -9999,
    -99999,
    -999999,
    -9999999,
)
FILLS = np.sort(
    [
        *(fill - nines for fill in WHOLE_FILLS for nines in (0, 0.9, 0.99, 0.999)),
        *(9999, 9999.9, 9999.99, 99999, 99999.9, 999999, 9999999),
        *(32767, -32767, -32768, 65535),  # the ends of integers of 16 bits
    ]
)
# Share of a fill by which single precision may be off.
FILL_ROUNDING = 1e-7
# netCDF tools fill with numbers beyond this one, such as 9.97e36.
LARGEST_VALUE = 1e9

# No table of towers, series or points has so many.
MAX_COLUMNS = 5000

# Column with the line of each row in the file, beside the user's columns.
LINE = "_line"


def read_csv(
    path: Path,
    columns: Iterable[str],
    *,
    optional: Iterable[str] = (),
    wanted: Callable[[str], bool] | None = None,
) -> pd.DataFrame:
    """A comma-separated table as text, blanks stripped; extra columns stay.

    Parameters
    ----------
    path : the file, UTF-8 with or without byte order mark
    columns : names that must be there
    optional : names that may be there
    wanted : says by its name whether a column is read; all are where not given

    Raises
    ------
    InputError : no file, no text, no rows, a wrong delimiter, rows with more or fewer
        fields than the header, a missing column, or one that is there twice, with blanks or
        capitals or without
    """
    names = read_header(path)
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
    except (pd.errors.ParserError, ValueError, OSError) as error:
        raise not_table_error(path, f"something else ({error})") from error
    found = find_shape_fault(table)
    if found is not None:
        raise not_table_error(path, found)
    chosen = [name.strip() for name in names if wanted is None or wanted(name)]
    require_columns(chosen, columns, optional=optional, path=path)
    refuse_short_rows(path, names)
    table.columns = [str(name).strip() for name in table.columns]
    table = table.fillna("").apply(lambda column: column.str.strip())
    table[LINE] = np.arange(len(table)) + 2
    table = table[(table.drop(columns=LINE) != "").any(axis=1)].reset_index(drop=True)
    if table.empty:
        raise InputError(path, variable="rows", expected="at least one", found="none")
    return table


def refuse_short_rows(path: Path, header: Sequence[str]) -> None:
    """Refuse rows that end early, as the last one of a file that was cut does.

    pandas reads what is not there as empty cells, which are gaps.

    Parameters
    ----------
    header : names of the columns; a comma at the end of each line is no column
    """
    named = [place for place, name in enumerate(header, start=1) if name.strip()]
    count = max(named, default=0)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, skipinitialspace=True)
        for row in rows:
            if len(row) < count and any(cell.strip() for cell in row):
                raise InputError(
                    path,
                    variable="rows",
                    expected="as many fields as the header has",
                    found=f"{len(row)} instead of {count} on line {rows.line_num}",
                )


def not_table_error(path: Path, found: str) -> InputError:
    """The one-line error of a file that is no table."""
    expected = "a comma-separated table in UTF-8 with a header"
    return InputError(path, variable="file", expected=expected, found=found)


def read_header(path: Path) -> list[str]:
    """Names of the columns as the file has them: pandas renames the second of two equal ones.

    Raises
    ------
    InputError : no file, no text, an empty file, or more columns than any table has
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file, skipinitialspace=True), None)
    except FileNotFoundError as error:
        raise not_table_error(path, "no such file") from error
    except (OSError, ValueError, csv.Error) as error:
        raise not_table_error(path, f"something else ({error})") from error
    if names is None:
        raise not_table_error(path, "an empty file")
    if len(names) > MAX_COLUMNS:
        # pandas would take a minute to read them.
        raise not_table_error(path, f"{len(names)} columns, more than {MAX_COLUMNS}")
    return names


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
    names: Iterable[str],
    columns: Iterable[str],
    *,
    optional: Iterable[str] = (),
    path: Path,
) -> None:
    """Refuse a table that lacks a column, has any column twice, or one in another spelling.

    Parameters
    ----------
    names : of the table's columns; blanks around them do not count
    columns, optional : names that must be there, and that may be
    """
    names = [name.strip() for name in names]
    repeated = next((n for n, count in Counter(names).items() if n and count > 1), None)
    if repeated is not None:
        raise InputError(
            path, variable=repeated, expected="one column of this name", found="two"
        )
    columns = list(columns)
    known = {name.casefold(): name for name in (*columns, *optional)}
    for name in names:
        meant = known.get(name.casefold(), name)
        if name != meant:
            expected = "a column of this name, in these letters, and no other like it"
            raise InputError(path, variable=meant, expected=expected, found=name)
    for column in columns:
        if column not in names:
            raise InputError(
                path,
                variable=column,
                expected="a column of this name",
                found=f"only {', '.join(names[:12])}",
            )


def parse_numbers(
    table: pd.DataFrame,
    column: str,
    *,
    path: Path,
    gaps: bool = False,
    fills: bool = False,
) -> np.ndarray:
    """Numbers of a column of text, float64 (row,), NaN where the cell is empty.

    Parameters
    ----------
    gaps : whether a cell may be empty
    fills : whether a number that often stands for no value, such as -9999, is one like others

    Raises
    ------
    InputError : a cell is not a number, is infinite, is a fill value, or is empty where a
        value is needed
    """
    text = table[column]
    values = pd.to_numeric(text, errors="coerce").to_numpy(float)
    empty = text.isin(MISSING).to_numpy()
    bad = (np.isnan(values) & ~(empty & gaps)) | np.isinf(values)
    refuse_cell(bad, table, column, path=path, expected="a number")
    expected = "an empty cell where there is no value"
    refuse_cell(
        is_fill(values) & (not fills), table, column, path=path, expected=expected
    )
    return values


def is_fill(values: np.ndarray) -> np.ndarray:
    """Whether each number is a fill value, bool of the same shape."""
    place = np.clip(np.searchsorted(FILLS, values), 1, len(FILLS) - 1)
    beside = np.stack([FILLS[place - 1], FILLS[place]])
    near = np.abs(values - beside) <= FILL_ROUNDING * np.abs(beside)
    return near.any(axis=0) | (np.abs(values) > LARGEST_VALUE)


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
