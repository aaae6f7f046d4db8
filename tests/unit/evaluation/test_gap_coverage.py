"""Coverage where inputs are missing: by what was hidden, and by share of gaps."""

import numpy as np
import pandas as pd
import pytest

from forestflux.ensemble.intervals.gap_calibration import THINNED
from forestflux.evaluation.evaluation_schemas import CALIBRATION
from forestflux.evaluation.gap_coverage import (
    list_gap_subsets,
    tabulate_gap_coverage,
    widen_unseen,
)
from forestflux.models.network_training import train_network
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import make_samples, settings

SERIES, FOLDS, SITES = 6, 3, 300


@pytest.fixture
def errors() -> pd.DataFrame:
    """Errors that grow by half with each hidden series, and by share where values are hidden."""
    rng = np.random.default_rng(4)
    kinds = [(number, 0.0) for number in range(SERIES)]
    kinds += [(0, share) for share in THINNED]
    sites = np.arange(SITES)
    parts = []
    for hidden, thinned in kinds:
        share = max(hidden / SERIES, thinned)
        size = 1 + 0.5 * hidden + thinned
        parts.append(
            pd.DataFrame(
                {
                    "fold": sites % FOLDS,
                    "site": sites.astype(str),
                    "hidden": hidden,
                    "thinned": thinned,
                    "hidden_series": hidden,
                    "share": share,
                    "gpp": size * rng.normal(size=SITES) / 1.645,
                    "nee": rng.normal(size=SITES) / 1.645,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_widths_of_other_folds_hold_the_level(errors):
    factors = widen_unseen(errors, series=SERIES, level=0.9)
    inside = errors["gpp"].abs() <= factors["gpp"]
    for name, chosen in list_gap_subsets(errors):
        assert inside[chosen].mean() == pytest.approx(0.9, abs=0.06), name


def test_a_fold_does_not_widen_itself(errors):
    """Errors of one fold that are ten times as large change the factors of the others alone."""
    larger = errors.copy()
    larger.loc[larger["fold"] == 0, "gpp"] *= 10
    before = widen_unseen(errors, series=SERIES, level=0.9)
    after = widen_unseen(larger, series=SERIES, level=0.9)
    own = errors["fold"] == 0
    pd.testing.assert_frame_equal(after[own], before[own])
    assert not np.allclose(after.loc[~own, "gpp"], before.loc[~own, "gpp"])


def test_every_kind_of_gap_and_every_fifth_has_its_rows(errors):
    subsets = dict(list_gap_subsets(errors))
    kinds = [f"hidden_series={number}" for number in range(SERIES)]
    kinds += [f"hidden_values={share:g}" for share in THINNED]
    fifths = [f"gap_fifth={number}" for number in range(1, 6)]
    assert list(subsets) == kinds + fifths
    assert (np.sum([subsets[name] for name in kinds], axis=0) == 1).all()
    assert (np.sum([subsets[name] for name in fifths], axis=0) == 1).all()
    shares = [errors.loc[subsets[name], "share"].mean() for name in fifths]
    assert shares == sorted(shares)


def test_rows_of_a_trained_network_fit_the_table():
    samples = make_samples()
    folds = sorted(set(samples.table["fold_cluster"]) - {-1})
    network = train_network(samples, settings=settings(), seed=1)
    fluxes = network.predict_arrays(samples.series, samples.lat, samples.forest_type)
    table = samples.table.assign(
        model="network",
        split="cluster",
        fold=samples.table["fold_cluster"],
        gpp_pred=fluxes.gpp,
        nee_pred=fluxes.reco - fluxes.gpp,
    ).rename(columns={"gpp": "gpp_obs", "nee": "nee_obs"})
    table = table[table["fold"] >= 0]
    made = tabulate_gap_coverage(
        {("cluster", int(fold)): [network] for fold in folds},
        table,
        samples,
        responds=True,
        level=0.5,
        min_quality=0.0,
        seed=1,
    )
    assert list(made.columns) == CALIBRATION.names
    assert len(made) == 2 * (len(VARIABLES) + len(THINNED) + 5)
    assert made["covered"].between(0, 1).all()
    widths = made[
        made["subset"].str.startswith("hidden_series") & (made["target"] == "gpp")
    ]
    assert widths["mean_width"].is_monotonic_increasing
