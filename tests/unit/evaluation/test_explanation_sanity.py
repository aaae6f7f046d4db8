"""Maps of reasons find planted drivers, and learning is what makes them."""

import numpy as np
import pandas as pd
import pytest
import torch

from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.evaluation.explain.explanation_sanity import (
    HIDDEN_SHARES,
    deletion_curve,
    deletion_ratio,
    randomise_weights,
    rank_correlations,
    tabulate_sanity,
)
from forestflux.evaluation.explain.explanations import measure_occlusion
from forestflux.evaluation.explain.integrated_gradients import measure_attribution
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples
from tests.builders.planted_change import PLANTED, planted_samples
from tests.builders.small_training import make_ensemble, settings

pytestmark = pytest.mark.slow  # networks are trained until they have learnt something

SEASONS = {
    "winter": (12, 1, 2),
    "spring": (3, 4, 5),
    "summer": (6, 7, 8),
    "autumn": (9, 10, 11),
}
METHODS = ("occlusion", "attribution")
SETTINGS = settings(
    steps={"all_biomes": False, "class_weights": False},
    epochs={"forest": 40},
    learning_rate={"forest": 0.01},
    artificial_gaps={"share": 0.3},
    dropout=0.0,
    offset_noise=0.0,
    jitter=0,
    channels=8,
    encoded=32,
    hidden=32,
)


def trained(samples: Samples) -> Ensemble:
    members = [train_network(samples, settings=SETTINGS, seed=seed) for seed in (1, 2)]
    return make_ensemble(members)


@pytest.fixture(scope="module")
def samples() -> Samples:
    return planted_samples()


@pytest.fixture(scope="module")
def few(samples: Samples) -> Samples:
    return samples.take(np.arange(0, len(samples), 3))


@pytest.fixture(scope="module")
def model(samples: Samples) -> Ensemble:
    return trained(samples)


def importance_of(model: Ensemble, few: Samples) -> dict:
    """Maps by method; integrated gradients with their sign, of the same variables."""
    signed = measure_attribution(model, few)[0].sel(variable=list(few.variables))
    return {"occlusion": measure_occlusion(model, few), "attribution": signed}


@pytest.fixture(scope="module")
def importance(model: Ensemble, few: Samples) -> dict:
    return importance_of(model, few)


@pytest.fixture(scope="module")
def checks(model: Ensemble, few: Samples, importance: dict) -> pd.DataFrame:
    return tabulate_sanity(model, few, **importance, seed=3)


def by_season(found, igbp: str) -> pd.Series:
    """Size of the GPP importance of a type by variable and season, largest first."""
    own = abs(found.sel(flux="gpp", igbp=igbp).mean("member"))
    sums = {
        (name, season): float(own.sel(variable=name, month=list(months)).sum())
        for name in own["variable"].values
        for season, months in SEASONS.items()
    }
    return pd.Series(sums).sort_values(ascending=False)


@pytest.mark.parametrize("method", METHODS)
def test_the_planted_driver_of_one_type_and_season_is_found(importance, method):
    """Maps of reasons find the driver that was planted."""
    """Summer rain makes the GPP of DBF alone; nights make that of the others."""
    assert PLANTED["DBF"] == ("precip", SEASONS["summer"])
    own = by_season(importance[method], "DBF")
    assert own.index[0] == ("precip", "summer")
    assert own.iloc[0] > 1.5 * own.iloc[1]
    for igbp in ("ENF", "MF"):
        other = by_season(importance[method], igbp)
        assert other.index[0][0] == PLANTED[igbp][0] == "lst_night"
        assert other["precip", "summer"] < 0.6 * own.iloc[0]


def test_more_summer_rain_adds_gpp_where_it_is_planted(importance):
    summer = {"variable": "precip", "month": list(SEASONS["summer"])}
    added = importance["attribution"].sel(flux="gpp", **summer)
    assert (added.sel(igbp="DBF") > 0).all()
    planted = added.sel(igbp="DBF").sum("month").min()
    assert abs(added.sel(igbp="ENF").sum("month")).max() < 0.5 * planted


