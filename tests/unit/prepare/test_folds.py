"""Folds never split a site or a cluster, are balanced, and repeat."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.prepare.folds import assign_folds, split_rows
from forestflux.towers.clusters import link_clusters

FOREST = ("ENF", "EBF", "DBF", "MF")


@pytest.fixture
def table():
    rng = np.random.default_rng(3)
    rows = []
    for number in range(60):
        igbp = (*FOREST, "GRA")[number % 5]
        cluster = number // 2 if number < 20 else number
        site = {"site": f"S{number:02d}", "igbp": igbp, "cluster": cluster}
        years = range(2003, 2003 + int(rng.integers(1, 9)))
        rows += [{**site, "year": year} for year in years]
    table = pd.DataFrame(rows)
    table["forest"] = table["igbp"].isin(FOREST)
    table["holdout"] = table["site"].isin(["S01", "S04", "S30"])
    return table


@pytest.fixture
def folded(table):
    return table.join(assign_folds(table, count=5, seed=1))


@pytest.mark.parametrize("group", ["site", "cluster"])
def test_group_lies_in_one_fold_whatever_its_class(folded, group):
    used = folded[~folded["holdout"]]
    assert (used.groupby(group)[f"fold_{group}"].nunique() == 1).all()
    assert set(used[f"fold_{group}"]) == set(range(5))


def test_holdout_rows_have_no_fold(folded):
    columns = ["fold_site", "fold_cluster", "fold_random"]
    assert (folded.loc[folded["holdout"], columns] == -1).all(axis=None)
    assert (folded.loc[~folded["holdout"], columns] >= 0).all(axis=None)


def test_folds_by_site_are_balanced(folded):
    used = folded[folded["forest"] & ~folded["holdout"]]
    rows = used["fold_site"].value_counts()
    assert rows.max() - rows.min() <= 8  # less than the longest record of one site
    each = pd.crosstab(used["fold_site"], used["igbp"])
    assert (each > 0).all(axis=None)


def test_random_folds_differ_by_one_row_at_most(folded):
    for _, rows in folded[~folded["holdout"]].groupby("forest"):
        sizes = rows["fold_random"].value_counts()
        assert sizes.max() - sizes.min() <= 1
    assert (folded.groupby("site")["fold_random"].nunique() > 1).any()


def test_same_seed_same_folds_in_any_order_of_rows(table):
    folds = assign_folds(table, count=5, seed=7)
    shuffled = assign_folds(table.sample(frac=1, random_state=0), count=5, seed=7)
    pd.testing.assert_frame_equal(folds, shuffled.sort_index())
    assert not folds.equals(assign_folds(table, count=5, seed=8))


def test_more_folds_than_sites_is_refused(table):
    few = table[table["site"].isin(["S00", "S02", "S04"])]
    with pytest.raises(InputError, match=r"at least 5 forest sites.*found 2"):
        assign_folds(few, count=5, seed=0)


def test_more_folds_than_clusters_is_refused(table):
    with pytest.raises(InputError, match="at least 5 forest clusters"):
        assign_folds(table.assign(cluster=table["cluster"] % 4), count=5, seed=0)


def test_one_fold_is_refused(table):
    with pytest.raises(InputError, match=r"folds\.count"):
        assign_folds(table, count=1, seed=0)


@pytest.mark.parametrize("split", ["site", "cluster", "random"])
def test_split_rows_part_the_table(folded, split):
    seen = []
    for fold in range(5):
        train, test = split_rows(folded, split, fold)
        assert not set(train) & set(test)
        assert folded["forest"].to_numpy()[test].all()
        assert not folded["holdout"].to_numpy()[np.r_[train, test]].any()
        seen += list(test)
    wanted = np.flatnonzero(folded["forest"] & ~folded["holdout"])
    assert sorted(seen) == list(wanted)


def test_other_towers_of_a_test_cluster_do_not_train(folded):
    for fold in range(5):
        train, test = split_rows(folded, "cluster", fold)
        clusters = folded["cluster"].to_numpy()
        assert not set(clusters[train]) & set(clusters[test])
        assert not folded["forest"].to_numpy()[train].all()  # others do train


def test_holdout_split_trains_on_all_other_rows(folded):
    train, test = split_rows(folded, "holdout", 0)
    assert list(train) == list(np.flatnonzero(~folded["holdout"]))
    # S04 is grassland: kept out, but not scored.
    assert set(folded["site"].to_numpy()[test]) == {"S01", "S30"}


def test_unknown_split_and_fold_are_refused(folded):
    with pytest.raises(InputError, match="found year"):
        split_rows(folded, "year", 0)
    with pytest.raises(InputError, match="rows of fold 9"):
        split_rows(folded, "site", 9)


def great_circle_km(a, b):
    """Haversine distance, written apart from the code under test."""
    (lat1, lon1), (lat2, lon2) = np.radians(a), np.radians(b)
    h = np.sin((lat2 - lat1) / 2) ** 2
    h += np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * np.arcsin(np.sqrt(h))


def brute_force_clusters(points, distance_km):
    label = list(range(len(points)))
    for i in range(len(points)):
        for j in range(i):
            near = great_circle_km(points[i], points[j]) <= distance_km
            if near and label[i] != label[j]:
                old, new = label[i], label[j]
                label = [new if name == old else name for name in label]
    return pd.factorize(np.array(label))[0]


@pytest.mark.parametrize("distance_km", [50, 100, 400])
def test_clusters_agree_with_brute_force(distance_km):
    rng = np.random.default_rng(distance_km)
    centres = rng.uniform([-80, -180], [80, 180], size=(12, 2))
    points = np.repeat(centres, 6, axis=0) + rng.normal(0, 1, size=(72, 2))
    found = link_clusters(*points.T, distance_km=distance_km)
    assert 12 <= len(set(found)) < 72
    np.testing.assert_array_equal(found, brute_force_clusters(points, distance_km))


def test_cluster_crosses_the_date_line_and_chains():
    # One degree on the equator is 111.2 km: 0.8 degrees link, 1.0 do not.
    lon = [179.6, -179.6, -178.8, -177.8]
    assert list(link_clusters([0, 0, 0, 0], lon)) == [0, 0, 0, 1]


def test_single_site_is_a_cluster():
    assert list(link_clusters([10.0], [20.0])) == [0]
