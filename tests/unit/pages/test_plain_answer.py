"""The answer in plain words has the numbers of the tables, and says what is not shown."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.interval_text import write_interval
from forestflux.evaluation.evaluation_schemas import INTERANNUAL
from forestflux.pages.first_screen import render_answer, render_boxes
from forestflux.pages.plain_answer import Statement, answer_run, answer_with_maps


@pytest.fixture(scope="module")
def results(share_results: Callable[..., Path]) -> Path:
    return share_results(maps=True)


def list_tables(results: Path, *names: str) -> dict[str, Path]:
    return {name.split("/")[1]: results / f"{name}.csv" for name in names}


def test_a_run_with_maps_says_how_much_how_sure_and_what_changed(results: Path) -> None:
    tables = list_tables(
        results,
        "evaluate/interannual",
        "change/regions",
        "change/region_changes",
    )
    answer = answer_run(tables, members=3, simulated=True, mapped_years=(2003, 2018))
    text = {one.lead: one.text for one in answer}
    regions = pd.read_csv(tables["regions"]).query("kind == 'all' and year == 2018")
    for flux in ("gpp", "nee"):
        row = regions[regions["variable"] == flux].iloc[0]
        ends = row[["total", "total_lower", "total_upper"]]
        assert write_interval(*ends) in text["How much"]
    assert "simulated planet" in text["How much"]
    assert "90 % intervals" in text["How sure"]
    assert text["What changed"].startswith("From 2003 to 2018: NEE by ")
    assert "explain 12% of GPP" in text["How much of that is evidence"]
    assert text["What not to conclude"].startswith("Nothing here is a finding")


def test_a_change_within_its_error_may_be_none(results: Path) -> None:
    changes = REGION_CHANGES.read(results)
    bounds = {"change": 0.5, "change_lower": -0.1, "change_upper": 1.1}
    known = INTERANNUAL.read(results)
    regions = REGIONS.read(results)

    def describe(**numbers: float) -> str:
        answer = answer_with_maps(
            regions, changes.assign(**numbers), known, members=3, simulated=False
        )
        assert "simulated" not in " ".join(one.text for one in answer)
        return next(one.text for one in answer if one.lead == "What changed")

    text = describe(**bounds)
    assert text.count("which may be none") == 2
    text = describe(**(bounds | {"change_lower": 0.1}))
    assert text.count("more than its error") == 2


def test_a_run_of_towers_alone_says_what_it_can(results: Path) -> None:
    tables = list_tables(results, "evaluate/interannual", "evaluate/scores")
    text = " ".join(
        one.text
        for one in answer_run(tables, members=3, simulated=False, mapped_years=())
    )
    assert "has no maps" in text
    assert "R2 0." in text


def test_a_run_of_one_year_says_where_its_maps_are(results: Path) -> None:
    tables = list_tables(results, "evaluate/interannual", "evaluate/scores")
    statements = answer_run(tables, members=3, simulated=True, mapped_years=(2018,))
    text = " ".join(one.text for one in statements)
    assert "maps 2018" in text
    assert "has no maps" not in text
    assert "Nothing here is a finding about the Earth" in text
    boxes = render_boxes("x", has_maps=True, has_change=False)
    assert "products/" in boxes
    assert "change/" not in boxes


def test_names_are_text_and_not_markup() -> None:
    assert render_answer([Statement("a<b", "c&d")]) == (
        "<strong>a&lt;b.</strong> c&amp;d"
    )
    assert "run x&lt;y" in render_boxes("x<y", has_maps=True, has_change=True)
    assert "products/" not in render_boxes("x", has_maps=False, has_change=False)
