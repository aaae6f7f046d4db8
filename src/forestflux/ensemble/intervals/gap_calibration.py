"""Calibration of how much gaps widen an interval, at towers with gaps put into their series."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from forestflux.core.names import TARGET_FLUXES
from forestflux.ensemble.intervals.conformal import MAP_SPLIT, Calibration, half_width
from forestflux.ensemble.intervals.gap_widening import GapWidening
from forestflux.models.augmentation import mask_random
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.models.years.response import (
    Response,
    find_mean_years,
    fit_response,
    measure_sample_departures,
)
from forestflux.models.years.response_predictions import add_response
from forestflux.prepare.departures import measure_departures
from forestflux.prepare.folds import split_rows
from forestflux.prepare.masked_series import count_gaps
from forestflux.prepare.sample_table import Samples

# Share of single values that are hidden.
THINNED = (0.3, 0.6, 0.9)
# Times that series are chosen to be hidden, so that no single choice decides.
CHOICES = 3


def calibrate_gaps(
    ensembles: Mapping[tuple[str, int], Sequence[NetworkRegressor]],
    samples: Samples,
    calibration: Calibration,
    *,
    responds: bool,
    min_quality: float,
    seed: int,
) -> dict[str, GapWidening]:
    """Widening of the intervals of GPP and NEE by what is missing.

    The factor of a kind of gap is the half-width that holds with it, over that without it, both in
    half-widths of the forest type. A factor never falls when more is missing.

    Parameters
    ----------
    ensembles : trained networks by split and fold; those of the split that calibrates count
    samples : all used rows
    calibration : half-widths without artificial gaps
    responds : whether differences between years follow the response
    min_quality : rows of lower `nee_qc` do not count, and do not teach the response
    seed : of the gaps
    """
    folds = {fold: m for (split, fold), m in ensembles.items() if split == MAP_SPLIT}
    errors = measure_gap_errors(
        folds,
        samples,
        dict.fromkeys(folds, calibration),
        responds=responds,
        min_quality=min_quality,
        seed=seed,
    )
    return {
        target: fit_widening(
            errors, target, series=len(samples.variables), level=calibration.level
        )
        for target in TARGET_FLUXES
    }


def fit_widening(
    errors: pd.DataFrame, target: str, *, series: int, level: float
) -> GapWidening:
    """The widening of one flux.

    Parameters
    ----------
    errors : as `measure_gap_errors` gives them
    target : name of the flux
    series : number of input series
    level : nominal coverage
    """

    def width(chosen: pd.Series) -> float:
        rows = errors[chosen]
        return half_width(rows[target].to_numpy(), rows["site"].to_numpy(), level=level)

    whole = (errors["hidden"] == 0) & (errors["thinned"] == 0)
    usual = width(whole)
    hidden = [width(errors["hidden"] == number) for number in range(1, series)]
    thinned = [width(errors["thinned"] == share) for share in THINNED]
    shares = [errors.loc[errors["thinned"] == each, "share"].mean() for each in THINNED]
    at_rest = errors.loc[whole, "share"].mean()
    return GapWidening(
        hidden=relate_widths(usual, hidden),
        shares=(0.0, at_rest, *(max(share, at_rest) for share in shares)),
        thinned=(1.0, *relate_widths(usual, thinned)),
    )


def relate_widths(usual: float, widths: Sequence[float]) -> tuple[float, ...]:
    """1, then the widths over the usual one, none of them below one before it.

    All 1 where there are too few sites for a finite width.
    """
    if not np.isfinite(usual) or usual == 0:
        return (1.0,) * (1 + len(widths))
    ratios = np.maximum.accumulate([1.0, *(each / usual for each in widths)])
    return tuple(float(ratio) for ratio in ratios)


def measure_gap_errors(
    folds: Mapping[int, Sequence[NetworkRegressor]],
    samples: Samples,
    calibrations: Mapping[int, Calibration],
    *,
    responds: bool,
    min_quality: float,
    seed: int,
) -> pd.DataFrame:
    """Errors of unseen rows with gaps, in half-widths of their forest type.

    Parameters
    ----------
    folds : trained networks by fold of the split that calibrates
    calibrations : half-widths without artificial gaps by fold
    samples, responds, min_quality, seed : as `calibrate_gaps`

    Returns
    -------
    Columns fold, site, hidden (number of series that were hidden), thinned (share of single
    values that were), hidden_series and share (series without a value, and gaps, natural ones
    too), gpp, nee (errors), gpp_width, nee_width (the half-widths, gC m-2 yr-1)
    """
    departures = measure_sample_departures(samples)
    parts = []
    for fold, members in folds.items():
        teach, unseen = split_rows(samples.table, MAP_SPLIT, fold)
        response = None
        if responds:
            response = fit_response(
                departures[teach], samples.table.iloc[teach], min_quality=min_quality
            )
        own = samples.take(unseen)
        table = own.table
        own = own.take(
            (table["forest"] & (table["nee_qc"] >= min_quality)).to_numpy(bool)
        )
        rng = np.random.default_rng([seed, fold])
        for hidden, thinned, series in draw_gaps(own.series, rng=rng):
            gapped = Samples(series, own.table, own.variables)
            errors = relate_errors(
                members, gapped, calibrations[fold], response=response
            )
            parts.append(errors.assign(fold=fold, hidden=hidden, thinned=thinned))
    return pd.concat(parts, ignore_index=True)


def draw_gaps(
    series: np.ndarray, *, rng: np.random.Generator
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Number of hidden series, share of hidden values, and the series with these gaps.

    First the series as they are.
    """
    yield 0, 0.0, series
    samples, variables, _ = series.shape
    for number in range(1, variables):
        for _ in range(CHOICES):
            rank = rng.random((samples, variables)).argsort(axis=1)
            chosen = rank < number
            yield number, 0.0, np.where(chosen[..., None], np.float32(np.nan), series)
    for share in THINNED:
        yield 0, share, mask_random(series, fraction=share, rng=rng)


def relate_errors(
    members: Sequence[NetworkRegressor],
    samples: Samples,
    calibration: Calibration,
    *,
    response: Response | None,
) -> pd.DataFrame:
    """Errors of the rows in half-widths of their forest type, and what is missing.

    Columns as `measure_gap_errors`, but fold, hidden and thinned.
    """
    fluxes = [
        member.predict_arrays(samples.series, samples.lat, samples.forest_type)
        for member in members
    ]
    gpp, reco = (
        np.mean([getattr(each, name) for each in fluxes], axis=0)
        for name in ("gpp", "reco")
    )
    sites = samples.table["site"].to_numpy(str)
    if response is not None:
        departure = measure_departures(
            samples.series, find_mean_years(samples.series, sites), samples.lat
        )
        gpp, reco = add_response(gpp, reco, response.predict(departure), sites=sites)
    predicted = {"gpp": gpp, "nee": reco - gpp}
    widths = calibration.widths(samples.table["igbp"].to_numpy(str))
    missing, share = count_gaps(samples.series)
    table = pd.DataFrame({"site": sites, "hidden_series": missing, "share": share})
    for target in TARGET_FLUXES:
        error = predicted[target] - samples.table[target].to_numpy(float)
        table[target] = error / widths[target]
        table[f"{target}_width"] = widths[target]
    return table
