"""Detection: planted disturbances and greening, found or missed, by hand and by chance."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.names import TARGET_FLUXES
from forestflux.evaluation.change_detection import (
    auc,
    compare_detections,
    compute_true_layers,
    detected_share,
)
from forestflux.evaluation.truth_comparison import TruthComparison

YEARS = np.arange(2003, 2019)
SHAPE = (10, 40)
ATTRS = {
    "pair": [2003, 2018],
    "first_window": [2003, 2004, 2005],
    "second_window": [2016, 2017, 2018],
}


def world(drop: float, rise: float = 0.0) -> TruthComparison:
    """Truth of 300 cells; GPP of the first 60 falls by `drop` from 2010 on."""
    rng = np.random.default_rng(5)
    gpp = rng.normal(1500, 60, (len(YEARS), 300)) + rise * (YEARS - 2003)[:, None]
    disturbed = np.zeros(gpp.shape, bool)
    disturbed[7:, :60] = True
    gpp = gpp - drop * disturbed
    reco = np.full(gpp.shape, 1400.0)
    fluxes = {"gpp": gpp, "reco": reco, "nee": reco - gpp}
    row = np.arange(300) // SHAPE[1]
    return TruthComparison(
        years=YEARS,
        truth=fluxes,
        mapped=fluxes,
        covered={},
        applicable=np.ones(gpp.shape, bool),
        weights=np.ones(gpp.shape),
        cell=np.arange(300) + 50,
        row=row,
        band=0 * row,
        disturbed=disturbed,
        planted_slope=np.full(300, rise),
        area={},
        level=0.9,
    )


def store_of(both: TruthComparison) -> xr.Dataset:
    """The change store of a map that is the truth."""
    layers = {}
    for flux in TARGET_FLUXES:
        for name, values in compute_true_layers(both, flux, ATTRS).items():
            grid = np.full(SHAPE[0] * SHAPE[1], np.nan)
            grid[both.cell] = values
            layers[f"{flux}_{name}"] = (("y", "x"), grid.reshape(SHAPE))
    return xr.Dataset(layers, attrs=ATTRS)


def table(both: TruthComparison, change: xr.Dataset) -> dict[str, tuple[float, float]]:
    return {
        name: sides for name, *sides in compare_detections(both, change, alpha=0.05)
    }


def test_a_map_that_is_the_truth_finds_what_the_truth_shows() -> None:
    both = world(drop=400)
    rows = table(both, store_of(both))
    assert len(rows) == 1 + 2 * 3 * 3
    for truth, mapped in rows.values():
        assert mapped == pytest.approx(truth, abs=1e-6)
    for flux in TARGET_FLUXES:
        for test in ("difference", "window_difference", "slope"):
            name = f"{flux}_disturbance"
            # A step looks partly like persistence: few of many are beyond doubt.
            assert rows[f"{name}_found_{test}"][0] > 0.2
            # One side of a test at 5 %.
            assert rows[f"{name}_alarm_{test}"][0] <= 0.05
            assert rows[f"{name}_auc_{test}"][0] > 0.85
    assert rows["gpp_slope_found"][0] <= 0.05


def test_a_map_that_misses_the_disturbance_is_a_coin() -> None:
    both = world(drop=400)
    blind = store_of(world(drop=0))
    rows = table(both, blind)
    for test in ("difference", "window_difference", "slope"):
        truth, mapped = rows[f"gpp_disturbance_auc_{test}"]
        assert truth > 0.85
        assert mapped == pytest.approx(0.5, abs=0.1)
        assert rows[f"gpp_disturbance_found_{test}"][1] < 0.1


def test_more_gpp_is_not_taken_for_a_disturbance() -> None:
    both = world(drop=-400)
    rows = table(both, store_of(both))
    assert rows["gpp_disturbance_found_difference"] == [0, 0]
    assert rows["gpp_disturbance_auc_difference"][0] < 0.1


def test_greening_is_found_where_it_is() -> None:
    both = world(drop=0, rise=20)
    assert table(both, store_of(both))["gpp_slope_found"][0] > 0.9


def test_without_disturbance_or_without_tests_nothing_is_claimed() -> None:
    both = world(drop=0)
    change = store_of(both)
    both.disturbed[:] = False
    assert list(table(both, change)) == ["gpp_slope_found"]
    both = world(drop=400)
    change["gpp_p"][:] = np.nan
    truth, mapped = table(both, change)["gpp_disturbance_auc_slope"]
    assert truth > 0.85
    assert np.isnan(mapped)


def test_auc_and_share_by_hand() -> None:
    # Of six pairs the first is larger in four, and one is a tie.
    assert auc(np.array([3.0, 1.0]), np.array([0.0, 1.0, 2.0])) == pytest.approx(
        4.5 / 6
    )
    assert np.isnan(auc(np.array([np.nan]), np.array([1.0])))
    assert detected_share(np.array([1.0, 0.0, np.nan, 1.0])) == pytest.approx(2 / 3)
