"""Scores of predictions: skill, errors, coverage of the intervals."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forestflux.core.climates import CLIMATES
from forestflux.core.names import (
    APPLICABILITY_SIDES,
    FLUXES,
    FOREST_TYPES,
    TARGET_FLUXES,
)
from forestflux.evaluation.evaluation_schemas import SCORES
from forestflux.evaluation.site_bootstrap import (
    bootstrap_interval,
    bootstrap_r2,
    draw_sites,
)

# Scored years of a site: fewest and most of a class, and its name in `subset`.
YEAR_CLASSES = ((1, 1, "1"), (2, 4, "2-4"), (5, np.inf, "5+"))


def r2(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Coefficient of determination, 1 - SS_res / SS_tot; the mean of all has 0.

    NaN where it is not defined: fewer than two values, or all observed ones equal.

    Parameters
    ----------
    observed, predicted : (row,), same unit
    """
    observed = np.asarray(observed, float)
    if len(observed) < 2 or np.ptp(observed) == 0:
        return float("nan")
    residual = np.sum((observed - predicted) ** 2)
    return float(1 - residual / np.sum((observed - observed.mean()) ** 2))


def rmse(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Root mean square error, in the unit of the values; NaN without values."""
    return float(
        np.sqrt(mean_or_nan((np.asarray(predicted) - np.asarray(observed)) ** 2))
    )


def mae(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Mean absolute error, in the unit of the values; NaN without values."""
    return mean_or_nan(np.abs(np.asarray(predicted) - np.asarray(observed)))


def bias(observed: np.ndarray, predicted: np.ndarray) -> float:
    """Mean of predicted minus observed; a negative bias of NEE is too strong a sink."""
    return mean_or_nan(np.asarray(predicted) - np.asarray(observed))


def r2_site_mean(
    observed: np.ndarray, predicted: np.ndarray, sites: np.ndarray
) -> float:
    """R2 of the sites' means over their years, each site counted once.

    Parameters
    ----------
    observed, predicted, sites : (row,)
    """
    pair = pd.DataFrame(
        {"observed": np.asarray(observed), "predicted": np.asarray(predicted)}
    )
    means = pair.groupby(np.asarray(sites)).mean()
    return r2(means["observed"].to_numpy(), means["predicted"].to_numpy())


def bootstrap_scores(
    draws: np.ndarray, observed: np.ndarray, predicted: np.ndarray
) -> dict[str, float]:
    """Ends of the 95 % bootstrap intervals of R2, RMSE, MAE and bias, as columns of a row.

    Parameters
    ----------
    draws : (draw, row) of `draw_sites`
    observed, predicted : (row,), same unit
    """
    error = predicted - observed
    powers = np.column_stack([error**2, np.abs(error), error])
    square, size, mean = (draws @ powers / draws.sum(axis=1, keepdims=True)).T
    drawn = {
        "r2": bootstrap_r2(draws, observed, predicted),
        "rmse": np.sqrt(square),
        "mae": size,
        "bias": mean,
    }
    ends = {name: bootstrap_interval(values) for name, values in drawn.items()}
    return {
        f"{name}_{end}": bound
        for name, bounds in ends.items()
        for end, bound in zip(("lower", "upper"), bounds, strict=True)
    }


def tabulate_scores(
    predictions: pd.DataFrame, *, min_quality: float, seed: int
) -> pd.DataFrame:
    """Scores of each model, split, target and subset, columns as `docs/reference/tables.md`.

    RECO is scored against GPP + NEE of the tower. Scores that are not defined are NaN, and so
    are the bounds of those of a single site, of which no other can be drawn.

    Parameters
    ----------
    predictions : columns as `evaluate/predictions.csv`
    min_quality : rows of lower `nee_qc` are not scored
    seed : of the bootstrap over sites
    """
    rows = []
    for key, part in iterate_subsets(predictions, min_quality=min_quality):
        sites = part["site"].to_numpy(str)
        draws = draw_sites(sites, seed=seed)
        if len(set(sites)) == 1:
            draws = np.full_like(draws, np.nan)
        for target in FLUXES:
            observed, predicted = observed_and_predicted(part, target)
            rows.append(
                {
                    "model": key["model"],
                    "split": key["split"],
                    "target": target,
                    "subset": key["subset"],
                    "n": len(part),
                    "n_sites": part["site"].nunique(),
                    "r2": r2(observed, predicted),
                    "rmse": rmse(observed, predicted),
                    "mae": mae(observed, predicted),
                    "bias": bias(observed, predicted),
                    "r2_site_mean": r2_site_mean(observed, predicted, sites),
                    **bootstrap_scores(draws, observed, predicted),
                }
            )
    return pd.DataFrame(rows)[SCORES.names]


def tabulate_coverage(
    predictions: pd.DataFrame, *, min_quality: float, level: float, seed: int
) -> pd.DataFrame:
    """Share of observations inside their interval, columns as `docs/reference/tables.md`.

    `covered` counts site-years and has a 95 % bootstrap interval over sites;
    `covered_site_mean` counts each site once, which is what the intervals promise.

    Parameters
    ----------
    predictions : columns as `evaluate/predictions.csv`
    min_quality : rows of lower `nee_qc` do not count
    level : nominal coverage of the intervals, 0-1
    seed : of the bootstrap
    """
    rows = []
    for key, part in iterate_subsets(predictions, min_quality=min_quality):
        sites = part["site"].to_numpy(str)
        for target in TARGET_FLUXES:
            lower, upper = part[f"{target}_lower"], part[f"{target}_upper"]
            score = score_coverage(
                part[f"{target}_obs"].between(lower, upper).to_numpy(float),
                (upper - lower).to_numpy(float),
                sites,
                seed=seed,
            )
            rows.append(
                {
                    "model": key["model"],
                    "split": key["split"],
                    "target": target,
                    "subset": key["subset"],
                    "nominal": level,
                    **score,
                }
            )
    return pd.DataFrame(rows)


def score_coverage(
    inside: np.ndarray, width: np.ndarray, sites: np.ndarray, *, seed: int
) -> dict[str, float]:
    """The numbers of a row of `evaluate/calibration.csv`.

    Parameters
    ----------
    inside : 1 where the observation lies inside its interval, else 0 (row,)
    width : of the interval (row,), gC m-2 yr-1
    sites : (row,), names
    seed : of the bootstrap over sites
    """
    draws = draw_sites(sites, seed=seed)
    low, high = bootstrap_interval(draws @ inside / draws.sum(axis=1))
    return {
        "covered": mean_or_nan(inside),
        "covered_lower": low,
        "covered_upper": high,
        "covered_site_mean": mean_or_nan(pd.Series(inside).groupby(sites).mean()),
        "n": len(inside),
        "n_sites": len(np.unique(sites)),
        "mean_width": mean_or_nan(width),
    }


def observed_and_predicted(
    predictions: pd.DataFrame, target: str
) -> tuple[np.ndarray, np.ndarray]:
    """Observed and predicted flux (row,), gC m-2 yr-1."""
    if target == "reco":
        observed = predictions["gpp_obs"] + predictions["nee_obs"]
    else:
        observed = predictions[f"{target}_obs"]
    return observed.to_numpy(float), predictions[f"{target}_pred"].to_numpy(float)


def iterate_subsets(
    predictions: pd.DataFrame, *, min_quality: float
) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Rows of good quality by model, split and subset; no empty subsets."""
    good = predictions[predictions["nee_qc"] >= min_quality]
    for (model, split), rows in good.groupby(["model", "split"], sort=False):
        key = {"model": model, "split": split}
        for subset, chosen in list_subsets(rows):
            if chosen.any():
                yield {**key, "subset": subset}, rows[chosen]


def list_subsets(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Name and membership (row,) of all rows, then of parts of them.

    By area of applicability, forest type, climate and number of years.

    Parameters
    ----------
    rows : of one model and split: columns site, igbp, climate, applicable
    """
    yield "all", np.ones(len(rows), dtype=bool)
    for name in APPLICABILITY_SIDES:
        yield f"applicable={name}", (rows["applicable"] == name).to_numpy()
    for name in FOREST_TYPES:
        yield f"igbp={name}", (rows["igbp"] == name).to_numpy()
    for name in CLIMATES:
        yield f"climate={name}", (rows["climate"] == name).to_numpy()
    years = rows.groupby("site")["site"].transform("size")
    for fewest, most, name in YEAR_CLASSES:
        yield f"years={name}", years.between(fewest, most).to_numpy()


def mean_or_nan(values: np.ndarray | pd.Series) -> float:
    """Mean; NaN without values."""
    return float(np.mean(values)) if len(values) else float("nan")
