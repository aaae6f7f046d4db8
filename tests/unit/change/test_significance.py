"""False discoveries: by hand, against scipy, and how many are let through."""

import numpy as np
import pytest
from scipy import stats

from forestflux.change.trends.significance import (
    adjust_p,
    flag_significance,
    step_up_threshold,
    tabulate_significance,
    two_stage_threshold,
)


def slow_two_stage(p: np.ndarray, rate: float) -> np.ndarray:
    """Benjamini, Krieger and Yekutieli (2006), definition 6, with scipy's adjusted p."""
    corrected = stats.false_discovery_control(p)
    stage = rate / (1 + rate)
    found = (corrected <= stage).sum()
    if found in (0, len(p)):
        return corrected <= stage
    return corrected * (len(p) - found) / len(p) <= stage


def draws(seed: int, true: int = 40, tests: int = 200) -> np.ndarray:
    """P of tests of which the first are of true changes."""
    z = np.random.default_rng(seed).normal(size=tests)
    z[:true] += 3
    return 2 * stats.norm.sf(np.abs(z))


def test_false_discoveries_by_hand() -> None:
    # Adjusted p of Benjamini and Hochberg: 0.04, 0.04, 0.04, 0.5.
    p = np.array([0.01, 0.02, 0.03, 0.5])
    np.testing.assert_allclose(adjust_p(p), [0.04, 0.04, 0.04, 0.5])
    assert step_up_threshold(p, 0.05) == 0.03
    assert step_up_threshold(p, 0.035) == -1
    # First stage at 0.05 / 1.05: three of four; second at four times that rate.
    assert two_stage_threshold(p, 0.05) == 0.03
    assert two_stage_threshold(p, 0.04) == -1
    assert two_stage_threshold(np.array([0.01, 0.02]), 0.05) == 0.02


def test_second_stage_finds_what_the_first_misses() -> None:
    # m = 5 at a rate of 0.1: the first stage, 0.0909, rejects three (0.0545 or less);
    # two stay, so that the second works at 0.0909 x 5 / 2 and rejects 0.18 as well.
    p = np.array([0.001, 0.002, 0.05, 0.18, 0.9])
    assert step_up_threshold(p, 0.1) == 0.05
    assert two_stage_threshold(p, 0.1) == 0.18


@pytest.mark.parametrize("seed", range(20))
def test_limits_are_those_of_scipy_and_of_the_definition(seed: int) -> None:
    p = draws(seed)
    for rate in (0.01, 0.05, 0.1, 0.3):
        held = stats.false_discovery_control(p) <= rate
        np.testing.assert_array_equal(p <= step_up_threshold(p, rate), held)
        np.testing.assert_array_equal(
            p <= two_stage_threshold(p, rate), slow_two_stage(p, rate)
        )


def test_share_of_false_discoveries_is_kept() -> None:
    for limit in (step_up_threshold, two_stage_threshold):
        shares = []
        for seed in range(400):
            p = draws(seed)
            found = p <= limit(p, 0.1)
            shares.append(found[40:].sum() / max(found.sum(), 1))
        assert np.mean(shares) <= 0.105


def test_flags_say_which_rules_hold() -> None:
    p = np.array([0.001, 0.002, 0.05, 0.18, 0.9, np.nan])
    flags = flag_significance(p, alpha=0.05, fdr_alpha=0.1)
    # tested 1, by itself 2, Benjamini and Hochberg 4, two stages 8
    assert flags.tolist() == [15, 15, 15, 9, 1, 0]
    assert flags.dtype == np.uint8
    empty = flag_significance(p[-1:], alpha=0.05, fdr_alpha=0.1)
    assert empty.tolist() == [0]


def test_shares_are_of_the_tested_area() -> None:
    flags = {
        ("gpp", "slope"): np.array([15, 3, 1, 0], "uint8"),
        ("nee", "slope"): np.zeros(4, "uint8"),
    }
    area = np.array([1.0, 2.0, 5.0, 100.0])
    table = tabulate_significance(flags, area, alpha=0.05, fdr_alpha=0.1)
    first = table.iloc[0]
    assert (first["cells"], first["alpha"], first["fdr_alpha"]) == (3, 0.05, 0.1)
    shares = first[["share", "share_adjusted", "share_two_stage"]].tolist()
    assert shares == [3 / 8, 1 / 8, 1 / 8]
    assert table.iloc[1]["cells"] == 0
    assert table.iloc[1][["share", "share_adjusted", "share_two_stage"]].isna().all()
    missing = np.array([np.nan, 0.3])
    np.testing.assert_allclose(adjust_p(missing), missing)
