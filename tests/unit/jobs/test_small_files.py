"""Small files: rows written without pandas are those that pandas writes."""

import numpy as np
import pandas as pd

from forestflux.jobs.small_files import write_rows
from forestflux.jobs.tables import write_table


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
