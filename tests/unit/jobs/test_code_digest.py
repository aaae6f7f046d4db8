"""Code digests: what counts as a change of code."""

import pytest

from forestflux.jobs.code_digest import code_digest, parse


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
    parse.cache_clear()


def digest(scripts, *names):
    return code_digest(*names, roots=(scripts,))


def test_a_module_two_imports_away_counts(scripts):
    before = digest(scripts, "stage")
    edit(scripts, "science/far.py", "return 1", "return 2")
    assert digest(scripts, "stage") != before


def test_comments_layout_and_docstrings_do_not_count(scripts):
    before = digest(scripts, "stage")
    edit(scripts, "science/far.py", "return 1", "# one\n    return 1")
    assert digest(scripts, "stage") == before
    edit(
        scripts, "science/far.py", "def far():\n", 'def far():\n    """Say 1."""\n\n\n'
    )
    with_docstring = digest(scripts, "stage")
    edit(scripts, "science/far.py", "Say 1.", "Say one.  # really")
    edit(scripts, "stage.py", "near()", "near(  )  # call")
    assert digest(scripts, "stage") == with_docstring


def test_modules_that_are_not_imported_do_not_count(scripts):
    before = digest(scripts, "stage")
    edit(scripts, "science/other.py", "1", "2")
    assert digest(scripts, "stage") == before
    assert digest(scripts, "stage", "science.other") != before


def test_cycles_end(scripts):
    edit(
        scripts,
        "science/far.py",
        "def far():",
        "from science import near\n\n\ndef far():",
    )
    assert len(digest(scripts, "stage")) == 12


def test_a_page_beside_its_module_counts(scripts):
    before = digest(scripts, "stage")
    (scripts / "science" / "near.html").write_text("<p>text</p>")
    assert digest(scripts, "stage") != before


def test_a_module_that_no_root_has_is_refused(scripts):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        digest(scripts, "nowhere")
