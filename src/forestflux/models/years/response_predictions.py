"""Predictions of unseen towers: the level of a site and its response to each year."""

from typing import cast

import numpy as np
import pandas as pd

from forestflux.jobs.settings.evaluation_settings import GapExperiment
from forestflux.models.cross_validation import gap_cases
from forestflux.models.years.response import (
    find_mean_years,
    fit_response,
    measure_sample_departures,
)
from forestflux.prepare.departures import measure_departures
from forestflux.prepare.folds import split_rows
from forestflux.prepare.sample_table import Samples


def respond_to_years(
    predictions: pd.DataFrame,
    samples: Samples,
    *,
    gaps: GapExperiment | None,
    min_quality: float,
) -> pd.DataFrame:
    """The predictions of one model with `gpp_pred`, `reco_pred` and `nee_pred` replaced.

    The level of a site is the mean over its unseen years of what the model gives for each of
    them; the response is learnt from the rows that the fold trains on. Artificial gaps count in
    both, in all years of a site.

    Parameters
    ----------
    predictions : columns split, fold, site, year, gap_pattern, gap_fraction, gpp_pred,
        reco_pred; each unseen row of a fold once for each kind of gap
    samples : all used rows
    gaps : section `evaluate.gaps` with which the predictions were made; None where they are
        only those of the series as observed
    min_quality : least `nee_qc` of a row that teaches the response
    """
    departures = measure_sample_departures(samples)
    parts = []
    for name, rows in predictions.groupby(["split", "fold"], sort=False):
        split, fold = cast("tuple[str, int]", name)
        teach, unseen = split_rows(samples.table, split, fold)
        response = fit_response(
            departures[teach], samples.table.iloc[teach], min_quality=min_quality
        )
        own = samples.take(unseen)
        sites = own.table["site"].to_numpy(str)
        index = pd.MultiIndex.from_frame(own.table[["site", "year"]])
        cases = gap_cases(
            own, gaps if split == "site" else None, fold=fold, others=samples
        )
        for pattern, fraction, series in cases:
            chosen = rows[
                (rows["gap_pattern"] == pattern)
                & np.isclose(rows["gap_fraction"], fraction)
            ]
            departure = measure_departures(
                series, find_mean_years(series, sites), own.lat
            )
            position = index.get_indexer(
                pd.MultiIndex.from_frame(chosen[["site", "year"]])
            )
            gpp, reco = add_response(
                chosen["gpp_pred"].to_numpy(float),
                chosen["reco_pred"].to_numpy(float),
                response.predict(departure[position]),
                sites=chosen["site"].to_numpy(str),
            )
            parts.append(chosen.assign(gpp_pred=gpp, reco_pred=reco))
    result = pd.concat(parts).loc[predictions.index]
    return result.assign(nee_pred=result["reco_pred"] - result["gpp_pred"])


def add_response(
    gpp: np.ndarray, reco: np.ndarray, change: np.ndarray, *, sites: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """GPP and RECO (row,): the mean of each site over its years plus the change of each year.

    Parameters
    ----------
    gpp, reco : what networks give for each year (row,), gC m-2 yr-1
    change : of GPP and NEE (target, row), as `Response.predict` gives it
    sites : (row,)
    """
    level = pd.DataFrame({"gpp": gpp, "reco": reco}).groupby(sites).transform("mean")
    return (
        np.maximum(level["gpp"].to_numpy() + change[0], 0.0),
        np.maximum(level["reco"].to_numpy() + change[0] + change[1], 0.0),
    )
