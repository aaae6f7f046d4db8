"""The timeline of towers: what became of each year, and room for few and many towers."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from forestflux.jobs.tables import write_table
from forestflux.pages.figures.drawing import draw_figure
from forestflux.pages.figures.figure_registry import FIGURES
from forestflux.pages.figures.figure_style import StyleSettings
from forestflux.pages.figures.skill.tower_map import by_tower
from forestflux.pages.figures.skill.tower_timeline import (
    HELD_OUT,
    OTHER_REASONS,
    REASON_COLOURS,
    ROWS,
    USED,
    name_statuses,
    sort_towers,
    split_blocks,
    status_colours,
)
from forestflux.prepare.sample_schema import SAMPLES
from tests.builders.tower_folders import ODD_NAMES

# Columns that the timeline does not read.
NUMBERS = dict.fromkeys(
    ("cluster", "fold_site", "fold_cluster", "fold_random", "gpp", "reco", "nee"), 0
)
CLASSES = ("MF", "GRA", "ENF", "DBF", "EBF")


def samples(count, *, years=range(2003, 2007)):
    """Towers of five classes, every fifth year dropped, the first tower held out."""
    rows = [
        {
            "site": f"T{number:03d}",
            "year": year,
            "igbp": CLASSES[number % 5],
            "forest": CLASSES[number % 5] != "GRA",
            "lat": -50 + number % 100,
            "lon": number,
            "holdout": number == 0,
            "used": (number + year) % 5 > 0,
            "reason": "" if (number + year) % 5 else "nee_qc below 0.5",
        }
        for number in range(count)
        for year in years
    ]
    return pd.DataFrame(rows)


def test_a_status_is_used_held_out_or_the_reason():
    table = samples(6)
    found = pd.Series(name_statuses(table)).groupby(table["site"]).unique()
    assert set(found["T000"]) == {HELD_OUT, "nee_qc below 0.5"}
    assert set(found["T001"]) == {USED, "nee_qc below 0.5"}


def test_rare_reasons_share_a_colour_and_common_ones_do_not():
    table = samples(40).assign(used=False)
    numbers = np.arange(len(table)) % 45
    table["reason"] = [f"reason {min(number // 5, 8)}" for number in numbers]
    table.loc[:1, "reason"] = np.nan
    table = table.assign(status=name_statuses(table))
    colours = status_colours(table)
    assert len(colours) == len(set(colours.values())) == len(REASON_COLOURS)
    assert list(colours)[-1] == OTHER_REASONS
    counts = table["reason"].value_counts()
    assert set(colours) - {OTHER_REASONS} == set(counts.index[: len(colours) - 1])


def test_towers_stand_by_type_then_name():
    order = sort_towers(samples(11))
    assert (
        order["type"].tolist()
        == ["ENF"] * 2 + ["EBF"] * 2 + ["DBF"] * 2 + ["MF"] * 3 + ["other"] * 2
    )
    assert order["site"].tolist()[:2] == ["T002", "T007"]


@pytest.mark.parametrize("count", [1, 64, 65, 250])
def test_blocks_hold_every_tower_once(count):
    blocks = list(split_blocks(sort_towers(samples(count))))
    assert sum(map(len, blocks)) == count
    assert max(map(len, blocks)) == len(blocks[0]) <= ROWS
    assert pd.concat(blocks)["site"].is_unique


@pytest.mark.parametrize("count", [10, 250])
def test_names_can_be_read_and_do_not_overlap(tmp_path, count):
    write_table(samples(count), tmp_path / "samples/samples.csv")
    figure = draw_figure(
        FIGURES["timeline"].full_function,
        tmp_path,
        style_settings=StyleSettings(dpi=100),
    )
    figure.draw_without_rendering()
    names = [text for ax in figure.axes[1:] for text in ax.get_yticklabels()]
    assert len(names) == count
    assert min(text.get_fontsize() for text in names) >= 4.5
    for ax in figure.axes[1:]:
        boxes = [text.get_window_extent() for text in ax.get_yticklabels()]
        for upper, lower in pairwise(boxes):
            assert lower.y1 <= upper.y0 + 1.5


def test_names_are_drawn_as_they_are(tmp_path):
    names = [*ODD_NAMES, "$\\frac{$"]  # half a formula, which matplotlib cannot read
    table = samples(len(names)).sort_values("site", kind="stable")
    table["site"] = np.repeat(names, 4)
    path = tmp_path / "samples/samples.csv"
    SAMPLES.write(table.reindex(columns=SAMPLES.names).fillna(NUMBERS), path)
    figure = draw_figure(
        FIGURES["timeline"].full_function,
        tmp_path,
        style_settings=StyleSettings(dpi=100),
    )
    figure.draw_without_rendering()
    drawn = [text.get_text() for ax in figure.axes[1:] for text in ax.get_yticklabels()]
    assert {text.replace(r"\$", "$") for text in drawn} == set(names)


def test_a_tower_counts_its_used_years():
    towers = by_tower(samples(6))
    assert towers["years"].sum() == samples(6)["used"].sum()
    assert towers.loc["T000", "holdout"]
