"""Response of the fluxes of a place to what a year does differently from its mean year.

Places differ from each other for other reasons than years of one place do: soil, age and
species come with the climate, a single warm summer brings none of them. The response is
therefore learnt from differences between the years of the same tower only (the within
transformation of panel data: Mundlak 1978, Econometrica 46, 69-85).

The response is linear in the departures (`forestflux.prepare.departures`), and shrunk towards
no response (ridge regression: Hoerl and Kennard 1970, Technometrics 12, 55-67) as far as towers
of inner folds ask for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forestflux.core.names import TARGET_FLUXES
from forestflux.prepare.departures import measure_departures
from forestflux.prepare.mean_years import average_years
from forestflux.prepare.sample_table import Samples

# Strengths of the shrinkage that inner folds choose from, in site-years: a departure of one
# standard deviation counts as if so many more site-years had shown no response to it. Without
# an upper end: no response at all.
PENALTIES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, np.inf)
INNER_FOLDS = 5
# Draws from which the covariance of the coefficients is known to within a tenth.
COVARIANCE_DRAWS = 200


@dataclass(frozen=True)
class Response:
    """How GPP and NEE follow departures; RECO = GPP + NEE.

    Attributes
    ----------
    scale : (regressor,), standard deviation over the site-years that taught it, in the unit
        of each regressor; 1 of one that never departs
    coefficients : (target, regressor), gC m-2 yr-1 per standard deviation; targets are GPP, NEE
    penalty : (target,), strength of the shrinkage of each target; infinite for no response
    members : (member, target, regressor), as many likely values of the coefficients as the
        ensemble has members; their mean is `coefficients`
    covariance : (target, regressor, target, regressor), of the coefficients; 0 where it was
        not asked for
    """

    scale: np.ndarray
    coefficients: np.ndarray
    penalty: np.ndarray
    members: np.ndarray
    covariance: np.ndarray

    def predict(self, departures: np.ndarray) -> np.ndarray:
        """Change of GPP and NEE (target, sample), gC m-2 yr-1, by departures.

        Parameters
        ----------
        departures : (sample, regressor), in the units of the regressors
        """
        return self.coefficients @ (departures / self.scale).T

    def predict_members(self, departures: np.ndarray) -> np.ndarray:
        """The same by each member's coefficients (member, target, sample)."""
        return self.members @ (departures / self.scale).T

    def flux_covariance(self, flux: str) -> np.ndarray:
        """Covariance (regressor, regressor) of the coefficients of GPP, RECO or NEE."""
        gpp, nee = self.covariance
        # RECO = GPP + NEE.
        return {
            "gpp": gpp[:, 0],
            "nee": nee[:, 1],
            "reco": gpp[:, 0] + nee[:, 1] + gpp[:, 1] + nee[:, 0],
        }[flux]

    def to_dict(self) -> dict[str, list]:
        """Plain numbers for JSON; `Response.from_dict` reads them. Infinite is None."""
        content = {
            name: np.asarray(values).tolist() for name, values in vars(self).items()
        }
        penalty = [each if np.isfinite(each) else None for each in self.penalty]
        return content | {"penalty": penalty}

    @classmethod
    def from_dict(cls, content: Mapping[str, list]) -> "Response":
        """The response from plain numbers."""
        penalty = [np.inf if each is None else each for each in content["penalty"]]
        arrays = {name: np.array(values) for name, values in content.items()}
        return cls(**arrays | {"penalty": np.array(penalty)})


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
    members: int = 1,
    draws: int = 0,
    seed: int = 0,
) -> Response:
    """The response that these site-years teach; none where no site has two good years.

    Parameters
    ----------
    departures : (row, regressor), of all rows
    table : (row,) columns site, cluster, forest, nee_qc, gpp, nee
    min_quality : least `nee_qc` of a row that teaches
    members : likely values of the coefficients that are drawn
    draws : more of them, from which their covariance is estimated
    seed : of the draws
    """
    rows = select_teaching_rows(table, min_quality=min_quality)
    taught = table[rows]
    sites = taught["site"].to_numpy(str)
    within = subtract_site_means(departures[rows], sites)
    scale = within.std(axis=0) if len(within) else np.ones(departures.shape[1])
    scale = np.where(scale > 0, scale, 1.0)
    regressors = within / scale
    clusters = taught["cluster"].to_numpy()
    observed = subtract_site_means(taught[list(TARGET_FLUXES)].to_numpy(float), sites)
    penalty = np.array(
        [choose_penalty(regressors, target, clusters) for target in observed.T]
    )
    coefficients = np.stack(
        [
            solve_ridge(regressors, target, each)
            for target, each in zip(observed.T, penalty, strict=True)
        ]
    )
    none = np.zeros(2 * coefficients.shape)
    response = Response(scale, coefficients, penalty, coefficients[None], none)
    evidence = regressors, observed, clusters
    drawn = draw_coefficients(response, *evidence, number=members, seed=seed)
    response = replace(response, members=drawn)
    if draws > 1:
        drawn = draw_coefficients(response, *evidence, number=draws, seed=seed + 1)
        covariance = np.cov(drawn.reshape(draws, -1), rowvar=False)
        response = replace(response, covariance=covariance.reshape(none.shape))
    return response


