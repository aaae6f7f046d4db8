"""Integrated gradients: complete, silent at gaps, signed, against the usual year."""

from copy import copy

import numpy as np
import pandas as pd
import pytest
import torch

from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.evaluation.explain.integrated_gradients import (
    integrate_gradients,
    mean_year,
    measure_attribution,
    scale_to_departure,
    sum_months,
    tabulate_attributions,
)
from forestflux.models.network_inputs import one_hot_types
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import make_ensemble, make_samples, settings


@pytest.fixture(scope="module")
def samples() -> Samples:
    return make_samples(120)


@pytest.fixture(scope="module")
def model(samples: Samples) -> Ensemble:
    chosen = settings(epochs={"all_biomes": 5, "forest": 12}, dropout=0.0)
    members = [train_network(samples, settings=chosen, seed=seed) for seed in (1, 2)]
    return make_ensemble(members)


@pytest.fixture(scope="module")
def tables(model: Ensemble, samples: Samples) -> tuple:
    return measure_attribution(model, samples)


def inputs(model, samples, igbp="DBF"):
    part = samples.take((samples.table["igbp"] == igbp).to_numpy())
    ready = model.members[0].prepare(part.series, part.table["lat"].to_numpy(float))
    return ready, torch.from_numpy(one_hot_types(part.forest_type))


def fluxes(member, ready, types):
    """GPP and NEE without the cut at zero, gC m-2 yr-1."""
    with torch.inference_mode():
        scaled = member.network(ready, types).double().numpy()
    gpp, reco = scaled.T * np.array(member.flux_scale.sd[:2])[:, None]
    return {"gpp": gpp, "nee": reco - gpp}


def test_contributions_sum_to_the_difference_of_the_estimates(model, samples):
    ready, types = inputs(model, samples)
    usual = mean_year(ready)
    # The usual year has the gaps of the sample: what a gap does is no contribution.
    compared = torch.where(torch.isnan(ready), torch.nan, usual)
    assert torch.isnan(ready).float().mean() > 0.05
    for member in model.members:
        found = integrate_gradients(member, ready, usual, types)
        here, there = (fluxes(member, series, types) for series in (ready, compared))
        for flux, values in found.items():
            difference = here[flux] - there[flux]
            assert np.abs(difference).mean() > 20
            error = values.sum(axis=(1, 2)) - difference
            assert np.abs(error).max() < 0.03 * np.abs(difference).max()


def test_a_linear_network_gets_its_coefficients_times_the_departures(model, samples):
    class Linear(torch.nn.Module):
        def forward(self, series, types):
            known = torch.nan_to_num(series)
            return torch.stack([(w * known).sum((1, 2)) for w in weights], dim=1)

    ready, types = inputs(model, samples)
    weights = torch.randn(2, *ready.shape[1:], generator=torch.manual_seed(1))
    usual = mean_year(ready)
    member = copy(model.members[0])
    member.network = Linear()
    departure = torch.nan_to_num(ready - usual)
    gpp, reco = (
        (w * departure).numpy() * sd
        for w, sd in zip(weights, member.flux_scale.sd, strict=False)
    )
    found = integrate_gradients(member, ready, usual, types)
    np.testing.assert_allclose(found["gpp"], gpp, rtol=1e-3, atol=0.05)
    np.testing.assert_allclose(found["nee"], reco - gpp, rtol=1e-3, atol=0.1)


def test_gaps_add_nothing_and_samples_stay_as_they_are(model, samples):
    ready, types = inputs(model, samples)
    before = ready.clone()
    found = integrate_gradients(model.members[0], ready, mean_year(ready), types)
    gaps = torch.isnan(ready).numpy()
    assert (found["gpp"][gaps] == 0).all()
    assert (found["gpp"][~gaps] != 0).mean() > 0.9
    assert torch.equal(torch.nan_to_num(ready), torch.nan_to_num(before))


def test_the_usual_year_is_the_mean_of_the_type_and_never_zero():
    series = torch.full((2, 3, 46), torch.nan)
    series[0, 0], series[1, 0] = 1.0, 3.0
    series[0, 0, 5] = torch.nan
    series[:, 1] = torch.arange(46.0)
    series[:, 1, [0, 45]] = torch.nan
    usual = mean_year(series)
    assert usual[0, 0] == 2
    assert usual[0, 5] == 3  # of the one sample that has it
    # Around New Year 44, -, -, 1: a third and two thirds of the way.
    np.testing.assert_allclose(usual[1, [45, 0]], [44 - 43 / 3, 44 - 86 / 3], rtol=1e-5)
    assert (usual[2] == 0).all()  # a gap throughout: never a value to compare


def test_what_one_departure_adds_by_hand():
    departure = np.array([2.0, -2.0, 1.0, 0.0]).reshape(4, 1, 1)
    added = 5 * departure
    # Three rows know the month: 5 x root mean square of 2, 2 and 1.
    assert scale_to_departure(added, departure).item() == pytest.approx(5 * 3**0.5)
    assert scale_to_departure(-added, departure).item() == pytest.approx(-5 * 3**0.5)
    assert scale_to_departure(added, 0 * departure).item() == 0


def test_months_sum_the_steps():
    sums = sum_months(np.ones((1, 1, 46)))
    assert sums.shape == (1, 1, 12)
    assert sums.sum() == 46
    assert sums[0, 0, 2] == 4  # March: steps 7-10


def test_the_variable_that_makes_the_flux_adds_most_and_upwards(tables, model):
    signed, size = tables
    assert signed.sizes["member"] == len(model.members)
    gpp = signed.sel(flux="gpp").mean("member").sum("month")
    for igbp in FOREST_TYPES:
        own = gpp.sel(igbp=igbp)
        assert own.idxmax("variable") == "ndvi"
    largest = size.sel(flux="gpp").mean(["member", "igbp"]).sum("month")
    assert largest.idxmax("variable") == "ndvi"
    # GPP grows faster than RECO with NDVI: NEE falls.
    assert (signed.sel(flux="nee", variable="ndvi").mean(["member", "month"]) < 0).all()


def test_the_table_has_every_type_series_and_month_with_its_spread(tables):
    signed, size = tables
    table = tabulate_attributions(signed, size)
    columns = "igbp variable month gpp nee gpp_sd nee_sd gpp_size nee_size"
    assert " ".join(table) == columns
    assert set(table["variable"]) == {*VARIABLES, "radiation"}
    assert len(table) == 5 * 7 * 12
    row = table.set_index(["igbp", "variable", "month"]).loc[("MF", "ndvi", 7)]
    own = signed.sel(flux="gpp", igbp="MF", variable="ndvi", month=7).values
    assert row["gpp"] == pytest.approx(own.mean())
    assert row["gpp_sd"] == pytest.approx(own.std())
    assert (table["gpp_size"] >= 0).all()


def test_rows_that_were_kept_apart_do_not_make_the_usual_year(model, samples):
    last = np.arange(len(samples)) >= 90
    apart = samples.table.assign(holdout=last)
    moved = samples.series.copy()
    moved[last] += 1.0
    one, two = (
        measure_attribution(model, Samples(series, apart, VARIABLES))
        for series in (samples.series, moved)
    )
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first, second)
    pd.testing.assert_frame_equal(
        tabulate_attributions(*one), tabulate_attributions(*two)
    )
