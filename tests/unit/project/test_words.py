"""One word for one thing: retired words do not come back."""

import csv
import re

import pytest

from tests.builders.paths import ROOT

FOLDERS = ("src", "workflow", "config", "tests", "docs", "benchmarks", "profiles")
SUFFIXES = {".py", ".smk", ".yaml", ".md", ".html", ".js", ".toml"}
LIST = ROOT / "docs" / "data" / "retired_words.csv"
# These explain the retired words.
EXEMPT = {"docs/reference/glossary.md", "tests/unit/project/test_words.py"}


def read_rows():
    with LIST.open() as file:
        return list(csv.DictReader(file))


def texts():
    files = [ROOT / "Snakefile", ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for folder in FOLDERS:
        files += [f for f in (ROOT / folder).rglob("*") if f.suffix in SUFFIXES]
    named = {str(file.relative_to(ROOT)): file for file in files}
    return {
        name: file.read_text() for name, file in named.items() if name not in EXEMPT
    }


@pytest.fixture(scope="module")
def lines():
    return [
        (f"{name}:{number}", line)
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), start=1)
    ]


def pattern_of(row):
    """A word in any case, also inside a name with underscores; or a name as it stands."""
    word = re.escape(row["old"])
    if row["match"] == "word":
        return re.compile(rf"(?<![a-z]){word}s?(?![a-z])", re.I)
    return re.compile(rf"(?<!\w){word}(?!\w)")


@pytest.mark.parametrize(
    "row",
    [row for row in read_rows() if row["enforced"] == "yes"],
    ids=lambda row: row["old"],
)
def test_a_retired_word_does_not_come_back(row, lines):
    pattern = pattern_of(row)
    allowed = re.compile(row["allowed"]) if row["allowed"] else None
    found = [
        f"{place}: {line.strip()}"
        for place, line in lines
        if pattern.search(line) and not (allowed and allowed.search(line))
    ]
    assert not found, f"write {row['new']}:\n" + "\n".join(found)


def test_the_list_is_in_order():
    rows = read_rows()
    assert len({row["old"] for row in rows}) == len(rows)
    assert {row["match"] for row in rows} <= {"word", "exact"}
    assert {row["enforced"] for row in rows} <= {"yes", "no"}
