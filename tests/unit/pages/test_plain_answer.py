"""The answer in plain words has the numbers of the tables, and says what is not shown."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pandas as pd
import pytest
import yaml

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.core.interval_text import set_units, write_interval
from forestflux.evaluation.evaluation_schemas import INTERANNUAL, RECOVERY
from forestflux.evaluation.known_truth import ON_EARTH, describe_sink
from forestflux.pages.first_screen import render_answer, render_boxes
from forestflux.pages.plain_answer import Statement, answer_run, answer_with_maps
from tests.builders.paths import ROOT


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
        "recovery/recovery",
        "recovery/coverage",
    )
    answer = answer_run(tables, members=3, simulated=True, mapped_years=(2003, 2018))
    text = {one.lead: one.text for one in answer}
    regions = pd.read_csv(tables["regions"]).query("kind == 'all' and year == 2018")
    assert list(text)[:2] == ["In short", "What not to conclude"]
    for flux in ("gpp", "reco", "nee"):
        row = regions[regions["variable"] == flux].iloc[0]
        ends = row[["total", "total_lower", "total_upper"]]
        shown = set_units(f"{flux.upper()} {write_interval(*ends)}")
        assert shown in text["How much"]
    assert shown.removeprefix("NEE ") in text["In short"]
    assert "simulated planet" in text["In short"]
    assert "90\u00a0% intervals" in text["How sure"]
    assert text["What changed"].startswith("From 2003 to 2018: GPP +")
    assert "explain 12\u00a0% of GPP" in text["How much of that is evidence"]
    assert text["What not to conclude"].startswith("Nothing here is a finding")
    words = " ".join(text.values())
    assert not re.search(r"yr-1|km2|\d%|cannot be told|may be none", words)
    (sure,) = (one for one in answer if one.lead == "How sure")
    assert sure.section == "recovery"
    recovery = RECOVERY.read(results).set_index("quantity").loc["nee_total_2018"]
    percent = 100 * (1 - recovery["mapped"] / recovery["truth"])
    known = f"misses {percent:.0f} %" if percent > 0 else f"{-percent:.0f} % too strong"
    assert set_units(known) in sure.text
    assert (
        set_units("interval in 81 % (all forest), 62 % (latitude bands)") in sure.text
    )


@pytest.mark.parametrize(
    ("truth", "mapped", "words"),
    [
        (-10.0, -8.4, "here the map misses 16 % of the sink of 2018."),
        (-10.0, -12.0, "here the map's sink of 2018 is 20 % too strong."),
        (1.0, -2.0, "here the true NEE of 2018 is 1, the map's -2 PgC yr-1."),
    ],
)
def test_what_is_said_of_the_sink_is_what_the_truth_shows(
    truth: float, mapped: float, words: str
) -> None:
    row = {"quantity": "nee_total_2018", "truth": truth, "mapped": mapped}
    assert describe_sink(pd.DataFrame([row]), 2018) == f"{ON_EARTH}; {words}"


def test_a_change_within_its_error_may_be_none(results: Path) -> None:
    changes = REGION_CHANGES.read(results)
    bounds = {"change": 0.5, "change_lower": -0.1, "change_upper": 1.1}
    known = INTERANNUAL.read(results)
    regions = REGIONS.read(results)

    def describe(**numbers: object) -> str:
        answer = answer_with_maps(
            regions, changes.assign(**numbers), known, members=3, simulated=False
        )
        assert "simulated" not in " ".join(one.text for one in answer)
        return next(one.text for one in answer if one.lead == "What changed")

    text = describe(**bounds)
    assert text.endswith("so neither a rise nor a fall is shown.")
    text = describe(**(bounds | {"change_lower": 0.1}))
    assert text.endswith("Each exceeds its error.")
    one = changes["variable"] == "gpp"
    mixed = bounds | {"change_lower": (0.1 * one - 0.1 * ~one)}
    assert describe(**mixed).endswith("Only GPP changed by more than the error.")


def test_a_run_of_towers_alone_says_what_it_can(results: Path) -> None:
    tables = list_tables(results, "evaluate/interannual", "evaluate/scores")
    text = " ".join(
        one.text
        for one in answer_run(tables, members=3, simulated=False, mapped_years=())
    )
    assert "has no maps" in text
    assert "R² 0." in text


def test_a_run_of_one_year_says_where_its_maps_are(results: Path) -> None:
    tables = list_tables(results, "evaluate/interannual", "evaluate/scores")
    statements = answer_run(tables, members=3, simulated=True, mapped_years=(2018,))
    text = " ".join(one.text for one in statements)
    assert "maps 2018" in text
    assert "has no maps" not in text
    assert "Nothing here is a finding about the Earth" in text
    boxes = render_boxes("x", has_maps=True, has_change=False, license_name="CC-BY-4.0")
    assert "licence CC-BY-4.0" in boxes
    assert "products/" in boxes
    assert "change/" not in boxes


def test_names_are_text_and_not_markup() -> None:
    assert render_answer([Statement("a<b", "c&d")]) == (
        "<p><strong>a&lt;b.</strong> c&amp;d</p>"
    )
    boxes = render_boxes("x<y", has_maps=True, has_change=True, license_name="other")
    assert "run x&lt;y" in boxes
    assert "no licence chosen" in boxes
    without = render_boxes("x", has_maps=False, has_change=False, license_name="other")
    assert "products/" not in without
    assert "chosen" not in without


def test_all_after_two_statements_can_be_folded() -> None:
    statements = [Statement(name, "x", "recovery") for name in "abc"]
    shown, folded = render_answer(statements, report="report.html").split("<details")
    assert shown.count("<p>") == 2
    assert folded.count("<p>") == 1
    assert shown.count('href="report.html#recovery"') == 2


def test_the_box_cites_the_software_as_its_citation_file_does() -> None:
    file = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    boxes = unescape(
        render_boxes("x", has_maps=True, has_change=True, license_name="other")
    )
    for words in (file["title"], file["version"], file["license"]):
        assert words in boxes
    assert file["authors"][0]["name"] in boxes
