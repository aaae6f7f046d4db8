"""What the report says of sites and years of an archive that were left out."""

import re

from forestflux.pages.report.left_out_section import left_out

HEADER = "site,year,file,reason\n"
ROWS = """XX-Bad,,a/XX-Bad.zip,a/XX-Bad.zip: XX-Bad: zip: expected a whole one
DE-Aaa,2001,a/DE-Aaa.zip,"40% of the year present, below 98%"
DE-Aaa,2012,a/DE-Aaa.zip,"40% of the year present, below 98%"
DE-Aaa,2003,a/DE-Aaa.zip,"GPP_NT_VUT_REF below zero, -80 gC m-2 yr-1"
,,a/other.zip,the name is of no FLUXNET product
"""


def write(folder, text):
    (folder / "towers").mkdir()
    (folder / "towers/left_out.csv").write_text(text)
    return folder


def test_every_site_year_and_file_is_listed_with_its_reason(tmp_path):
    page = left_out(write(tmp_path, HEADER + ROWS))
    assert "Left out of the archive: 2 sites or files, 3 years of others" in page
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page)
    rows = [tuple(cells[start : start + 4]) for start in range(0, len(cells), 4)]
    line = "a/XX-Bad.zip: XX-Bad: zip: expected a whole one"
    assert sorted(rows) == [
        ("-", "all", "the name is of no FLUXNET product", "other.zip"),
        ("DE-Aaa", "2001, 2012", "40% of the year present, below 98%", "DE-Aaa.zip"),
        ("DE-Aaa", "2003", "GPP_NT_VUT_REF below zero, -80 gC m-2 yr-1", "DE-Aaa.zip"),
        ("XX-Bad", "all", line, "XX-Bad.zip"),
    ]


def test_nothing_is_said_where_nothing_is_left_out(tmp_path):
    assert left_out(write(tmp_path, HEADER)) == ""
