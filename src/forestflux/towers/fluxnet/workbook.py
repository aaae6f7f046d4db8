"""Excel workbooks of site information: the first sheet as rows of text.

A workbook is a zip of XML files, of which two are read here. Libraries were tried and
refused: python-calamine ends the process, with no error to catch, on a workbook of one cell
in the last row and column; openpyxl takes four times as long.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from forestflux.core.input_errors import InputError
from forestflux.towers.fluxnet.packed_files import (
    Archive,
    PackedFile,
    check_entry,
    damaged_zip_error,
)

NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SHARED_TEXTS = "xl/sharedStrings.xml"
LETTERS = re.compile(r"[A-Z]+")
MAX_COLUMNS = 16_384  # of any workbook; a larger number would fill the memory


def read_workbook(
    file: PackedFile, content: bytes, *, max_bytes: float
) -> Iterator[list[str]]:
    """Rows of a workbook's first sheet, each a list of texts; empty cells are empty.

    Parameters
    ----------
    content : the workbook's bytes
    max_bytes : most bytes of one file in it, unpacked

    Raises
    ------
    InputError : no workbook, a damaged one, or a zip bomb
    """
    book = Archive(io.BytesIO(content), file.label)
    for entry in book.entries:
        check_entry(Path(file.label), entry, max_bytes=max_bytes)
    names = {entry.filename for entry in book.entries}
    sheets = [name for name in names if name.startswith("xl/worksheets/sheet")]
    if not sheets:
        raise InputError(
            file.label,
            variable="file",
            expected="a workbook with a sheet",
            found="none",
        )
    texts: list[str] = []
    try:
        if SHARED_TEXTS in names:
            texts = [join_text(item) for item in iterate(book, SHARED_TEXTS, "si")]
        # Compared by number, because sheet10 comes after sheet2.
        first = min(sheets, key=lambda name: (len(name), name))
        for row in iterate(book, first, "row"):
            yield read_row(row, texts)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise damaged_zip_error(file.label, error) from error


def iterate(book: Archive, name: str, tag: str) -> Iterator[ElementTree.Element]:
    """Elements of an XML file in a workbook, one after the other; memory stays bounded."""
    with book.open(name) as stream:
        for _, element in ElementTree.iterparse(stream):
            if element.tag == f"{NAMESPACE}{tag}":
                yield element
                element.clear()


def read_row(row: ElementTree.Element, texts: list[str]) -> list[str]:
    """The cells of a row from the first column on."""
    cells: dict[int, str] = {}
    for position, cell in enumerate(row.iter(f"{NAMESPACE}c")):
        column = find_column(cell.get("r"), position)
        kind, value = cell.get("t"), cell.findtext(f"{NAMESPACE}v")
        if kind == "inlineStr":
            cells[column] = join_text(cell)
        elif value is not None:
            cells[column] = find_text(texts, value) if kind == "s" else value
    return [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]


def find_text(texts: list[str], number: str) -> str:
    """The shared text of a number.

    Raises
    ------
    LookupError : there is no such text
    ValueError : it is no number
    """
    if int(number) < 0:
        raise LookupError(f"shared text {number[:20]}")
    return texts[int(number)]


def join_text(element: ElementTree.Element) -> str:
    """All text within an element; a cell is in several parts where words are formatted."""
    return "".join(part.text or "" for part in element.iter(f"{NAMESPACE}t"))


def find_column(reference: str | None, position: int) -> int:
    """Column of a cell from its name, 2 for `C7`; its position in the row where it has none.

    Raises
    ------
    ValueError : there is no such column
    """
    letters = LETTERS.match(reference or "")
    if letters is None:
        return position
    number = 0
    for letter in letters[0]:
        number = 26 * number + ord(letter) - ord("A") + 1
        if number > MAX_COLUMNS:
            raise ValueError(f"a cell in column {letters[0][:20]}")
    return number - 1
