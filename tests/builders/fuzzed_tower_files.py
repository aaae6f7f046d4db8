"""Readers of towers: zips, tables, workbooks, predictors."""

import csv
import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.jobs.user_tables import LINE, read_csv
from forestflux.sources.predictor_table import TableSeries, read_predictors
from forestflux.towers.fluxnet.flux_columns import MISSING, read_chunks
from forestflux.towers.fluxnet.packed_files import PackedFile
from forestflux.towers.fluxnet.releases import find_coarsest_table
from forestflux.towers.fluxnet.site_information import POLICY_FILE, read_information
from forestflux.towers.fluxnet.site_reader import read_site
from forestflux.towers.fluxnet.workbook import NAMESPACE, read_workbook
from tests.builders.fluxnet_files import (
    file_name,
    half_hours,
    information,
    place,
    table_of,
    workbook,
    write_zip,
)
from tests.builders.fuzzed_reader import FuzzedReader, same_text
from tests.builders.tower_folders import tower_folder

SITE, YEARS = "DE-Aaa", (2003,)
PACKINGS = {
    "deflate": zipfile.ZIP_DEFLATED,
    "stored": zipfile.ZIP_STORED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
FLUX_COLUMNS = ("TIMESTAMP", "NEE_VUT_REF")
SITE_COLUMNS = ("site", "lat", "lon", "igbp")
INPUTS = ("ndvi", "evi", "lst_day")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
# What Arrow takes for a missing number.
NO_NUMBER = {"", "NA", "NaN", "nan", "null", "NULL", "N/A", "n/a", "#N/A"}
SHEET = (
    ("SITE_ID", "VARIABLE", "DATAVALUE"),
    (SITE, "IGBP", "ENF"),
    (SITE, "LAT", "50"),
)


def read_number(text: str) -> float:
    """A number as a table has it."""
    text = text.strip(" \t")
    if text in NO_NUMBER:
        return np.nan
    assert NUMBER.fullmatch(text), text
    return float(text)


def make_zip(folder: Path, packing: str) -> FuzzedReader:
    """A FLUXNET zip of years and months with site information and a licence."""
    path = folder / packing / file_name(SITE, "", YEARS, suffix="zip")
    path.parent.mkdir()
    hours = half_hours(YEARS, seed=1, minutes=60)
    files = {
        file_name(SITE, each, YEARS): table_of(each, hours).to_csv(index=False)
        for each in ("YY", "MM")
    }
    files[file_name(SITE, "BIF", YEARS)] = information({SITE: place(50, 10, "ENF")})
    files[POLICY_FILE] = "CC-BY-4.0"
    write_zip(path, files)
    with zipfile.ZipFile(path, "w", PACKINGS[packing]) as archive:
        for name, text in files.items():
            archive.writestr(name, text)

    def read(path: Path) -> tuple:
        rows, record = read_site(SITE, [path], settings=FluxnetSettings())
        if record["fault"]:
            raise InputError(**record["fault"])
        return rows, record["information"], record["left_out"]

    return FuzzedReader(path, path.read_bytes(), read, agree=same_text)


def make_table(folder: Path) -> FuzzedReader:
    """An unpacked FLUXNET table of months."""
    path = folder / file_name(SITE, "MM", YEARS)
    table = table_of("MM", half_hours(YEARS, seed=2, minutes=60)).iloc[:, :9]
    text = table.to_csv(index=False)

    def read(path: Path) -> list:
        file, *_ = find_coarsest_table([PackedFile(path)], FLUX_COLUMNS)
        chunks = read_chunks(file, stamps=["TIMESTAMP"], values=FLUX_COLUMNS[1:])
        return [
            (int(stamp), *map(float, row))
            for (stamps,), values in chunks
            for stamp, row in zip(stamps, values, strict=True)
        ]

    def expect(content: bytes) -> list:
        lines = re.split(
            r"\r\n|\r|\n", content.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
        )
        head = [name.strip().strip('"') for name in lines[0].split(",")]
        wanted = [head.index(name) for name in FLUX_COLUMNS]
        result = []
        for line in filter(None, lines[1:]):
            fields = line.split(",")
            assert len(fields) == len(head)
            stamp, *values = (read_number(fields[position]) for position in wanted)
            result.append((int(stamp), *(v if v > MISSING else np.nan for v in values)))
        return result

    return FuzzedReader(path, text.encode(), read, expect, same_text)


def make_workbook(folder: Path) -> FuzzedReader:
    """A workbook of site information."""
    text = information({SITE: place(50, 10, "ENF", SITE_NAME="Wood")}, delimiter=",")
    content = workbook(list(csv.reader(io.StringIO(text))))
    path = folder / "FLX_AA-Flx_BIF_LATEST.xlsx"
    return FuzzedReader(path, content, lambda path: read_information(PackedFile(path)))


def make_sheet(folder: Path) -> FuzzedReader:
    """The XML of a sheet, in a workbook that is whole."""
    rows = ""
    for row, texts in enumerate(SHEET, start=1):
        cells = [
            f'<c r="{letter}{row}" t="inlineStr"><is><t>{text}</t></is></c>'
            for letter, text in zip("ABC", texts, strict=True)
        ]
        rows += f'<row r="{row}">{"".join(cells)}</row>'
    sheet = f'<worksheet xmlns="{NAMESPACE[1:-1]}"><sheetData>{rows}</sheetData></worksheet>'

    def read(path: Path) -> list:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as book:
            book.writestr("xl/worksheets/sheet1.xml", path.read_bytes())
        return list(read_workbook(PackedFile(path), out.getvalue(), max_bytes=1e6))

    def expect(content: bytes) -> list:
        result = []
        for row in ElementTree.fromstring(content).iter(f"{NAMESPACE}row"):
            texts: dict[int, str] = {}
            for position, cell in enumerate(row.iter(f"{NAMESPACE}c")):
                letters = re.match("[A-Z]+", cell.get("r") or "")
                column = position
                if letters:
                    powers = [26**n for n in range(len(letters[0]))][::-1]
                    numbers = [ord(letter) - 64 for letter in letters[0]]
                    column = int(np.dot(powers, numbers)) - 1
                value = cell.find(f"{NAMESPACE}v")
                if cell.get("t") == "inlineStr":
                    parts = [part.text or "" for part in cell.iter(f"{NAMESPACE}t")]
                    texts[column] = "".join(parts)
                elif value is not None:
                    texts[column] = value.text or ""
            width = max(texts, default=-1) + 1
            result.append([texts.get(column, "") for column in range(width)])
        return result

    return FuzzedReader(folder / "sheet1.xlsx", sheet.encode(), read, expect)


def make_user_table(folder: Path) -> FuzzedReader:
    """A table of towers."""
    path = tower_folder(folder / "towers") / "sites.csv"

    def read(path: Path) -> list:
        table = read_csv(path, SITE_COLUMNS).drop(columns=LINE)
        return [list(table), *table.to_numpy().tolist()]

    def expect(content: bytes) -> list:
        text = io.StringIO(content.decode("utf-8-sig"), newline="")
        rows = [
            [cell.strip() for cell in row]
            for row in csv.reader(text, skipinitialspace=True)
        ]
        assert all(len(row) == len(rows[0]) for row in rows if any(row))
        return [row for row in rows if any(row)]

    return FuzzedReader(path, path.read_bytes(), read, expect)


def make_parquet(folder: Path) -> FuzzedReader:
    """Predictors of towers, with a checksum of each page."""
    path = tower_folder(folder / "predictors", forest=2, other=0, years=(2003,))
    path = path / "predictors_8day.parquet"
    pd.read_parquet(path).to_parquet(path, index=False, write_page_checksum=True)
    series = tuple(TableSeries(name, name, "", None) for name in INPUTS)

    def read(path: Path) -> list:
        data = read_predictors.__wrapped__(path, series, 0, path)
        return [data["site"].values.tolist(), data.to_array().values.tolist()]

    return FuzzedReader(path, path.read_bytes(), read, agree=same_text)
