"""Predictions of all models beside the towers, scored and calibrated."""

from typing import Literal

import pandas as pd

from forestflux.core.names import NETWORK
from forestflux.ensemble.intervals.conformal import add_intervals
from forestflux.evaluation.evaluation_schemas import PREDICTIONS
from forestflux.evaluation.interannual_skill import tabulate_interannual
from forestflux.evaluation.scores import tabulate_coverage, tabulate_scores
from forestflux.evaluation.skill_comparisons import (
    tabulate_differences,
    tabulate_gaps,
)
from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.models.observed_predictions import (
    SITE_YEAR,
    join_observed,
    refuse_prediction,
)
from forestflux.models.years.response_predictions import respond_to_years
from forestflux.prepare.sample_table import Samples


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
        refuse_prediction(
            joined[missing].iloc[0], expected="a dissimilarity", found="none"
        )
    return joined
