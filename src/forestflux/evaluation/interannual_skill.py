"""Skill in time: how well the differences between the years of one tower are told.

Scores over all site-years mostly tell how places differ. Here the mean of each site is
subtracted from observed and predicted fluxes first. The constant, which predicts no difference
at all, has an R2 of 0: what has less is worse than to say that nothing changes.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forestflux.core.names import FLUXES, FOREST_TYPES, NETWORK, TARGET_FLUXES
from forestflux.ensemble.intervals.conformal import MAP_SPLIT
from forestflux.evaluation.evaluation_schemas import INTERANNUAL
from forestflux.evaluation.site_bootstrap import bootstrap_interval, draw_sites
from forestflux.models.years.response import (
    fit_response,
    measure_sample_departures,
    subtract_site_means,
)
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples

# Fewer scored years of a site say little about what differs between its years.
LEAST_YEARS = 3
# Fewer years between the first and the last do not make a trend.
TREND_YEARS = 5
# Splits by which a response is taught and scored; `random` would teach it the site's own years.
RESPONSE_SPLITS = ("site", "cluster", "holdout")
SITE_YEAR = ["site", "year"]


def tabulate_interannual(
    predictions: pd.DataFrame, samples: Samples, *, min_quality: float, seed: int
) -> pd.DataFrame:
    """`evaluate/interannual.csv`: skill in time of each model, form, split, flux and subset.

    Parameters
    ----------
    predictions : columns as `evaluate/predictions.csv`
    samples : all used rows
    min_quality : rows of lower `nee_qc` neither teach a response nor are scored
    seed : of the bootstrap over sites
    """
    departures = measure_sample_departures(samples)
    rows = []
    for (model, split), part in predictions.groupby(["model", "split"], sort=False):
        scored = select_scored_years(part, min_quality=min_quality)
        if split not in RESPONSE_SPLITS or scored.empty:
            continue
        others = part
        # The rows that teach the holdout are predicted in other splits only.
        if split == "holdout":
            own = predictions["model"] == model
            others = predictions[own & (predictions["split"] == MAP_SPLIT)]
        forms = predict_forms(
            scored,
            select_scored_years(others, min_quality=min_quality),
            samples,
            departures,
            min_quality=min_quality,
            without_model=model == NETWORK,
        )
        for form, predicted in forms.items():
            for subset, chosen in list_types(scored):
                if not chosen.any():
                    continue
                key = {"model": model, "form": form, "split": split, "subset": subset}
                scores = score_form(scored[chosen], predicted[:, chosen], seed=seed)
                rows += [key | score for score in scores]
    return pd.DataFrame(rows, columns=INTERANNUAL.names)


def select_scored_years(
    predictions: pd.DataFrame, *, min_quality: float
) -> pd.DataFrame:
    """Well measured rows of sites with three such years or more."""
    good = predictions[predictions["nee_qc"] >= min_quality]
    years = good.groupby("site")["site"].transform("size")
    return good[years >= LEAST_YEARS].reset_index(drop=True)


def list_types(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Name and membership (row,) of all rows, then of those of each forest type."""
    yield "all", np.ones(len(rows), dtype=bool)
    for name in FOREST_TYPES:
        yield f"igbp={name}", (rows["igbp"] == name).to_numpy()


def predict_forms(
    scored: pd.DataFrame,
    others: pd.DataFrame,
    samples: Samples,
    departures: np.ndarray,
    *,
    min_quality: float,
    without_model: bool,
) -> dict[str, np.ndarray]:
    """GPP and NEE (target, row) by form; only the differences between years of a site count.

    The forms: `constant`, no difference between years; `between`, what the model gives for
    each year, as if years differed like places; `scaled`, that difference times a factor
    learnt within sites; `response`, learnt within sites from departures alone;
    `scaled_response`, both. Each is taught by the rows that the split's fold trains on.

    Parameters
    ----------
    scored : rows of one model and split
    others : rows of the same model whose predictions teach `scaled`: those of the split, for
        `holdout` those of the split that calibrates it
    samples : all used rows
    departures : (sample, variable) of all used rows
    min_quality : of rows that teach
    without_model : whether to give `constant` and `response` too, which ask no model and are the
        same beside every one
    """
    index = pd.MultiIndex.from_frame(samples.table[SITE_YEAR])
    # Predictions of rows that teach are those of other folds; a row without one, such as of
    # another biome, cannot teach a factor.
    known = np.full((len(samples), len(TARGET_FLUXES)), np.nan)
    columns = [f"{flux}_pred" for flux in TARGET_FLUXES]
    for predicted in (others, scored):
        rows = index.get_indexer(pd.MultiIndex.from_frame(predicted[SITE_YEAR]))
        known[rows] = predicted[columns].to_numpy(float)
    position = index.get_indexer(pd.MultiIndex.from_frame(scored[SITE_YEAR]))
    between = known[position]
    forms = {"between": between.T}
    regressors = {
        "scaled": known,
        "scaled_response": np.concatenate([known, departures], axis=1),
    }
    if without_model:
        forms = {"constant": np.zeros(between.T.shape)} | forms
        regressors = {"response": departures} | regressors
    for form, values in regressors.items():
        change = np.zeros(between.T.shape)
        for fold in scored["fold"].unique():
            rows = np.flatnonzero(scored["fold"] == fold)
            teach, _ = split_rows(samples.table, scored["split"].iloc[0], int(fold))
            teach = teach[np.isfinite(values[teach]).all(axis=1)]
            response = fit_response(
                values[teach], samples.table.iloc[teach], min_quality=min_quality
            )
            change[:, rows] = response.predict(values[position[rows]])
        forms[form] = change
    return forms


