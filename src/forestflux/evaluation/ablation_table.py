"""Ablation: the network with one choice undone, on the same folds, several times over.

A variant is the section `train` with a change; the classical models stand beside the
variants as they are. Each repeat deals the folds anew, all variants alike, so that a
difference to `full` is paired.
"""

import time

import pandas as pd

from forestflux.core.errors import InputError
from forestflux.core.names import FLUXES
from forestflux.ensemble.members import WithUnlabelled
from forestflux.evaluation.scores import observed_and_predicted, r2, rmse
from forestflux.evaluation.tower_evaluation import join_observed
from forestflux.jobs.settings.training_settings import merge
from forestflux.models.classical_models import BASELINES, make_estimator
from forestflux.models.cross_validation import run_fold
from forestflux.models.flux_model import Estimator
from forestflux.models.network_training import member_seed
from forestflux.prepare.folds import assign_folds, split_rows
from forestflux.prepare.sample_table import Samples, UnlabelledSeries

FULL = "full"
# Half of all values hidden: what a variant loses with it is its tolerance of gaps.
GAPS = {"patterns": ["random"], "fractions": [0.5]}
KEY = ["variant", "split", "target"]
COLUMNS = (
    *KEY,
    "repeats",
    "r2",
    "r2_sd",
    "r2_minus_full",
    "r2_minus_full_sd",
    "r2_lost_half_hidden",
    "worst_rmse",
    "worst_type",
    "seconds",
    "parameters",
)


def run_variant(
    samples: Samples,
    unlabelled: UnlabelledSeries,
    *,
    variant: str,
    split: str,
    repeat: int,
    settings: dict,
) -> pd.DataFrame:
    """Predictions of unseen rows, columns of `crossvalidate.COLUMNS` and three more.

    `repeat`; `seconds`, processor time of the fit; `parameters`, trained numbers of a
    network, 0 of a classical model.

    Parameters
    ----------
    samples, unlabelled : all of the run
    variant : name in `settings["variants"]`, `full`, or a classical model
    split : `site` or `cluster`
    repeat : 0 has the folds of the run itself
    settings : `train`, `baseline`, `variants`, `members`, `folds`, `seed`
    """
    folds = settings["folds"]["count"]
    table = with_folds(samples.table, count=folds, seed=settings["seed"] + repeat)
    samples = Samples(samples.series, table, samples.variables)
    network = variant not in BASELINES
    parts = []
    for fold in range(folds):
        _, unseen = split_rows(table, split, fold)
        others = unlabelled.without(table["site"].iloc[unseen].unique().tolist())
        for member in range(settings["members"]) if network else [-1]:
            started = time.process_time()
            fitted, predictions = run_fold(
                estimator_of(variant, others, split=split, settings=settings),
                samples,
                split=split,
                fold=fold,
                member=member,
                model=variant,
                seed=member_seed(settings["seed"] + repeat, split, fold, member),
                gaps=GAPS,
            )
            seconds = time.process_time() - started
            count = sum(w.size for w in fitted.weights().values()) if network else 0
            parts.append(predictions.assign(seconds=seconds, parameters=count))
    return pd.concat(parts, ignore_index=True).assign(repeat=repeat)


def estimator_of(
    variant: str, unlabelled: UnlabelledSeries, *, split: str, settings: dict
) -> Estimator:
    """The variant's model, not fitted yet.

    Raises
    ------
    InputError : neither a variant nor a classical model
    """
    if variant in BASELINES:
        return make_estimator(variant, settings["baseline"], group=split)
    if variant == FULL:
        return WithUnlabelled(settings["train"], unlabelled)
    if variant not in settings["variants"]:
        raise InputError(
            "configuration",
            variable="ablation.variants",
            expected=f"some of {', '.join(settings['variants'])}",
            found=variant,
        )
    changed = merge(settings["train"], settings["variants"][variant])
    return WithUnlabelled(changed, unlabelled)


def with_folds(table: pd.DataFrame, *, count: int, seed: int) -> pd.DataFrame:
    """The table of samples with folds dealt anew."""
    folds = assign_folds(table, count=count, seed=seed)
    return table.assign(**{name: folds[name] for name in folds})


def ablation_table(
    parts: list[pd.DataFrame], samples_table: pd.DataFrame, *, min_quality: float
) -> pd.DataFrame:
    """Scores of each variant, mean and spread over repeats, columns `COLUMNS`.

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
        scores_of(part, samples_table, min_quality=min_quality).assign(repeat=repeat)
        for repeat, part in predictions.groupby("repeat")
    )
    place = ["split", "target", "repeat"]
    full = scores[scores["variant"] == FULL].set_index(place)["r2"]
    scores = scores.join(full.rename("of_full"), on=place)
    scores["minus_full"] = scores["r2"] - scores["of_full"]
    rows = [
        {**dict(zip(KEY, key, strict=True)), **summary(part)}
        for key, part in scores.groupby(KEY, sort=False)
    ]
    cost = predictions.groupby("model")[["seconds", "parameters"]].mean()
    return pd.DataFrame(rows).join(cost, on="variant")[list(COLUMNS)]


def scores_of(
    predictions: pd.DataFrame, samples_table: pd.DataFrame, *, min_quality: float
) -> pd.DataFrame:
    """Scores of one repeat: `KEY`, r2, lost, and the RMSE of each forest type."""
    joined = join_observed([predictions], samples_table)
    good = joined[joined["nee_qc"] >= min_quality].rename(columns={"model": "variant"})
    rows = []
    for (variant, split), part in good.groupby(["variant", "split"], sort=False):
        hidden = part["gap_pattern"] != "none"
        for target in FLUXES:
            whole = observed_and_predicted(part[~hidden], target)
            score = {"variant": variant, "split": split, "target": target}
            score["r2"] = r2(*whole)
            score["lost"] = score["r2"] - r2(
                *observed_and_predicted(part[hidden], target)
            )
            for igbp, own in part[~hidden].groupby("igbp"):
                score[f"rmse_{igbp}"] = rmse(*observed_and_predicted(own, target))
            rows.append(score)
    return pd.DataFrame(rows)


def summary(scores: pd.DataFrame) -> dict:
    """Mean and spread over repeats of one variant, split and target."""
    of_types = scores.filter(like="rmse_").mean()
    return {
        "repeats": len(scores),
        "r2": scores["r2"].mean(),
        "r2_sd": scores["r2"].std(),
        "r2_minus_full": scores["minus_full"].mean(),
        "r2_minus_full_sd": scores["minus_full"].std(),
        "r2_lost_half_hidden": scores["lost"].mean(),
        "worst_rmse": of_types.max(),
        "worst_type": of_types.idxmax().removeprefix("rmse_"),
    }
