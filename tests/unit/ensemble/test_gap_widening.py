"""Intervals are wider where inputs are missing, as unseen towers with hidden inputs ask for."""

import json

import numpy as np
import pandas as pd
import pytest

from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.intervals.gap_calibration import (
    THINNED,
    calibrate_gaps,
    draw_gaps,
    fit_widening,
    relate_widths,
)
from forestflux.ensemble.intervals.gap_widening import GapWidening
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.network_training import train_network
from forestflux.prepare.masked_series import count_gaps
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import make_samples, settings

WIDENING = GapWidening(
    hidden=(1.0, 1.5, 2.0), shares=(0.0, 0.2, 0.6), thinned=(1.0, 1.0, 1.8)
)


def test_factors_by_hand():
    hidden = np.array([0, 0, 0, 1, 2, 3])
    # Of three series; with one hidden, half of the gaps of the other two count.
    gaps = np.array([0.1, 0.6, 0.4, 1 / 3 + 2 / 3 * 0.4, 2 / 3, 1.0])
    wanted = [1.0, 1.8, 1.4, 1.5 * 1.4, 2.0, 2.0 * 1.8]
    np.testing.assert_allclose(WIDENING.factor(hidden, gaps), wanted)


def test_bounds_move_apart_by_the_factor():
    calibration = Calibration(
        0.9,
        {"gpp": {"all": 100.0, "ENF": 50.0}, "nee": {"all": 80.0}},
        {"gpp": WIDENING},
    )
    middle, types = np.full(2, 1000.0), np.array(["ENF", "DBF"])
    missing = {"hidden_series": np.array([2, 0]), "gap_fraction": np.array([0.8, 0.1])}
    found = calibration.interval(middle, -middle, types, **missing)
    np.testing.assert_allclose(found["gpp_upper"], [1000 + 50 * 2.0 * 1.4, 1100])
    np.testing.assert_allclose(found["nee_upper"], [-920, -920])
    plain = calibration.interval(middle, -middle, types)
    np.testing.assert_allclose(plain["gpp_upper"], [1050, 1100])


def test_a_factor_never_falls_and_is_1_without_a_width():
    assert relate_widths(10.0, [12.0, 11.0, 30.0]) == (1.0, 1.2, 1.2, 3.0)
    assert relate_widths(10.0, [8.0, 9.0]) == (1.0, 1.0, 1.0)
    assert relate_widths(np.inf, [np.inf, np.inf]) == (1.0, 1.0, 1.0)


def test_gaps_are_what_they_are_called():
    series = make_samples(12).series
    natural, _ = count_gaps(series)
    for hidden, thinned, gapped in draw_gaps(series, rng=np.random.default_rng(1)):
        found, share = count_gaps(gapped)
        assert (found >= hidden).all()
        if hidden:
            assert (found <= hidden + natural).all()
        if thinned:
            assert share.mean() > 0.8 * thinned
        kept = np.isfinite(gapped)
        np.testing.assert_array_equal(gapped[kept], series[kept])


def test_planted_errors_give_their_factors():
    """Errors that grow by half with each hidden series, and by share when values are hidden."""
    rng = np.random.default_rng(3)
    parts = []
    for hidden in range(6):
        parts.append(make_errors(rng, 1 + 0.5 * hidden, hidden=hidden))
    for share in THINNED:
        parts.append(make_errors(rng, 1 + share, thinned=share, gaps=share))
    found = fit_widening(pd.concat(parts), "gpp", series=6, level=0.9)
    np.testing.assert_allclose(found.hidden, 1 + 0.5 * np.arange(6), rtol=0.12)
    assert found.shares[:2] == (0.0, pytest.approx(0.05))
    np.testing.assert_allclose(found.thinned[2:], 1 + np.array(THINNED), rtol=0.12)
    text = json.dumps(found.to_dict())
    assert GapWidening.from_dict(json.loads(text)) == found


def make_errors(
    rng: np.random.Generator,
    size: float,
    *,
    hidden: int = 0,
    thinned: float = 0.0,
    gaps: float = 0.05,
) -> pd.DataFrame:
    """Errors of 400 sites with five years each."""
    sites = np.repeat(np.arange(400), 5)
    errors = size * rng.normal(size=len(sites))
    return pd.DataFrame(
        {
            "site": sites,
            "hidden": hidden,
            "thinned": thinned,
            "share": gaps,
            "gpp": errors,
        }
    )


@pytest.fixture(scope="module")
def members() -> list[NetworkRegressor]:
    return [train_network(make_samples(), settings=settings(), seed=1)]


@pytest.mark.parametrize("responds", [True, False])
def test_networks_without_inputs_are_less_certain(members, responds):
    samples = make_samples()
    level = 0.5
    calibration = Calibration(
        level, {target: {"all": 100.0} for target in ("gpp", "nee")}
    )
    folds = sorted(set(samples.table["fold_cluster"]) - {-1})
    found = calibrate_gaps(
        {("cluster", int(fold)): members for fold in folds},
        samples,
        calibration,
        responds=responds,
        min_quality=0.0,
        seed=1,
    )
    for widening in found.values():
        assert len(widening.hidden) == len(VARIABLES)
        assert (np.diff(widening.hidden) >= 0).all()
        assert (np.diff(widening.thinned) >= 0).all()
        assert widening.hidden[0] == widening.thinned[0] == 1
    assert found["gpp"].hidden[-1] > 1
