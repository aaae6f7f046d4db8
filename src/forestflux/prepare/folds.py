"""Folds: which rows are kept out together: sites, clusters of sites, single rows."""

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, SPLITS

# Columns of the folds; the seeds of the draws follow their order.
FOLDS = ("fold_site", "fold_cluster", "fold_random")


def assign_folds(table: pd.DataFrame, *, count: int, seed: int) -> pd.DataFrame:
    """Folds of each row: `fold_site`, `fold_cluster`, `fold_random`; -1 is holdout.

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
    InputError : fewer forest sites, clusters or rows than folds; one fold
    """
    if count < 2:
        raise InputError(
            "configuration",
            variable="folds.count",
            expected="at least 2",
            found=str(count),
        )
    rows = table.loc[~table["holdout"].to_numpy(bool)].sort_values(["site", "year"])
    folds = pd.DataFrame(-1, index=table.index, columns=list(FOLDS))
    seeds = np.random.SeedSequence(seed).generate_state(len(FOLDS))
    for column, own_seed in zip(FOLDS, seeds, strict=True):
        group = column.removeprefix("fold_")
        settings = {"count": count, "seed": int(own_seed)}
        folds.loc[rows.index, column] = (
            assign_rows(rows, **settings)
            if group == "random"
            else assign_groups(rows, group, **settings)
        )
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


def check_trainable(table: pd.DataFrame, train: np.ndarray, *, split: str) -> None:
    """Refuse rows from which nothing can be learnt, or which would give the answer away.

    Parameters
    ----------
    table : columns as `forestflux.prepare.sample_schema.SAMPLES`
    train : positions of the rows that train
    split : as in `split_rows`

    Raises
    ------
    InputError : a flux or weight that is no number, weights that sum to zero, a site or
        cluster in two folds, a site-year twice
    """
    rows = table.iloc[train]
    for column in (*FLUXES, "weight"):
        bad = ~np.isfinite(rows[column].to_numpy(float))
        refuse_row(rows, bad, column, expected="a finite number")
    refuse_row(
        rows, rows["weight"].to_numpy() < 0, "weight", expected="no negative weight"
    )
    total = rows.loc[rows["forest"].to_numpy(bool), "weight"].sum()
    if total == 0:
        raise InputError(
            "samples",
            variable="weight",
            expected="some weight among the forest rows that train",
            found="a sum of 0",
        )
    twice = table.duplicated(["site", "year"]).to_numpy()
    refuse_row(table, twice, "site, year", expected="each site-year once")
    if split not in ("site", "cluster"):
        return
    assigned = table[table[f"fold_{split}"] >= 0]
    for group in {"site", split}:
        folds = assigned.groupby(group)[f"fold_{split}"].unique()
        for name, several in folds[folds.map(len) > 1].items():
            raise InputError(
                "samples",
                variable=f"fold_{split}",
                expected=f"each {group} in one fold",
                found=f"{name} in {' and '.join(map(str, sorted(several)))}",
            )


def refuse_row(
    table: pd.DataFrame, bad: np.ndarray, column: str, *, expected: str
) -> None:
    """Stop at the first row that is bad, with its site, year and value."""
    if bad.any():
        row = table.iloc[int(np.flatnonzero(bad)[0])]
        values = ", ".join(str(row[name]) for name in column.split(", "))
        raise InputError(
            "samples",
            variable=column,
            expected=expected,
            found=f"{values} at {row['site']} in {row['year']} ({bad.sum()} such)",
        )


def assign_rows(table: pd.DataFrame, *, count: int, seed: int) -> np.ndarray:
    """Folds (row,) of rows at random; forest rows apart from the others.

    Parameters
    ----------
    table : column forest
    count : folds
    seed : seed of the shuffle
    """
    forest = table["forest"].to_numpy(bool)
    refuse_few(int(forest.sum()), what="rows", count=count)
    generator = np.random.default_rng(seed)
    folds = np.empty(len(table), dtype=int)
    for part in (forest, ~forest):
        positions = generator.permutation(np.flatnonzero(part))
        folds[positions] = np.arange(len(positions)) % count
    return folds


def assign_groups(
    table: pd.DataFrame, group: str, *, count: int, seed: int
) -> np.ndarray:
    """Folds (row,) of whole groups: large ones first, each where its kind is rarest.

    Parameters
    ----------
    table : columns igbp, forest and the group's
    group : column whose equal values stay together
    count : folds
    seed : seed of the order of equally large groups
    """
    groups = table[group].to_numpy()
    forest = table["forest"].to_numpy(bool)
    refuse_few(len(np.unique(groups[forest])), what=f"{group}s", count=count)
    kind = np.where(forest, table["igbp"].to_numpy(str), "other")
    amounts = pd.crosstab(groups, kind).astype(float)
    other = amounts.get("other", amounts.iloc[:, 0] * 0.0)
    types = amounts.drop(columns="other", errors="ignore")
    # What is evened out: site-years of each forest type, all site-years, all groups.
    parts = types.assign(rows=types.sum(axis=1), groups=types.any(axis=1))
    share = (parts / parts.sum()).to_numpy(float)
    other_share = (other / max(other.sum(), 1.0)).to_numpy(float)

    shuffled = np.random.default_rng(seed).permutation(len(amounts))
    largest_first = np.lexsort((-other_share[shuffled], -share.sum(axis=1)[shuffled]))
    load, other_load = np.zeros((count, share.shape[1])), np.zeros(count)
    fold_of = {}
    for position in shuffled[largest_first]:
        is_forest = share[position].any()
        fold = int(np.argmin(load @ share[position] if is_forest else other_load))
        load[fold] += share[position]
        other_load[fold] += other_share[position]
        fold_of[amounts.index[position]] = fold
    return np.array([fold_of[name] for name in groups])


def refuse_few(found: int, *, what: str, count: int) -> None:
    """Stop where there are not as many forest sites, clusters or rows as folds."""
    if found < count:
        raise InputError(
            "samples",
            variable="folds",
            expected=f"at least {count} forest {what} for {count} folds",
            found=str(found),
        )
