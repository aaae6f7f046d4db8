"""Tables on disk: what their columns mean, how they are written, how they are checked.

A table is defined once, as a `TableSchema`. Its writer, its readers, the tests and the
reference page (docs/reference/tables.md) all take the columns from there.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd
from pandas.api import types

from forestflux.core.input_errors import InputError
from forestflux.jobs.small_files import escape_text, unescape_text
from forestflux.jobs.table_files import verify_table, write_table_text


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : as the header has it
    meaning : in words, for the reference page
    dtype : kind of value
    unit : of a number; `1` for shares and ratios, empty for text and plain numbers
    """

    name: str
    meaning: str
    dtype: Literal["number", "integer", "text", "boolean"] = "number"
    unit: str = ""

    def holds(self, values: pd.Series) -> bool:
        """Whether values are of the column's kind; an integer column may have gaps."""
        if self.dtype == "integer":
            whole = types.is_float_dtype(values) and (values.dropna() % 1 == 0).all()
            return types.is_integer_dtype(values) or bool(whole)
        if self.dtype == "number":
            return types.is_numeric_dtype(values) and not types.is_bool_dtype(values)
        if self.dtype == "boolean":
            return types.is_bool_dtype(values)
        return True  # Text: a CSV file does not tell the code 004 from the number 4.


@dataclass(frozen=True)
class TableSchema:
    """What a table of a run is.

    Attributes
    ----------
    path : of the file, below the run's folder, as in `evaluate/scores.csv`
    row : what one row stands for
    columns : in the order of the file
    """

    path: str
    row: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Names of the columns in the order of the file."""
        return [column.name for column in self.columns]

    def write(self, table: pd.DataFrame, path: Path) -> str:
        """Write the table with its columns in order, see `write_table`; its checksum.

        Raises
        ------
        InputError : a column is missing or unknown, or its values are of another kind
        """
        surplus = [str(name) for name in table.columns if name not in self.names]
        if surplus:
            raise InputError(
                path,
                variable=surplus[0],
                expected=f"a column of the table's schema: {', '.join(self.names)}",
                found="one that the schema does not have",
            )
        self.check(table, path)
        return write_table(table[self.names], path)

    def read(
        self,
        results: Path,
        *,
        columns: Iterable[str] | None = None,
        empty: bool = False,
    ) -> pd.DataFrame:
        """The table of a run, after its columns are checked.

        Parameters
        ----------
        results : the run's folder
        columns : names that must be there; all of the schema where not given
        empty : whether the table may have no rows

        Raises
        ------
        InputError : the file is missing, is not a table or not the one that its job wrote,
            a column is missing or holds something else, or there are no rows
        """
        return self.read_file(results / self.path, columns=columns, empty=empty)

    def read_file(
        self,
        path: Path,
        *,
        columns: Iterable[str] | None = None,
        empty: bool = False,
    ) -> pd.DataFrame:
        """The same, of a file whose path is given."""
        texts = [column.name for column in self.columns if column.dtype == "text"]
        table = read_table(path, texts)
        self.check(table, path, columns=columns)
        if table.empty and not empty:
            raise InputError(
                path, variable="rows", expected="one or more", found="none"
            )
        return table

    def check(
        self, table: pd.DataFrame, path: Path, *, columns: Iterable[str] | None = None
    ) -> None:
        """Refuse a table that lacks a column or has other values in it.

        Parameters
        ----------
        path : named in the error
        columns : names that must be there; all of the schema where not given
        """
        wanted = set(self.names if columns is None else columns)
        unknown = wanted - set(self.names)
        if unknown:
            raise ValueError(f"{self.path} has no column {', '.join(sorted(unknown))}")
        chosen = [column for column in self.columns if column.name in wanted]
        check_columns(table, path, columns=[column.name for column in chosen])
        for column in chosen:
            # Numbers in a column of objects are numbers too.
            values = table[column.name].infer_objects()
            if len(values) and not column.holds(values):
                raise InputError(
                    path,
                    variable=column.name,
                    expected=f"{column.dtype} values",
                    found=f"others, such as '{find_misfit(values, column)}'",
                )

    def to_markdown(self) -> str:
        """The schema as a section of the reference page."""
        lines = [f"### {self.path}", "", f"One row: {self.row}.", ""]
        lines += ["| column | kind | unit | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{column.name}` | {column.dtype} | {column.unit} | {column.meaning} |"
            for column in self.columns
        ]
        return "\n".join([*lines, ""])


def find_misfit(values: pd.Series, column: Column) -> object:
    """The first value that keeps a column from being of its kind."""
    if column.dtype == "boolean":
        bad = ~values.astype(str).isin(["True", "False"])
    else:
        numbers = pd.to_numeric(values, errors="coerce")
        bad = numbers.isna() & values.notna()
        if column.dtype == "integer":
            bad |= numbers % 1 > 0
    return values[bad].iloc[0] if bad.any() else values.iloc[0]


def write_table(table: pd.DataFrame, path: Path) -> str:
    """Write a CSV file at once: readers see the old one or the whole new one.

    Numbers have nine significant digits, more than any flux or coordinate carries; NaN
    is an empty field. Texts that a spreadsheet would run are escaped (`escape_text`). What comes
    back is the checksum of the file.
    """
    texts = table.select_dtypes(["object", "str", "category"])
    escaped = table.assign(**{str(n): texts[n].map(escape_cell) for n in texts})
    return write_table_text(
        path, escaped.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    )


def escape_cell(value: object) -> object:
    """A text as a table holds it; anything else as it is."""
    return escape_text(value) if isinstance(value, str) else value


def read_table(path: Path, texts: Collection[str]) -> pd.DataFrame:
    """The table that `write_table` wrote, no more and no less.

    Parameters
    ----------
    path : CSV file
    texts : columns of text. Nobody guesses in them: `007`, `1e1` and `NA` are names

    Raises
    ------
    InputError : the file is not there, is not the one that its job wrote, or is not a table
    """
    verify_table(path)
    try:
        table = pd.read_csv(
            path, dtype=dict.fromkeys(texts, str), keep_default_na=False, na_values=[""]
        )
    except (ValueError, OSError) as error:
        raise InputError(
            path, variable="file", expected="a readable CSV table", found=str(error)
        ) from error
    for name in set(texts) & set(table.columns):
        if table[name].str.startswith("'").any():
            table[name] = table[name].map(unescape_text, na_action="ignore")
    return table


def check_columns(table: pd.DataFrame, path: Path, *, columns: Iterable[str]) -> None:
    """Refuse a table that lacks a column."""
    for name in columns:
        if name not in table:
            raise InputError(
                path,
                variable=name,
                expected="a column of this name",
                found=f"only {', '.join(map(str, table.columns))}",
            )


def write_tables(
    tables: Mapping[str, pd.DataFrame],
    paths: Iterable[Path],
    schemas: Iterable[TableSchema],
) -> None:
    """Write the tables of a job to the paths that its rule declares.

    Parameters
    ----------
    tables : by the name of their file, without the suffix
    paths : one for each table
    schemas : of these tables, perhaps of others too

    Raises
    ------
    ValueError : the rule declares other tables than the job makes
    """
    by_name = {path.stem: path for path in paths}
    if set(by_name) != set(tables):
        raise ValueError(
            f"the rule declares {sorted(by_name)}, the job makes {sorted(tables)}"
        )
    known = {Path(schema.path).stem: schema for schema in schemas}
    for name, table in tables.items():
        known[name].write(table, by_name[name])
