"""Headline numbers are those of the tables, to the digit."""

import pandas as pd
import pytest

from forestflux.change.change_schemas import PAIR as PAIR_TABLE
from forestflux.change.change_schemas import TOTALS
from forestflux.core.input_errors import InputError
from forestflux.core.total_units import TotalUnit
from forestflux.jobs.tables import write_table
from forestflux.pages.headline_numbers import HEADLINE, headline_numbers
from forestflux.pages.number_text import format_p_value
from forestflux.pages.shown_totals import scale_totals
from tests.builders.finished_results import headline_tables

PAIR = (2003, 2018)


@pytest.fixture(scope="module")
def results(share_results):
    return share_results(maps=True)


@pytest.fixture(scope="module")
def headline(results):
    return headline_numbers(headline_tables(results), pair=PAIR).set_index("quantity")


@pytest.mark.parametrize("pair", [PAIR, None])
def test_the_table_is_that_of_its_schema(results, tmp_path, pair):
    HEADLINE.write(
        headline_numbers(headline_tables(results), pair=pair), tmp_path / "h"
    )
    table = HEADLINE.read_file(tmp_path / "h")
    skill = table["quantity"].str.contains("_by_site")
    assert table["lower"].isna().equals(skill)


def test_totals_have_their_interval_and_unit(headline, results):
    totals = pd.read_csv(results / "change/totals.csv")
    key = "variable == 'nee' and year == 2018 and stratum == 'all'"
    wanted = totals.query(key).iloc[0]
    row = headline.loc["nee_total_2018"]
    names = ["total", "total_lower", "total_upper"]
    assert row[["value", "lower", "upper"]].tolist() == wanted[names].tolist()
    assert row["text"] == f"{wanted['total']:.2f} PgC yr-1"
    bounds = f"[{wanted['total_lower']:.2f}, {wanted['total_upper']:.2f}]"
    assert row["remark"] == bounds


def test_totals_of_a_country_are_in_a_unit_that_can_be_read(results, tmp_path):
    files = headline_tables(results)
    for name, schema in (("totals", TOTALS), ("pair", PAIR_TABLE)):
        small = scale_totals(schema.read(results), schema, TotalUnit("EgC", 1e-3))
        schema.write(small, tmp_path / f"{name}.csv")
    small = files | {name: tmp_path / f"{name}.csv" for name in ("totals", "pair")}
    large, shown = (
        headline_numbers(tables, pair=PAIR).set_index("quantity")
        for tables in (files, small)
    )
    for quantity, unit in (("gpp_total_2018", "yr-1"), ("nee_slope", "yr-2")):
        assert large.loc[quantity, "unit"] == f"PgC {unit}"
        assert shown.loc[quantity, "unit"] == f"TgC {unit}"
        bounds = ["value", "lower", "upper"]
        assert shown.loc[quantity, bounds].tolist() == pytest.approx(
            large.loc[quantity, bounds].tolist()
        )


def test_skill_is_the_networks_at_unseen_sites(headline, results):
    scores = pd.read_csv(results / "evaluate/scores.csv")
    key = "model == 'cnn' and split == 'site' and subset == 'all' and target == 'gpp'"
    wanted = scores.query(key).iloc[0]
    assert headline.loc["gpp_r2_by_site", "value"] == wanted["r2"]
    assert (
        headline.loc["gpp_rmse_by_site", "text"] == f"{wanted['rmse']:.0f} gC m-2 yr-1"
    )
    sizes = f"{wanted['n']} site-years, {wanted['n_sites']} sites"
    assert headline.loc["gpp_r2_by_site", "remark"] == sizes


def test_every_source_is_a_table_and_every_number_is_named_once(headline, results):
    assert headline.index.is_unique
    assert all((results / source).is_file() for source in headline["source"])
    assert headline["value"].notna().all()


def test_a_run_of_towers_quotes_its_skill_only(results):
    table = headline_numbers(headline_tables(results), pair=None)
    assert set(table["source"]) == {"evaluate/scores.csv", "evaluate/calibration.csv"}


def test_a_missing_table_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"totals\.csv: file: expected a table"):
        headline_numbers(headline_tables(tmp_path), pair=PAIR)


def test_a_table_without_the_row_is_one_line(results, tmp_path):
    table = pd.read_csv(results / "change/totals.csv")
    write_table(table[table["year"] != 2018], tmp_path / "totals.csv")
    tables = headline_tables(results) | {"totals": tmp_path / "totals.csv"}
    with pytest.raises(
        InputError, match=r"expected a row of all, gpp, 2018, found none"
    ):
        headline_numbers(tables, pair=PAIR)


@pytest.mark.parametrize(("value", "text"), [(0.0002, "< 0.001"), (0.05, "= 0.050")])
def test_small_p_values_are_not_written_as_zero(value, text):
    assert format_p_value(value) == text
