"""Excel workbooks as archives ship them for site information: the first sheet as rows of text.

A workbook is a zip of XML; two of its files say all that is needed here.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from forestflux.core.errors import InputError
from forestflux.towers.fluxnet.archive_members import (
    DAMAGED,
    Member,
    check_entry,
    damaged,
)

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEXTS = "xl/sharedStrings.xml"
LETTERS = re.compile(r"[A-Z]+")


def workbook_rows(
    member: Member, content: bytes, *, max_bytes: float
) -> Iterator[list[str]]:
    """Rows of a workbook's first sheet, each a list of texts; empty cells are empty.

    Parameters
    ----------
    content : the workbook's bytes
    max_bytes : most bytes of one file in it, unpacked

    Raises
    ------
    InputError : no workbook, or a damaged one
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            for entry in book.infolist():
                check_entry(Path(member.label), entry, max_bytes=max_bytes)
            names = set(book.namelist())
            sheets = sorted(n for n in names if n.startswith("xl/worksheets/sheet"))
            if not sheets:
                raise InputError(
                    member.label,
                    variable="file",
                    expected="a workbook with a sheet",
                    found="none",
                )
            texts = read_texts(book) if TEXTS in names else []
            # By their number: sheet10 comes after sheet2.
            first = min(sheets, key=lambda name: (len(name), name))
            with book.open(first) as stream:
                for _, row in ElementTree.iterparse(stream):
                    if row.tag == f"{SPACE}row":
                        yield read_row(row, texts)
                        row.clear()
    except (*DAMAGED, ElementTree.ParseError, IndexError, ValueError) as error:
        raise damaged(member.label, error) from error


def read_texts(book: zipfile.ZipFile) -> list[str]:
    """The texts that cells refer to by number."""
    texts = []
    with book.open(TEXTS) as stream:
        for _, item in ElementTree.iterparse(stream):
            if item.tag == f"{SPACE}si":
                texts.append(text_of(item))
                item.clear()
    return texts


def read_row(row: ElementTree.Element, texts: list[str]) -> list[str]:
    """The cells of a row from the first column on."""
    cells: dict[int, str] = {}
    for place, cell in enumerate(row.iter(f"{SPACE}c")):
        column = column_of(cell.get("r"), place)
        kind, value = cell.get("t"), cell.findtext(f"{SPACE}v")
        if kind == "inlineStr":
            cells[column] = text_of(cell)
        elif value is not None:
            cells[column] = texts[int(value)] if kind == "s" else value
    return [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]


def text_of(element: ElementTree.Element) -> str:
    """All text within an element: words of one cell may be formatted piece by piece."""
    return "".join(part.text or "" for part in element.iter(f"{SPACE}t"))


def column_of(reference: str | None, place: int) -> int:
    """Column of a cell from its name, 2 for `C7`; its place in the row where it has none."""
    letters = LETTERS.match(reference or "")
    if letters is None:
        return place
    number = 0
    for letter in letters[0]:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
