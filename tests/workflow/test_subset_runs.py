"""Labels of a folder and series of subsets through the whole workflow, and its staleness."""

import shutil

import numpy as np
import pandas as pd
import pytest

from forestflux.prepare.sample_table import read_samples
from tests.builders.inputs import VARIABLES
from tests.builders.projects import (
    RuleGraph,
    copy_project,
    edit,
    finish,
    planned,
    snakemake,
)
from tests.builders.subsets import write_towers
from tests.builders.tower_folders import tower_folder

OVERLAY = """
run: mine
towers: {folder: data, subsets: subsets}
samples: {unlabelled: 50}
folds: {count: 2}
train:
  members: 1
  epochs: {masked_pretraining: 1, all_biomes: 1, distillation: 1, forest: 1, class_weights: 1}
  distillation: {mixtures: 100}
baseline: {candidates: 1, models: [svr]}
figures: {dpi: 50, formats: [png]}
jobs: {folds: 2, members: 1}
"""
WITHOUT = "X1"  # a tower with labels and without any subset


def run_subsets(project):
    """Finish a run of eight towers with labels, subsets of all but one, no predictors."""
    copy_project(project)
    data = tower_folder(project / "data", years=(2004, 2005), seed=3, gaps=0.0)
    predictors = pd.read_parquet(data / "predictors_8day.parquet")
    (data / "predictors_8day.parquet").rename(project / "kept.parquet")
    sites = pd.read_csv(data / "sites.csv")
    write_towers(project / "subsets", sites[sites["site"] != WITHOUT], predictors)
    (project / "mine.yaml").write_text(OVERLAY)
    finish(project, "--cores", "2", configfile="mine.yaml")


@pytest.fixture(scope="session")
def done(shared):
    """A finished run; read only."""
    return shared.make("subsets", run_subsets)


@pytest.fixture(scope="session")
def rules(done):
    """The graph of this run's rules."""
    return RuleGraph.of(done, configfile="mine.yaml")


@pytest.fixture
def project(done, tmp_path):
    """A copy of the finished project, for editing."""
    return shutil.copytree(done, tmp_path / "project", symlinks=True)


def test_a_folder_of_subsets_runs_to_scores_and_report(done):
    """Downloaded MODIS subsets run to scores and report."""
    results = done / "results/mine"
    scores = pd.read_csv(results / "evaluate/scores.csv")
    assert set(scores["model"]) == {"cnn", "svr"}
    assert np.isfinite(scores.loc[scores["n"] > 1, ["rmse", "mae", "bias"]]).all().all()
    assert (results / "report.html").exists()
    importance = pd.read_csv(results / "explain/importance.csv")
    rain = importance["variable"] == "precip"
    assert (importance.loc[rain, "gpp"] == 0).all()
    assert (importance.loc[~rain, "gpp"] > 0).all()


def test_a_tower_without_subsets_is_in_the_table_with_its_reason(done):
    samples = pd.read_csv(done / "results/mine/samples/samples.csv")
    own = samples["site"] == WITHOUT
    assert not samples.loc[own, "used"].any()
    assert set(samples.loc[own, "reason"]) == {"no predictors that year"}
    assert samples.loc[~own, "used"].all()
    log = (done / "logs/mine/subsets/subsets.log").read_text()
    assert f"towers without any subset: {WITHOUT}" in log
    sources = pd.read_csv(done / "results/mine/subsets/subsets.csv")
    assert set(sources["variable"]) == {"ndvi", "evi", "et", "lst_day", "lst_night"}
    assert sources["site"].nunique() == 7


def test_a_finished_run_has_nothing_to_do(done):
    assert planned(done, configfile="mine.yaml") == {}


def new_file(project):
    source = project / "subsets/F1/QC_Day.csv"
    text = source.read_text().replace("QC_Day", "Clear_sky_days")
    source.with_name("Clear_sky_days.csv").write_text(text)


def file_of_one_tower(project):
    edit_first(project / "subsets/F2/LST_Day_1km.csv")


def edit_first(path):
    text = path.read_text()
    path.write_text(text.replace(".0,", ".0, ", 1))


@pytest.mark.parametrize("change", [file_of_one_tower, new_file])
def test_a_changed_or_new_file_reads_the_subsets_again(project, rules, change):
    change(project)
    jobs = planned(project, configfile="mine.yaml")
    assert set(jobs) == rules.from_here_on("subsets")
    assert jobs["subsets"] == jobs["extract"] == 1


def test_a_removed_file_reads_the_subsets_again(project):
    (project / "subsets/F2/QC_Day.csv").unlink()
    assert "subsets" in planned(project, configfile="mine.yaml")


def test_a_quality_rule_reads_no_file_again(project, rules):
    edit(
        project,
        "config/products.yaml",
        "{bits: [6, 7], values: [2, 3], reason: low_quality}",
        "{bits: [6, 7], values: [3], reason: low_quality}",
    )
    jobs = planned(project, configfile="mine.yaml")
    assert set(jobs) == rules.from_here_on("mask")


def test_a_table_gives_what_the_subsets_lack(project):
    (project / "kept.parquet").rename(project / "data/predictors_8day.parquet")
    run = snakemake(
        project, "--cores", "1", "--until", "samples", configfile="mine.yaml"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    samples = read_samples(project / "results/mine/samples/samples.json")
    assert np.isfinite(samples.series[:, VARIABLES.index("precip")]).all()
    # The table has series of the tower without subsets: rain alone, still a year of it.
    assert WITHOUT in set(samples.table["site"])


def test_the_table_of_sources_comes_back_from_a_kept_store(project):
    sources = project / "results/mine/subsets/subsets.csv"
    before = sources.read_bytes()
    sources.unlink()
    run = snakemake(
        project, "--cores", "1", "--until", "subsets", configfile="mine.yaml"
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert sources.read_bytes() == before
    log = (project / "logs/mine/subsets/subsets.log").read_text()
    assert "1 stores: 0 made, 1 kept" in log


def test_a_damaged_file_stops_with_one_line_and_results_stay(project):
    before = (project / "results/mine/samples/samples.csv").read_bytes()
    path = project / "subsets/F1/MOD13A1_NDVI.json"
    path.write_text(path.read_text()[:-300])
    run = snakemake(project, "--cores", "1", configfile="mine.yaml")
    output = run.stdout + run.stderr
    assert run.returncode != 0
    lines = {line for line in output.splitlines() if "expected" in line}
    assert len(lines) == 1, output
    assert "F1/MOD13A1_NDVI.json: file: expected whole JSON" in lines.pop()
    assert "Traceback" not in output
    assert (project / "results/mine/samples/samples.csv").read_bytes() == before
