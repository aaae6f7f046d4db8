"""Area of applicability: where the scores and intervals of the folds can be believed.

Training rows are compared with those of other folds only, as for the intervals. A row
whose dissimilarity index is larger than the largest one among them that is no outlier
is outside (Meyer and Pebesma 2021, doi 10.1111/2041-210X.13650): the network may be right
there, but nothing that was measured says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from forestflux.core.errors import InputError
from forestflux.core.names import APPLICABILITY_SIDES
from forestflux.ensemble.conformal import MAP_SPLIT
from forestflux.ensemble.dissimilarity import QUARTERS, Reference, describe
from forestflux.models.flux_network import one_thread
from forestflux.models.network_inputs import TYPES, Normalisation, type_one_hot
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples

# Rows that are shuffled for the importance; more change the weights by little.
IMPORTANCE_ROWS = 128


class Member(Protocol):
    """What applicability needs of a trained network."""

    flux_scale: Normalisation

    def prepare(self, series: np.ndarray, lat: np.ndarray) -> Tensor:
        """Series (sample, series, step) as the network reads them."""

    def estimate(self, ready: Tensor, types: Tensor) -> np.ndarray:
        """GPP and RECO (2, sample), gC m-2 yr-1, of prepared series and one-hot types."""


@dataclass(frozen=True)
class Applicability:
    """A reference with the index beyond which a row is outside.

    Attributes
    ----------
    reference : of the training rows
    threshold : largest dissimilarity index inside
    """

    reference: Reference
    threshold: float

    def inside(self, dissimilarity: np.ndarray) -> np.ndarray:
        """Whether rows are inside, bool; rows without an index are not."""
        return np.asarray(dissimilarity) <= self.threshold

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays; `Applicability.from_arrays` reads them."""
        names = ("mean", "factor", "share", "points", "mean_distance")
        arrays = {name: np.asarray(getattr(self.reference, name)) for name in names}
        return {**arrays, "threshold": np.asarray(self.threshold)}

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> "Applicability":
        """The same from plain arrays."""
        parts = [arrays[name] for name in ("mean", "factor", "share", "points")]
        reference = Reference(*parts, float(arrays["mean_distance"]))
        return cls(reference, float(arrays["threshold"]))


def fit_applicability(
    members: Sequence[Member], samples: Samples, *, quantile: float | None, seed: int
) -> Applicability:
    """The area of applicability of an ensemble, folds by cluster as for the map.

    Parameters
    ----------
    members : trained on these samples
    samples : training rows with the column `fold_cluster`; the forest ones count
    quantile : as in `threshold_of`
    seed : of the importance

    Raises
    ------
    InputError : training rows that do not differ, or lie in one fold
    """
    forest = samples.take(samples.table["forest"].to_numpy(bool))
    reference = reference_of(members, forest, seed=seed)
    apart = reference.between_folds(forest.table[f"fold_{MAP_SPLIT}"].to_numpy())
    return Applicability(reference, threshold_of(apart, quantile=quantile))


def reference_of(
    members: Sequence[Member], samples: Samples, *, seed: int
) -> Reference:
    """The reference of training rows, weighted by what moves these members' estimate."""
    ready, types = inputs_of(members[0], samples)
    weights = importance(members, ready, types, seed=seed)
    return Reference.of(describe(ready, types), weights)


def inputs_of(member: Member, samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Prepared series (sample, series, step) and one-hot forest types (sample, type)."""
    ready = member.prepare(samples.series, samples.table["lat"].to_numpy(float))
    return ready.numpy(), type_one_hot(samples.table["igbp"])


def held_out(
    ensembles: Mapping[tuple[str, int], Sequence[Member]],
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
            reference = reference_of(members, forest, seed=seed)
            features = describe(*inputs_of(members[0], unseen))
            part = unseen.table[["site", "year"]].assign(split=split, fold=fold)
            parts.append(part.assign(dissimilarity=reference.dissimilarity(features)))
    table = pd.concat(parts, ignore_index=True)
    limit = pd.Series(np.nan, table.index)
    for (split, fold), rows in table.groupby(["split", "fold"]):
        calibrating = (table["split"] == split) & (table["fold"] != fold)
        if split == "holdout":
            calibrating = table["split"] == MAP_SPLIT
        known = table.loc[calibrating, "dissimilarity"].to_numpy()
        limit[rows.index] = threshold_of(known, quantile=quantile)
    inside = np.where(table["dissimilarity"] <= limit, *APPLICABILITY_SIDES)
    columns = ["split", "site", "year", "dissimilarity", "applicable"]
    return table.assign(applicable=inside)[columns]


def importance(
    members: Sequence[Member], ready: np.ndarray, types: np.ndarray, *, seed: int
) -> np.ndarray:
    """Importance (feature,) of each number of `describe` to the estimate.

    Each quarter of a series, and the forest type, is shuffled among the rows; the
    importance is the mean absolute change of GPP and NEE, in standard deviations of the
    training fluxes, over rows and members.

    Parameters
    ----------
    members : trained networks
    ready : (sample, series, step), training rows as the network reads them
    types : one-hot float32 (sample, type)
    seed : of the shuffling, and of the rows that are taken
    """
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(len(ready))[:IMPORTANCE_ROWS])
    ready, types = torch.from_numpy(ready[rows]), torch.from_numpy(types[rows])
    order = torch.from_numpy(rng.permutation(len(rows)))
    pair = range(ready.shape[1]), np.array_split(np.arange(ready.shape[2]), QUARTERS)
    with one_thread():
        usual = [_standard(member, ready, types) for member in members]
        change = partial(_change, members, usual)
        found = []
        for row, steps in product(*pair):
            series = ready.clone()
            series[:, row, steps] = ready[order][:, row, steps]
            found.append(change(series, types))
        of_type = change(ready, types[order])
    return np.array(found + [of_type] * len(TYPES))


def _change(
    members: Sequence[Member], usual: list[np.ndarray], ready: Tensor, types: Tensor
) -> float:
    """Mean absolute departure from the usual estimates over fluxes, rows and members."""
    pairs = zip(members, usual, strict=True)
    return np.mean([abs(_standard(m, ready, types) - u).mean() for m, u in pairs])


def _standard(member: Member, ready: Tensor, types: Tensor) -> np.ndarray:
    """GPP and NEE (2, sample) in standard deviations of the training fluxes."""
    gpp, reco = member.estimate(ready, types)
    sd = member.flux_scale.sd
    return np.stack([gpp / sd[0], (reco - gpp) / sd[2]])


def threshold_of(dissimilarity: np.ndarray, *, quantile: float | None) -> float:
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
