"""The plan of a run on Earth Engine, from a fresh checkout and without an account."""

import re

import pytest

from tests.builders.projects import copy_project, snakemake

PILOT = """
run: pilot
source: earthengine
years: [2023, null]
towers: {folder: config/pilot, years: [2023, 2023]}
change: {pair: [2023, 2024], windows: [[2001, 2002], [2023, 2024]]}
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("plan") / "project")


def plan(project, grid):
    (project / "pilot.yaml").write_text(f"{PILOT}grid: {grid}\n")
    return snakemake(project, "--cores", "1", "plan", configfile="pilot.yaml")


def test_fine_cells_are_planned_to_the_last_year(checkout):
    done = plan(checkout, "{resolution_deg: 0.01, tile_cells: 400}\nregion: r07c51")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "years: the last year is 2024, the last that every product cov" in done.stderr
    )
    assert "5 towers, 2023" in done.stdout
    assert "1 tiles, 2023, 2024" in done.stdout
    assert re.search(r"MODIS/061/MOD13A1 +ndvi +2024 +4 ", done.stdout)
    assert re.search(r"MODIS/061/MCD12Q1 +landcover +2024 ", done.stdout)
    assert "MOD13C1" not in done.stdout
    assert "Nothing was sent." in done.stdout


def test_another_resolution_is_refused_in_one_line(checkout):
    done = plan(checkout, "{resolution_deg: 0.02, tile_cells: 400}\nregion: r03c25")
    assert done.returncode != 0
    assert (
        "configuration: grid.resolution_deg: expected 0.05, the grid of MODIS/061/MOD13C1,"
        " or 0.01 or 0.005, found 0.02"
    ) in done.stderr
