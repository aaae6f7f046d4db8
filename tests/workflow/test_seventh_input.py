"""A seventh input series, added by YAML alone, goes the whole way from extract to the pages."""

import json

import numpy as np
import pandas as pd
import pytest

from forestflux.jobs.stores.store import open_store
from tests.builders.projects import SEVEN_INPUTS


@pytest.fixture
def results(finished):
    """The results of the shared micro run, which has seven input series."""
    return finished / "results" / "micro"


def test_it_is_masked_sampled_and_learnt_from(results):
    masked = open_store(results / "mask/towers/2003.zarr")
    assert masked.attrs["variables"] == list(SEVEN_INPUTS)
    assert masked["sunshine"].attrs["units"] == "MJ m-2 day-1"
    assert masked.sizes["variable"] == len(SEVEN_INPUTS)
    values = masked["sunshine"].values
    assert 1 < np.nanmean(values) < 40
    assert np.nanstd(values) > 1
    samples = open_store(results / "samples/samples.zarr")
    assert samples.attrs["variables"] == list(SEVEN_INPUTS)
    assert samples["series"].shape[1:] == (len(SEVEN_INPUTS), 46)
    model = json.loads((results / "model/model.json").read_text())
    assert model["variables"] == list(SEVEN_INPUTS)
    assert model["units"]["sunshine"] == "MJ m-2 day-1"


def test_it_is_explained_and_has_its_part_in_the_change(results):
    importance = pd.read_csv(results / "explain/importance.csv")
    assert list(dict.fromkeys(importance["variable"])) == list(SEVEN_INPUTS)
    assert (importance.query("variable == 'sunshine'")["gpp"] > 0).any()
    scores = pd.read_csv(results / "evaluate/gaps.csv")
    assert "sunshine" in set(scores["gap_pattern"])
    drivers = pd.read_csv(results / "drivers/drivers.csv")
    assert list(dict.fromkeys(drivers["driver"]))[: len(SEVEN_INPUTS)] == list(
        SEVEN_INPUTS
    )
    assert np.isfinite(drivers.query("driver == 'sunshine'")["effect"]).all()


def test_it_stands_on_the_pages_and_the_products_are_written(results):
    assert "sunshine (MJ m-2 day-1)" in (results / "model/card.md").read_text()
    assert '"label":"sunshine"' in (results / "explorer.html").read_text()
    assert "sunshine" in (results / "report.html").read_text()
    assert (results / "figures/importance.png").is_file()
    assert (results / "products/2003/checksums.sha256").is_file()
