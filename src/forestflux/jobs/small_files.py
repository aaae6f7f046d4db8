"""Small files, written at once: text, JSON, rows of a table. Nothing heavy is imported."""

import csv
import io
import json
import os
from collections.abc import Sequence
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
    if not isinstance(value, float):
        return value
    return "" if value != value else f"{value:.9g}"
