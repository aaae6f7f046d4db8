"""Tables as files: rows written without pandas are those that pandas writes; edits are noticed."""

import json

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import manifest_path
from forestflux.jobs.table_files import verify_table, write_rows
from forestflux.jobs.tables import read_table, write_table


def test_rows_are_written_as_tables_are(tmp_path):
    rows = [
        {"site": "DE-Aaa", "year": 2003, "gpp": 1234.56789012, "nee": np.nan},
        {"site": "a, b", "year": 2004, "gpp": -0.1 / 3, "nee": 1e-12},
    ]
    columns = ["year", "site", "nee", "gpp"]
    write_rows(tmp_path / "rows.csv", rows, columns)
    write_table(pd.DataFrame(rows)[columns], tmp_path / "table.csv")
    assert (tmp_path / "rows.csv").read_text() == (tmp_path / "table.csv").read_text()
    assert not list(tmp_path.glob("*.part"))


def test_no_rows_are_a_header(tmp_path):
    write_rows(tmp_path / "rows.csv", [], ["a", "b"])
    assert (tmp_path / "rows.csv").read_text() == "a,b\n"


@pytest.fixture
def totals(tmp_path):
    """A table of a run beside another one."""
    for name, pg in (("totals", 2.5), ("regions", 3.5)):
        table = pd.DataFrame({"year": [2003], "pg": [pg]})
        write_table(table, tmp_path / f"{name}.csv")
    return tmp_path / "totals.csv"


def edit_number(totals):
    totals.write_text(totals.read_text().replace("2.5", "2.6"))


def cut(totals):
    totals.write_text(totals.read_text()[:-1])


def take_another(totals):
    other = totals.with_name("regions.csv")
    totals.write_text(other.read_text())
    manifest_path(totals).write_text(manifest_path(other).read_text())


def delete_manifest(totals):
    manifest_path(totals).unlink()


def edit_checksum(totals):
    file = manifest_path(totals)
    content = json.loads(file.read_text()) | {"checksum": "0"}
    file.write_text(json.dumps(content))


def empty_manifest(totals):
    manifest_path(totals).write_text("{}")


EDITS = {
    edit_number: r"totals\.csv: checksum: expected the table as its job wrote it",
    cut: r"totals\.csv: checksum: expected the table as its job wrote it",
    take_another: r"totals\.csv: checksum: expected the table as its job wrote it",
    delete_manifest: r"totals\.csv: manifest: expected totals\.csv\.json beside",
    edit_checksum: r"totals\.csv\.json: seal: expected a manifest as its job wrote it",
    empty_manifest: r"totals\.csv\.json: table: expected a value, found a missing key",
}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_no_reader_believes_a_table_that_is_not_as_its_job_wrote_it(totals, edit):
    assert read_table(totals, ())["pg"].tolist() == [2.5]
    edit(totals)
    with pytest.raises(InputError, match=EDITS[edit]) as caught:
        read_table(totals, ())
    assert "\n" not in str(caught.value)


def test_rows_written_without_pandas_are_checked_as_well(tmp_path):
    path = tmp_path / "rows.csv"
    write_rows(path, [{"a": 1}], ["a"])
    before = verify_table(path)
    path.write_text("a\n2\n")
    with pytest.raises(InputError, match=r"rows\.csv: checksum: expected"):
        verify_table(path)
    write_rows(path, [{"a": 1}], ["a"])
    assert verify_table(path) == before
