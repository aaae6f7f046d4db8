"""Response of the fluxes of a place to what a year does differently from its mean year.

Places differ from each other for other reasons than years of one place do: soil, age and
species come with the climate, a single warm summer brings none of them. The response is
therefore learnt from differences between the years of the same tower only (the within
transformation of panel data: Mundlak 1978, Econometrica 46, 69-85).

The departure of a variable is its mean difference from the mean year of the place, weighted
with the light on top of the atmosphere, because carbon is exchanged when there is light. Steps
without a value count as normal ones: what is missing is no evidence of a change. The response
is linear in the departures, and shrunk towards no response (ridge regression: Hoerl and Kennard
1970, Technometrics 12, 55-67) as far as towers of inner folds ask for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold

from forestflux.core.names import TARGET_FLUXES
from forestflux.models.network_inputs import radiation
from forestflux.prepare.sample_table import Samples

# Strengths of the shrinkage that inner folds choose from, in site-years: a departure of one
# standard deviation counts as if so many more site-years had shown no response to it. Without
# an upper end: no response at all.
PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, np.inf)
INNER_FOLDS = 5


@dataclass(frozen=True)
class Response:
    """How GPP and NEE follow departures; RECO = GPP + NEE.

    Attributes
    ----------
    scale : (regressor,), standard deviation over the site-years that taught it, in the unit
        of each regressor; 1 of one that never departs
    coefficients : (target, regressor), gC m-2 yr-1 per standard deviation; targets are GPP, NEE
    penalty : (target,), strength of the shrinkage of each target; infinite for no response
    """

    scale: np.ndarray
    coefficients: np.ndarray
    penalty: np.ndarray

    def predict(self, departures: np.ndarray) -> np.ndarray:
        """Change of GPP and NEE (target, sample), gC m-2 yr-1, by departures.

        Parameters
        ----------
        departures : (sample, regressor), in the units of the regressors
        """
        return self.coefficients @ (departures / self.scale).T


def find_mean_years(series: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """The mean year of the place of each sample, float32 (sample, variable, step).

    NaN where no year of the place has a value.

    Parameters
    ----------
    series : (sample, variable, step), NaN = gap
    sites : (sample,), the place of each sample
    """
    result = np.full(series.shape, np.nan, "float32")
    for site in np.unique(sites):
        own = sites == site
        result[own] = average_years(series[own])
    return result


def average_years(series: np.ndarray) -> np.ndarray:
    """Mean over the first axis, without gaps; NaN where every year has a gap."""
    known = np.isfinite(series)
    total = np.where(known, series, 0).sum(axis=0, dtype="float64")
    count = known.sum(axis=0)
    mean = np.full(total.shape, np.nan)
    return np.divide(total, count, out=mean, where=count > 0).astype("float32")


def measure_departures(
    series: np.ndarray, mean_year: np.ndarray, lat: np.ndarray
) -> np.ndarray:
    """Departures float64 (sample, variable) from the mean year, in the unit of each variable.

    Parameters
    ----------
    series : (sample, variable, step), calendar order, NaN = gap
    mean_year : the same shape, of the place of each sample
    lat : (sample,), degrees north
    """
    unique, place = np.unique(np.asarray(lat, float), return_inverse=True)
    light = radiation(unique)
    share = (light / light.sum(axis=1, keepdims=True))[place]
    difference = np.nan_to_num(series.astype("float64") - mean_year)
    return np.einsum("ivs,is->iv", difference, share)


def measure_sample_departures(samples: Samples) -> np.ndarray:
    """Departures (sample, variable) of site-years from the mean of their site's samples."""
    sites = samples.table["site"].to_numpy(str)
    mean_year = find_mean_years(samples.series, sites)
    return measure_departures(samples.series, mean_year, samples.lat)


def select_teaching_rows(table: pd.DataFrame, *, min_quality: float) -> np.ndarray:
    """Rows (row,), bool, that teach a response: forest, well measured, two of a site at least.

    Parameters
    ----------
    table : columns site, forest, nee_qc
    min_quality : least `nee_qc`: the errors of poor years are larger than the differences
        between years
    """
    good = table["forest"].to_numpy(bool) & (table["nee_qc"] >= min_quality).to_numpy()
    years = pd.Series(good).groupby(table["site"].to_numpy(str)).transform("sum")
    return good & (years >= 2).to_numpy()


def fit_response(
    departures: np.ndarray,
    table: pd.DataFrame,
    *,
    min_quality: float,
    penalties: Sequence[float] = PENALTIES,
) -> Response:
    """The response that these site-years teach; none where no site has two good years.

    Parameters
    ----------
    departures : (row, regressor), of all rows
    table : (row,) columns site, cluster, forest, nee_qc, gpp, nee
    min_quality : least `nee_qc` of a row that teaches
    penalties : strengths of shrinkage to choose from on inner folds of clusters
    """
    rows = select_teaching_rows(table, min_quality=min_quality)
    taught = table[rows]
    sites = taught["site"].to_numpy(str)
    within = subtract_site_means(departures[rows], sites)
    scale = within.std(axis=0) if len(within) else np.ones(departures.shape[1])
    scale = np.where(scale > 0, scale, 1.0)
    regressors = within / scale
    coefficients, chosen = [], []
    for target in TARGET_FLUXES:
        observed = subtract_site_means(taught[target].to_numpy(float)[:, None], sites)
        penalty = choose_penalty(
            regressors,
            observed[:, 0],
            taught["cluster"].to_numpy(),
            penalties=penalties,
        )
        chosen.append(penalty)
        coefficients.append(solve_ridge(regressors, observed[:, 0], penalty))
    return Response(scale, np.stack(coefficients), np.array(chosen))


def choose_penalty(
    regressors: np.ndarray,
    observed: np.ndarray,
    clusters: np.ndarray,
    *,
    penalties: Sequence[float],
) -> float:
    """The penalty with the smallest error at clusters that did not teach.

    Infinite, which is no response, where there are fewer than two clusters.

    Parameters
    ----------
    regressors : (row, regressor), site means subtracted, standard deviation 1
    observed : (row,), site means subtracted
    clusters : (row,), group of each row
    """
    count = min(INNER_FOLDS, len(np.unique(clusters)))
    if count < 2:
        return np.inf
    folds = list(GroupKFold(count).split(regressors, groups=clusters))
    errors = []
    for penalty in penalties:
        error = 0.0
        for teach, test in folds:
            slope = solve_ridge(regressors[teach], observed[teach], penalty)
            error += ((observed[test] - regressors[test] @ slope) ** 2).sum()
        errors.append(error)
    return float(penalties[int(np.argmin(errors))])


def solve_ridge(
    regressors: np.ndarray, observed: np.ndarray, penalty: float
) -> np.ndarray:
    """Coefficients (regressor,) of a ridge regression without a constant."""
    if not np.isfinite(penalty):
        return np.zeros(regressors.shape[1])
    square = regressors.T @ regressors + penalty * np.eye(regressors.shape[1])
    return np.linalg.solve(square, regressors.T @ observed)


def subtract_site_means(values: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Values (row, column) minus the mean of the rows of the same site."""
    frame = pd.DataFrame(values)
    return (frame - frame.groupby(np.asarray(sites)).transform("mean")).to_numpy()
