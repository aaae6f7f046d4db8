"""Chosen columns of a FLUXNET table, in chunks so that memory stays bounded."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv

from forestflux.core.input_errors import InputError
from forestflux.jobs.user_tables import is_fill
from forestflux.towers.fluxnet.packed_files import (
    PackedFile,
    open_file,
    read_first_bytes,
)

# Bytes of text in memory at once; no line of a tower is longer.
BLOCK_BYTES = 1 << 20
# The first line lies within so many bytes, and has no more columns; FULLSET tables have 250.
HEAD_BYTES, MAX_COLUMNS = 1 << 18, 5000
# Numbers up to this one stand for no value beside the known fills; no flux is as low.
MISSING = -9990.0
# How Arrow describes a cell and a row that it cannot read.
CELL = re.compile(r"column #(\d+): Row #(\d+): .*invalid value '(.*)'", re.S)
FIELDS = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
EXPECTED_TABLE = "a comma-separated table with a header and a column TIMESTAMP..."


def read_header(file: PackedFile) -> list[str]:
    """Names of a table's columns, in order.

    Raises
    ------
    InputError : no text, no commas, no time stamps, a name twice
    """
    head = read_first_bytes(file, HEAD_BYTES)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head:
        raise not_csv_error(file, "UTF-16 text or binary data")
    first, *rest = re.split(rb"[\r\n]", head.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)
    if not rest and len(head) == HEAD_BYTES:
        raise not_csv_error(file, f"a first line of more than {HEAD_BYTES} bytes")
    try:
        line = first.decode("ascii")
    except UnicodeDecodeError as error:
        raise not_csv_error(
            file, f"a header that is not ASCII ({error.reason})"
        ) from error
    if not line.strip():
        raise not_csv_error(file, "an empty first line" if head else "an empty file")
    names = [name.strip().strip('"') for name in line.split(",")]
    for delimiter, word in ((";", "semicolons"), ("\t", "tabs")):
        if line.count(delimiter) >= len(names):
            raise not_csv_error(file, f"{word} between the columns")
    if not any(name.startswith("TIMESTAMP") for name in names):
        raise not_csv_error(file, f"the first line '{line[:60]}'")
    repeated = next((name for name, n in Counter(names).items() if n > 1), None)
    if len(names) > MAX_COLUMNS:
        raise not_csv_error(file, f"{len(names)} columns, more than {MAX_COLUMNS}")
    if repeated is not None:
        raise InputError(
            file.label,
            variable=repeated,
            expected="one column of this name",
            found="two",
        )
    return names


def not_csv_error(file: PackedFile, found: str) -> InputError:
    """The one-line error of a file that is no table."""
    return InputError(file.label, variable="file", expected=EXPECTED_TABLE, found=found)


def read_chunks(
    file: PackedFile, *, stamps: Sequence[str], values: Sequence[str]
) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
    """Time stamps and values of a table, chunk by chunk from top to bottom.

    Parameters
    ----------
    stamps : columns of time stamps, whole numbers such as 20030131
    values : columns of numbers

    Yields
    ------
    stamps : one int64 (row,) for each column
    values : float64 (row, column), NaN where the table has a known fill or nothing

    Raises
    ------
    InputError : a row with fewer or more fields than the header, a cell that is no
        number, a row without time stamp, a damaged zip
    """
    names = read_header(file)
    types = dict.fromkeys(stamps, pa.int64()) | dict.fromkeys(values, pa.float64())
    try:
        with open_file(file) as stream:
            reader = csv.open_csv(
                pa.PythonFile(stream, mode="r"),
                # One thread, because jobs share the cores; memory stays that of two blocks.
                read_options=csv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK_BYTES,
                    column_names=names,
                    skip_rows=1,
                ),
                # FLUXNET tables do not quote, and an open quote would swallow rows.
                parse_options=csv.ParseOptions(quote_char=False),
                convert_options=csv.ConvertOptions(
                    column_types=types, include_columns=list(types)
                ),
            )
            for batch in reader:
                yield convert_batch(file, batch, stamps=stamps, values=values)
    except pa.ArrowInvalid as error:
        raise explain_arrow_error(file, str(error), names) from error


def convert_batch(
    file: PackedFile,
    batch: pa.RecordBatch,
    *,
    stamps: Sequence[str],
    values: Sequence[str],
) -> tuple[list[np.ndarray], np.ndarray]:
    """Arrays of one chunk of a table; see `read_chunks`."""
    times = []
    for name in stamps:
        column = batch.column(name)
        if column.null_count:
            raise InputError(
                file.label,
                variable=name,
                expected="a time stamp in each row",
                found=f"{column.null_count} empty ones",
            )
        times.append(column.to_numpy(zero_copy_only=False))
    table = np.empty((batch.num_rows, len(values)))
    for index, name in enumerate(values):
        table[:, index] = batch.column(name).to_numpy(zero_copy_only=False)
    infinite = np.isinf(table).any(axis=0)
    if infinite.any():
        raise InputError(
            file.label,
            variable=values[int(np.argmax(infinite))],
            expected="finite numbers",
            found="an infinite one",
        )
    table[(table <= MISSING) | is_fill(table)] = np.nan
    return times, table


def explain_arrow_error(file: PackedFile, message: str, names: list[str]) -> InputError:
    """The one-line error of a row or cell that Arrow cannot read, from its message."""
    variable, expected = "rows", "as many fields as the header has"
    if cell := CELL.search(message):
        variable, expected = names[int(cell[1])], "a number in each row"
        shown = cell[3][:30].encode("ascii", "replace").decode()
        found = f"'{shown}' on line {cell[2]}"
    elif fields := FIELDS.search(message):
        found = f"{fields[3]} instead of {fields[2]} on line {fields[1]}"
    elif "straddling" in message:
        found = f"a line of more than {BLOCK_BYTES} bytes"
    else:
        found = message[:200].encode("ascii", "replace").decode()
    return InputError(file.label, variable=variable, expected=expected, found=found)