def draw_coefficients(
    response: Response,
    regressors: np.ndarray,
    observed: np.ndarray,
    clusters: np.ndarray,
    *,
    number: int,
    seed: int,
) -> np.ndarray:
    """Likely coefficients (draw, target, regressor) whose mean is that of the response.

    Clusters of towers are weighted at random (Bayesian bootstrap: Rubin 1981, Annals of
    Statistics 9, 130-134), and the value towards which is shrunk is drawn from its prior, so
    that what towers say nothing of stays uncertain. With errors that are independent and of
    one size this is the posterior of the ridge regression.

    Parameters
    ----------
    response : fitted
    regressors, observed : (row, regressor) and (row, target), site means subtracted
    clusters : (row,)
    number : of draws
    seed : of the draws
    """
    names, position = np.unique(clusters, return_inverse=True)
    rng = np.random.default_rng(seed)
    result = np.repeat(response.coefficients[None], number, axis=0)
    if number < 2 or not len(names):
        return result
    residual = observed - regressors @ response.coefficients.T
    noise = np.sqrt((residual**2).mean(axis=0))
    for draw in range(number):
        weight = rng.exponential(size=len(names))[position]
        prior = rng.standard_normal(response.coefficients.shape)
        for target, penalty in enumerate(response.penalty):
            if np.isfinite(penalty):
                result[draw, target] = solve_ridge(
                    regressors,
                    observed[:, target],
                    penalty,
                    weight=weight,
                    pull=noise[target] * np.sqrt(penalty) * prior[target],
                )
    # The spread over few draws about their own mean is too small by this factor.
    deviation = (result - result.mean(axis=0)) * np.sqrt(number / (number - 1))
    return response.coefficients + deviation


def choose_penalty(
    regressors: np.ndarray, observed: np.ndarray, clusters: np.ndarray
) -> float:
    """The penalty with the smallest error at clusters that did not teach.

    Infinite, which is no response, where there are fewer than two clusters.

    Parameters
    ----------
    regressors : (row, regressor), site means subtracted, standard deviation 1
    observed : (row,), site means subtracted
    clusters : (row,), group of each row
    """
    names, position, rows = np.unique(clusters, return_inverse=True, return_counts=True)
    count = min(INNER_FOLDS, len(names))
    if count < 2:
        return np.inf
    # The largest clusters are assigned first, so that folds have about as many rows.
    rank = np.argsort(np.argsort(-rows, kind="stable"))
    fold = (rank % count)[position]
    errors = []
    for penalty in PENALTIES:
        error = 0.0
        for test in (fold == number for number in range(count)):
            slope = solve_ridge(regressors[~test], observed[~test], penalty)
            error += ((observed[test] - regressors[test] @ slope) ** 2).sum()
        errors.append(error)
    return float(PENALTIES[int(np.argmin(errors))])


def solve_ridge(
    regressors: np.ndarray,
    observed: np.ndarray,
    penalty: float,
    *,
    weight: np.ndarray | float = 1.0,
    pull: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Coefficients (regressor,) of a ridge regression without a constant.

    Parameters
    ----------
    regressors : (row, regressor)
    observed : (row,)
    penalty : added to the diagonal; infinite gives zeros
    weight : (row,)
    pull : (regressor,), penalty times the value towards which is shrunk
    """
    if not np.isfinite(penalty):
        return np.zeros(regressors.shape[1])
    weighted = (regressors.T * weight).T
    square = regressors.T @ weighted + penalty * np.eye(regressors.shape[1])
    return np.linalg.solve(square, weighted.T @ observed + pull)


def subtract_site_means(values: np.ndarray, sites: np.ndarray) -> np.ndarray:
    """Values (row, column) minus the mean of the rows of the same site."""
    frame = pd.DataFrame(values)
    return (frame - frame.groupby(np.asarray(sites)).transform("mean")).to_numpy()
