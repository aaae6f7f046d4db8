"""What gaps cost: R2 lost and its bootstrap_interval, over the same towers for every model."""

import numpy as np
import pandas as pd
import pytest

from forestflux.evaluation.scores import r2
from forestflux.evaluation.site_bootstrap import (
    DRAWS,
    bootstrap_interval,
    bootstrap_r2,
    draw_sites,
)
from forestflux.evaluation.skill_comparisons import tabulate_gaps

SITES = 40


def joined(model="cnn", *, harm=150.0, seed=1):
    """Two years a site; hiding adds an error that the years of a site share."""
    rng = np.random.default_rng(seed)
    site = np.repeat([f"S{n:02d}" for n in range(SITES)], 2)
    gpp, nee = rng.normal(1500, 400, len(site)), rng.normal(-200, 200, len(site))
    error = rng.normal(0, 100, len(site))
    shared = harm * np.repeat(rng.normal(0, 1, SITES), 2)
    parts = []
    for pattern, fraction, more in (("none", 0.0, 0.0), ("random", 0.5, shared)):
        part = pd.DataFrame({"site": site, "year": np.tile([2003, 2004], SITES)})
        part["gpp_obs"], part["nee_obs"] = gpp, nee
        part["gpp_pred"] = gpp + error + more
        part["nee_pred"] = nee + error
        part["reco_pred"] = part["gpp_pred"] + part["nee_pred"]
        part["nee_qc"] = np.where(np.arange(len(part)) < 4, 0.5, 0.9)
        parts.append(part.assign(gap_pattern=pattern, gap_fraction=fraction))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(model=model, split="site")


def row_of(table, pattern, target):
    chosen = (table["gap_pattern"] == pattern) & (table["target"] == target)
    (row,) = table[chosen].to_dict("records")
    return row


def test_lost_is_the_difference_of_the_scores():
    rows = joined()
    table = tabulate_gaps(rows, min_quality=0.8, seed=1)
    found = row_of(table, "random", "gpp")
    good = rows[rows["nee_qc"] >= 0.8]
    scores = {
        name: r2(part["gpp_obs"], part["gpp_pred"])
        for name, part in good.groupby("gap_pattern")
    }
    assert found["r2_lost"] == pytest.approx(scores["none"] - scores["random"])
    assert (found["n"], found["n_sites"]) == (2 * SITES - 4, SITES - 2)
    assert found["r2_lost_lower"] < found["r2_lost"] < found["r2_lost_upper"]
    assert found["r2_lost_lower"] > 0  # an error as large as that is no chance


def test_what_nothing_is_lost_of_has_no_spread():
    table = tabulate_gaps(joined(), min_quality=0.8, seed=1)
    for found in (row_of(table, "none", "gpp"), row_of(table, "random", "nee")):
        lost = [found[f"r2_lost{end}"] for end in ("", "_lower", "_upper")]
        np.testing.assert_allclose(lost, 0, atol=1e-12)


def test_every_model_is_scored_on_the_same_towers():
    both = pd.concat([joined("cnn"), joined("svr")], ignore_index=True)
    table = tabulate_gaps(both, min_quality=0.8, seed=1)
    columns = ["r2_lost_lower", "r2_lost_upper"]
    one, two = (table.loc[table["model"] == m, columns] for m in ("cnn", "svr"))
    np.testing.assert_array_equal(one, two)


def test_a_draw_of_every_site_once_has_the_score_itself():
    rows = joined()
    pair = rows["gpp_obs"].to_numpy(), rows["gpp_pred"].to_numpy()
    once = np.ones((1, len(rows)))
    assert bootstrap_r2(once, *pair)[0] == pytest.approx(r2(*pair))
    assert np.isnan(bootstrap_r2(once, np.full(len(rows), 3.0), pair[1])[0])


def test_sites_are_drawn_whole():
    sites = np.array(list("aabccc"))
    draws = draw_sites(sites, seed=4)
    assert draws.shape == (DRAWS, 6)
    assert (draws[:, 0] == draws[:, 1]).all()
    assert (draws[:, 3] == draws[:, 5]).all()
    assert (draws[:, [0, 2, 3]].sum(axis=1) == 3).all()


def test_interval_covers_the_true_mean_as_often_as_it_says():
    """Years of a site that say the same: rows drawn singly would be far too sure."""
    rng = np.random.default_rng(2)
    inside = []
    for seed in range(200):
        values = np.repeat(rng.normal(size=30), 10)
        draws = draw_sites(np.repeat(np.arange(30), 10), seed=seed)
        low, high = bootstrap_interval(draws @ values / draws.sum(axis=1))
        inside.append(low <= 0 <= high)
    assert 0.89 <= np.mean(inside) <= 0.99
