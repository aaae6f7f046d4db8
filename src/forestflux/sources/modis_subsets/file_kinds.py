"""Which kind of subset a file is, by its content and never by its name."""

import re
from pathlib import Path
from typing import Literal

from forestflux.core.input_errors import InputError
from forestflux.jobs.small_files import read_json

HEAD_BYTES = 65536
GRANULE = re.compile(r"\"?M[OY]D\w+\.A\d{7}\.")
COLUMN = re.compile(r"(M[OY]D\w+?)_(\d{3})_(.+)")
Kind = Literal["ornl_json", "ornl_csv", "appeears"]
EXPECTED_FILE = "ORNL subset CSV or JSON, or AppEEARS point CSV, in UTF-8"


def recognise_kind(path: Path) -> Kind | None:
    """The kind of a file; None for a file that is no subset.

    Companions of a download (a README, a request, a list of granules, a table of
    statistics) are no subsets.

    Raises
    ------
    InputError : a file that is named .csv or .json and is neither, other delimiters
        than commas, bytes that are not UTF-8
    """
    head = read_head(path)
    first = next((line for line in head.splitlines() if line.strip()), "")
    kind = match_kind(head, first)
    if kind is not None or path.suffix.lower() not in (".csv", ".json"):
        return kind
    for mark in (";", "\t", "|"):
        if match_kind(head, first.replace(mark, ",")) is not None:
            found = f"fields with {mark!r} between them"
            raise InputError(path, variable="file", expected=EXPECTED_FILE, found=found)
    if "," not in first and not first.lstrip().startswith("{"):
        found = f"'{first.strip()[:60]}'" if first else "an empty file"
        raise InputError(path, variable="file", expected=EXPECTED_FILE, found=found)
    if path.suffix.lower() == ".json":
        read_json(path)  # refuses a file that is cut off
    return None


def read_head(path: Path) -> str:
    """The beginning of a file as text.

    Raises
    ------
    InputError : bytes that are not UTF-8
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    # Read up to a line's end, because the last character may be cut in two.
    lines = head if len(head) < HEAD_BYTES else head[: head.rfind(b"\n") + 1] or head
    try:
        return lines.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if path.suffix.lower() not in (".csv", ".json"):
            return ""
        raise not_utf8_error(path, error) from error


def not_utf8_error(path: Path, error: UnicodeDecodeError) -> InputError:
    """The one-line error of bytes that are not UTF-8."""
    found = f"byte {error.object[error.start]:#04x} at position {error.start}"
    return InputError(path, variable="encoding", expected="UTF-8", found=found)


def match_kind(head: str, first: str) -> Kind | None:
    """Kind of a file by its beginning; see `recognise_kind`.

    Parameters
    ----------
    head : its first bytes as text
    first : its first line that is not blank
    """
    if first.lstrip().startswith("{"):
        return "ornl_json" if '"subset"' in head or '"nrows"' in head else None
    if GRANULE.match(first) and "," in first:
        return "ornl_csv"
    columns = [name.strip().strip('"') for name in first.split(",")]
    if {"Latitude", "Longitude", "Date"} <= set(columns):
        return "appeears" if any(COLUMN.fullmatch(name) for name in columns) else None
    return None
