"""Intervals: worked by hand, and their coverage at sites that share an error."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.ensemble.intervals.conformal import (
    POOLED,
    Calibration,
    add_intervals,
    calibrate,
    half_width,
    sites_needed,
)


def test_half_width_by_hand():
    residuals, sites = np.array([1, -3, 2, -4, 9]), np.array(list("aabcd"))
    # Ranks 2.5 of 4: the second is 2 or 3 (the year of a that is drawn), the third 4.
    for level, half in ((0.1, 0.75), (0.2, 1.5), (0.4, 2.5), (0.5, 3.25), (0.6, 4)):
        assert half_width(residuals, sites, level=level) == pytest.approx(half)
    assert half_width(residuals, sites, level=0.7) == pytest.approx(6.5)
    assert half_width(residuals, sites, level=0.8) == pytest.approx(9)
    assert half_width(residuals, sites, level=0.81) == np.inf


def test_long_record_counts_as_one_site():
    residuals = np.r_[np.full(500, 1.0), np.arange(10.0, 18.0)]
    sites = np.r_[np.full(500, "long"), [f"s{n}" for n in range(8)]]
    # 9 sites: the level 0.5 needs 5 of them, the long one and the four smallest others.
    assert half_width(residuals, sites, level=0.5) == pytest.approx(13)


@pytest.mark.parametrize(("level", "sites"), [(0.9, 9), (0.8, 4), (0.95, 19), (0.5, 1)])
def test_sites_needed(level, sites):
    assert sites_needed(level) == sites
    names = np.arange(sites)
    assert np.isfinite(half_width(np.ones(sites), names, level=level))
    assert half_width(np.ones(sites - 1), names[1:], level=level) == np.inf


def test_intervals_of_too_few_sites_are_refused_for_maps():
    """Eight sites give no interval of 90 %: the map's first job says so, not its last."""
    finite = {"all": 300.0, "ENF": math.inf}
    Calibration(0.9, {"gpp": finite, "nee": finite}).check_finite(Path("model.json"))
    few = Calibration(0.9, {"gpp": finite, "nee": {"all": math.inf}})
    line = (
        "model.json: half_width: expected intervals of 90% for the maps, which need 9"
    )
    with pytest.raises(InputError, match=line):
        few.check_finite(Path("model.json"))


@pytest.mark.parametrize("count", [12, 15, 20])
def test_coverage_at_new_sites_is_nominal(count):
    """A new site's year is inside as often as promised, over many draws of sites."""
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(3000):
        years = rng.integers(1, 4, size=count)
        sites = np.repeat(np.arange(count), years)
        residuals = rng.normal(size=count)[sites] + 0.3 * rng.normal(size=len(sites))
        new = rng.normal() + 0.3 * rng.normal()
        inside.append(abs(new) <= half_width(residuals, sites, level=0.9))
    # The standard error is 0.006. The larger residual alone would cover 92 to 94 %.
    assert 0.885 <= np.mean(inside) <= 0.92


@pytest.mark.slow
def test_rows_at_random_would_promise_too_much():
    """Years of a site share an error: as rows they are no 91 independent residuals."""
    rng = np.random.default_rng(6)
    inside = {"site": [], "row": []}
    for _ in range(1000):
        years = np.r_[np.full(4, 20), np.full(11, 1)]
        sites = np.repeat(np.arange(15), years)
        residuals = rng.normal(size=15)[sites] + 0.1 * rng.normal(size=len(sites))
        new = abs(rng.normal())
        rows = np.arange(len(sites))
        for name, groups in (("site", sites), ("row", rows)):
            inside[name].append(new <= half_width(residuals, groups, level=0.9))
    assert 0.88 <= np.mean(inside["site"]) <= 0.93
    assert np.mean(inside["row"]) < 0.83


def predictions(split="cluster", *, fold=0, sites=12, igbp="ENF", error=10.0):
    number = np.repeat(np.arange(sites), 2)
    table = pd.DataFrame({"site": [f"{igbp}{fold}-{n}" for n in number]})
    table["igbp"], table["nee_qc"] = igbp, 0.9
    table["gpp_obs"], table["nee_obs"] = 1000.0, -100.0
    table["gpp_pred"] = 1000.0 + error * (number + 1)
    table["nee_pred"] = -100.0 - error * (number + 1) / 10
    return table.assign(model="m", split=split, fold=fold)


