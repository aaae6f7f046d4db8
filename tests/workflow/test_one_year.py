"""A run of one mapped year: its products can be made, a change cannot."""

from pathlib import Path

import pytest

from tests.builders.projects import copy_project, edit, planned, snakemake

OF_CHANGE = {"change", "drivers", "recovery", "explorer", "report"}


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


def test_a_change_is_refused_before_anything_runs(project):
    done = snakemake(project, "--cores", "1")
    line = "configuration: years: expected two mapped years for a change"
    assert done.returncode != 0
    assert f"{line} (`snakemake products` needs one), found 2018 only" in done.stderr
    assert not (project / "results").exists()
