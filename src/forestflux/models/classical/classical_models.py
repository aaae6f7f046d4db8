"""The classical models: trees, support vectors and boosting on summaries of a year.

Gaps. None of the three can do without complete series, so each fills gaps inside `fit`, from
its training rows alone (`forestflux.models.classical.year_features.GapFiller`): the difference
from the mean year of the forest type and latitude band is interpolated linearly in time; a
variable without any value becomes that mean year. The same holds when a row is predicted. No
other model of this package fills gaps.

Closure. GPP and NEE have regressors of their own; RECO = GPP + NEE.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.core.names import TARGET_FLUXES
from forestflux.models.classical.regressors import (
    FITTERS,
    FitChoices,
    Regressor,
    TrainingRows,
)
from forestflux.models.classical.year_features import Features
from forestflux.models.flux_model import Fluxes
from forestflux.prepare.folds import assign_groups
from forestflux.prepare.sample_table import Samples

LOG = logging.getLogger(__name__)

# Standard errors by which a candidate must beat the first one.
CLEAR = 2.0
# What is tuned. The first values are always tried. They, the spaces and the rule of
# `choose` were picked by out-of-fold scores on FLUXNET2015 towers, so that scores of
# these models on the same towers flatter them. Tuned of every model are `summary` (see
# `forestflux.models.classical.year_features.summarise`) and `rows` (which rows train).
SHARED_HYPERPARAMETERS = ("summary", "rows")
BASELINES: dict[str, dict[str, tuple[Any, ...]]] = {
    "extra_trees": {
        "summary": ("quantiles+months", "quantiles", "months"),
        "rows": ("all", "forest"),
        "min_samples_leaf": (2, 1, 4),
        "max_features": (0.3, 0.15, 0.6),
    },
    "svr": {
        "summary": ("quantiles", "quantiles+months"),
        "rows": ("forest", "all"),
        "C": (1.0, 0.5, 2.0, 4.0),
        "gamma": (0.7, 0.3, 1.0),
        "epsilon": (0.1, 0.2),
    },
    "gradient_boosting": {
        "summary": ("quantiles", "quantiles+months", "months"),
        "rows": ("all", "forest"),
        "num_leaves": (6, 4, 12),
        "learning_rate": (0.04, 0.02),
        "min_child_samples": (15, 5, 30),
        "reg_lambda": (5.0, 1.0),
    },
}


@dataclass(frozen=True)
class Choice:
    """What tuning chose for one target: hyperparameters and their error on the inner folds.

    Attributes
    ----------
    hyperparameters : one value for each key of the model's space in `BASELINES`
    rmse : weighted, over the forest rows of the inner folds, gC m-2 yr-1; NaN where there
        was nothing to choose from
    """

    hyperparameters: Mapping[str, Any]
    rmse: float


class ClassicalRegressor:
    """A classical model, a `FluxModel` once it is fitted; see the head of this module.

    Parameters
    ----------
    name : key of `BASELINES` and of `forestflux.models.classical.regressors.FITTERS`
    candidates : hyperparameters that are tried, the first of the space and others at random
    inner_folds : folds of the tuning, never more than there are groups
    group : column whose equal values stay together in the inner folds: `cluster` where
        the outer folds are by cluster, else `site`
    n_jobs : threads of a fit, for the models that have threads

    Raises
    ------
    InputError : a name that is none of these
    """

    def __init__(
        self,
        name: str,
        *,
        candidates: int,
        inner_folds: int,
        group: str = "site",
        n_jobs: int = 1,
    ) -> None:
        if name not in BASELINES:
            raise InputError(
                "configuration",
                variable="baseline.models",
                expected=f"some of {', '.join(BASELINES)}",
                found=name,
            )
        self.name = name
        self.candidates, self.inner_folds = candidates, inner_folds
        self.group, self.n_jobs = group, n_jobs
        self.choices: dict[str, Choice] = {}

    def fit(self, samples: Samples, *, seed: int) -> "ClassicalRegressor":
        """Tune on inner folds of these rows, then fit GPP and NEE on all of them.

        Parameters
        ----------
        samples : training rows; rows that are not forest train where tuning says so
        seed : of the candidates, the inner folds and the models
        """
        self.choices = self._tune(samples, seed=seed)
        self.features = Features(samples)
        matrices = self._matrices(samples.series, samples.lat, samples.forest_type)
        self.regressors: dict[str, Regressor] = {}
        for target, choice in self.choices.items():
            self.regressors[target] = self._fit_regressor(
                choice.hyperparameters,
                matrices,
                samples,
                target=target,
                seed=seed,
                final=True,
            )
            LOG.info("%s %s: %s", self.name, target, choice)
        return self

    def predict_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> Fluxes:
        """Fluxes of each sample, gC m-2 yr-1; RECO = GPP + NEE.

        Parameters
        ----------
        series : (sample, variable, step), physical values in calendar order, NaN = gap
        lat : (sample,), degrees north
        forest_type : (sample,), codes 1-5; 0 is any other land
        """
        matrices = self._matrices(series, lat, forest_type)
        gpp, nee = (
            self.regressors[target].predict(
                matrices[self.choices[target].hyperparameters["summary"]]
            )
            for target in TARGET_FLUXES
        )
        return Fluxes(gpp.astype(float), (gpp + nee).astype(float))

    def _matrices(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Features (sample, feature) by the summaries that tuning chose."""
        chosen = {choice.hyperparameters["summary"] for choice in self.choices.values()}
        return self.features.matrices(series, lat, forest_type, summaries=chosen)

    def _tune(self, samples: Samples, *, seed: int) -> dict[str, Choice]:
        """The best candidate of each target by its error on unseen groups."""
        candidates = draw_candidates(self.name, count=self.candidates, seed=seed)
        if len(candidates) == 1:
            return dict.fromkeys(TARGET_FLUXES, Choice(candidates[0], np.nan))
        forest = samples.table["forest"].to_numpy(bool)
        groups = samples.table.loc[forest, self.group].nunique()
        count = min(self.inner_folds, groups)
        folds = assign_groups(samples.table, self.group, count=count, seed=seed)
        predicted = np.full((len(TARGET_FLUXES), len(candidates), len(samples)), np.nan)
        for fold in range(count):
            train = samples.take(folds != fold)
            unseen = np.flatnonzero((folds == fold) & forest)
            features = Features(train)
            summaries = {candidate["summary"] for candidate in candidates}
            train_matrices, unseen_matrices = (
                features.matrices(
                    part.series, part.lat, part.forest_type, summaries=summaries
                )
                for part in (train, samples.take(unseen))
            )
            for row, target in enumerate(TARGET_FLUXES):
                for column, hyperparameters in enumerate(candidates):
                    regressor = self._fit_regressor(
                        hyperparameters,
                        train_matrices,
                        train,
                        target=target,
                        seed=seed,
                        final=False,
                    )
                    predicted[row, column, unseen] = regressor.predict(
                        unseen_matrices[hyperparameters["summary"]]
                    )
        scored = samples.table[forest]
        return {
            target: choose(
                candidates,
                predicted[row][:, forest] - scored[target].to_numpy(float),
                weight=scored["weight"].to_numpy(float),
                groups=scored[self.group].to_numpy(),
            )
            for row, target in enumerate(TARGET_FLUXES)
        }

    def _fit_regressor(
        self,
        hyperparameters: Mapping[str, Any],
        matrices: dict[str, np.ndarray],
        samples: Samples,
        *,
        target: str,
        seed: int,
        final: bool,
    ) -> Regressor:
        """A regressor of one target with these hyperparameters."""
        rows = np.ones(len(samples), dtype=bool)
        if hyperparameters["rows"] == "forest":
            rows = samples.table["forest"].to_numpy(bool)
        own = {
            name: value
            for name, value in hyperparameters.items()
            if name not in SHARED_HYPERPARAMETERS
        }
        return FITTERS[self.name](
            TrainingRows(
                matrices[hyperparameters["summary"]][rows],
                samples.table[target].to_numpy(float)[rows],
                samples.table["weight"].to_numpy(float)[rows],
            ),
            own,
            choices=FitChoices(seed=seed, n_jobs=self.n_jobs, final=final),
        )


