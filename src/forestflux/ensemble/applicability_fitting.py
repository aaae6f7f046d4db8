"""The area of applicability of trained networks, from their training rows.

Training rows are compared with those of other folds only, as for the intervals; see
`forestflux.ensemble.applicability`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from typing import cast

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from forestflux.core.input_errors import InputError
from forestflux.core.names import APPLICABILITY_SIDES
from forestflux.ensemble.applicability import Applicability
from forestflux.ensemble.dissimilarity import QUARTERS, Reference, describe
from forestflux.ensemble.intervals.conformal import MAP_SPLIT
from forestflux.models.network_inputs import TYPES, one_hot_types
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.torch_contexts import one_thread
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples

# Rows that are shuffled for the importance; more change the weights by little.
IMPORTANCE_ROWS = 128


def fit_applicability(
    members: Sequence[NetworkRegressor],
    samples: Samples,
    *,
    quantile: float | None,
    seed: int,
) -> Applicability:
    """The area of applicability of an ensemble, folds by cluster as for the map.

    Parameters
    ----------
    members : trained on these samples
    samples : training rows with the column `fold_cluster`; the forest ones count
    quantile : as in `choose_threshold`
    seed : of the importance

    Raises
    ------
    InputError : training rows that do not differ, or lie in one fold
    """
    forest = samples.take(samples.table["forest"].to_numpy(bool))
    reference = fit_reference(members, forest, seed=seed)
    apart = reference.between_folds(forest.table[f"fold_{MAP_SPLIT}"].to_numpy())
    return Applicability(reference, choose_threshold(apart, quantile=quantile))


def fit_reference(
    members: Sequence[NetworkRegressor], samples: Samples, *, seed: int
) -> Reference:
    """The reference of training rows, weighted by what moves these members' estimate."""
    prepared, types = prepare_inputs(members[0], samples)
    weights = importance(members, prepared, types, seed=seed)
    return Reference.of(describe(prepared, types), weights)


def prepare_inputs(
    member: NetworkRegressor, samples: Samples
) -> tuple[np.ndarray, np.ndarray]:
    """Prepared series (sample, series, step) and one-hot forest types (sample, type)."""
    prepared = member.prepare(samples.series, samples.lat)
    return prepared.numpy(), one_hot_types(samples.forest_type)


def score_unseen_rows(
    ensembles: Mapping[tuple[str, int], Sequence[NetworkRegressor]],
    samples: Samples,
    *,
    quantile: float | None,
    seed: int,
) -> pd.DataFrame:
    """Dissimilarity of the rows that each fold predicts to the rows that it trained on.

    The threshold of a fold comes from the rows of the other folds of its split, that of
    the holdout sites from the folds by cluster, as the widths of the intervals do.

    Parameters
    ----------
    ensembles : trained networks by split and fold
    samples : all used rows
    quantile, seed : as in `fit_applicability`

    Returns
    -------
    split, site, year, dissimilarity, applicable (`inside` or `outside`)
    """
    parts = []
    for (split, fold), members in ensembles.items():
        train, unseen = (
            samples.take(r) for r in split_rows(samples.table, split, fold)
        )
        if len(unseen):
            forest = train.take(train.table["forest"].to_numpy(bool))
            reference = fit_reference(members, forest, seed=seed)
            features = describe(*prepare_inputs(members[0], unseen))
            part = unseen.table[["site", "year"]].assign(split=split, fold=fold)
            parts.append(part.assign(dissimilarity=reference.dissimilarity(features)))
    table = pd.concat(parts, ignore_index=True)
    limit = pd.Series(np.nan, table.index)
    for key, rows in table.groupby(["split", "fold"]):
        split, fold = cast("tuple[str, int]", key)
        calibrating = (table["split"] == split) & (table["fold"] != fold)
        if split == "holdout":
            calibrating = table["split"] == MAP_SPLIT
        known = table.loc[calibrating, "dissimilarity"].to_numpy()
        limit[rows.index] = choose_threshold(known, quantile=quantile)
    inside = np.where(table["dissimilarity"] <= limit, *APPLICABILITY_SIDES)
    columns = ["split", "site", "year", "dissimilarity", "applicable"]
    return table.assign(applicable=inside)[columns]


def importance(
    members: Sequence[NetworkRegressor],
    prepared: np.ndarray,
    types: np.ndarray,
    *,
    seed: int,
) -> np.ndarray:
    """Importance (feature,) of each number of `describe` to the estimate.

    Each quarter of a series, and the forest type, is shuffled among the rows; the
    importance is the mean absolute change of GPP and NEE, in standard deviations of the
    training fluxes, over rows and members.

    Parameters
    ----------
    members : trained networks
    prepared : (sample, series, step), training rows as the network reads them
    types : one-hot float32 (sample, type)
    seed : of the shuffling, and of the rows that are taken
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(prepared))[:IMPORTANCE_ROWS])
    series, one_hot = torch.from_numpy(prepared[rows]), torch.from_numpy(types[rows])
    order = torch.from_numpy(rng.permutation(len(rows)))
    quarters = np.array_split(np.arange(series.shape[2]), QUARTERS)
    with one_thread():
        usual = [_standard(member, series, one_hot) for member in members]
        change = partial(_change, members, usual)
        changes = []
        for row, steps in product(range(series.shape[1]), quarters):
            shuffled = series.clone()
            shuffled[:, row, steps] = series[order][:, row, steps]
            changes.append(change(shuffled, one_hot))
        type_change = change(series, one_hot[order])
    return np.array(changes + [type_change] * len(TYPES))


def _change(
    members: Sequence[NetworkRegressor],
    usual: list[np.ndarray],
    prepared: Tensor,
    types: Tensor,
) -> float:
    """Mean absolute departure from the usual estimates over fluxes, rows and members."""
    pairs = zip(members, usual, strict=True)
    return float(
        np.mean([abs(_standard(m, prepared, types) - u).mean() for m, u in pairs])
    )


def _standard(member: NetworkRegressor, prepared: Tensor, types: Tensor) -> np.ndarray:
    """GPP and NEE (2, sample) in standard deviations of the training fluxes."""
    gpp, reco = member.predict_prepared(prepared, types)
    sd = member.flux_scale.sd
    return np.stack([gpp / sd[0], (reco - gpp) / sd[2]])


def choose_threshold(dissimilarity: np.ndarray, *, quantile: float | None) -> float:
    """Largest dissimilarity index that counts as inside.

    Parameters
    ----------
    dissimilarity : (sample,), of training rows to other folds; NaN does not count
    quantile : of these; None for the upper whisker, the 75th percentile + 1.5
        interquartile ranges, at most the largest one (as Meyer and Pebesma)

    Raises
    ------
    InputError : not one row has an index
    """
    known = dissimilarity[np.isfinite(dissimilarity)]
    if not known.size:
        raise InputError(
            "samples",
            variable="folds",
            expected="training rows that can be compared with those of another fold",
            found="none",
        )
    if quantile is not None:
        return float(np.quantile(known, quantile))
    low, high = np.quantile(known, [0.25, 0.75])
    return float(min(high + 1.5 * (high - low), known.max()))
