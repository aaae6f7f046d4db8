"""Folds: which rows are kept out together, by site, by cluster of sites and at random."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage

from forestflux.errors import InputError
from forestflux.names import SPLITS

MEAN_EARTH_RADIUS_KM = 6371.0088


def assign_folds(table: pd.DataFrame, *, count: int, seed: int) -> pd.DataFrame:
    """Fold of each row, columns `fold_site`, `fold_cluster`, `fold_random`, -1 = holdout.

    A site, or a cluster of sites, lies in exactly one fold, whatever its class. Forest
    rows are spread first, so that each fold has about the same number of site-years of
    each forest type; the other classes, which only train, fill up afterwards. `random`
    ignores sites and exists to show how much that flatters.

    Parameters
    ----------
    table : columns site, year, igbp, cluster, forest and holdout (both bool)
    count : folds
    seed : the same seed and rows, in any order, give the same folds

    Raises
    ------
    InputError : fewer forest sites, clusters or rows than folds, or fewer than two folds
    """
    if count < 2:
        raise InputError(
            "configuration",
            variable="folds.count",
            expected="at least 2",
            found=str(count),
        )
    rows = table.loc[~table["holdout"].to_numpy(bool)].sort_values(["site", "year"])
    folds = pd.DataFrame(
        -1,
        index=table.index,
        columns=["fold_site", "fold_cluster", "fold_random"],
    )
    seeds = np.random.SeedSequence(seed).spawn(3)
    for column, kind, seed_sequence in zip(
        ("site", "cluster", None), SPLITS[:3], seeds, strict=True
    ):
        groups = np.arange(len(rows)) if column is None else rows[column].to_numpy()
        _refuse_few(groups[rows["forest"].to_numpy(bool)], kind=kind, count=count)
        generator = np.random.default_rng(seed_sequence)
        if column is None:
            fold = _deal_rows(rows, count=count, generator=generator)
        else:
            fold = _deal_groups(rows, groups, count=count, generator=generator)
        folds.loc[rows.index, f"fold_{kind}"] = fold
    return folds


def split_rows(
    table: pd.DataFrame, split: str, fold: int
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the rows that train and of the forest rows that are predicted.

    Rows of the test fold that are not forest are in neither: a grassland tower beside a
    forest tower of the same cluster would carry its climate into the training.

    Parameters
    ----------
    table : columns forest, holdout and fold_site, fold_cluster, fold_random
    split : `site`, `cluster`, `random`, or `holdout`: train on all rows but the holdout
    fold : 0..k-1; without meaning for `holdout`
    """
    if split not in SPLITS:
        raise InputError(
            "split", variable="name", expected=", ".join(SPLITS), found=split
        )
    holdout = table["holdout"].to_numpy(bool)
    forest = table["forest"].to_numpy(bool)
    if split == "holdout":
        return np.flatnonzero(~holdout), np.flatnonzero(holdout & forest)
    of_row = table[f"fold_{split}"].to_numpy(int)
    inside = ~holdout & (of_row == fold)
    if not inside.any():
        raise InputError(
            "samples",
            variable=f"fold_{split}",
            expected=f"rows of fold {fold}",
            found="none",
        )
    train = ~holdout & (of_row >= 0) & (of_row != fold)
    return np.flatnonzero(train), np.flatnonzero(inside & forest)


def link_clusters(
    lat: np.ndarray, lon: np.ndarray, *, distance_km: float = 100.0
) -> np.ndarray:
    """Cluster of each site (site,), 0.. in the order of first appearance.

    Single linkage: sites belong together when a chain of sites joins them in which no
    link is longer than `distance_km` along the great circle.

    Parameters
    ----------
    lat, lon : (site,), degrees
    distance_km : longest link, km
    """
    lat, lon = np.radians(np.asarray(lat, float)), np.radians(np.asarray(lon, float))
    if len(lat) < 2:
        return np.zeros(len(lat), dtype=int)
    points = np.stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1
    )
    # The straight chord grows with the arc, so that a cut in one is a cut in the other.
    angle = min(distance_km / MEAN_EARTH_RADIUS_KM, np.pi)
    tree = linkage(points, method="single")
    labels = fcluster(tree, 2 * np.sin(angle / 2), criterion="distance")
    return pd.factorize(labels)[0]


def _refuse_few(groups: np.ndarray, *, kind: str, count: int) -> None:
    found = len(np.unique(groups))
    if found < count:
        raise InputError(
            "samples",
            variable=f"fold_{kind}",
            expected=f"at least folds.count = {count} forest groups by {kind}",
            found=str(found),
        )


def _deal_rows(
    rows: pd.DataFrame, *, count: int, generator: np.random.Generator
) -> np.ndarray:
    """Folds of rows at random, forest rows and other rows dealt separately."""
    fold = np.empty(len(rows), dtype=int)
    forest = rows["forest"].to_numpy(bool)
    for kind in (forest, ~forest):
        positions = np.flatnonzero(kind)
        fold[generator.permutation(positions)] = np.arange(len(positions)) % count
    return fold


def _deal_groups(
    rows: pd.DataFrame,
    groups: np.ndarray,
    *,
    count: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Folds of whole groups, greedy: large ones first, each where its kind is rarest."""
    forest = rows["forest"].to_numpy(bool)
    kind = np.where(forest, rows["igbp"].to_numpy(str), "other")
    amounts = pd.crosstab(groups, kind).astype(float)
    names = amounts.index.to_numpy()
    forest_rows = amounts.drop(columns="other", errors="ignore").sum(axis=1)
    # One part for each forest type, one for all site-years and one for all groups.
    shares = amounts.assign(rows=forest_rows, groups=(forest_rows > 0).astype(float))
    shares = (shares / shares.sum()).fillna(0.0)
    is_forest = (forest_rows > 0).to_numpy()
    other = (shares.columns == "other").astype(float)
    shares = shares.to_numpy()

    shuffled = generator.permutation(len(names))
    size = np.where(is_forest, shares @ (1 - other), 0.0) * 1e6 + shares @ other
    order = shuffled[np.argsort(-size[shuffled], kind="stable")]
    load = np.zeros((count, shares.shape[1]))
    fold_of = {}
    for group in order:
        counted = 1 - other if is_forest[group] else other
        fold = int(np.argmin(load @ (shares[group] * counted)))
        load[fold] += shares[group]
        fold_of[names[group]] = fold
    return np.array([fold_of[group] for group in groups])
