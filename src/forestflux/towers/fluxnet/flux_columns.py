"""Columns of a FLUXNET table in bounded chunks: only what is asked for is read."""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv

from forestflux.core.errors import InputError
from forestflux.towers.fluxnet.archive_members import Member, head_of, open_member

BLOCK = 1 << 20  # bytes of text in memory at once; a longer line is no line of a tower
MISSING = -9990.0  # -9999 and its spellings lie below; no flux does
# How Arrow says what does not read.
CELL = re.compile(r"column #(\d+): Row #(\d+): .*invalid value '(.*)'", re.S)
FIELDS = re.compile(r"Row #(\d+): Expected (\d+) columns, got (\d+)")
EXPECTED = "a comma-separated table with a header and a column TIMESTAMP..."


def header_of(member: Member) -> list[str]:
    """Names of a table's columns, in order.

    Raises
    ------
    InputError : no text, no commas, no time stamps, a name twice
    """
    head = head_of(member)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in head:
        raise not_csv(member, "UTF-16 text or binary data")
    first = re.split(rb"[\r\n]", head.removeprefix(b"\xef\xbb\xbf"), maxsplit=1)[0]
    try:
        line = first.decode("ascii")
    except UnicodeDecodeError as error:
        raise not_csv(member, f"a header that is not ASCII ({error.reason})") from error
    if not line.strip():
        raise not_csv(member, "an empty first line" if head else "an empty file")
    names = [name.strip().strip('"') for name in line.split(",")]
    for delimiter, word in ((";", "semicolons"), ("\t", "tabs")):
        if line.count(delimiter) >= len(names):
            raise not_csv(member, f"{word} between the columns")
    if not any(name.startswith("TIMESTAMP") for name in names):
        raise not_csv(member, f"the first line '{line[:60]}'")
    repeated = next((name for name in names if names.count(name) > 1), None)
    if repeated is not None:
        raise InputError(
            member.label,
            variable=repeated,
            expected="one column of this name",
            found="two",
        )
    return names


def not_csv(member: Member, found: str) -> InputError:
    """The line for a file that is no table."""
    return InputError(member.label, variable="file", expected=EXPECTED, found=found)


def read_chunks(
    member: Member, *, stamps: Sequence[str], values: Sequence[str]
) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
    """Time stamps and values of a table, piece by piece, from its top to its end.

    Parameters
    ----------
    stamps : columns of time stamps, whole numbers such as 20030131
    values : columns of numbers

    Yields
    ------
    stamps : one int64 (row,) for each column
    values : float64 (row, column), NaN where the table has -9999 or nothing

    Raises
    ------
    InputError : a row with fewer or more fields than the header, a cell that is no
        number, a row without time stamp, a damaged zip
    """
    names = header_of(member)
    types = dict.fromkeys(stamps, pa.int64()) | dict.fromkeys(values, pa.float64())
    try:
        with open_member(member) as stream:
            reader = csv.open_csv(
                pa.PythonFile(stream, mode="r"),
                # One thread: jobs share the cores, and memory stays that of two blocks.
                read_options=csv.ReadOptions(
                    use_threads=False,
                    block_size=BLOCK,
                    column_names=names,
                    skip_rows=1,
                ),
                # No file of an archive quotes; an open quote would swallow rows.
                parse_options=csv.ParseOptions(quote_char=False),
                convert_options=csv.ConvertOptions(
                    column_types=types, include_columns=list(types)
                ),
            )
            for batch in reader:
                yield unpack(member, batch, stamps=stamps, values=values)
    except pa.ArrowInvalid as error:
        raise not_readable(member, str(error), names) from error


def unpack(
    member: Member,
    batch: pa.RecordBatch,
    *,
    stamps: Sequence[str],
    values: Sequence[str],
) -> tuple[list[np.ndarray], np.ndarray]:
    """Arrays of one piece of a table; see `read_chunks`."""
    times = []
    for name in stamps:
        column = batch.column(name)
        if column.null_count:
            raise InputError(
                member.label,
                variable=name,
                expected="a time stamp in each row",
                found=f"{column.null_count} empty ones",
            )
        times.append(column.to_numpy(zero_copy_only=False))
    table = np.empty((batch.num_rows, len(values)))
    for index, name in enumerate(values):
        table[:, index] = batch.column(name).to_numpy(zero_copy_only=False)
    table[table <= MISSING] = np.nan
    infinite = np.isinf(table).any(axis=0)
    if infinite.any():
        raise InputError(
            member.label,
            variable=values[int(np.argmax(infinite))],
            expected="finite numbers",
            found="an infinite one",
        )
    return times, table


def not_readable(member: Member, message: str, names: list[str]) -> InputError:
    """The line for a row or cell that does not read, from what Arrow says of it."""
    variable, expected = "rows", "as many fields as the header has"
    if cell := CELL.search(message):
        variable, expected = names[int(cell[1])], "a number in each row"
        shown = cell[3][:30].encode("ascii", "replace").decode()
        found = f"'{shown}' on line {cell[2]}"
    elif fields := FIELDS.search(message):
        found = f"{fields[3]} instead of {fields[2]} on line {fields[1]}"
    elif "straddling" in message:
        found = f"a line of more than {BLOCK} bytes"
    else:
        found = message[:200].encode("ascii", "replace").decode()
    return InputError(member.label, variable=variable, expected=expected, found=found)
