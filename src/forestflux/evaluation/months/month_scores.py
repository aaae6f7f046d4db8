"""Months at unseen towers: fluxes of the year divided by shares of the months, and their skill."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forestflux.core.calendars.months import MONTHS, list_month_lengths
from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, FOREST_TYPES, NETWORK, TARGET_FLUXES
from forestflux.ensemble.intervals.month_intervals import (
    add_month_intervals,
    observe_flux,
    season_month,
)
from forestflux.evaluation.months.month_schemas import (
    MONTH_COVERAGE,
    MONTH_PREDICTIONS,
    MONTH_SCORES,
)
from forestflux.evaluation.months.season_dates import circular_error, date_seasons
from forestflux.evaluation.scores import mean_or_nan, r2, rmse, score_coverage
from forestflux.evaluation.site_bootstrap import (
    bootstrap_interval,
    bootstrap_r2,
    draw_sites,
)
from forestflux.models.flux_model import Fluxes
from forestflux.models.seasons.shares import (
    MEAN_SEASON,
    SHARED_FLUXES,
    divide_fluxes,
)
from forestflux.models.years.response import subtract_site_means

ROW = ["split", "site", "year"]
# Fewer years of a site give no mean month to depart from.
LEAST_YEARS = 3


def predict_months(
    shares: pd.DataFrame, predictions: pd.DataFrame, samples: pd.DataFrame
) -> pd.DataFrame:
    """GPP, RECO and NEE of each month of unseen site-years, the table `MONTH_PREDICTIONS`.

    The year is that of the same model, for the mean season that of the network. Observed columns
    are left empty (`add_observed` fills them).

    Parameters
    ----------
    shares : the table `MONTH_SHARES` of all splits
    predictions : the table `PREDICTIONS`, of which model, split, site, year, gpp_pred and
        reco_pred count
    samples : columns site, year, igbp, lat, nee_qc

    Raises
    ------
    InputError : a site-year whose year is not predicted
    """
    whose = shares["model"].replace(MEAN_SEASON, NETWORK)
    key = ["model", *ROW]
    annual = predictions[[*key, "gpp_pred", "reco_pred"]]
    joined = shares.assign(annual=whose).merge(
        annual.rename(columns={"model": "annual"}),
        on=["annual", *ROW],
        how="left",
        validate="many_to_one",
    )
    missing = joined["gpp_pred"].isna()
    if missing.any():
        row = joined[missing].iloc[0]
        raise InputError(
            "predictions",
            variable=f"{row['annual']}, split {row['split']}",
            expected=f"the year of {row['site']} {row['year']}, whose months are known",
            found="none",
        )
    joined = joined.sort_values([*key, "month"], ignore_index=True)
    facts = samples[["site", "year", "igbp", "lat", "nee_qc"]]
    table = joined.merge(facts, on=["site", "year"], how="left")
    first = joined.iloc[::MONTHS]
    year = Fluxes(first["gpp_pred"].to_numpy(), first["reco_pred"].to_numpy())
    parts = [
        joined[f"{flux}_share"].to_numpy().reshape(-1, MONTHS) for flux in SHARED_FLUXES
    ]
    months = divide_fluxes(year, np.stack(parts))
    made = {f"{flux}_pred": getattr(months, flux).ravel() for flux in FLUXES}
    empty = {f"{flux}_obs": np.nan for flux in FLUXES}
    return table.assign(**made, **empty)[MONTH_PREDICTIONS.names]


def add_observed(predicted: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """Predicted months beside what the towers measured.

    Parameters
    ----------
    predicted : the table `MONTH_PREDICTIONS`
    months : the table `SITE_MONTHS`
    """
    key = ["site", "year", "month"]
    columns = {flux: f"{flux}_obs" for flux in FLUXES}
    observed = months[[*key, *FLUXES]].rename(columns=columns)
    bare = predicted.drop(columns=list(columns.values()))
    return bare.merge(observed, on=key, how="left")[MONTH_PREDICTIONS.names]


def tabulate_month_scores(
    predictions: pd.DataFrame, *, min_quality: float, seed: int
) -> pd.DataFrame:
    """Scores of each model, split, flux and forest type, the table `MONTH_SCORES`.

    Parameters
    ----------
    predictions : the table `MONTH_PREDICTIONS`
    min_quality : years of lower `nee_qc` are not scored
    seed : of the bootstrap over sites
    """
    known = predictions["gpp_obs"].notna()
    good = predictions[known & (predictions["nee_qc"] >= min_quality)]
    rows = []
    for (model, split), part in good.groupby(["model", "split"], sort=False):
        for subset, chosen in list_types(part):
            if not chosen.any():
                continue
            own = part[chosen].sort_values(["site", "year", "month"])
            for target in FLUXES:
                key = {"model": model, "split": split, "target": target}
                rows.append(key | {"subset": subset} | score(own, target, seed=seed))
    return pd.DataFrame(rows, columns=MONTH_SCORES.names)


def list_types(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Name and membership (row,) of all rows, then of those of each forest type."""
    yield "all", np.ones(len(rows), dtype=bool)
    for name in FOREST_TYPES:
        yield f"igbp={name}", (rows["igbp"] == name).to_numpy()


