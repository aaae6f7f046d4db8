"""Predictions of all models beside the towers, scored and calibrated."""

from typing import Literal

import pandas as pd

from forestflux.core.climates import climate_of
from forestflux.core.errors import InputError
from forestflux.core.names import NETWORK, SPLITS
from forestflux.ensemble.intervals.conformal import add_intervals
from forestflux.evaluation.evaluation_schemas import PREDICTIONS
from forestflux.evaluation.interannual_skill import tabulate_interannual
from forestflux.evaluation.scores import tabulate_coverage, tabulate_scores
from forestflux.evaluation.skill_comparisons import (
    GAP_CASE,
    tabulate_differences,
    tabulate_gaps,
)
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.models.years.response_predictions import respond_to_years
from forestflux.prepare.sample_table import Samples

SITE_YEAR = ["site", "year"]


def evaluate_models(
    parts: list[pd.DataFrame],
    samples_table: pd.DataFrame,
    dissimilarity: pd.DataFrame,
    *,
    samples: Samples,
    gaps: GapExperiment,
    years: Literal["response", "between"],
    min_quality: float,
    level: float,
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Tables of the stage, columns as in `docs/reference/tables.md`.

    Of an ensemble the mean over members is evaluated. The network is evaluated as it is
    mapped, as level and response; the classical models for each year as it is.

    Parameters
    ----------
    parts : predictions of models fold by fold, in any order
    samples_table : `samples/samples.csv`
    dissimilarity : of each row that a split predicts to the rows that its fold trained
        on, as `forestflux.ensemble.applicability_fitting.score_unseen_rows` gives it
    samples : the used rows with their series
    gaps : section `evaluate.gaps`, with which the predictions were made
    years : how the network tells years apart, `model.years`
    min_quality : rows of lower `nee_qc` are neither scored nor calibrated on
    level : nominal coverage of the intervals, 0-1
    seed : of the bootstrap over sites

    Raises
    ------
    InputError : a model or a member lacks a row of a split, or has it twice; too few
        sites for intervals
    """
    between = join_observed(parts, samples_table)
    joined = between.copy()
    network = joined["model"] == NETWORK
    if years == "response":
        joined.loc[network] = respond_to_years(
            joined[network], samples, gaps=gaps, min_quality=min_quality
        )
    observed = joined[joined["gap_pattern"] == "none"].reset_index(drop=True)
    observed = join_dissimilarity(observed, dissimilarity)
    predictions = add_intervals(observed, level=level, min_quality=min_quality)
    return {
        "predictions": predictions[PREDICTIONS.names],
        "scores": tabulate_scores(predictions, min_quality=min_quality, seed=seed),
        "interannual": tabulate_interannual(
            between[between["gap_pattern"] == "none"],
            samples,
            min_quality=min_quality,
            seed=seed,
        ),
        "gaps": tabulate_gaps(joined, min_quality=min_quality, seed=seed),
        "calibration": tabulate_coverage(
            predictions, min_quality=min_quality, level=level, seed=seed
        ),
        "differences": tabulate_differences(
            predictions, min_quality=min_quality, seed=seed
        ),
    }


def join_observed(
    parts: list[pd.DataFrame], samples_table: pd.DataFrame
) -> pd.DataFrame:
    """Ensemble means of every gap case beside what the towers observed, sorted.

    Parameters and errors are those of `evaluate_models`.
    """
    means = average_members(pd.concat(parts, ignore_index=True))
    towers = select_scored_rows(samples_table)
    refuse_missing(means, towers)
    columns = [*SITE_YEAR, "igbp", "climate", "gpp", "nee", "nee_qc"]
    towers = towers.assign(climate=climate_of(towers["lat"].to_numpy()))
    names = {"gpp": "gpp_obs", "nee": "nee_obs"}
    joined = means.merge(
        towers[columns].rename(columns=names), on=SITE_YEAR, how="inner"
    )
    joined["nee_pred"] = joined["reco_pred"] - joined["gpp_pred"]
    return sort_rows(joined)


def join_dissimilarity(
    observed: pd.DataFrame, dissimilarity: pd.DataFrame
) -> pd.DataFrame:
    """Rows with `dissimilarity` and `applicable`, the same for every model.

    Raises
    ------
    InputError : a row has no dissimilarity
    """
    key = ["split", *SITE_YEAR]
    joined = observed.merge(dissimilarity, on=key, how="left", validate="many_to_one")
    missing = joined["applicable"].isna()
    if missing.any():
        refuse(joined[missing].iloc[0], expected="a dissimilarity", found="none")
    return joined


def average_members(predictions: pd.DataFrame) -> pd.DataFrame:
    """Mean over members of each model, split, fold, row and gap case.

    Raises
    ------
    InputError : a member predicts a row twice, or not all members predict it
    """
    key = ["model", "split", "fold", *SITE_YEAR, *GAP_CASE]
    twice = predictions.duplicated([*key, "member"])
    if twice.any():
        refuse(predictions[twice].iloc[0], expected="one prediction", found="several")
    grouped = predictions.groupby(key, sort=False)
    means = grouped[["gpp_pred", "reco_pred"]].mean()
    members = grouped["member"].nunique()
    wanted = predictions.groupby("model")["member"].nunique()
    short = members < wanted.reindex(members.index.get_level_values("model")).to_numpy()
    means = means.reset_index()
    if short.any():
        row = means[short.to_numpy()].iloc[0]
        found = f"{members[short].iloc[0]} of {wanted[row['model']]} members"
        refuse(row, expected="all members of the model", found=found)
    return means


def select_scored_rows(samples_table: pd.DataFrame) -> pd.DataFrame:
    """Forest rows that are used, the ones that a model has to predict."""
    used = samples_table["used"].to_numpy(bool)
    return samples_table[used & samples_table["forest"].to_numpy(bool)]


def refuse_missing(means: pd.DataFrame, towers: pd.DataFrame) -> None:
    """Stop unless every model has every row of every split exactly once, gap cases too.

    The splits that any model has are wanted of all, so that a run may leave a split out.
    """
    splits = [split for split in SPLITS if split in set(means["split"])]
    models = means["model"].unique()
    holdout = towers["holdout"].to_numpy(bool)
    for split in splits:
        rows = towers[holdout if split == "holdout" else ~holdout]
        wanted = pd.MultiIndex.from_frame(rows[SITE_YEAR])
        own = means[means["split"] == split]
        cases = own[GAP_CASE].drop_duplicates()
        for model in models:
            for pattern, fraction in cases.itertuples(index=False):
                found = own[
                    (own["model"] == model)
                    & (own["gap_pattern"] == pattern)
                    & (own["gap_fraction"] == fraction)
                ]
                refuse_unequal(
                    pd.MultiIndex.from_frame(found[SITE_YEAR]),
                    wanted,
                    where=f"{model}, split {split}, gaps {pattern} {fraction:g}",
                )


def refuse_unequal(found: pd.MultiIndex, wanted: pd.MultiIndex, *, where: str) -> None:
    """Stop at the first site-year that is missing, unknown or in two folds."""
    for problem, rows in (
        ("is missing", wanted.difference(found)),
        ("is no scored row of the samples", found.difference(wanted)),
        ("is in more than one fold", found[found.duplicated()]),
    ):
        if len(rows):
            site, year = rows[0]
            raise InputError(
                "predictions",
                variable=where,
                expected=f"{len(wanted)} site-years",
                found=f"{len(found)}: {site} {year} {problem} ({len(rows)} such)",
            )


def sort_rows(joined: pd.DataFrame) -> pd.DataFrame:
    """Rows by model, split (in the order of the splits), site, year and gap case."""
    order = {split: number for number, split in enumerate(SPLITS)}
    ranked = joined.assign(rank=joined["split"].map(order))
    ranked = ranked.sort_values(
        ["model", "rank", *SITE_YEAR, *GAP_CASE], ignore_index=True
    )
    return ranked.drop(columns="rank")


def refuse(row: pd.Series, *, expected: str, found: str) -> None:
    """Raise the one-line error of a prediction."""
    raise InputError(
        "predictions",
        variable=f"{row['model']}, split {row['split']}, fold {row['fold']}, "
        f"{row['site']} {row['year']}",
        expected=expected,
        found=found,
    )
