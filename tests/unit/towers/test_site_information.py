"""Tables of site information: places, classes, citations, encodings."""

import pytest

from forestflux.core.input_errors import InputError
from forestflux.towers.fluxnet.packed_files import PackedFile
from forestflux.towers.fluxnet.site_information import (
    decode_line,
    decode_text,
    extract_doi,
    find_citation,
    read_information,
    read_shared_information,
    summarise_site,
)
from tests.builders.fluxnet_files import information, place, workbook, write_zip
from tests.builders.paths import REAL_DATA

REAL = REAL_DATA / "fluxnet2015/FLX_AA-Flx_BIF_LATEST.csv"
NAME = "FLX_AA-Flx_BIF_LATEST.csv"


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return PackedFile(path)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_places_and_classes_are_read_whatever_separates(tmp_path, delimiter):
    text = information({"DE-Aaa": place(50.5, -6.25, "ENF")}, delimiter=delimiter)
    rows = read_information(write(tmp_path / NAME, text))
    assert summarise_site(rows["DE-Aaa"]) == {
        "lat": "50.5",
        "lon": "-6.25",
        "igbp": "ENF",
    }


def test_columns_may_come_in_any_order(tmp_path):
    text = (
        "VARIABLE,DATAVALUE,SITE_ID\nIGBP,ENF,DE-Aaa\nIGBP,,DE-Bbb\nMAT,-9999,DE-Aaa\n"
    )
    assert read_information(write(tmp_path / NAME, text)) == {
        "DE-Aaa": [("", "IGBP", "ENF")]
    }


def test_separators_in_the_last_column_belong_to_it(tmp_path):
    paper = {
        "REFERENCE_PAPER": "A. Bee; C. Dee. 2004. On; woods.",
        "REFERENCE_USAGE": "x",
    }
    for delimiter in (";", ","):
        text = information({"DE-Aaa": {"REFERENCE_PAPER": paper}}, delimiter=delimiter)
        rows = read_information(write(tmp_path / NAME, text))["DE-Aaa"]
        assert rows[0][2] == "A. Bee; C. Dee. 2004. On; woods."


def test_commas_without_quotes_in_the_last_column_belong_to_it(tmp_path):
    text = "SITE_ID,VARIABLE,DATAVALUE\nDE-Aaa,SITE_NAME,A wood, by the sea\n"
    rows = read_information(write(tmp_path / NAME, text))["DE-Aaa"]
    assert summarise_site(rows) == {"name": "A wood, by the sea"}


def table_rows(text):
    return [line.split(";") for line in text.strip().split("\r\n")]


def test_workbooks_are_read_as_tables_are(tmp_path):
    facts = {"DE-Aaa": place(50.5, -6.25, "ENF", SITE_NAME="Forêt <A> & B")}
    text = information(facts)
    expected = read_information(write(tmp_path / NAME, text))
    rows = table_rows(text)
    rows.insert(2, ["DE-Aaa", "9", "", "MAT", ""])
    book = write(tmp_path / "FLX_AA-Flx_BIF_DD_1.xlsx", workbook(rows))
    assert read_information(book) == expected
    path = tmp_path / "FLX_AA-Flx_BIF_ALL_1.zip"
    write_zip(path, {"FLX_AA-Flx_BIF_DD_1.xlsx": workbook(rows)})
    assert read_shared_information([path]) == expected


def sheet_of(cells):
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rows = f"<sheetData><row>{cells}</row></sheetData>"
    return f'<worksheet xmlns="{space}">{rows}</worksheet>'


def damaged_book(path, content):
    write_zip(path, {"xl/worksheets/sheet1.xml": content})
    return path.read_bytes()


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda p: b"no zip", "zip: expected a whole zip file"),
        (lambda p: workbook([["a", "b"]])[:-30], "zip: expected a whole zip file"),
        (lambda p: damaged_book(p, "<worksheet>"), "zip: expected a whole zip file"),
        (
            lambda p: damaged_book(p, sheet_of('<c r="ZZZZ1"/>')),
            "a cell in column ZZZZ",
        ),
        (lambda p: damaged_book(p, b"<" * 30_000_000), "zip bomb"),
        (lambda p: write_zip(p, {"a.txt": ""}).read_bytes(), "a workbook with a sheet"),
        (lambda p: workbook([["a", "b"]]), "expected a table of site information"),
    ],
)
def test_what_is_no_workbook_is_refused_with_one_line(tmp_path, make, line):
    content = make(tmp_path / "a.zip")
    file = write(tmp_path / "FLX_AA-Flx_BIF_DD_1.xlsx", content)
    with pytest.raises(InputError, match=line) as caught:
        read_information(file)
    assert "FLX_AA-Flx_BIF_DD_1.xlsx" in str(caught.value)