def test_each_type_with_enough_sites_has_its_own_width():
    table = pd.concat(
        [
            predictions(),
            predictions(igbp="EBF", error=100.0),
            predictions(igbp="MF", sites=8),
        ]
    )
    found = calibrate(table, level=0.9, min_quality=0.8)
    widths = found["half_width"]["gpp"]
    # 12 sites: 0.9 x 13 = 11.7 of them, 10 a site; EBF ten times as wide.
    assert widths["ENF"] == pytest.approx(117)
    assert widths["EBF"] == pytest.approx(1170)
    assert found["half_width"]["nee"]["EBF"] == pytest.approx(117)
    assert set(widths) == {"all", "ENF", "EBF"}  # 8 sites of MF are too few
    # 32 sites: 0.9 x 33 = 29.7, between 900 and 1000: two EBF sites are beyond.
    assert widths["all"] == pytest.approx(970)


def test_map_cells_by_code_equal_rows_by_name():
    content = {
        "level": 0.9,
        "half_width": {
            "gpp": {"all": 5.0, "EBF": 7.0},
            "nee": {"all": 2.0, "EBF": 3.0},
        },
    }
    calibration = Calibration.from_dict(content)
    gpp, nee = np.array([100.0, 200.0, 300.0]), np.array([-10.0, 0.0, 10.0])
    by_code = calibration.interval(gpp, nee, np.array([1, 2, 3], dtype="uint8"))
    by_name = calibration.interval(gpp, nee, np.array(["ENF", "EBF", "DNF"]))
    np.testing.assert_array_equal(by_code["gpp_lower"], [95, 193, 295])
    np.testing.assert_array_equal(by_code["nee_upper"], [-8, 3, 12])
    for name, values in by_code.items():
        np.testing.assert_array_equal(values, by_name[name])


@pytest.mark.parametrize("label", [np.nan, np.inf])
def test_a_row_without_a_label_does_not_count_for_its_target(label):
    """One such row made every half-width NaN."""
    table = predictions(sites=30)
    known = calibrate(table, level=0.9, min_quality=0.8)
    lacking = table.head(3).assign(nee_obs=label)
    found = calibrate(pd.concat([table, lacking]), level=0.9, min_quality=0.8)
    assert found["half_width"]["nee"] == known["half_width"]["nee"]
    doubled = calibrate(pd.concat([table, table.head(3)]), level=0.9, min_quality=0.8)
    assert found["half_width"]["gpp"] == doubled["half_width"]["gpp"]


def test_a_prediction_that_is_no_number_is_refused():
    table = predictions(sites=30)
    table.loc[4, "gpp_pred"] = np.nan
    site = table.loc[4, "site"]
    with pytest.raises(InputError, match=f"gpp_pred: expected a finite .* at {site}"):
        calibrate(table, level=0.9, min_quality=0.8)


def test_low_quality_rows_do_not_calibrate():
    table = predictions()
    bad = predictions(error=1e6).assign(nee_qc=0.3)
    found = calibrate(pd.concat([table, bad]), level=0.9, min_quality=0.8)
    assert found == calibrate(table, level=0.9, min_quality=0.8)


def test_too_few_sites_give_no_finite_interval():
    found = calibrate(predictions(sites=8), level=0.9, min_quality=0.8)
    assert all(np.isinf(w[POOLED]) for w in found["half_width"].values())
    enough = calibrate(predictions(sites=9), level=0.9, min_quality=0.8)
    assert all(np.isfinite(w[POOLED]) for w in enough["half_width"].values())


def test_fold_is_calibrated_on_the_other_folds():
    table = pd.concat(
        [predictions(fold=0, error=1000.0), predictions(fold=1), predictions(fold=2)],
        ignore_index=True,
    )
    found = add_intervals(table, level=0.9, min_quality=0.8)
    half = (found["gpp_upper"] - found["gpp_lower"]) / 2
    # 24 sites with errors 10, 10, 20, 20, ..., 120: 0.9 x 25 = 22.5, between 110 and 120.
    np.testing.assert_allclose(half[found["fold"] == 0], 115)
    assert (half[found["fold"] == 1] > 1000).all()
    pd.testing.assert_index_equal(found.index, table.index)


def test_holdout_is_calibrated_on_the_split_by_cluster():
    parts = [predictions("site", fold=fold, error=1.0) for fold in range(2)]
    parts += [predictions("cluster", fold=fold, error=20.0) for fold in range(2)]
    parts += [predictions("holdout", error=500.0)]
    found = add_intervals(
        pd.concat(parts, ignore_index=True), level=0.9, min_quality=0.8
    )
    rows = found[found["split"] == "holdout"]
    np.testing.assert_allclose(rows["gpp_upper"] - rows["gpp_pred"], 230)