def draw_candidates(name: str, *, count: int, seed: int) -> list[dict[str, Any]]:
    """Settings to try: the first of the space, then others at random, none twice.

    Parameters
    ----------
    name : key of `BASELINES`
    count : candidates, never more than the space has
    seed : of the choice
    """
    space = BASELINES[name]
    points = [
        dict(zip(space, point, strict=True)) for point in product(*space.values())
    ]
    others = 1 + np.random.default_rng(seed).permutation(len(points) - 1)
    return [points[0], *(points[index] for index in others[: count - 1])]


def choose(
    candidates: list[dict[str, Any]],
    error: np.ndarray,
    *,
    weight: np.ndarray,
    groups: np.ndarray,
) -> Choice:
    """The candidate that tuning settles on: the first unless another is clearly better.

    Clearly: its squared error is smaller by more than `CLEAR` standard errors of the
    difference, taken between groups (after the one-standard-error rule of Breiman et
    al. 1984; more than one because several candidates are compared with the first).
    With some sixty sites the plain minimum follows the odd site.

    Parameters
    ----------
    candidates : hyperparameters
    error : (candidate, row) on unseen groups
    weight, groups : (row,)
    """
    membership = groups[:, None] == np.unique(groups)
    loss = (error**2 * weight) @ membership / weight.sum()
    gain = loss[0] - loss
    number = membership.shape[1]
    standard_error = np.sqrt(number) * gain.std(axis=1, ddof=1)
    clear = gain.sum(axis=1) > CLEAR * standard_error
    clear[0] = True
    total = loss.sum(axis=1)
    best = int(np.argmin(np.where(clear, total, np.inf)))
    return Choice(candidates[best], float(np.sqrt(total[best])))