def test_random_weights_destroy_the_maps_and_members_agree(checks):
    rows = checks.set_index(["check", "method", "flux"])["value"]
    for method in METHODS:
        for flux in ("gpp", "nee"):
            members = rows["members_agree", method, flux]
            assert members > 0.4
            assert rows["random_weights", method, flux] < min(0.45, members - 0.2)


def test_random_labels_destroy_the_importance(samples, few, importance):
    table = samples.table.copy()
    order = np.random.default_rng(1).permutation(len(table))
    fluxes = ["gpp", "reco", "nee"]
    table[fluxes] = table[fluxes].to_numpy()[order]
    other = importance_of(
        trained(Samples(samples.series, table, samples.variables)), few
    )
    for method, bound in (("occlusion", 0.45), ("attribution", 0.35)):
        first, second = (
            found[method].sel(flux="gpp").mean("member")
            for found in (importance, other)
        )
        assert rank_correlations(first, first).mean() == pytest.approx(1)
        assert rank_correlations(first, second).mean() < bound


def test_hiding_and_gradients_agree(checks):
    rows = checks[checks["check"] == "methods_agree"]
    assert (rows["value"] > 0.4).all()


def last_fifth(model: Ensemble, few: Samples, named) -> np.ndarray:
    """Area under the curve, by member, of hiding what importance names last over any order.

    Up to a fifth of all values: half of them move any estimate, whatever the order.
    """
    types = named["igbp"].values
    last = {t: np.argsort(named.sel(igbp=t).values.ravel()) for t in types}
    rng = np.random.default_rng(3)
    any_order = {t: rng.permutation(len(last[t])) for t in types}
    shares = [0, *(share for share in HIDDEN_SHARES if share <= 0.2)]
    areas = [
        np.trapezoid(
            deletion_curve(model, few, order, flux="gpp")[:, : len(shares)], shares
        )
        for order in (last, any_order)
    ]
    return areas[0] / areas[1]


def test_deletion_beats_a_random_order_and_the_reverse_does_not(
    model, few, importance, checks
):
    rows = checks[checks["check"] == "deletion"]
    assert len(rows) == 4
    assert (rows["value"] > 1.5).all()
    named = importance["occlusion"].sel(flux="gpp").mean("member")
    forward = deletion_ratio(model, few, named, seed=3)
    assert (deletion_ratio(model, few, -named, seed=3) < forward / 3).all()
    assert (last_fifth(model, few, named) < 0.8).all()
    # One order at random may by chance begin with what matters: the mean of some does not.
    rng = np.random.default_rng(1)
    chances = [named.copy(data=rng.random(named.shape)) for _ in range(6)]
    ratios = [deletion_ratio(model, few, each, seed=3).mean() for each in chances]
    assert np.mean(ratios) == pytest.approx(1, abs=0.3)


def test_every_check_of_this_run_passes(checks):
    assert (checks["status"] == "pass").all(), checks.to_string()
    assert len(checks) == 2 * (3 * 2 + 1)


def test_drawn_weights_leave_the_model_as_it_was(model):
    before = [{k: v.copy() for k, v in m.weights().items()} for m in model.members]
    drawn = randomise_weights(model, seed=1)
    again = randomise_weights(model, seed=1)
    for old, member, other, same in zip(
        before, model.members, drawn.members, again.members, strict=True
    ):
        for name, weights in member.weights().items():
            np.testing.assert_array_equal(weights, old[name])
        np.testing.assert_array_equal(
            other.weights()["heads.weight"], same.weights()["heads.weight"]
        )
        assert not np.array_equal(other.weights()["heads.weight"], old["heads.weight"])
        assert not other.network.training
    assert torch.is_grad_enabled()


def test_one_member_cannot_agree_with_itself(model, few):
    alone = make_ensemble(model.members[:1])
    part = few.take(np.arange(60))
    table = tabulate_sanity(alone, part, **importance_of(alone, part), seed=3)
    status = table.set_index("check")["status"]
    assert set(status["members_agree"]) == {"not applicable"}
    assert set(status["random_weights"]) <= {"pass", "fail"}