def test_a_quote_that_never_ends_is_one_line(tmp_path):
    text = 'SITE_ID,VARIABLE,DATAVALUE\nDE-Aaa,IGBP,"ENF\n' + "x,y,z\n" * 30_000
    with pytest.raises(InputError, match="file: expected quotes that end"):
        read_information(write(tmp_path / NAME, text))


def test_where_a_tower_moved_the_last_place_counts():
    rows = [
        ("1", "LOCATION_LAT", "72.1"),
        ("1", "LOCATION_LONG", "126.1"),
        ("2", "LOCATION_LAT", "72.3"),
        ("2", "LOCATION_LONG", "126.5"),
    ]
    assert summarise_site(rows) == {"lat": "72.3", "lon": "126.5"}


def test_a_site_is_cited_as_it_asks():
    data = {"DOI": "doi:10.17190/AMF/1246080", "DOI_CITATION": "Kim (1999) US-MMS"}
    second = {"REFERENCE_PAPER": "Second", "REFERENCE_USAGE": "Alt_Citation"}
    first = {
        "REFERENCE_PAPER": "First",
        "REFERENCE_USAGE": "Primary_Citation",
        "REFERENCE_DOI": "https://doi.org/10.1002/2013JG002520.",
    }
    other = {"REFERENCE_PAPER": "Other", "REFERENCE_USAGE": "Reference"}
    assert find_citation([other, second, first, data]) == {
        "citation": "Kim (1999) US-MMS",
        "doi": "10.17190/AMF/1246080",
    }
    found = find_citation([other, second, first])
    assert found == {"citation": "First", "doi": "10.1002/2013JG002520"}
    assert find_citation([other, second]) == {"citation": "Second", "doi": ""}
    assert find_citation([other]) == {}
    found = find_citation([{"DOI": "in press"}, {"DOI": "10.5285/abc"}])
    assert found == {"doi": "10.5285/abc"}


def test_a_doi_is_told_from_other_text():
    assert extract_doi("doi:10.1111/j.1365-2486.2010.02281.x") == (
        "10.1111/j.1365-2486.2010.02281.x"
    )
    assert extract_doi("in press") == ""


@pytest.mark.parametrize(
    "text",
    [
        "Université de Liège",
        "Forêt de Sarrebourg, Königstein",
        "São Paulo, Malmö",
        "Tübingen: Ähren",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "mac_roman"])
def test_lines_are_read_in_their_own_encoding(text, encoding):
    assert decode_line(text.encode(encoding)) == text


def test_a_file_may_mix_encodings_and_line_ends():
    parts = ["Liège".encode("mac_roman"), "Zürich".encode("cp1252"), "Gießen".encode()]
    assert decode_text(b"\xef\xbb\xbf" + b"\r".join(parts)) == "Liège\nZürich\nGießen"


def test_tables_for_all_sites_may_be_zipped_and_repeat_each_other(tmp_path):
    one = information({"DE-Aaa": place(50, 6, "ENF")})
    two = information({"DE-Aaa": place(50, 6, "ENF"), "DE-Bbb": place(51, 6, "DBF")})
    files = {
        "FLX_AA-Flx_BIF_DD_20200501.csv": one,
        "FLX_AA-Flx_BIF_YY_20200501.csv": two,
    }
    path = write_zip(tmp_path / "FLX_AA-Flx_BIF_ALL_20200501.zip", files)
    rows = read_shared_information([path])
    assert sorted(rows) == ["DE-Aaa", "DE-Bbb"]
    assert len(rows["DE-Aaa"]) == 3


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,b,c\n1,2,3\n", "the first line 'a,b,c'"),
        (b"", "no text"),
        (b"\x00\x01\x02", "no text"),
    ],
)
def test_another_table_is_refused_with_one_line(tmp_path, content, found):
    file = write(tmp_path / NAME, content)
    line = f"{NAME}: file: expected a table of site information .* found {found}"
    with pytest.raises(InputError, match=line):
        read_information(file)


def test_the_real_table_gives_every_site_a_place_and_a_class():
    if not REAL.is_file():
        pytest.skip(f"the real table of site information is not here: {REAL.name}")
    known = {
        site: summarise_site(rows)
        for site, rows in read_shared_information([REAL]).items()
    }
    assert len(known) == 212
    for site, facts in known.items():
        assert abs(float(facts["lat"])) <= 90, site
        assert abs(float(facts["lon"])) <= 180, site
        assert len(facts["igbp"]) in (2, 3), site
    assert known["US-MMS"] == {"lat": "39.3232", "lon": "-86.4131", "igbp": "DBF"}
    assert known["US-CRT"]["doi"] == "10.1002/2013JG002520"
    assert known["RU-Sam"]["lat"] == "72.3738"
    assert known["BE-Vie"]["citation"].startswith("Aubinet, M., Chermanne, B.")
    text = decode_text(REAL.read_bytes())
    assert "Université de Liège" in text
    assert "\ufffd" not in text
