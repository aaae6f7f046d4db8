"""Ablation: the network with one choice undone, on the same folds, several times over.

A variant is the section `train` with a change; the classical models stand beside the
variants as they are. Each repeat assigns the folds anew, all variants alike, so that a
difference to `full` is paired.
"""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, FULL
from forestflux.evaluation.evaluation_schemas import ABLATION
from forestflux.evaluation.scores import observed_and_predicted, r2, rmse
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.jobs.settings.training_settings import (
    BaselineSettings,
    TrainSettings,
    with_changes,
)
from forestflux.jobs.tables import Column, TableSchema
from forestflux.models.classical.classical_models import BASELINES, ClassicalRegressor
from forestflux.models.cross_validation import FOLD_PREDICTIONS, Fit, run_fold
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.network_training import member_seed, train_network
from forestflux.models.observed_predictions import join_observed
from forestflux.prepare.folds import assign_folds, split_rows
from forestflux.prepare.sample_table import Samples, UnlabelledSeries

VARIANT_PREDICTIONS = TableSchema(
    path="ablation/{variant}.{split}.{repeat}.csv",
    row="an unseen site-year as a variant of the network or a classical model predicts it",
    columns=(
        *FOLD_PREDICTIONS.columns,
        Column("seconds", "processor time of the fit of the fold", unit="s"),
        Column("parameters", "trained numbers of a network, else 0", "integer"),
        Column("repeat", "how often folds were assigned anew before", "integer"),
    ),
)
# Half of all values are hidden; what a variant loses by that is its tolerance of gaps.
GAPS = GapExperiment(patterns=("random",), fractions=(0.5,))
KEY = ["variant", "split", "target"]


def run_variant(
    samples: Samples,
    unlabelled: UnlabelledSeries,
    *,
    variant: str,
    split: str,
    repeat: int,
    train: TrainSettings,
    baseline: BaselineSettings,
    variants: Mapping[str, Mapping[str, Any]],
    members: int,
    folds: int,
    seed: int,
) -> pd.DataFrame:
    """Predictions of unseen rows, the table `VARIANT_PREDICTIONS`.

    Parameters
    ----------
    samples, unlabelled : all of the run
    variant : name in `variants`, `full`, or a classical model
    split : `site` or `cluster`
    repeat : 0 has the folds of the run itself
    train, baseline : sections of the configuration
    variants : changes of `train` by name
    members : networks of a fold
    folds : of a split
    seed : of the run
    """
    table = reassign_folds(samples.table, count=folds, seed=seed + repeat)
    samples = Samples(samples.series, table, samples.variables)
    network = variant not in BASELINES
    if network:
        changed = change_settings(train, variant, variants)
    parts = []
    for fold in range(folds):
        _, unseen = split_rows(table, split, fold)
        others = unlabelled.without(table["site"].iloc[unseen].unique().tolist())
        fit: Fit[NetworkRegressor | ClassicalRegressor]
        if network:
            fit = partial(train_network, settings=changed, unlabelled=others)
        else:
            fit = ClassicalRegressor(
                variant,
                candidates=baseline.candidates,
                inner_folds=baseline.inner_folds,
                group=split,
            ).fit
        for member in range(members) if network else [-1]:
            started = time.process_time()
            trained, predictions = run_fold(
                fit,
                samples,
                split=split,
                fold=fold,
                member=member,
                model=variant,
                seed=member_seed(seed + repeat, split, fold, member),
                gaps=GAPS,
            )
            seconds = time.process_time() - started
            count = (
                sum(w.size for w in trained.weights().values())
                if isinstance(trained, NetworkRegressor)
                else 0
            )
            parts.append(predictions.assign(seconds=seconds, parameters=count))
    return pd.concat(parts, ignore_index=True).assign(repeat=repeat)


def change_settings(
    train: TrainSettings, variant: str, variants: Mapping[str, Mapping[str, Any]]
) -> TrainSettings:
    """The settings of a variant of the network; `full` changes nothing.

    Raises
    ------
    InputError : neither a variant nor a classical model
    """
    if variant == FULL:
        return train
    if variant not in variants:
        raise InputError(
            "configuration",
            variable="ablation.variants",
            expected=f"some of {', '.join(variants)}",
            found=variant,
        )
    return with_changes(train, variants[variant])


def reassign_folds(table: pd.DataFrame, *, count: int, seed: int) -> pd.DataFrame:
    """The table of samples with folds assigned anew."""
    folds = assign_folds(table, count=count, seed=seed)
    return table.assign(**{str(name): folds[name] for name in folds})


def tabulate_ablation(
    parts: list[pd.DataFrame], samples_table: pd.DataFrame, *, min_quality: float
) -> pd.DataFrame:
    """Scores of each variant, mean and spread over repeats, columns of `ABLATION`.

    `r2` is pooled out of fold; `r2_minus_full` is paired by repeat; `worst_type` is
    the forest type with the largest RMSE (gC m-2 yr-1), mean over repeats.

    Parameters
    ----------
    parts : what `run_variant` gives, of any variants, splits and repeats
    samples_table : `samples/samples.csv`
    min_quality : rows of lower `nee_qc` are not scored
    """
    predictions = pd.concat(parts, ignore_index=True)
    scores = pd.concat(
        score_repeat(part, samples_table, min_quality=min_quality).assign(repeat=repeat)
        for repeat, part in predictions.groupby("repeat")
    )
    place = ["split", "target", "repeat"]
    full = scores[scores["variant"] == FULL].set_index(place)["r2"]
    scores = scores.join(full.rename("r2_full"), on=place)
    scores["minus_full"] = scores["r2"] - scores["r2_full"]
    rows = [
        {**dict(zip(KEY, key, strict=True)), **summarise_repeats(part)}
        for key, part in scores.groupby(KEY, sort=False)
    ]
    cost = predictions.groupby("model")[["seconds", "parameters"]].mean()
    return pd.DataFrame(rows).join(cost, on="variant")[ABLATION.names]


def score_repeat(
    predictions: pd.DataFrame, samples_table: pd.DataFrame, *, min_quality: float
) -> pd.DataFrame:
    """Scores of one repeat: `KEY`, r2, lost, and the RMSE of each forest type."""
    joined = join_observed([predictions], samples_table)
    good = joined[joined["nee_qc"] >= min_quality].rename(columns={"model": "variant"})
    rows = []
    for (variant, split), part in good.groupby(["variant", "split"], sort=False):
        hidden = part["gap_pattern"] != "none"
        for target in FLUXES:
            whole = r2(*observed_and_predicted(part[~hidden], target))
            half = r2(*observed_and_predicted(part[hidden], target))
            score = {
                "variant": variant,
                "split": split,
                "target": target,
                "r2": whole,
                "lost": whole - half,
            }
            for igbp, own in part[~hidden].groupby("igbp"):
                score[f"rmse_{igbp}"] = rmse(*observed_and_predicted(own, target))
            rows.append(score)
    return pd.DataFrame(rows)


def summarise_repeats(scores: pd.DataFrame) -> dict:
    """Mean and spread over repeats of one variant, split and target."""
    type_rmse = scores.filter(like="rmse_").mean()
    return {
        "repeats": len(scores),
        "r2": scores["r2"].mean(),
        "r2_sd": scores["r2"].std(),
        "r2_minus_full": scores["minus_full"].mean(),
        "r2_minus_full_sd": scores["minus_full"].std(),
        "r2_lost_half_hidden": scores["lost"].mean(),
        "worst_rmse": type_rmse.max(),
        "worst_type": str(type_rmse.idxmax()).removeprefix("rmse_"),
    }
