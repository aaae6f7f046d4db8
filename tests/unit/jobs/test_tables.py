import csv
import re

import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.table_files import write_table_text
from forestflux.jobs.tables import Column, TableSchema
from tests.builders.paths import ROOT

SCORES = TableSchema(
    "evaluate/scores.csv",
    "a model",
    (
        Column("model", "name", "text"),
        Column("n", "rows", "integer"),
        Column("r2", "coefficient of determination", unit="1"),
        Column("best", "whether it is the best", "boolean"),
    ),
)
TABLE = pd.DataFrame(
    {"model": ["cnn", "svr"], "n": [3, 4], "r2": [0.5, None], "best": [True, False]}
)


@pytest.fixture
def results(tmp_path):
    SCORES.write(TABLE, tmp_path / SCORES.path)
    return tmp_path


def change_line(results, old, new):
    path = results / SCORES.path
    write_table_text(path, path.read_text().replace(old, new))


def test_a_table_comes_back_with_the_columns_in_the_order_of_the_schema(results):
    SCORES.write(TABLE[["best", "r2", "n", "model"]], results / SCORES.path)
    pd.testing.assert_frame_equal(SCORES.read(results), TABLE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("model,n,r2,best", "model,n,r1,best", "r2: expected a column of this name"),
        ("cnn,3,", "cnn,three,", "n: expected integer values, found others, such as"),
        ("cnn,3,", "cnn,3.5,", "such as '3.5'"),
        (",0.5,", ",half,", "r2: expected number values, found others, such as 'half'"),
        (",True", ",perhaps", "best: expected boolean values"),
    ],
)
def test_a_damaged_table_gives_one_line(results, old, new, message):
    change_line(results, old, new)
    with pytest.raises(InputError, match=message) as error:
        SCORES.read(results)
    assert "\n" not in str(error.value)


def test_a_reader_may_need_some_columns_only(results):
    change_line(results, "model,n,r2,best", "model,n,score,best")
    assert len(SCORES.read(results, columns=("model", "n"))) == 2
    with pytest.raises(ValueError, match="has no column rmse"):
        SCORES.read(results, columns=("rmse",))


def test_rows_are_needed_unless_the_reader_says_otherwise(results):
    SCORES.write(TABLE.iloc[:0], results / SCORES.path)
    with pytest.raises(InputError, match="rows: expected one or more, found none"):
        SCORES.read(results)
    assert SCORES.read(results, empty=True).empty


NAMES = ["007", "1e1", "NA", "None", "null", "nan", "True", "1,5", 'a "b"', " a "]
FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd|'x'!A0", "@SUM(1)", "'=1", "''@"]
NUMBERS = ["+0.05 PgC yr-1", "-1.5", "-3e-5 gC m-2", "'quoted'", "-"]


@pytest.mark.parametrize("name", [*NAMES, *FORMULAS, *NUMBERS])
def test_a_text_comes_back_as_it_was(tmp_path, name):
    table = TABLE.assign(model=[name, name])
    for dtype in ("str", object):
        SCORES.write(table.astype({"model": dtype}), tmp_path / SCORES.path)
        assert list(SCORES.read(tmp_path)["model"]) == [name, name]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_text_is_a_formula_in_a_spreadsheet(tmp_path, name):
    SCORES.write(TABLE.assign(model=[name, None]), tmp_path / SCORES.path)
    rows = list(csv.reader((tmp_path / SCORES.path).open(newline="")))
    assert rows[1][0] == f"'{name}"
    assert rows[2][0] == ""


@pytest.mark.parametrize("name", NUMBERS[:3])
def test_a_number_with_its_unit_is_written_as_it_is(tmp_path, name):
    SCORES.write(TABLE.assign(model=name), tmp_path / SCORES.path)
    assert f"\n{name}," in (tmp_path / SCORES.path).read_text()


def test_tables_are_read_by_their_schema_or_as_a_users_text():
    readers = {
        path.relative_to(ROOT).as_posix()
        for folder in ("src", "workflow")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"\bpd\.read_(csv|table)\(", path.read_text())
    }
    assert readers == {
        "src/forestflux/jobs/tables.py",
        "src/forestflux/jobs/user_tables.py",
        "src/forestflux/pages/report/run_tables.py",  # what Snakemake measured
    }


def test_a_missing_file_gives_one_line(tmp_path):
    with pytest.raises(InputError, match=r"scores.csv: file: expected a table, found"):
        SCORES.read(tmp_path)


def test_a_writer_cannot_leave_the_schema(tmp_path):
    with pytest.raises(InputError, match="f1: expected a column of the table's schema"):
        SCORES.write(TABLE.assign(f1=0.1), tmp_path / "scores.csv")
    with pytest.raises(InputError, match="n: expected a column of this name"):
        SCORES.write(TABLE.drop(columns="n"), tmp_path / "scores.csv")
    assert not (tmp_path / "scores.csv").exists()


def test_numbers_in_a_column_of_objects_are_numbers(tmp_path):
    SCORES.write(TABLE.astype({"n": object, "r2": object}), tmp_path / SCORES.path)
    assert SCORES.read(tmp_path)["n"].tolist() == [3, 4]


def test_the_reference_has_a_line_for_each_column():
    page = SCORES.to_markdown()
    assert page.startswith("### evaluate/scores.csv\n\nOne row: a model.\n")
    assert "| `r2` | number | 1 | coefficient of determination |" in page
