"""The model card says what the tables say, and where not to use the model."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from forestflux.pages.model_card import SPLIT_WORDS, model_card
from forestflux.prepare.sample_table import read_sample_table
from tests.builders.inputs import UNITS, VARIABLES

RECORD = {
    "flux_unit": "gC m-2 yr-1",
    "variables": list(VARIABLES),
    # Sorted by name, as the file has them.
    "units": dict(sorted(UNITS.items())),
    "members": ["member0.safetensors", "member1.safetensors"],
    "seal": "0123",
    "response": {
        "scale": [0.016, 0.01, 0.14, 0.57, 0.44, 0.475],
        "coefficients": [[11.0, 24, 16, -1, 7, 19], [-14, -26, -2, -17, 22, -13]],
        "members": [
            [[10.0, 24, 16, -1, 7, 19], [-14, -26, -2, -17, 22, -13]],
            [[12.0, 24, 16, -1, 7, 19], [-14, -26, -2, -17, 22, -13]],
        ],
    },
    "applicability": {"file": "applicability.safetensors", "threshold": 0.4321},
    "metadata": {
        "run": "test",
        "source": "files",
        "samples": {"samples": "4567"},
        "site_years": 300,
        "sites": 60,
        "holdout": ["T02-0"],
    },
}


@pytest.fixture(scope="module")
def results(share_results: Callable[..., Path]) -> Path:
    return share_results(maps=False)


def card_of(results: Path, record: dict = RECORD) -> str:
    tables = (
        pd.read_csv(results / f"evaluate/{name}.csv")
        for name in ("scores", "calibration", "interannual")
    )
    samples = read_sample_table(results / "samples/samples.csv")
    return model_card(record, samples, *tables, min_quality=0.8, folds=7)


def cells_of(card: str, *head: str) -> list[str]:
    """Cells after these in the one row that begins with them."""
    (line,) = (x for x in card.splitlines() if x.startswith(f"| {' | '.join(head)} |"))
    return line.strip("| ").split(" | ")[len(head) :]


def test_scores_and_coverage_are_those_of_the_tables(results: Path) -> None:
    card = card_of(results)
    scores = pd.read_csv(results / "evaluate/scores.csv")
    own = scores.query("model == 'cnn' and split == 'cluster' and target == 'nee'")
    row = own.set_index("subset").loc["applicable=outside"]
    where = ("towers never seen, nor any near them", "applicable=outside", "NEE")
    lines = [x for x in card.splitlines() if x.startswith(f"| {' | '.join(where)} |")]
    skill, interval = (x.strip("| ").split(" | ")[3:] for x in lines)
    expected = [f"{row['r2']:.2f}", f"{row['rmse']:.0f}", f"{row['bias']:.0f}"]
    assert skill == [str(row["n"]), *expected]
    table = pd.read_csv(results / "evaluate/calibration.csv")
    own = table.query("model == 'cnn' and split == 'cluster' and target == 'nee'")
    row = own.set_index("subset").loc["applicable=outside"]
    covered = f"{row['covered']:.0%}"
    ends = f"{row['covered_lower']:.0%} to {row['covered_upper']:.0%}"
    once, width = f"{row['covered_site_mean']:.0%}", f"{row['mean_width']:.0f}"
    assert interval == [str(row["n"]), "90%", covered, ends, once, width]


def test_data_are_the_rows_that_were_learnt_from(results: Path) -> None:
    card = card_of(results)
    samples = read_sample_table(results / "samples/samples.csv")
    used = samples[samples["used"] & ~samples["holdout"]]
    own = used[used["igbp"] == "DBF"]
    latitudes = f"{own['lat'].min():.0f} to {own['lat'].max():.0f}"
    towers = own["site"].nunique()
    assert cells_of(card, "DBF") == [str(towers), str(len(own)), latitudes]
    assert "Towers kept out of everything: T02-0" in card
    assert "0.432" in card


def test_limits_and_bias_are_said_and_the_random_split_is_not_shown(
    results: Path,
) -> None:
    card = card_of(results)
    _, *parts = card.split("\n## ")
    sections = dict(part.split("\n", 1) for part in parts)
    limits = [x for x in sections["Where not to use it"].split("\n- ") if x.strip()]
    # one point for each: outside the towers' conditions, types without towers, the bias of
    # NEE, what is no input, trends from two years, other land
    for word in ("`applicable` is 0:", "run: none.", "NEE as", "CO2", "trend", "IGBP"):
        assert [point for point in limits if word in point], word
    rows = [x.strip("| ") for x in sections["Skill"].splitlines() if x[:2] == "| "]
    _, _, *rows = (row.split(" | ") for row in rows)
    assert {row[0] for row in rows} == set(SPLIT_WORDS.values())
    assert "simulated planet" not in card
    planet = RECORD | {"metadata": RECORD["metadata"] | {"source": "simulated"}}
    assert "simulated planet, not on the Earth" in card_of(results, planet)


def test_a_score_that_is_not_defined_is_a_dash(results: Path) -> None:
    scores = pd.read_csv(results / "evaluate/scores.csv").assign(r2=float("nan"))
    calibration = pd.read_csv(results / "evaluate/calibration.csv")
    interannual = pd.read_csv(results / "evaluate/interannual.csv")
    samples = read_sample_table(results / "samples/samples.csv")
    card = model_card(
        RECORD, samples, scores, calibration, interannual, min_quality=0.8, folds=7
    )
    skill = card[card.index("## Skill") : card.index("## Years of one place")]
    rows = [x.strip("| ").split(" | ") for x in skill.splitlines() if "| GPP |" in x]
    assert rows
    assert {row[4] for row in rows} == {"-"}


def test_types_that_were_never_learnt_are_named(results: Path) -> None:
    samples = read_sample_table(results / "samples/samples.csv")
    samples = samples[~samples["igbp"].isin(["DNF", "MF"])]
    tables = (
        pd.read_csv(results / f"evaluate/{name}.csv")
        for name in ("scores", "calibration", "interannual")
    )
    card = model_card(RECORD, samples, *tables, min_quality=0.8, folds=7)
    assert "of this run: DNF, MF." in card


def test_the_response_is_given_per_usual_departure(results: Path) -> None:
    card = card_of(results)
    assert cells_of(card, "ndvi") == ["0.016 1", "+11 ± 1", "-14 ± 0"]
    assert cells_of(card, "lst_night") == ["0.44 K", "+7 ± 0", "+22 ± 0"]
    rows = [line.split(" | ")[0].strip("| ") for line in card.splitlines()]
    assert [name for name in rows if name in UNITS] == list(VARIABLES)
    assert ", ".join(f"{name} ({UNITS[name]})" for name in VARIABLES) in card


def test_one_member_has_a_response_without_spread(results: Path) -> None:
    response = RECORD["response"] | {"members": RECORD["response"]["members"][:1]}
    card = card_of(results, RECORD | {"response": response})
    assert cells_of(card, "ndvi") == ["0.016 1", "+11", "-14"]


def test_names_of_holdout_towers_are_text(results: Path) -> None:
    meta = RECORD["metadata"] | {"holdout": ["<b>*A*"]}
    card = card_of(results, RECORD | {"metadata": meta})
    assert r"&lt;b&gt;\*A\*" in card


def test_skill_in_time_is_that_of_the_table(results: Path) -> None:
    card = card_of(results)
    table = pd.read_csv(results / "evaluate/interannual.csv")
    own = table.query("form == 'response' and split == 'cluster' and subset == 'all'")
    row = own.set_index("target").loc["nee"]
    section = card[card.index("## Years of one place") : card.index("## Intervals")]
    cells = cells_of(section, "towers never seen, nor any near them", "all", "NEE")
    assert cells[:3] == [str(row["n"]), str(row["n_sites"]), f"{row['r2']:.2f}"]
    assert cells[-1] == f"{row['slope']:.2f}"
