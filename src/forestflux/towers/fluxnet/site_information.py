"""What FLUXNET files say of their sites: place, land cover, name, data policy, citation."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from forestflux.core.input_errors import InputError
from forestflux.towers.fluxnet.file_names import parse_name
from forestflux.towers.fluxnet.packed_files import PackedFile, list_files, read_bytes
from forestflux.towers.fluxnet.workbook import read_workbook

# Columns of tables of site information (BIF): one value a row, in groups.
FIELDS = ("SITE_ID", "GROUP_ID", "VARIABLE_GROUP", "VARIABLE", "DATAVALUE")
REQUIRED = ("SITE_ID", "VARIABLE", "DATAVALUE")
MAX_BYTES = 200_000_000

POLICY_FILE = "DATA_POLICY_LICENSE_AND_INSTRUCTIONS.txt"
LICENCE = re.compile(r"CC[- ]BY[- A-Z]*[- ]?\d\.\d")

# Papers by which a site asks to be cited; the first kind that it has counts.
USAGES = ("Primary_Citation", "Alt_Citation")

# Letters and marks that are common in names of people and places. A line that is decoded
# with the wrong encoding has few of them: it has capitals within words and symbols instead.
LIKELY = "àâäåãáçéèêëíìîïñóòôöõøßúùûüæ"
POSSIBLE = "šžœýÀÂÄÅÃÁÇÉÈÊËÍÎÏÑÓÔÖÕØÚÛÜŠŽ°\u2013\u2014\u2018\u2019\u201c\u201d"
LETTER_WEIGHTS = dict.fromkeys(POSSIBLE, 1) | dict.fromkeys(LIKELY, 2)
ENCODINGS = ("cp1252", "mac_roman")

# Group, variable and value of each row, by site.
Rows = dict[str, list[tuple[str, str, str]]]


def decode_text(content: bytes) -> str:
    """Text of unknown and perhaps mixed encoding, line by line.

    Tables of site information hold what many teams wrote: UTF-8, Windows and old Macintosh
    text in one file. A line that is not UTF-8 is read in the encoding that turns most of
    its foreign bytes into likely letters.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    lines = re.split(rb"\r\n|\r|\n", content)
    return "\n".join(decode_line(line) for line in lines)


def decode_line(line: bytes) -> str:
    """One line as text; see `decode_text`."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        readings = [line.decode(encoding, "replace") for encoding in ENCODINGS]
        return max(
            readings, key=lambda text: sum(LETTER_WEIGHTS.get(c, 0) for c in text)
        )


def read_information(file: PackedFile) -> Rows:
    """Rows (group, variable, value) by site of a table of site information.

    Text separated by commas, semicolons or tabs, or a workbook; the columns may come in
    any order. Separators within the last column belong to it.

    Raises
    ------
    InputError : the file is no such table
    """
    content = read_bytes(file, limit=MAX_BYTES)
    if PurePath(file.name).suffix.lower() == ".xlsx":
        table = read_workbook(file, content, max_bytes=MAX_BYTES)
    else:
        table = split_rows("" if b"\0" in content else decode_text(content))
    table = refuse_open_quotes(table, file)
    head = next(table, [])
    names = [name.strip().strip('"').upper() for name in head]
    if not set(REQUIRED) <= set(names):
        raise InputError(
            file.label,
            variable="file",
            expected=f"a table of site information with columns {', '.join(FIELDS)}",
            found=f"the first line '{','.join(head)[:60]}'" if any(head) else "no text",
        )
    rows: Rows = {}
    positions = [names.index(name) if name in names else None for name in FIELDS]
    for fields in table:
        site, group, _, variable, value = (
            fields[i].strip() if i is not None and i < len(fields) else ""
            for i in positions
        )
        if site and value not in ("", "-9999"):
            rows.setdefault(site, []).append((group, variable.upper(), value))
    return rows


def refuse_open_quotes(
    table: Iterator[list[str]], file: PackedFile
) -> Iterator[list[str]]:
    """The rows of a table.

    Raises
    ------
    InputError : a quote never ends
    """
    try:
        yield from table
    except csv.Error as error:
        expected = "quotes that end"
        raise InputError(
            file.label, variable="file", expected=expected, found=str(error)
        ) from error


def split_rows(text: str) -> Iterator[list[str]]:
    """Fields of each row of a table, its header first.

    Some tables use their separator in values as well, with quotes or without. A row has as
    many fields as the header, so further separators belong to the last field.
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


def read_shared_information(paths: Sequence[Path]) -> Rows:
    """Rows by site of tables for all sites, zipped or not.

    Tables of several resolutions, zipped together, repeat the same sites; the first table
    with a site counts.

    Raises
    ------
    InputError : what `list_files` and `read_information` refuse
    """
    rows: Rows = {}
    for path in paths:
        for file in list_files(path, max_bytes=MAX_BYTES):
            name = parse_name(file.name)
            if name is not None and name.kind == "information":
                rows = read_information(file) | rows
    return rows


def summarise_site(rows: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    """What is known of one site, as text: lat, lon, igbp, name, policy, citation, doi.

    A key that is not known is absent. Entries are in order of time: where a tower moved or
    a class changed, the last one counts.
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
    return known | find_citation(list(groups.values()))


def find_citation(groups: Sequence[dict[str, str]]) -> dict[str, str]:
    """How a site asks to be cited: its data set's own citation, else its first paper.

    Papers that merely use the site's data do not count.
    """
    for group in groups:
        if "DOI_CITATION" in group:
            doi = extract_doi(group.get("DOI", ""))
            return {"citation": group["DOI_CITATION"], "doi": doi}
    for usage in USAGES:
        for group in groups:
            if group.get("REFERENCE_USAGE") == usage and "REFERENCE_PAPER" in group:
                doi = extract_doi(group.get("REFERENCE_DOI", ""))
                return {"citation": group["REFERENCE_PAPER"], "doi": doi}
    dois = (extract_doi(group.get("DOI", "")) for group in groups)
    doi = next((doi for doi in dois if doi), "")
    return {"doi": doi} if doi else {}


def extract_doi(text: str) -> str:
    """A DOI without what is written before it: `10.1002/2013JG002520`."""
    found = re.search(r"10\.\d{4,9}/\S+", text)
    return found[0].rstrip(".,;") if found else ""


def find_licence(files: Sequence[PackedFile]) -> dict[str, str]:
    """The licence that a policy file among these files names; empty where none does."""
    for file in files:
        if file.name == POLICY_FILE:
            text = decode_text(read_bytes(file, limit=1_000_000))
            found = LICENCE.search(text)
            return {"policy": found[0]} if found else {}
    return {}
