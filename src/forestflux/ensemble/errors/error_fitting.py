"""Estimation of the error components from towers that no network had seen."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forestflux.core.grids.distances import measure_distances
from forestflux.core.names import FLUXES, FOREST_TYPES
from forestflux.ensemble.errors.correlogram import (
    Correlogram,
    ErrorSample,
    fit_correlogram,
)
from forestflux.ensemble.errors.error_components import ErrorComponents, FluxErrors
from forestflux.jobs.settings.map_settings import UnseenTrend

# The variance of a forest type is shrunk towards that of all types as if so many more sites
# had the latter.
SHRINKAGE_SITES = 5
# Least share of the spread of site means that is of the level and not of their few years.
LEAST_LEVEL_SHARE = 0.1
# An autocorrelation beyond this would be part of the level of so short records.
LARGEST_AUTOCORRELATION = 0.8


@dataclass(frozen=True)
class SiteErrors:
    """Mean errors of sites, and how single years depart from them, for one flux.

    Attributes
    ----------
    sites : one row a site: columns mean (gC m-2 yr-1), years, igbp, cluster, lat, lon
    years : one row a site-year: columns site, cluster, year, departure (gC m-2 yr-1)
    """

    sites: pd.DataFrame
    years: pd.DataFrame

    @property
    def year_variance(self) -> float:
        """Variance of single years about the mean of their site.

        Where no site has two years it is that of the sites: years then cannot be told from
        places, and their error may be all of it.
        """
        freedom = len(self.years) - len(self.sites)
        if freedom > 0:
            return float((self.years["departure"] ** 2).sum() / freedom)
        return float((self.sites["mean"] ** 2).mean())


def fit_errors(
    predictions: pd.DataFrame,
    towers: pd.DataFrame,
    *,
    min_quality: float,
    unseen_trend: UnseenTrend,
) -> FluxErrors:
    """Error components of GPP, RECO and NEE.

    Parameters
    ----------
    predictions : rows of one model, each predicted by networks that knew neither the site nor
        its neighbours: columns site, year, igbp, nee_qc, gpp_obs, nee_obs, gpp_pred, nee_pred
    towers : columns site, lat, lon, cluster
    min_quality : rows of lower `nee_qc` do not count: their labels are wrong by more than the
        estimates
    unseen_trend : section `model.unseen_trend`: how large such a trend can be
    """
    rows = predictions[predictions["nee_qc"] >= min_quality]
    places = towers[["site", "lat", "lon", "cluster"]].drop_duplicates("site")
    rows = rows.merge(places, on="site", how="left", validate="many_to_one")
    error = {
        flux: (rows[f"{flux}_pred"] - rows[f"{flux}_obs"]).to_numpy(float)
        for flux in ("gpp", "nee")
    }
    error["reco"] = error["gpp"] + error["nee"]
    percent = {"gpp": unseen_trend.gpp, "nee": unseen_trend.nee}
    percent["reco"] = float(np.hypot(percent["gpp"], percent["nee"]))
    mean = float(rows["gpp_obs"].mean())
    return {
        flux: fit_components(
            split_errors(rows, error[flux]), possible_trend=percent[flux] / 100 * mean
        )
        for flux in FLUXES
    }


def split_errors(rows: pd.DataFrame, error: np.ndarray) -> SiteErrors:
    """Site means of errors (row,) and the departures of single years from them."""
    table = rows[["site", "year", "igbp", "cluster", "lat", "lon"]].assign(error=error)
    sites = table.groupby("site", as_index=False).agg(
        mean=("error", "mean"),
        years=("error", "size"),
        igbp=("igbp", "first"),
        cluster=("cluster", "first"),
        lat=("lat", "first"),
        lon=("lon", "first"),
    )
    departure = table["error"] - table.groupby("site")["error"].transform("mean")
    return SiteErrors(sites, table.assign(departure=departure))


def fit_components(errors: SiteErrors, *, possible_trend: float) -> ErrorComponents:
    """The components of one flux.

    Parameters
    ----------
    errors : of the flux
    possible_trend : as `fit_unseen_trend` has it
    """
    sites = errors.sites
    noise = errors.year_variance / sites["years"].to_numpy(float)
    level, common = fit_level_variances(sites, noise)
    autocorrelation = fit_autocorrelation(errors.years)
    return ErrorComponents(
        level_sd={name: float(np.sqrt(v)) for name, v in level.items()},
        type_sd={name: float(np.sqrt(v)) for name, v in common.items()},
        level_correlation=correlate_levels(sites, noise, level, common),
        trend_sd=float(
            np.sqrt(fit_unseen_trend(errors.years, possible=possible_trend))
        ),
        year_sd=float(np.sqrt(errors.year_variance)),
        year_correlation=correlate_single_years(errors),
        autocorrelation=autocorrelation,
        clusters=int(sites["cluster"].nunique()),
    )


def fit_level_variances(
    sites: pd.DataFrame, noise: np.ndarray
) -> tuple[dict[str, float], dict[str, float]]:
    """Variances by forest type: of levels about their type's mean, and of that mean.

    What a type's towers have in common is not taken out of the estimates. It counts in full,
    together with how little so many clusters say about the forest between them. Of a type
    without towers nothing is known: its common error is as large as that of a place.

    Parameters
    ----------
    sites : as `SiteErrors.sites`
    noise : (site,), variance of a site's mean that is of its few years
    """
    names = sites["igbp"].to_numpy(str)
    values = sites["mean"].to_numpy(float)
    types = [name for name in FOREST_TYPES if (names == name).any()]
    centre = {name: average_clusters(sites[names == name]) for name in types}
    about = values - np.array([centre.get(name, 0.0) for name in names])
    raw = (about**2).sum() / max(len(about) - len(types), 1)
    least = LEAST_LEVEL_SHARE * raw
    pooled = max(raw - noise.mean(), least)
    level, common = {}, {}
    for name in FOREST_TYPES:
        own = names == name
        freedom = max(int(own.sum()) - 1, 0)
        square = (about[own] ** 2).sum() - freedom * noise[own].mean() if freedom else 0
        level[name] = max(
            (square + SHRINKAGE_SITES * pooled) / (freedom + SHRINKAGE_SITES), least
        )
        if name in centre:
            clusters = sites.loc[own, "cluster"].nunique()
            spread = (level[name] + noise[own].mean()) / clusters
            common[name] = centre[name] ** 2 + spread
        else:
            common[name] = pooled + raw / max(len(about), 1)
    return level, common


def average_clusters(sites: pd.DataFrame) -> float:
    """Mean over clusters of the mean error of their sites."""
    return float(sites.groupby("cluster")["mean"].mean().mean())


def correlate_levels(
    sites: pd.DataFrame,
    noise: np.ndarray,
    level: dict[str, float],
    common: dict[str, float],
) -> Correlogram:
    """Correlogram of the levels of sites about the mean of their type."""
    names = sites["igbp"].to_numpy(str)
    types = sites.groupby("igbp")[["cluster", "mean"]].apply(average_clusters)
    variance = np.array([level[name] for name in names])
    whole = np.sqrt(variance + noise)
    sample = ErrorSample(
        values=(sites["mean"] - sites["igbp"].map(types)).to_numpy(float) / whole,
        certain=np.sqrt(variance) / whole,
        distances=measure_distances(sites["lat"].to_numpy(), sites["lon"].to_numpy()),
    )
    return fit_correlogram([sample])


def correlate_single_years(errors: SiteErrors) -> Correlogram:
    """Correlogram of the errors of single years, those of one year together."""
    counts = errors.years.groupby("site")["year"].transform("size")
    rows = errors.years[counts >= 2]
    # Departures from the mean of n years are too small by this factor.
    shrunk = np.sqrt(1 - 1 / counts[counts >= 2])
    scaled = rows["departure"] / (shrunk * np.sqrt(errors.year_variance))
    samples = [
        ErrorSample(
            values=scaled[part.index].to_numpy(float),
            certain=np.ones(len(part)),
            distances=measure_distances(part["lat"].to_numpy(), part["lon"].to_numpy()),
        )
        for _, part in rows.groupby("year")
    ]
    return fit_correlogram(samples)


def fit_autocorrelation(years: pd.DataFrame) -> float:
    """Autocorrelation of the errors of years in a row, 0-0.8.

    Departures from the mean of a short record are correlated by about minus one over its
    length (Kendall 1954, Biometrika 41, 403-404); that is taken away.
    """
    ordered = years.sort_values(["site", "year"])
    site, year = ordered["site"].to_numpy(str), ordered["year"].to_numpy(int)
    departure = ordered["departure"].to_numpy(float)
    follows = (site[1:] == site[:-1]) & (np.diff(year) == 1)
    if not follows.any():
        return 0.0
    before, after = departure[:-1][follows], departure[1:][follows]
    scale = (before**2).sum() + (after**2).sum()
    if scale == 0:
        return 0.0
    length = ordered.groupby("site")["year"].transform("size").to_numpy(float)
    found = 2 * (before @ after) / scale + (1 / length[1:][follows]).mean()
    return float(np.clip(found, 0.0, LARGEST_AUTOCORRELATION))


def fit_unseen_trend(years: pd.DataFrame, *, possible: float) -> float:
    """Mean square of a trend of the errors that all towers share, (gC m-2 yr-2)^2.

    What was held possible is weighed against what the towers show, the common slope within
    sites and its sampling variance with clusters as the unit (Liang and Zeger 1986, Biometrika
    73, 13-22), as the product of two normal distributions (Lindley and Smith 1972, JRSS B 34,
    1-41). The expected trend is not taken out of the estimates but counts with its square:
    towers stand in forests that grow, and few of them are measured for long.

    Parameters
    ----------
    years : as `SiteErrors.years`
    possible : standard deviation of trends that are held possible, gC m-2 yr-2
    """
    time = years["year"] - years.groupby("site")["year"].transform("mean")
    weight = float((time**2).sum())
    if weight == 0:
        return possible**2
    product = time * years["departure"]
    slope = float(product.sum()) / weight
    scores = (product - slope * time**2).groupby(years["cluster"]).sum()
    clusters = len(scores)
    correction = clusters / max(clusters - 1, 1)
    variance = correction * float((scores**2).sum()) / weight**2
    share = possible**2 / (possible**2 + variance)
    return (share * slope) ** 2 + share * variance
