"""Quoted numbers are those of the tables, to the digit."""

import pandas as pd
import pytest

from forestflux.core.errors import InputError
from forestflux.pages.headline_numbers import headline_numbers
from forestflux.pages.number_text import format_p_value
from tests.builders.finished_results import build_results

PAIR = (2003, 2018)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return build_results(tmp_path_factory.mktemp("run"), seed=6, maps=True)


@pytest.fixture(scope="module")
def quoted(results):
    return headline_numbers(results, pair=PAIR).set_index("quantity")


def test_totals_have_their_interval_and_unit(quoted, results):
    totals = pd.read_csv(results / "change/totals.csv")
    key = "variable == 'nee' and year == 2018 and stratum == 'all'"
    wanted = totals.query(key).iloc[0]
    row = quoted.loc["nee_total_2018"]
    names = ["total", "total_lower", "total_upper"]
    assert row[["value", "lower", "upper"]].tolist() == wanted[names].tolist()
    assert row["text"] == f"{wanted['total']:.2f} PgC yr-1"
    bounds = f"[{wanted['total_lower']:.2f}, {wanted['total_upper']:.2f}]"
    assert row["remark"] == bounds


def test_skill_is_the_networks_at_unseen_sites(quoted, results):
    scores = pd.read_csv(results / "evaluate/scores.csv")
    key = "model == 'cnn' and split == 'site' and subset == 'all' and target == 'gpp'"
    wanted = scores.query(key).iloc[0]
    assert quoted.loc["gpp_r2_by_site", "value"] == wanted["r2"]
    assert quoted.loc["gpp_rmse_by_site", "text"] == f"{wanted['rmse']:.0f} gC m-2 yr-1"
    sizes = f"{wanted['n']} site-years, {wanted['n_sites']} sites"
    assert quoted.loc["gpp_r2_by_site", "remark"] == sizes


def test_every_source_is_a_table_and_every_number_is_named_once(quoted, results):
    assert quoted.index.is_unique
    assert all((results / source).is_file() for source in quoted["source"])
    assert quoted["value"].notna().all()


def test_a_run_of_towers_quotes_its_skill_only(results):
    table = headline_numbers(results, pair=None)
    assert set(table["source"]) == {"evaluate/scores.csv", "evaluate/calibration.csv"}


def test_a_missing_table_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"totals\.csv: file: expected a table"):
        headline_numbers(tmp_path, pair=PAIR)


@pytest.mark.parametrize(("value", "text"), [(0.0002, "< 0.001"), (0.05, "= 0.050")])
def test_small_p_values_are_not_written_as_zero(value, text):
    assert format_p_value(value) == text