def score(rows: pd.DataFrame, target: str, *, seed: int) -> dict[str, float]:
    """The numbers of a row of `MONTH_SCORES`.

    Parameters
    ----------
    rows : of whole years, in order of site, year and month
    target : a flux
    """
    observed, predicted = (rows[f"{target}_{side}"] for side in ("obs", "pred"))
    sites = rows["site"].to_numpy(str)
    pair = (observed.to_numpy(float), predicted.to_numpy(float))
    low, high = bootstrap_interval(bootstrap_r2(draw_sites(sites, seed=seed), *pair))
    of_site = sites[::MONTHS]
    years = [side.reshape(-1, MONTHS) for side in pair]
    seasons = [average_by_site(side, of_site) for side in years]
    # Per day: that February is short, and longer in leap years, is no skill.
    days = list_month_lengths(rows["year"].to_numpy(int)[::MONTHS])
    rates = [side / days for side in years]
    daily = [average_by_site(side, of_site) for side in rates]
    return {
        "n": len(of_site),
        "n_sites": len(seasons[0]),
        "r2": r2(*pair),
        "r2_lower": low,
        "r2_upper": high,
        "rmse": rmse(*pair),
        "r2_season": r2(
            *((s - s.mean(axis=1, keepdims=True)).ravel() for s in seasons)
        ),
        "r2_anomaly": score_anomalies(rates[0], rates[1], of_site),
        "r2_amplitude": r2(*(np.ptp(season, axis=1) for season in seasons)),
        # Uptake is what has a season: NEE is turned.
        **score_dates(*daily, sign=-1 if target == "nee" else 1),
    }


def average_by_site(years: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Mean season of each site (site, month) over its years (year, month)."""
    return pd.DataFrame(years).groupby(sites).mean().to_numpy()


def score_anomalies(
    observed: np.ndarray, predicted: np.ndarray, sites: np.ndarray
) -> float:
    """R2 of anomalies about none, at sites with so many years; NaN without such sites.

    Parameters
    ----------
    observed, predicted : daily rates (year, month)
    sites : (year,)
    """
    counts = pd.Series(sites).groupby(sites).transform("size").to_numpy()
    long = counts >= LEAST_YEARS
    truth, guess = (
        subtract_site_means(side[long], sites[long]) for side in (observed, predicted)
    )
    spread, error = (truth**2).sum(), ((truth - guess) ** 2).sum()
    return float(1 - error / spread) if spread > 0 else float("nan")


def score_dates(
    observed: np.ndarray, predicted: np.ndarray, *, sign: int
) -> dict[str, float]:
    """Mean absolute errors of start, peak and end of season over sites that have one.

    Parameters
    ----------
    observed, predicted : mean seasons of daily rates (site, month)
    sign : 1, or -1 where the season is that of low values
    """
    real, told = (date_seasons(sign * side) for side in (observed, predicted))
    errors = {
        name: circular_error(getattr(real, name), getattr(told, name))
        for name in real._fields
    }
    both = np.isfinite(errors["peak"])
    means = {f"{name}_error": mean_or_nan(e[both]) for name, e in errors.items()}
    return {"n_seasonal": int(both.sum()), **means}


def tabulate_month_coverage(
    predictions: pd.DataFrame, *, level: float, min_quality: float, seed: int
) -> pd.DataFrame:
    """Share of the network's months inside their interval, the table `MONTH_COVERAGE`.

    Folds by cluster and the holdout have intervals. Negative GPP counts as none.

    Parameters
    ----------
    predictions : the table `MONTH_PREDICTIONS`
    level : nominal coverage, 0-1
    min_quality : years of lower `nee_qc` do not count
    seed : of the bootstrap over sites
    """
    network = predictions[predictions["model"] == NETWORK]
    bounded = add_month_intervals(network, level=level, min_quality=min_quality)
    known = bounded["gpp_obs"].notna() & (bounded["nee_qc"] >= min_quality)
    rows = []
    for split, part in bounded[known].groupby("split", sort=False):
        for subset, chosen in [*list_types(part), *list_months(part)]:
            own = part[chosen]
            for target in TARGET_FLUXES if len(own) else ():
                lower, upper = (
                    own[f"{target}_{side}"].to_numpy(float)
                    for side in ("lower", "upper")
                )
                observed = observe_flux(own, target)
                inside = (lower <= observed) & (observed <= upper)
                rows.append(
                    {
                        "split": split,
                        "target": target,
                        "subset": subset,
                        "nominal": level,
                        **score_coverage(
                            inside.astype(float),
                            upper - lower,
                            own["site"].to_numpy(str),
                            seed=seed,
                        ),
                    }
                )
    return pd.DataFrame(rows, columns=MONTH_COVERAGE.names)


def list_months(rows: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Name and membership (row,) of each month of the season."""
    season = season_month(rows["month"].to_numpy(int), rows["lat"].to_numpy(float))
    for month in range(1, MONTHS + 1):
        yield f"month={month}", season == month
