"""Pages: numbers come from tracked files, links lead somewhere, nothing is fetched."""

import importlib
import re
import shutil
import subprocess
import sys
import textwrap
from html.parser import HTMLParser

import pytest
import yaml

from forestflux.jobs.configuration import Configuration, read_configuration
from forestflux.jobs.configuration_reference import keys, sections
from tests.builders.paths import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
LONGEST = 120
README_LINES = 80
# `samples.csv` is a file, not a key.
SUFFIXES = {"csv", "js", "json", "md", "py", "smk", "yaml", "zarr", "html", "parquet"}


def name_of(page):
    return str(page.relative_to(ROOT))


def prose(page):
    """Lines of a page with their numbers, without tables."""
    return [
        (number, line)
        for number, line in enumerate(page.read_text().splitlines(), start=1)
        if not line.lstrip().startswith("|")
    ]


def test_every_number_on_a_page_is_what_the_tracked_files_give():
    tool = DOCS / "tools" / "fill_pages.py"
    done = subprocess.run(
        [sys.executable, str(tool), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_readme_fits_on_a_page():
    assert len((ROOT / "README.md").read_text().splitlines()) <= README_LINES


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_line_is_too_long(page):
    long = [(n, line) for n, line in prose(page) if len(line) > LONGEST]
    assert long == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_number_begins_a_line(page):
    # A comment at the start of a line would end the paragraph.
    assert not re.search(r"^\s*<!--=", page.read_text(), re.M)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), target


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text()
    listed = set(re.findall(r": ([\w/-]+\.md)$", navigation, re.M))
    assert listed == {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}


def names_of_the_package():
    """Every dotted name of the package that a page mentions."""
    text = "\n".join(page.read_text() for page in PAGES)
    rooms = "|".join(
        folder.name for folder in (ROOT / "src/forestflux").iterdir() if folder.is_dir()
    )
    return sorted(
        set(
            re.findall(
                rf"\bforestflux\.(?:load_model|open_product|(?:{rooms})(?:\.\w+)*)",
                text,
            )
        )
    )


@pytest.mark.parametrize("name", names_of_the_package())
def test_names_of_the_package_exist(name):
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return
    raise AssertionError(f"{name}: no such module")


def test_files_that_pages_name_exist():
    pattern = (
        r"`((?:src|workflow|config|docs|tests|benchmarks|profiles|envs)/[\w/.-]+)`"
    )
    text = "\n".join(page.read_text() for page in PAGES)
    missing = [name for name in re.findall(pattern, text) if not (ROOT / name).exists()]
    assert missing == []


GLOSSARY = DOCS / "reference" / "glossary.md"  # it also has retired keys


@pytest.mark.parametrize("page", sorted({*PAGES} - {GLOSSARY}), ids=name_of)
def test_keys_that_a_page_names_exist(page):
    known = {name for name, _ in keys(Configuration)}
    known |= {name for name, _ in sections(Configuration)}
    first = {name.partition(".")[0] for name in known}
    named = re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)\b", page.read_text())
    of_settings = {
        name
        for name in named
        if name.partition(".")[0] in first and name.rpartition(".")[2] not in SUFFIXES
    }
    assert of_settings - known == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_overlays_on_a_page_are_accepted(page):
    given = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    for text in re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S):
        overlay = yaml.safe_load(text)
        whole = {
            name: dict(v) if isinstance(v, dict) else v for name, v in given.items()
        }
        for name, value in overlay.items():
            section = isinstance(value, dict) and isinstance(whole.get(name), dict)
            whole[name] = whole[name] | value if section else value
        read_configuration(whole)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_has_the_targets_that_a_page_names(page):
    targets = re.findall(r"^(\w[\w-]*):", (ROOT / "Makefile").read_text(), re.M)
    named = re.findall(r"(?:^|`)make ([a-z][a-z-]+)", page.read_text(), re.M)
    assert set(named) - set(targets) == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_on_a_page_is_python(page):
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
        compile(textwrap.dedent(code), name_of(page), "exec")


def test_the_page_on_staleness_lists_modules_of_a_rule_and_rules_of_a_module(
    monkeypatch, capsys
):
    page = (DOCS / "explanation" / "staleness.md").read_text()
    behind, touched = re.findall(r"<<'PY'\n(.*?)^PY$", page, re.S | re.M)
    monkeypatch.chdir(ROOT)
    exec(behind, {})
    listed = capsys.readouterr().out.split()
    assert "workflow/scripts/prepare/mask.py" in listed
    assert "src/forestflux/prepare/masking.py" in listed
    exec(touched, {})
    rules = capsys.readouterr().out.split()
    assert {"map", "publish"} <= set(rules)
    assert "tower_sites" not in rules


class Sources(HTMLParser):
    """Addresses that a browser would fetch when it opens a page."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        fetched = {"script": "src", "img": "src", "link": "href", "iframe": "src"}
        attributes = dict(attrs)
        if tag in fetched and attributes.get("rel") != "canonical":
            self.addresses.append(attributes.get(fetched[tag]) or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if shutil.which("mkdocs") is None:
        pytest.fail("mkdocs is not installed")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        ["mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_fetches_nothing(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    for page in pages:
        parser = Sources()
        parser.feed(page.read_text())
        assert [a for a in parser.addresses if re.match(r"(https?:)?//", a)] == []
    assert not (site / "data").exists()
    assert not (site / "tools").exists()
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(https?:)?//", sheet.read_text()), sheet


def test_the_drawn_graph_shows_every_stage():
    source = (DOCS / "images" / "stages.mmd").read_text()
    method = (DOCS / "explanation" / "method.md").read_text()
    table = method[
        method.index("| Stage |") : method.index("## What the network reads")
    ]
    stages = re.findall(r"^\| (\w+) \|", table, re.M)[1:]
    assert set(stages) == set(re.findall(r"\[(\w+)<br/>", source))
    words = ["eight", "nine", "ten", "eleven", "twelve"]
    assert f"in {words[len(stages) - 8]} stages" in method
    drawn = (DOCS / "images" / "stages.svg").read_text()
    for label in re.findall(r"\[([^\]]+)\]", source):
        for word in re.findall(r"\w+", label.replace("<br/>", " ")):
            assert word in drawn, word
