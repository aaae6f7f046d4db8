import numpy as np
import pytest
import torch

from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.evaluation.explain.explanations import (
    measure_occlusion,
    tabulate_activations,
    tabulate_importance,
)
from forestflux.models.flux_model import predict_samples
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import make_ensemble, make_samples, settings


@pytest.fixture(scope="module")
def samples() -> Samples:
    return make_samples(120)


@pytest.fixture(scope="module")
def model(samples: Samples) -> Ensemble:
    chosen = settings(
        epochs={"all_biomes": 10, "forest": 15}, dropout=0.0, offset_noise=0.0
    )
    members = [train_network(samples, settings=chosen, seed=seed) for seed in (1, 2)]
    return make_ensemble(members)


def test_importance_has_every_type_variable_and_month(
    model: Ensemble, samples: Samples
) -> None:
    table = tabulate_importance(measure_occlusion(model, samples))
    assert list(table.columns) == [
        "igbp",
        "variable",
        "month",
        "gpp",
        "nee",
        "gpp_sd",
        "nee_sd",
    ]
    assert len(table) == 5 * 6 * 12
    assert set(table["igbp"]) == set(FOREST_TYPES)
    assert np.isfinite(table[["gpp", "nee", "gpp_sd", "nee_sd"]]).all().all()


def test_the_variable_that_makes_the_flux_matters_most(
    model: Ensemble, samples: Samples
) -> None:
    table = tabulate_importance(measure_occlusion(model, samples))
    by_variable = table.groupby("variable")["gpp"].mean()
    assert by_variable.idxmax() == "ndvi"


def test_importance_equals_a_change_worked_by_hand(
    model: Ensemble, samples: Samples
) -> None:
    table = tabulate_importance(measure_occlusion(model, samples)).set_index(
        ["igbp", "variable", "month"]
    )
    chosen = samples.take((samples.table["igbp"] == "DBF").to_numpy())
    gaps = chosen.series.copy()
    # March is steps 7-10 (their middles are days 61-85 of the year); in the south it is
    # half a year, 23 steps, later.
    south = chosen.table["lat"].to_numpy() < 0
    for row in range(len(chosen)):
        steps = np.arange(7, 11) + (23 if south[row] else 0)
        gaps[row, VARIABLES.index("lst_day"), steps] = np.nan
    hidden = Samples(gaps, chosen.table, chosen.variables)
    change = [
        np.abs(predict_samples(m, hidden).gpp - predict_samples(m, chosen).gpp).mean()
        for m in model.members
    ]
    row = table.loc[("DBF", "lst_day", 3)]
    assert row["gpp"] == pytest.approx(np.mean(change), rel=1e-3)
    assert row["gpp_sd"] == pytest.approx(np.std(change), rel=1e-2, abs=1e-3)


def test_one_member_has_no_spread(model: Ensemble, samples: Samples) -> None:
    one = make_ensemble(model.members[:1])
    importance = tabulate_importance(measure_occlusion(one, samples))
    assert np.isfinite(importance[["gpp", "nee"]]).all(axis=None)
    assert importance[["gpp_sd", "nee_sd"]].isna().all(axis=None)
    activations = tabulate_activations(one, samples)
    assert activations["activation"].notna().all()
    assert activations["activation_sd"].isna().all()


def test_samples_are_not_changed(model: Ensemble, samples: Samples) -> None:
    before = samples.series.copy()
    tabulate_importance(measure_occlusion(model, samples))
    assert np.array_equal(samples.series, before, equal_nan=True)


def test_activation_maps_name_their_rows(model: Ensemble, samples: Samples) -> None:
    table = tabulate_activations(model, samples)
    patterns = list(dict.fromkeys(table["pattern"]))
    assert patterns[:7] == [*VARIABLES, "radiation"]
    assert patterns[7:] == ["variables 1", "joint 1", "variables 2", "joint 2"]
    assert table.groupby(["igbp", "pattern"])["month"].nunique().eq(12).all()
    assert (table[["activation", "activation_sd"]] >= 0).all(axis=None)
    first = model.members[0]
    part = samples.take((samples.table["igbp"] == "MF").to_numpy())
    ready = first.prepare(part.series, part.table["lat"].to_numpy(float))
    with torch.inference_mode():
        # March is the steps 7 to 10; activation 3 stands for 6 and 7, 5 for 10 and 11.
        weights = torch.tensor([1, 2, 1]) / 4
        march = [
            (
                m.network.patterns(ready)[:, :, 8, 3:6].abs().mean((0, 1)) @ weights
            ).item()
            for m in model.members
        ]
    row = table.set_index(["igbp", "pattern", "month"]).loc["MF", "joint 1", 3]
    assert row["activation"] == pytest.approx(np.mean(march), rel=1e-4)
    assert row["activation_sd"] == pytest.approx(np.std(march), rel=1e-3)
