"""What an archive says of its sites: place, land cover, name, data policy, citation."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from forestflux.core.errors import InputError
from forestflux.towers.fluxnet.archive_members import Member, members_of, read_bytes
from forestflux.towers.fluxnet.file_names import parse
from forestflux.towers.fluxnet.workbook import workbook_rows

# Long tables of site information (BIF): one value a row, in groups.
FIELDS = ("SITE_ID", "GROUP_ID", "VARIABLE_GROUP", "VARIABLE", "DATAVALUE")
REQUIRED = ("SITE_ID", "VARIABLE", "DATAVALUE")
MAX_BYTES = 200_000_000

POLICY_FILE = "DATA_POLICY_LICENSE_AND_INSTRUCTIONS.txt"
LICENCE = re.compile(r"CC[- ]BY[- A-Z]*[- ]?\d\.\d")

# Which of a site's papers it asks to be cited by, the first that is there.
USAGES = ("Primary_Citation", "Alt_Citation")

# Letters and marks that tell the right reading of a line from wrong ones: a wrong one has
# capitals within words and signs of other trades instead.
LIKELY = "àâäåãáçéèêëíìîïñóòôöõøßúùûüæ"
POSSIBLE = "šžœýÀÂÄÅÃÁÇÉÈÊËÍÎÏÑÓÔÖÕØÚÛÜŠŽ°\u2013\u2014\u2018\u2019\u201c\u201d"
WEIGHTS = dict.fromkeys(POSSIBLE, 1) | dict.fromkeys(LIKELY, 2)
ENCODINGS = ("cp1252", "mac_roman")

Rows = dict[str, list[tuple[str, str, str]]]


def read_text(content: bytes) -> str:
    """Text of unknown and perhaps mixed encoding, line by line.

    Tables of site information are put together from what teams wrote: UTF-8, Windows,
    old Macintosh, in one file. Each line is read as UTF-8 if it is, else as that
    encoding which makes most of its foreign bytes letters.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    lines = re.split(rb"\r\n|\r|\n", content)
    return "\n".join(decode(line) for line in lines)


def decode(line: bytes) -> str:
    """One line as text; see `read_text`."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        readings = [line.decode(encoding, "replace") for encoding in ENCODINGS]
        return max(readings, key=lambda text: sum(WEIGHTS.get(c, 0) for c in text))


def read_information(member: Member) -> Rows:
    """Rows (group, variable, value) by site of a table of site information.

    Text separated by commas, semicolons or tabs, or a workbook; the columns may come in
    any order. A last column that holds the separator itself keeps it.

    Raises
    ------
    InputError : a file that is no such table
    """
    content = read_bytes(member, limit=MAX_BYTES)
    if PurePath(member.name).suffix.lower() == ".xlsx":
        table = workbook_rows(member, content, max_bytes=MAX_BYTES)
    else:
        table = split_rows("" if b"\0" in content else read_text(content))
    table = whole(table, member)
    head = next(table, [])
    names = [name.strip().strip('"').upper() for name in head]
    if not set(REQUIRED) <= set(names):
        raise InputError(
            member.label,
            variable="file",
            expected=f"a table of site information with columns {', '.join(FIELDS)}",
            found=f"the first line '{','.join(head)[:60]}'" if any(head) else "no text",
        )
    rows: Rows = {}
    places = [names.index(name) if name in names else None for name in FIELDS]
    for fields in table:
        site, group, _, variable, value = (
            fields[place].strip() if place is not None and place < len(fields) else ""
            for place in places
        )
        if site and value not in ("", "-9999"):
            rows.setdefault(site, []).append((group, variable.upper(), value))
    return rows


def whole(table: Iterator[list[str]], member: Member) -> Iterator[list[str]]:
    """The rows of a table; a quote that never ends is one line that names the file."""
    try:
        yield from table
    except csv.Error as error:
        expected = "quotes that end"
        raise InputError(
            member.label, variable="file", expected=expected, found=str(error)
        ) from error


def split_rows(text: str) -> Iterator[list[str]]:
    """Fields of each row of a table, its header first.

    Tables use their separator in values as well, with quotes or without: only the first
    ones separate.
    """
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    count = head.count(delimiter)
    if delimiter == ",":
        for fields in csv.reader(io.StringIO(text)):
            yield [*fields[:count], ",".join(fields[count:])]
        return
    for line in text.split("\n"):
        if line:
            yield [field.strip().strip('"') for field in line.split(delimiter, count)]


def read_all(paths: Sequence[Path]) -> Rows:
    """Rows by site of tables for all sites, zipped or not.

    Of one table for several resolutions, zipped together, each repeats the same sites:
    the first one of a site counts.

    Raises
    ------
    InputError : what `members_of` and `read_information` refuse
    """
    rows: Rows = {}
    for path in paths:
        for member in members_of(path, max_bytes=MAX_BYTES):
            name = parse(member.name)
            if name is not None and name.kind == "information":
                rows = read_information(member) | rows
    return rows


def site_information(rows: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """What is known of one site, as text: lat, lon, igbp, name, policy, citation, doi.

    Where a tower moved or a class changed, the last entry counts: tables give them in
    order. Absent keys are not known.
    """
    first = {"SITE_NAME": "name", "DATA_POLICY": "policy", "DATA_LICENSE": "policy"}
    last = {"LOCATION_LAT": "lat", "LOCATION_LONG": "lon", "IGBP": "igbp"}
    known: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    for group, variable, value in rows:
        groups.setdefault(group, {})[variable] = value
        if variable in last:
            known[last[variable]] = value
        elif variable in first:
            known.setdefault(first[variable], value)
    return known | citation_of(list(groups.values()))


def citation_of(groups: Sequence[dict[str, str]]) -> dict[str, str]:
    """How a site asks to be cited: its data set's own citation, else its first paper.

    Papers that merely mention the site are no answer.
    """
    for group in groups:
        if "DOI_CITATION" in group:
            doi = plain_doi(group.get("DOI", ""))
            return {"citation": group["DOI_CITATION"], "doi": doi}
    for usage in USAGES:
        for group in groups:
            if group.get("REFERENCE_USAGE") == usage and "REFERENCE_PAPER" in group:
                doi = plain_doi(group.get("REFERENCE_DOI", ""))
                return {"citation": group["REFERENCE_PAPER"], "doi": doi}
    dois = (plain_doi(group.get("DOI", "")) for group in groups)
    doi = next((doi for doi in dois if doi), "")
    return {"doi": doi} if doi else {}


def plain_doi(text: str) -> str:
    """A DOI without what is written before it: `10.1002/2013JG002520`."""
    found = re.search(r"10\.\d{4,9}/\S+", text)
    return found[0].rstrip(".,;") if found else ""


def licence_of(members: Sequence[Member]) -> dict[str, str]:
    """The licence that an archive's own policy file names; nothing where it has none."""
    for member in members:
        if member.name == POLICY_FILE:
            text = read_text(read_bytes(member, limit=1_000_000))
            found = LICENCE.search(text)
            return {"policy": found[0]} if found else {}
    return {}
