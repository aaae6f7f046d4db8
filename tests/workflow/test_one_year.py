"""A run of one mapped year: maps, products and pages, and nothing of a change."""

from pathlib import Path

import pytest

from tests.builders.projects import copy_project, edit, plan, planned, snakemake

OF_CHANGE = {"change", "drivers", "recovery"}
# Figures that show one map, and none of two years.
SHOWN, NOT_SHOWN = ("level_map", "uncertainty"), ("maps", "series", "recovery")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that maps 2018 alone; nothing is said of a pair."""
    project = copy_project(tmp_path_factory.mktemp("one") / "project")
    edit(project, "micro.yaml", "years: [2003, 2004]", "years: [2018, 2018]")
    edit(project, "micro.yaml", "change: {pair: [2003, 2004]}\n", "")
    return project


def test_its_products_need_no_change(project):
    jobs = planned(project, "products")
    assert jobs["map"] == jobs["publish"] == jobs["collection"] == 1
    assert not OF_CHANGE & set(jobs)


def test_the_usual_command_makes_maps_products_and_pages(project):
    jobs = planned(project)
    assert jobs["map"] == jobs["publish"] == jobs["collection"] == 1
    assert jobs["gates"] == jobs["report"] == jobs["explorer"] == 1
    assert not OF_CHANGE & set(jobs)
    figures = [f"results/micro/figures/{name}.png" for name in SHOWN]
    dry = plan(project, "--dry-run", "--cores", "1").stdout
    assert all(figure in dry for figure in figures)
    assert not any(f"figures/{name}.png" in dry for name in NOT_SHOWN)


def test_a_change_is_refused_before_anything_runs(project):
    done = snakemake(project, "--cores", "1", "--", "results/micro/change/change.json")
    line = "configuration: years: expected two mapped years for a change"
    assert done.returncode != 0
    assert f"{line} (maps and products need one), found 2018 only" in done.stderr
    assert not (project / "results").exists()
