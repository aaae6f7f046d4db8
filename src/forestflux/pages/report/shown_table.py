"""A table as the report shows it: texts of its cells, ready for the template."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from forestflux.pages.number_text import format_interval

Format = str | Callable[[Any], str]


@dataclass(frozen=True)
class Field:
    """A column of a shown table.

    Attributes
    ----------
    column : of the data
    heading : above it
    format : a format such as `.2f` for numbers, or a function for words, which are
        aligned left
    """

    column: str
    heading: str
    format: Format = str

    @property
    def holds_words(self) -> bool:
        """Whether the column is one of words."""
        return callable(self.format)

    def show(self, value: Any) -> str:  # noqa: ANN401 - a cell of any table
        """Text of a cell; a dash where there is no number."""
        if callable(self.format):
            return self.format(value)
        return "-" if pd.isna(value) else format(value, self.format)


@dataclass(frozen=True)
class ShownTable:
    """A table of texts.

    Attributes
    ----------
    caption : what the table says, above it
    fields : its columns
    rows : texts of the cells
    optimistic : numbers of the rows that are set apart, because they flatter
    """

    caption: str
    fields: list[Field]
    rows: list[list[str]]
    optimistic: set[int] = field(default_factory=set)


def show_table(
    data: pd.DataFrame, fields: Iterable[Field], *, caption: str
) -> ShownTable:
    """Some columns of a data frame as texts; rows of the random split are set apart.

    Parameters
    ----------
    data : rows in the order in which they are shown
    fields : columns in order
    caption : what the table says
    """
    fields = list(fields)
    columns = [[field.show(value) for value in data[field.column]] for field in fields]
    rows = [list(row) for row in zip(*columns, strict=True)]
    splits = data.get("split", pd.Series(dtype=str))
    optimistic = {row for row, split in enumerate(splits) if split == "random"}
    return ShownTable(caption, fields, rows, optimistic)


def join_bounds(data: pd.DataFrame, name: str) -> list[str]:
    """Texts of the intervals whose ends are the columns `{name}_lower` and `_upper`."""
    ends = zip(data[f"{name}_lower"], data[f"{name}_upper"], strict=True)
    return [format_interval(*pair) for pair in ends]