def score_form(
    rows: pd.DataFrame, predicted: np.ndarray, *, seed: int
) -> Iterator[dict[str, object]]:
    """The scores of one form, a row of the table for each flux.

    Parameters
    ----------
    rows : scored rows, columns site, year, gpp_obs, nee_obs
    predicted : GPP and NEE (target, row), gC m-2 yr-1
    seed : of the bootstrap
    """
    observed = rows[[f"{flux}_obs" for flux in TARGET_FLUXES]].to_numpy(float).T
    sites, years = rows["site"].to_numpy(str), rows["year"].to_numpy(float)
    draws = draw_sites(sites, seed=seed)
    size = {"n": len(rows), "n_sites": len(np.unique(sites))}
    for flux in FLUXES:
        truth, guess = (
            subtract_site_means(choose_flux(side, flux)[:, None], sites)[:, 0]
            for side in (observed, predicted)
        )
        skill = score_anomalies(truth, guess, draws)
        trends = score_trends(truth, guess, sites, years)
        yield {"target": flux, **size, **skill, **trends}


def choose_flux(targets: np.ndarray, flux: str) -> np.ndarray:
    """A flux (row,) from GPP and NEE (target, row); RECO = GPP + NEE."""
    gpp, nee = targets
    return {"gpp": gpp, "nee": nee, "reco": gpp + nee}[flux]


def score_anomalies(
    truth: np.ndarray, guess: np.ndarray, draws: np.ndarray
) -> dict[str, float]:
    """R2 about no difference and slope of observed on predicted, with 95 % intervals.

    Parameters
    ----------
    truth, guess : (row,), site means subtracted
    draws : (draw, row) of `draw_sites`
    """
    everything = np.ones((1, len(truth)))
    scores: dict[str, float] = {}
    ratios = {
        "r2": (truth**2 - (truth - guess) ** 2, truth**2),
        "slope": (truth * guess, guess**2),
    }
    for name, (above, below) in ratios.items():
        whole, drawn = (
            divide_sums(weights @ above, weights @ below)
            for weights in (everything, draws)
        )
        scores[name] = float(whole[0])
        scores[f"{name}_lower"], scores[f"{name}_upper"] = bootstrap_interval(drawn)
    scores["sd_observed"], scores["sd_predicted"] = truth.std(), guess.std()
    return scores


def divide_sums(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Quotients; NaN where the divisor is 0."""
    result = np.full(above.shape, np.nan)
    return np.divide(above, below, out=result, where=below > 0)


def score_trends(
    truth: np.ndarray, guess: np.ndarray, sites: np.ndarray, years: np.ndarray
) -> dict[str, float]:
    """Trends of the sites with five scored years or more, and changes between their halves.

    Parameters
    ----------
    truth, guess : (row,), site means subtracted
    sites, years : (row,)
    """
    slopes, halves = [], []
    for site in np.unique(sites):
        own = np.flatnonzero(sites == site)
        if len(own) < TREND_YEARS:
            continue
        own = own[np.argsort(years[own])]
        time = years[own] - years[own].mean()
        both = np.stack([truth[own], guess[own]])
        slopes.append(both @ time / (time @ time))
        half = len(own) // 2
        halves.append(both[:, -half:].mean(axis=1) - both[:, :half].mean(axis=1))
    real, mapped = np.array(slopes).reshape(-1, 2).T
    change, mapped_change = np.array(halves).reshape(-1, 2).T
    told = mapped != 0
    error = ((change - mapped_change) ** 2).sum()
    return {
        "trend_sites": len(real),
        "trend_sign_share": float((real * mapped > 0)[told].mean())
        if told.any()
        else np.nan,
        "trend_r": float(np.corrcoef(real, mapped)[0, 1]) if told.sum() > 2 else np.nan,
        "halves_r2": float(1 - error / (change**2).sum()) if len(change) else np.nan,
    }
