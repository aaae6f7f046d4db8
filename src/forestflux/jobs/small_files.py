"""Small files, written at once: text, JSON, rows of a table. Nothing heavy is imported."""

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from forestflux.core.errors import InputError


def write_json(path: Path, content: object) -> None:
    """Write a manifest or another small JSON file at once."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file at once: readers see the old one or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    os.replace(part, path)


def read_json(path: Path) -> dict:
    """Read a manifest or another small JSON file; one line says which file is damaged."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(
            path, variable="file", expected="readable JSON", found=str(error)
        ) from error


def refuse_odd_names(paths: Iterable[Path]) -> None:
    """Refuse files whose names do not print: they would get into logs, tables and commands.

    Raises
    ------
    InputError : the first of them
    """
    for path in paths:
        if not str(path).isprintable():
            raise InputError(
                path,
                variable="name",
                expected="printable characters in UTF-8",
                found=path.name,
            )


# Spreadsheets run a text that begins so as a formula, unless it is a number with a unit.
FORMULA = re.compile(r"'*[=+\-@]")
SIGNED_NUMBER = re.compile(r"[+-][\d.]+(e[+-]?\d+)?( [\w -]*)?", re.ASCII)


def escape_text(text: str) -> str:
    """A text as a table holds it, with `'` in front of what would be a formula."""
    formula = FORMULA.match(text) and not SIGNED_NUMBER.fullmatch(text)
    return f"'{text}" if formula else text


def unescape_text(text: str) -> str:
    """The text that `escape_text` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def write_rows(path: Path, rows: Sequence[dict], columns: Sequence[str]) -> None:
    """Write a CSV file at once as `forestflux.jobs.tables.write_table` does, from plain rows.

    For jobs so short that pandas would take longer than their work.

    Parameters
    ----------
    rows : each with a value for every column; NaN is an empty field
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell_of(row[name]) for name in columns] for row in rows)
    write_text(path, out.getvalue())


def cell_of(value: object) -> object:
    """A value as a table shows it: numbers with nine significant digits, NaN as nothing."""
    if isinstance(value, str):
        return escape_text(value)
    if not isinstance(value, float):
        return value
    return "" if value != value else f"{value:.9g}"
