"""A seventh input series, added by YAML alone, goes the whole way from extract to the pages."""

import json

import numpy as np
import pandas as pd
import pytest

from forestflux.jobs.store import open_store
from tests.builders.projects import copy_project, edit, snakemake

PRODUCT = """
sunshine:
  units: MJ m-2 day-1
  label: radiation at the ground
  tile: &sunshine
    extract: &sunshine_extract
      collections: [OURS/SUNSHINE]
      band: shortwave
      dtype: int16
      absent: -1
      window: 1
      grid: *climate_modelling_grid
      simulation: {quantity: shortwave, multiply: 100.0, noise: 0.02}
    cube: {step_days: 8}
    mask: {scale: 0.01, offset: 0.0, valid: [0, 6000], physical: [0.0, 60.0]}
  tower:
    <<: *sunshine
    extract: {<<: *sunshine_extract, window: 3}
"""
INPUTS = ("ndvi", "evi", "sunshine", "et", "lst_day", "lst_night", "precip")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of a whole run with seven input series."""
    project = copy_project(tmp_path_factory.mktemp("seventh") / "project")
    products = project / "config" / "products.yaml"
    products.write_text(products.read_text() + PRODUCT)
    names = ", ".join(INPUTS)
    edit(project, "micro.yaml", "run: micro", f"run: micro\ninputs: [{names}]")
    run = snakemake(project, "--cores", "2")
    assert run.returncode == 0, run.stdout + run.stderr
    return project / "results" / "micro"


def test_it_is_masked_sampled_and_learnt_from(results):
    masked = open_store(results / "mask/towers/2003.zarr")
    assert masked.attrs["variables"] == list(INPUTS)
    assert masked["sunshine"].attrs["units"] == "MJ m-2 day-1"
    assert masked.sizes["variable"] == len(INPUTS)
    values = masked["sunshine"].values
    assert 1 < np.nanmean(values) < 40
    assert np.nanstd(values) > 1
    samples = open_store(results / "samples/samples.zarr")
    assert samples.attrs["variables"] == list(INPUTS)
    assert samples["series"].shape[1:] == (len(INPUTS), 46)
    model = json.loads((results / "model/model.json").read_text())
    assert model["variables"] == list(INPUTS)
    assert model["units"]["sunshine"] == "MJ m-2 day-1"


def test_it_is_explained_and_has_its_part_in_the_change(results):
    importance = pd.read_csv(results / "explain/importance.csv")
    assert list(dict.fromkeys(importance["variable"])) == list(INPUTS)
    assert (importance.query("variable == 'sunshine'")["gpp"] > 0).any()
    scores = pd.read_csv(results / "evaluate/gaps.csv")
    assert "sunshine" in set(scores["gap_pattern"])
    drivers = pd.read_csv(results / "counterfactual/drivers.csv")
    assert list(dict.fromkeys(drivers["driver"]))[: len(INPUTS)] == list(INPUTS)
    assert np.isfinite(drivers.query("driver == 'sunshine'")["effect"]).all()


def test_it_stands_on_the_pages_and_the_products_are_written(results):
    assert "sunshine (MJ m-2 day-1)" in (results / "model/card.md").read_text()
    assert "radiation at the ground" in (results / "explorer.html").read_text()
    assert "sunshine" in (results / "report.html").read_text()
    assert (results / "figures/importance.png").is_file()
    assert (results / "products/2003/checksums.sha256").is_file()
