"""Code checksums: what counts as a change of code."""

import pytest

from forestflux.jobs.code_checksum import assets, code_checksum
from tests.builders.paths import ROOT


@pytest.fixture
def scripts(tmp_path):
    package = tmp_path / "science"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "far.py").write_text("def far():\n    return 1\n")
    (package / "near.py").write_text(
        "def near():\n    from science.far import far\n    return far()\n"
    )
    (package / "other.py").write_text("value = 1\n")
    (tmp_path / "stage.py").write_text("from science.near import near\nnear()\n")
    return tmp_path


def edit(scripts, name, old, new):
    file = scripts / name
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def checksum(scripts, *names):
    return code_checksum(*names, roots=(scripts,))


def test_a_module_two_imports_away_counts(scripts):
    before = checksum(scripts, "stage")
    edit(scripts, "science/far.py", "return 1", "return 2")
    assert checksum(scripts, "stage") != before


def test_comments_layout_and_docstrings_do_not_count(scripts):
    before = checksum(scripts, "stage")
    edit(scripts, "science/far.py", "return 1", "# one\n    return 1")
    assert checksum(scripts, "stage") == before
    edit(
        scripts, "science/far.py", "def far():\n", 'def far():\n    """Say 1."""\n\n\n'
    )
    assert checksum(scripts, "stage") == before
    edit(scripts, "science/far.py", "Say 1.", "Say one.  # really")
    edit(scripts, "stage.py", "near()", "near(  )  # call")


def test_the_description_of_a_setting_does_not_count(scripts):
    edit(
        scripts,
        "science/far.py",
        "def far",
        "class Settings:\n    size = 1\n\n\ndef far",
    )
    before = checksum(scripts, "stage")
    edit(scripts, "science/far.py", "size = 1", 'size = 1\n    """Of a cell."""')
    assert checksum(scripts, "stage") == before
    edit(scripts, "science/far.py", "size = 1", "size = 2")
    assert checksum(scripts, "stage") != before


def test_modules_that_are_not_imported_do_not_count(scripts):
    before = checksum(scripts, "stage")
    edit(scripts, "science/other.py", "1", "2")
    assert checksum(scripts, "stage") == before
    assert checksum(scripts, "stage", "science.other") != before


def test_cycles_end(scripts):
    edit(
        scripts,
        "science/far.py",
        "def far():",
        "from science import near\n\n\ndef far():",
    )
    assert len(checksum(scripts, "stage")) == 12


def test_files_and_folders_that_a_module_names_as_assets_count(scripts):
    (scripts / "science" / "page.html").write_text("<p>text</p>")
    (scripts / "science" / "parts").mkdir()
    (scripts / "science" / "parts" / "table.html").write_text("<table>")
    edit(
        scripts,
        "science/near.py",
        "def near",
        'ASSETS = ("page.html", "parts")\n\ndef near',
    )
    before = checksum(scripts, "stage")
    for name in ("page.html", "parts/table.html", "parts/new.html"):
        (scripts / "science" / name).write_text("<p>another text</p>")
        after = checksum(scripts, "stage")
        assert after != before
        before = after
    (scripts / "science" / "parts/new.html").rename(
        scripts / "science/parts/other.html"
    )
    assert checksum(scripts, "stage") != before


def test_a_file_that_no_module_names_does_not_count(scripts):
    before = checksum(scripts, "stage")
    (scripts / "science" / "near.html").write_text("<p>text</p>")
    assert checksum(scripts, "stage") == before


@pytest.mark.parametrize(
    ("names", "error", "line"),
    [
        ('("gone.html",)', FileNotFoundError, "ASSETS names gone.html"),
        ('("page.html")', ValueError, "not a tuple of plain strings"),
        ("tuple(PAGES)", ValueError, "not a tuple of plain strings"),
    ],
)
def test_assets_that_cannot_be_found_or_read_are_refused(scripts, names, error, line):
    (scripts / "science" / "page.html").touch()
    edit(scripts, "science/near.py", "def near", f"ASSETS = {names}\n\ndef near")
    with pytest.raises(error, match=line):
        checksum(scripts, "stage")


def test_every_data_file_of_the_package_is_an_asset_of_a_module():
    package = ROOT / "src/forestflux"
    named = {asset for module in package.rglob("*.py") for asset in assets(module)}
    files = {path for path in package.rglob("*.*") if path.is_file()}
    # Python and numba keep what they compile there.
    files = {path for path in files if "__pycache__" not in path.parts}
    assert {path for path in files if path.suffix != ".py"} == named


def test_a_module_that_no_root_has_is_refused(scripts):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        checksum(scripts, "nowhere")
