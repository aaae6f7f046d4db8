"""Regions of the pages: the numbers of the tables, in groups, with what is left out."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from forestflux.change.change_schemas import MONTH_REGIONS, REGION_CHANGES, REGIONS
from forestflux.pages import region_records
from forestflux.pages.region_records import collect_region_records


@pytest.fixture(scope="module")
def tables(share_results: Callable[..., Path]) -> tuple[pd.DataFrame, ...]:
    results = share_results(maps=True)
    return REGIONS.read(results), REGION_CHANGES.read(results)


def test_every_region_has_the_numbers_of_the_tables(
    tables: tuple[pd.DataFrame, ...],
) -> None:
    regions, changes = tables
    records = json.loads(json.dumps(collect_region_records(*tables), allow_nan=False))
    assert records["years"] == list(range(2003, 2019))
    assert (records["pair"], records["level"]) == ([2003, 2018], 0.9)
    groups = {group["kind"]: group["regions"] for group in records["groups"]}
    assert list(groups)[:3] == ["whole", "countries", "continents"]
    finland = next(one for one in groups["countries"] if one["name"] == "Finland")
    assert finland["code"] == "FIN"
    rows = regions.query("stratum == 'Finland' and variable == 'nee'")
    for name in ("total_tg", "total_tg_upper", "mean"):
        assert finland["nee"][name] == pytest.approx(rows[name].tolist(), rel=1e-3)
    assert finland["area"] == pytest.approx(rows["area"].tolist(), rel=1e-3)
    change = changes.query("stratum == 'Finland' and variable == 'nee'").iloc[0]
    for name in ("change_tg", "slope_lower", "change_p_adjusted"):
        assert finland["nee"][name] == pytest.approx(change[name], rel=1e-3)
    names = [one["name"] for group in groups.values() for one in group]
    assert "none" not in names
    assert records["left_out"] == 0


def test_of_too_many_regions_the_largest_are_shown_and_the_rest_are_counted(
    tables: tuple[pd.DataFrame, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_records, "MOST_REGIONS", 3)
    records = collect_region_records(*tables)
    shown = [one for group in records["groups"] for one in group["regions"]]
    assert len(shown) == 3
    regions = tables[0]
    area = regions.groupby(["kind", "stratum"])["area"].max()
    assert "all forests" in {one["name"] for one in shown}
    known = area.drop("forest_change").drop("none", level="stratum")
    assert records["left_out"] == len(known) - 3


def test_a_run_with_months_has_the_season_of_its_first_and_last_year(
    share_results: Callable[..., Path], tables: tuple[pd.DataFrame, ...]
) -> None:
    months = MONTH_REGIONS.read(share_results(maps=True))
    records = json.loads(json.dumps(collect_region_records(*tables, months)))
    assert records["month_years"] == [2003, 2018]
    groups = {group["kind"]: group["regions"] for group in records["groups"]}
    finland = next(one for one in groups["countries"] if one["name"] == "Finland")
    for flux in ("gpp", "nee"):
        first, last = finland[flux]["months"]
        for year, found in ((2003, first), (2018, last)):
            query = f"stratum == 'Finland' and variable == '{flux}' and year == {year}"
            own = months.query(query).sort_values("month")
            assert found == pytest.approx(own["mean"].tolist(), rel=1e-3)


def test_a_run_without_months_has_none_on_its_page(
    tables: tuple[pd.DataFrame, ...],
) -> None:
    text = json.dumps(collect_region_records(*tables))
    assert '"months"' not in text
    assert "month_years" not in text
