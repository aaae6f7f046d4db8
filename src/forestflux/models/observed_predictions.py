"""Predictions of unseen site-years beside what the towers observed, none missing, none twice."""

import pandas as pd

from forestflux.core.climates import climate_of
from forestflux.core.input_errors import InputError
from forestflux.core.names import SPLITS

SITE_YEAR = ["site", "year"]
GAP_CASE = ["gap_pattern", "gap_fraction"]


def join_observed(
    parts: list[pd.DataFrame], samples_table: pd.DataFrame
) -> pd.DataFrame:
    """Ensemble means of every gap case beside what the towers observed, sorted.

    Parameters
    ----------
    parts : predictions of models fold by fold, columns of
        `forestflux.models.cross_validation.FOLD_PREDICTIONS`, in any order
    samples_table : `samples/samples.csv`

    Raises
    ------
    InputError : a model or a member lacks a row of a split, or has it twice
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


def average_members(predictions: pd.DataFrame) -> pd.DataFrame:
    """Mean over members of each model, split, fold, row and gap case.

    Raises
    ------
    InputError : a member predicts a row twice, or not all members predict it
    """
    key = ["model", "split", "fold", *SITE_YEAR, *GAP_CASE]
    twice = predictions.duplicated([*key, "member"])
    if twice.any():
        refuse_prediction(
            predictions[twice].iloc[0], expected="one prediction", found="several"
        )
    grouped = predictions.groupby(key, sort=False)
    means = grouped[["gpp_pred", "reco_pred"]].mean()
    members = grouped["member"].nunique()
    wanted = predictions.groupby("model")["member"].nunique()
    short = members < wanted.reindex(members.index.get_level_values("model")).to_numpy()
    means = means.reset_index()
    if short.any():
        row = means[short.to_numpy()].iloc[0]
        found = f"{members[short].iloc[0]} of {wanted[row['model']]} members"
        refuse_prediction(row, expected="all members of the model", found=found)
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


def refuse_prediction(row: pd.Series, *, expected: str, found: str) -> None:
    """Raise the one-line error of a prediction."""
    raise InputError(
        "predictions",
        variable=f"{row['model']}, split {row['split']}, fold {row['fold']}, "
        f"{row['site']} {row['year']}",
        expected=expected,
        found=found,
    )
