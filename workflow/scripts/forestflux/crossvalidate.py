"""One fold of one model: fit on its training rows, predict the others."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forestflux.estimator import Estimator, Fluxes
from forestflux.folds import split_rows
from forestflux.names import VARIABLES
from forestflux.occlusion import hide
from forestflux.samples import Samples

COLUMNS = (
    "model",
    "split",
    "fold",
    "member",
    "site",
    "year",
    "gap_pattern",
    "gap_fraction",
    "gpp_pred",
    "reco_pred",
)
# First word of the seed of hidden values. It holds for every model and member, so that
# all of them are asked about the same gaps.
HIDING = 4611


def run_fold(
    estimator: Estimator,
    samples: Samples,
    *,
    split: str,
    fold: int,
    member: int,
    model: str,
    seed: int,
    gaps: dict,
) -> tuple[Estimator, pd.DataFrame]:
    """The fitted estimator and its predictions of unseen rows, columns as `COLUMNS`.

    Parameters
    ----------
    estimator : not fitted yet
    samples : all used rows; what the fold does not train on, the estimator never sees
    split, fold : as in `forestflux.folds.split_rows`
    member : number in the ensemble, -1 for models without members
    model : name that the predictions carry
    seed : of the fit
    gaps : section `evaluate.gaps` of the configuration: `patterns` and `fractions` that
        are hidden from the rows that are predicted (split `site` only)
    """
    train, test = split_rows(samples.table, split, fold)
    fitted = estimator.fit(samples.take(train), seed=seed)
    unseen = samples.take(test)
    key = {"model": model, "split": split, "fold": fold, "member": member}
    parts = []
    for pattern, fraction, maps in gap_cases(
        unseen.maps, gaps if split == "site" else {}, fold=fold
    ):
        fluxes = _predict(fitted, Samples(maps, unseen.table, unseen.variables))
        part = unseen.table[["site", "year"]].assign(
            **key,
            gap_pattern=pattern,
            gap_fraction=fraction,
            gpp_pred=fluxes.gpp,
            reco_pred=fluxes.reco,
        )
        parts.append(part[list(COLUMNS)])
    return fitted, pd.concat(parts, ignore_index=True)


def gap_cases(
    maps: np.ndarray, gaps: dict, *, fold: int
) -> Iterator[tuple[str, float, np.ndarray]]:
    """Pattern, hidden share of all values and maps: the observed series first.

    A pattern that is a variable's name hides it whole, once, whatever the fractions.

    Parameters
    ----------
    maps : (sample, variable, step), NaN = gap
    gaps : `patterns` and `fractions`; empty for the observed series alone
    fold : the same fold hides the same values for every model
    """
    yield "none", 0.0, maps
    for number, pattern in enumerate(gaps.get("patterns", ())):
        whole = pattern in VARIABLES
        fractions = [1 / len(VARIABLES)] if whole else gaps["fractions"]
        for fraction in fractions:
            if fraction == 0:
                continue
            thousandths = round(1000 * fraction)
            rng = np.random.default_rng([HIDING, fold, number, thousandths])
            yield (
                pattern,
                round(float(fraction), 6),
                hide(maps, pattern=pattern, fraction=fraction, rng=rng),
            )


def _predict(estimator: Estimator, samples: Samples) -> Fluxes:
    """Fluxes of samples that may be none, as without holdout sites."""
    if len(samples) == 0:
        return Fluxes(np.empty(0), np.empty(0))
    return estimator.predict(samples)
