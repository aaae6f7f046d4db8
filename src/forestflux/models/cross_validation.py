"""One fold of one model: fit on its training rows, predict the others."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd

from forestflux.core.names import EACH_INPUT, FLUX_UNIT
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.tables import Column, TableSchema
from forestflux.models.augmentation import mask_borrowed, mask_pattern
from forestflux.models.flux_model import Fluxes, FluxModel, predict_samples
from forestflux.models.network_inputs import align_season
from forestflux.prepare.folds import check_trainable, split_rows
from forestflux.prepare.sample_table import Samples

FOLD_PREDICTIONS = TableSchema(
    path="train/{split}/fold{fold}/member{member}/predictions.csv",
    row="an unseen site-year with one case of gaps; `baseline/*.csv` has the same columns",
    columns=(
        Column("model", "name of the model", "text"),
        Column("split", "`site`, `cluster`, `random` or `holdout`", "text"),
        Column("fold", "fold of the split that held the row out", "integer"),
        Column("member", "of the ensemble, -1 of a classical model", "integer"),
        Column("site", "code of the tower", "text"),
        Column("year", "calendar year", "integer"),
        Column("gap_pattern", "`none`, or artificial gaps (split `site`)", "text"),
        Column("gap_fraction", "share of all values that is hidden", unit="1"),
        Column("gpp_pred", "GPP", unit=FLUX_UNIT),
        Column("reco_pred", "RECO", unit=FLUX_UNIT),
    ),
)
# First word of the seed of artificial gaps. It holds for every model and member, so that
# all of them meet the same gaps.
GAP_SEED = 4611
# Pattern in which an unseen site-year has the gaps of another one too.
BORROWED = "borrowed"

Trained = TypeVar("Trained", bound=FluxModel, covariant=True)


class Fit(Protocol[Trained]):
    """What trains a model: a function of the training rows and a seed."""

    def __call__(self, samples: Samples, *, seed: int) -> Trained:
        """Learn from these samples and from no others; the seed fixes the result."""
        ...


def run_fold(
    fit: Fit[Trained],
    samples: Samples,
    *,
    split: str,
    fold: int,
    member: int,
    model: str,
    seed: int,
    gaps: GapExperiment | None,
) -> tuple[Trained, pd.DataFrame]:
    """The trained model and its predictions of unseen rows, columns of `FOLD_PREDICTIONS`.

    Parameters
    ----------
    fit : trains the model
    samples : all used rows; the model never sees those that the fold does not train on
    split, fold : as in `forestflux.prepare.folds.split_rows`
    member : number in the ensemble, -1 for models without members
    model : name that the predictions carry
    seed : of the fit
    gaps : section `evaluate.gaps`: artificial gaps in the rows that are predicted (split
        `site` only); None for none

    Raises
    ------
    InputError : as `forestflux.prepare.folds.check_trainable`
    """
    train, test = split_rows(samples.table, split, fold)
    check_trainable(samples.table, train, split=split)
    trained = fit(samples.take(train), seed=seed)
    unseen = samples.take(test)
    parts = []
    for pattern, fraction, series in gap_cases(
        unseen, gaps if split == "site" else None, fold=fold, others=samples
    ):
        fluxes = _predict(trained, Samples(series, unseen.table, unseen.variables))
        part = unseen.table[["site", "year"]].assign(
            model=model,
            split=split,
            fold=fold,
            member=member,
            gap_pattern=pattern,
            gap_fraction=fraction,
            gpp_pred=fluxes.gpp,
            reco_pred=fluxes.reco,
        )
        parts.append(part[FOLD_PREDICTIONS.names])
    return trained, pd.concat(parts, ignore_index=True)


def gap_cases(
    unseen: Samples, gaps: GapExperiment | None, *, fold: int, others: Samples
) -> Iterator[tuple[str, float, np.ndarray]]:
    """Pattern, masked share of all values, and series; first the series as observed.

    `random` and `block` come once for each of their fractions. The name of a variable
    comes once and masks the variable whole. `borrowed` comes once and adds the gaps of
    other site-years; its share is the mean share of gaps in those site-years.

    Parameters
    ----------
    unseen : the rows that are predicted
    gaps : section `evaluate.gaps`; None for the observed series alone
    fold : the same fold masks the same values for every model
    others : all rows; the gappiest third of the forest rows lends its gaps
    """
    yield "none", 0.0, unseen.series
    if gaps is None:
        return
    for number, pattern in enumerate(each_pattern(gaps, unseen.variables)):
        if pattern == BORROWED:
            rng = np.random.default_rng([GAP_SEED, fold])
            yield _borrowed_case(unseen, others, rng)
            continue
        fractions: list[float] = [1 / len(unseen.variables)]
        if pattern == "random":
            fractions = list(gaps.fractions)
        elif pattern == "block":
            fractions = [months / 12 for months in gaps.months]
        for fraction in fractions:
            thousandths = round(1000 * fraction)
            rng = np.random.default_rng([GAP_SEED, fold, number, thousandths])
            masked = mask_pattern(
                unseen.series,
                pattern=pattern,
                fraction=fraction,
                rng=rng,
                variables=unseen.variables,
            )
            yield pattern, round(float(fraction), 6), masked


def each_pattern(gaps: GapExperiment, variables: Sequence[str]) -> list[str]:
    """The patterns of `gaps`, with each input series in the place of `each_input`."""
    return [
        name
        for pattern in gaps.patterns
        for name in (variables if pattern == EACH_INPUT else (pattern,))
    ]


def _borrowed_case(
    unseen: Samples, others: Samples, rng: np.random.Generator
) -> tuple[str, float, np.ndarray]:
    """The case `borrowed` of `gap_cases`."""
    # Seasons are aligned first, so that winter's gaps fall into winter.
    forest = others.take(others.table["forest"].to_numpy(bool))
    missing = align_season(np.isnan(forest.series), forest.lat)
    share = missing.mean(axis=(1, 2))
    gappy = share >= np.quantile(share, 2 / 3)
    series = mask_borrowed(
        align_season(unseen.series, unseen.lat),
        unseen.table["site"].to_numpy(),
        missing[gappy],
        forest.table["site"].to_numpy()[gappy],
        rng=rng,
    )
    calendar_order = align_season(series, unseen.lat)
    return BORROWED, round(float(share[gappy].mean()), 6), calendar_order


def _predict(model: FluxModel, samples: Samples) -> Fluxes:
    """Fluxes of samples that may be none, as without holdout sites."""
    if len(samples) == 0:
        return Fluxes(np.empty(0), np.empty(0))
    return predict_samples(model, samples)
