"""Citations: used towers only, sorted, and a tower without one is named."""

import re
import subprocess
import sys

import markdown
import pandas as pd

from forestflux.jobs.tables import write_table
from forestflux.pages.tower_citations import as_markdown, bibliography
from tests.builders.paths import SCRIPTS

SCRIPT = SCRIPTS / "pages" / "bibliography.py"
SAMPLES = pd.DataFrame(
    {
        "site": ["US-Ha1", "US-Ha1", "DE-Tha", "FI-Hyy", "XX-Not"],
        "used": [True, True, True, True, False],
    }
)
CITATIONS = pd.DataFrame(
    {
        "site": ["US-Ha1", "FI-Hyy", "XX-Not"],
        "name": ["Harvard Forest", "", "Nowhere"],
        "policy": ["CC-BY-4.0", "", ""],
        "citation": ["Munger (2016),\n  FLUXNET2015  US-Ha1", None, "Nobody (1999)"],
        "doi": ["10.18140/FLX/1440071", None, "10.1/none"],
    }
)


def test_used_towers_alone_are_cited_in_order():
    table = bibliography(SAMPLES, CITATIONS)
    assert table["site"].tolist() == ["DE-Tha", "FI-Hyy", "US-Ha1"]
    assert table["site_years"].tolist() == [1, 1, 2]
    assert table["citation"].tolist() == ["", "", "Munger (2016), FLUXNET2015 US-Ha1"]


def test_page_names_towers_without_a_citation():
    page = as_markdown(bibliography(SAMPLES, CITATIONS))
    assert "3 towers, 4 site-years." in page
    assert "No citation in the archive: DE-Tha, FI-Hyy." in page
    line = (
        "- **US-Ha1**, Harvard Forest (CC-BY-4.0): Munger (2016), FLUXNET2015 US-Ha1"
        " https://doi.org/10.18140/FLX/1440071"
    )
    assert line in page.splitlines()
    assert "Nobody" not in page


def test_texts_of_an_archive_are_text_and_no_markup():
    odd = "<script>alert(1)</script> [a](javascript:x) *b* `c` x_y\n&\x1b[31m"
    cited = CITATIONS.assign(name=odd, citation=odd, doi="10.1/<i>")
    page = as_markdown(bibliography(SAMPLES, cited))
    assert "<" not in page
    assert "\x1b" not in page
    shown = (
        r"&lt;script&gt;alert(1)&lt;/script&gt; \[a\](javascript:x) \*b\* \`c\` x_y"
        r" &amp;\\x1b\[31m"
    )
    assert page.count(shown) == 2 * 2  # name and citation of the towers that are used
    html = markdown.markdown(page)
    assert not re.search(r"<(script|a|em|code|i)\b", html)


def test_job_writes_table_and_page_and_names_a_missing_column(tmp_path):
    write_table(SAMPLES, tmp_path / "samples.csv")
    names = {name: tmp_path / f"{name}.csv" for name in ("samples", "citations")}
    names |= {"table": tmp_path / "b.csv", "page": tmp_path / "b.md"}
    command = [sys.executable, str(SCRIPT)]
    command += [word for name, path in names.items() for word in (f"--{name}", path)]
    write_table(CITATIONS, names["citations"])
    subprocess.run(command, check=True)
    assert pd.read_csv(names["table"])["site"].tolist() == [
        "DE-Tha",
        "FI-Hyy",
        "US-Ha1",
    ]
    assert names["page"].read_text().startswith("# Citations")
    write_table(CITATIONS.drop(columns="doi"), names["citations"])
    failed = subprocess.run(command, check=False, capture_output=True, text=True)
    assert failed.returncode == 1
    assert "citations.csv: doi: expected a column of this name" in failed.stderr
