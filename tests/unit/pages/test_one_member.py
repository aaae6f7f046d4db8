"""An ensemble of one member: every page has everything but a spread, and says so."""

import json
import re

import pandas as pd
import pytest

from forestflux.change.change_schemas import REGIONS
from forestflux.core.grids.grid import Grid
from forestflux.jobs.configuration import Configuration
from forestflux.pages.explorer.display_grid import choose_display
from forestflux.pages.explorer.displayed_layers import (
    pack_annual_layers,
    pack_change_layers,
)
from forestflux.pages.explorer.page_data import select_totals
from forestflux.pages.figures.drawing import draw_figure
from forestflux.pages.figures.figure_registry import FIGURES
from forestflux.pages.figures.figure_style import StyleSettings
from forestflux.pages.report.report_page import write_report
from tests.builders.map_stores import RESOLUTION_DEG

YEARS = (2003, 2018)
TABLES = (
    *("headline", "samples/samples", "towers/left_out", "explain/sanity"),
    *(f"evaluate/{name}" for name in ("scores", "interannual", "calibration", "gaps")),
    *("gates/gates", "change/totals", "change/pair", "recovery/recovery"),
    *("recovery/coverage", "change/regions", "change/region_changes"),
    "drivers/drivers",
    "compare/comparison",
)


@pytest.fixture(scope="module")
def results(share_results):
    return share_results(maps=True, members=1)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn(results, name):
    figure = draw_figure(
        FIGURES[name].full_function,
        results,
        style_settings=StyleSettings(dpi=50, simulated=True),
    )
    figure.draw_without_rendering()


def test_the_report_says_that_there_is_no_spread(results):
    configuration = Configuration(run="a", seed=3, years=YEARS)
    for members, said in ((1, True), (5, False)):
        train = configuration.train.model_copy(update={"members": members})
        page = write_report(
            {name.split("/")[-1]: results / f"{name}.csv" for name in TABLES},
            {},
            benchmarks=results / "benchmarks",
            configuration=configuration.model_copy(update={"train": train}),
        )
        assert ("The ensemble has one member" in page) == said
        shown = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
        assert not re.search(r"\bnan\b", shown.lower())


def test_totals_have_their_interval_without_a_spread(results):
    rows = select_totals(REGIONS.read(results))
    json.dumps(rows, allow_nan=False)
    assert all(row["total_lower"] < row["total"] for row in rows)
    assert pd.read_csv(results / "change/totals.csv")["member_sd"].isna().all()


def test_the_explorer_has_changes_with_their_error_and_test(results):
    display = choose_display(Grid(RESOLUTION_DEG, 30), columns=72)
    stores = [results / f"maps/{year}.zarr" for year in YEARS]
    cells, annual = pack_annual_layers(stores, display)
    assert {"gpp", "gpp_below", "nee_above"} <= set(annual)
    layers = pack_change_layers(results / "change/change.zarr", cells)
    assert {"gpp_difference", "gpp_slope", "gpp_p", "gpp_slope_clear"} <= set(layers)
    assert {"gpp_difference_sd", "gpp_difference_clear"} <= set(layers)
    json.dumps(layers, allow_nan=False)


def test_the_headline_numbers_have_their_bounds(results):
    table = pd.read_csv(results / "headline.csv")
    totals = table[table["quantity"].str.contains("_total_")]
    assert (totals["lower"] < totals["value"]).all()
