"""One fold of one model: fit on its training rows, predict the others."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forestflux.core.names import VARIABLES
from forestflux.models.augmentation import borrow_gaps, hide
from forestflux.models.flux_model import Estimator, Fluxes
from forestflux.models.network_inputs import season
from forestflux.prepare.folds import check_trainable, split_rows
from forestflux.prepare.sample_table import Samples

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
# Pattern in which an unseen site-year has the gaps of another one too.
BORROWED = "borrowed"


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
    split, fold : as in `forestflux.prepare.folds.split_rows`
    member : number in the ensemble, -1 for models without members
    model : name that the predictions carry
    seed : of the fit
    gaps : section `evaluate.gaps` of the configuration: what is hidden from the rows
        that are predicted (split `site` only)

    Raises
    ------
    InputError : as `forestflux.prepare.folds.check_trainable`
    """
    train, test = split_rows(samples.table, split, fold)
    check_trainable(samples.table, train, split=split)
    fitted = estimator.fit(samples.take(train), seed=seed)
    unseen = samples.take(test)
    key = {"model": model, "split": split, "fold": fold, "member": member}
    parts = []
    for pattern, fraction, series in gap_cases(
        unseen, gaps if split == "site" else {}, fold=fold, others=samples
    ):
        fluxes = _predict(fitted, Samples(series, unseen.table, unseen.variables))
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
    unseen: Samples, gaps: dict, *, fold: int, others: Samples
) -> Iterator[tuple[str, float, np.ndarray]]:
    """Pattern, hidden share of all values and series: the observed series first.

    Whatever its share, a variable's name hides it whole, once, and `borrowed` hides
    what another site-year has not got; its share is the mean of those that lend.

    Parameters
    ----------
    unseen : the rows that are predicted
    gaps : `patterns`, `fractions` of `random`, `months` of `block`; empty for the
        observed series alone
    fold : the same fold hides the same values for every model
    others : all rows; the gappiest third of the forest rows lends its gaps
    """
    yield "none", 0.0, unseen.series
    for number, pattern in enumerate(gaps.get("patterns", ())):
        if pattern == BORROWED:
            yield _borrowed(unseen, others, np.random.default_rng([HIDING, fold]))
            continue
        fractions = [1 / len(VARIABLES)]
        if pattern == "random":
            fractions = gaps["fractions"]
        elif pattern == "block":
            fractions = [months / 12 for months in gaps["months"]]
        for fraction in fractions:
            thousandths = round(1000 * fraction)
            rng = np.random.default_rng([HIDING, fold, number, thousandths])
            yield (
                pattern,
                round(float(fraction), 6),
                hide(unseen.series, pattern=pattern, fraction=fraction, rng=rng),
            )


def _borrowed(
    unseen: Samples, others: Samples, rng: np.random.Generator
) -> tuple[str, float, np.ndarray]:
    """The case `borrowed` of `gap_cases`; winter's gaps fall into winter."""
    forest = others.take(others.table["forest"].to_numpy(bool))
    missing = np.isnan(_summer_in_middle(forest))
    share = missing.mean(axis=(1, 2))
    gappy = share >= np.quantile(share, 2 / 3)
    series = borrow_gaps(
        _summer_in_middle(unseen),
        unseen.table["site"].to_numpy(),
        missing[gappy],
        forest.table["site"].to_numpy()[gappy],
        rng=rng,
    )
    turned = _summer_in_middle(Samples(series, unseen.table, unseen.variables))
    return BORROWED, round(float(share[gappy].mean()), 6), turned


def _summer_in_middle(samples: Samples) -> np.ndarray:
    """Series with southern years turned by half a year; twice turned they are as before."""
    lat = samples.table["lat"].to_numpy(float)
    return season(samples.series, lat, half_year_shift=True)


def _predict(estimator: Estimator, samples: Samples) -> Fluxes:
    """Fluxes of samples that may be none, as without holdout sites."""
    if len(samples) == 0:
        return Fluxes(np.empty(0), np.empty(0))
    return estimator.predict(samples)
