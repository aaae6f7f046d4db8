"""Tables of the report: every row is there, in words that a reader understands."""

import io

import pandas as pd
import pytest

from forestflux.evaluation.evaluation_schemas import RECOVERY
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.pages.report.map_tables import gate_tables, recovery_table
from forestflux.pages.report.run_tables import left_out_table
from forestflux.pages.report.shown_table import Field, show_table
from forestflux.pages.report.skill_tables import case_label, gap_table, sanity_table

LEFT_OUT = """site,year,file,reason
XX-Bad,,a/XX-Bad.zip,a/XX-Bad.zip: XX-Bad: zip: expected a whole one
DE-Aaa,2001,a/DE-Aaa.zip,"40% of the year present, below 98%"
DE-Aaa,2012,a/DE-Aaa.zip,"40% of the year present, below 98%"
DE-Aaa,2003,a/DE-Aaa.zip,"GPP_NT_VUT_REF zero all year (partitioning failed)"
,,a/other.zip,the name is of no FLUXNET product
"""


@pytest.fixture(scope="module")
def results(share_results):
    return share_results(maps=False)


def cells(table):
    """Rows of a shown table by their headings."""
    headings = [field.heading for field in table.fields]
    assert len(set(headings)) == len(headings)
    return [dict(zip(headings, row, strict=True)) for row in table.rows]


def test_every_gap_case_says_what_is_lost_and_how_sure_that_is(results):
    table = pd.read_csv(results / "evaluate/gaps.csv")
    rows = cells(gap_table(table))
    shown = table[table["target"] != "reco"]
    assert len(rows) == len(shown)
    assert {row["flux"] for row in rows} == {"GPP", "NEE"}
    case = {"model": "SVR", "flux": "NEE", "hidden": "2 months in a row"}
    (row,) = (row for row in rows if case.items() <= row.items())
    own = shown[(shown["model"] == "svr") & (shown["target"] == "nee")]
    wanted = own[own["gap_pattern"] == "block"].iloc[1]
    assert row["R2 lost"] == f"{wanted['r2_lost']:.3f}"
    assert row["R2"] == f"{wanted['r2']:.2f}"
    low, high = (float(end) for end in row["95 % over sites"].strip("[]").split(","))
    assert low == pytest.approx(wanted["r2_lost_lower"], abs=0.006)
    assert high == pytest.approx(wanted["r2_lost_upper"], abs=0.006)
    borrowed = [row for row in rows if row["hidden"] == case_label("borrowed", 0.3)]
    assert len(borrowed) == 2 * shown["model"].nunique()


def test_a_failed_check_is_shown_with_what_would_pass(results):
    rows = cells(sanity_table(pd.read_csv(results / "explain/sanity.csv")))
    (row,) = (row for row in rows if row["check"].startswith("random weights"))
    assert row["map"] == "integrated gradients"
    assert (row["passes"], row["status"]) == ("-1 to 0.5", "fail")
    assert any(row["passes"] == "1 and more" for row in rows)
    (row,) = (row for row in rows if row["check"].startswith("both maps agree"))
    assert (row["found"], row["status"]) == ("-", "not applicable")


@pytest.mark.parametrize(
    ("case", "label"),
    [
        (("none", 0.0), "nothing"),
        (("random", 0.5), "50% of the values"),
        (("block", 1 / 12), "1 month"),
        (("block", 0.25), "3 months in a row"),
        (("lst_day", 1 / 6), "LST day all year"),
    ],
)
def test_cases_have_words(case, label):
    assert case_label(*case) == label


def test_every_site_year_and_file_that_is_left_out_is_listed_with_its_reason():
    rows = left_out_table(pd.read_csv(io.StringIO(LEFT_OUT))).rows
    line = "a/XX-Bad.zip: XX-Bad: zip: expected a whole one"
    assert sorted(rows) == [
        ["-", "all", "the name is of no FLUXNET product", "other.zip"],
        ["DE-Aaa", "2001, 2012", "40% of the year present, below 98%", "DE-Aaa.zip"],
        [
            "DE-Aaa",
            "2003",
            "GPP_NT_VUT_REF zero all year (partitioning failed)",
            "DE-Aaa.zip",
        ],
        ["XX-Bad", "all", line, "XX-Bad.zip"],
    ]


def test_the_recovered_quantities_are_told_in_words(share_results):
    table = RECOVERY.read(share_results(maps=True))
    rows = cells(recovery_table(table))
    assert len(rows) == len(table)
    assert not [text for row in rows for text in row.values() if "_" in text]
    (area,) = (row for row in rows if row["of"] == "forest area")
    assert (area["truth"], area["unit"]) == ("40.000", "Mkm2")
    (total,) = (row for row in rows if row["of"] == "2003" and row["flux"] == "NEE")
    wanted = table.set_index("quantity").loc["nee_total_2003", "mapped"]
    assert total["quantity"] == "annual total"
    assert float(total["mapped"]) == pytest.approx(wanted, abs=0.001)


def test_a_range_of_known_biases_has_a_column_only_where_there_is_one(share_results):
    gates = GATES.read(share_results(maps=True))
    loud, quiet = (cells(table) for table in gate_tables(gates))
    assert [row["range of the known bias"] for row in loud] == ["-17.5 to -3.9"]
    assert quiet
    assert all("range of the known bias" not in row for row in quiet)


def test_rows_of_the_random_split_are_set_apart():
    data = pd.DataFrame({"split": ["site", "random", "site"], "r2": [0.5, 0.9, None]})
    table = show_table(
        data, [Field("split", "split"), Field("r2", "R2", ".2f")], caption=""
    )
    assert table.optimistic == {1}
    assert table.rows == [["site", "0.50"], ["random", "0.90"], ["site", "-"]]
    assert show_table(data[["r2"]], [], caption="").optimistic == set()
