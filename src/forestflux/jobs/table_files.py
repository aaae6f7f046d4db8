"""Tables of a run as files, each with a manifest beside it. Nothing heavy is imported.

An edited or damaged table reads like any other one; only the checksum in its manifest tells.
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.jobs.checksums import checksum_files, checksum_text
from forestflux.jobs.manifests import (
    Manifest,
    manifest_path,
    read_manifest,
    write_manifest,
)
from forestflux.jobs.small_files import escape_text, write_text

REMEDY = "to have it made again, delete the table and run again"


class TableManifest(Manifest):
    """What is known of a finished table: name and checksum of its file."""

    table: str
    checksum: str


def write_table_text(path: Path, text: str) -> str:
    """Write a table at once, and return its checksum.

    The manifest comes first: Snakemake waits for the table alone, and where a job on another
    machine sees the table, it sees the manifest too.

    Parameters
    ----------
    path : of the table; readers see the old one or the whole new one
    text : of the whole table
    """
    checksum = checksum_text(text)
    known = TableManifest(table=path.name, checksum=checksum)
    write_manifest(manifest_path(path), known)
    write_text(path, text)
    return checksum


def verify_table(path: Path) -> str:
    """The checksum of a table that is as its job wrote it.

    Raises
    ------
    InputError : table or manifest is missing, damaged, edited or of another table
    """
    file = manifest_path(path)
    if not path.is_file():
        raise InputError(path, variable="file", expected="a table", found="nothing")
    if not file.is_file():
        raise InputError(
            path,
            variable="manifest",
            expected=f"{file.name} beside the table",
            found=f"nothing; {REMEDY}",
        )
    wanted = read_manifest(file, TableManifest)
    found = TableManifest(table=path.name, checksum=checksum_files([path]))
    if (found.table, found.checksum) != (wanted.table, wanted.checksum):
        raise InputError(
            path,
            variable="checksum",
            expected="the table as its job wrote it",
            found=f"another or an edited one; {REMEDY}",
        )
    return found.checksum


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
    write_table_text(path, out.getvalue())


def cell_of(value: object) -> object:
    """A value as a table shows it: numbers with nine significant digits, NaN as nothing."""
    if isinstance(value, str):
        return escape_text(value)
    if not isinstance(value, float):
        return value
    return "" if value != value else f"{value:.9g}"
