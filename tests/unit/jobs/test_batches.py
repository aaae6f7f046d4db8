"""Batches of work and the years of the towers."""

import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.batches import batches, span
from forestflux.jobs.configuration import Configuration
from forestflux.towers.tower_years import read_table_years


def test_batches_keep_order_and_the_last_may_be_smaller():
    groups = batches(range(2003, 2013), 4, name=span)
    assert list(groups) == ["2003-2006", "2007-2010", "2011-2012"]
    assert [year for group in groups.values() for year in group] == list(
        range(2003, 2013)
    )


def test_a_group_of_one_has_a_plain_name():
    assert list(batches([2003], 4, name=span)) == ["2003"]


@pytest.mark.parametrize(
    "text",
    [
        "site,year,gpp\nA,2009,1\nB,2005,1\n",
        "\ufeffyear , site\r\n 2009.0, A\r\n\r\n , \r\n2005,B\r\n",
    ],
)
def test_years_of_a_table_have_no_holes(tmp_path, text):
    table = tmp_path / "site_years.csv"
    table.write_text(text, encoding="utf-8", newline="")
    assert read_table_years(table) == [2005, 2006, 2007, 2008, 2009]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("site,gpp\nA,1\n", "year: expected a column of years"),
        (
            "site,year\nA,soon\n",
            "year: expected a whole year such as 2003, found 'soon'",
        ),
        ("site,year\nA,2003.7\n", "expected a whole year such as 2003, found '2003.7'"),
        ("site,year\nA,1e400\n", "expected a whole year such as 2003, found '1e400'"),
        ("site,year\nA,2003\nB,20030\n", "found '20030'"),
        ("site,year\nA,\n", "expected a whole year such as 2003, found ''"),
        ("site,year\nA\n", "year: expected a column of years"),
        ("", "year: expected a column of years"),
        ("site,year\n", "year: expected rows, found an empty table"),
    ],
)
def test_a_table_without_years_stops_the_plan(tmp_path, text, line):
    table = tmp_path / "site_years.csv"
    table.write_text(text)
    with pytest.raises(InputError, match=line):
        read_table_years(table)


def test_a_missing_table_stops_the_plan(tmp_path):
    with pytest.raises(InputError, match="expected a table of site-years"):
        read_table_years(tmp_path / "site_years.csv")


def test_mapped_years_are_all_from_the_first_to_the_last_or_those_that_are_listed():
    run = Configuration(run="a", seed=1, years=(2003, 2006))
    assert run.mapped_years == [2003, 2004, 2005, 2006]
    listed = run.model_copy(update={"only_years": (2006, 2003)})
    assert listed.mapped_years == [2003, 2006]
