"""Regressors of one target behind one interface, for the classical models."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

# Trees during tuning and of the final fit: choices settle before predictions do.
TUNING_TREES, FINAL_TREES = 60, 400
# Boosting rounds at `ROUNDS_RATE`; a slower rate has as many more.
BOOSTING_ROUNDS, ROUNDS_RATE = 200, 0.04


class Regressor(Protocol):
    """A fitted regressor of one target."""

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Target of each row, in its unit."""
        ...


@dataclass(frozen=True)
class TrainingRows:
    """What a regressor of one target learns from.

    Attributes
    ----------
    features : (sample, feature)
    target : (sample,), gC m-2 yr-1
    weight : (sample,)
    """

    features: np.ndarray
    target: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class FitChoices:
    """How a regressor is fitted, beside its hyperparameters.

    Attributes
    ----------
    seed, n_jobs : as in scikit-learn
    final : the last fit, with all its trees, not one of the tuning
    """

    seed: int
    n_jobs: int
    final: bool


class Fitter(Protocol):
    """What fits a regressor: one function for each classical model."""

    def __call__(
        self,
        rows: TrainingRows,
        hyperparameters: Mapping[str, Any],
        *,
        choices: FitChoices,
    ) -> Regressor:
        """Learn from these rows; the choices and the hyperparameters fix the result."""
        ...


def fit_extra_trees(
    rows: TrainingRows, hyperparameters: Mapping[str, Any], *, choices: FitChoices
) -> Regressor:
    """Extremely randomised trees."""
    model = ExtraTreesRegressor(
        FINAL_TREES if choices.final else TUNING_TREES,
        random_state=choices.seed,
        n_jobs=choices.n_jobs,
        **hyperparameters,
    )
    return model.fit(rows.features, rows.target, sample_weight=rows.weight)


def fit_svr(
    rows: TrainingRows, hyperparameters: Mapping[str, Any], *, choices: FitChoices
) -> Regressor:
    """Support vectors; nothing is drawn, and one thread fits them."""
    model = make_scaled_svr(**hyperparameters, count=rows.features.shape[1])
    return model.fit(rows.features, rows.target, svr__sample_weight=rows.weight)


def fit_gradient_boosting(
    rows: TrainingRows, hyperparameters: Mapping[str, Any], *, choices: FitChoices
) -> Regressor:
    """Boosted trees, with as many rounds as the rate of learning asks for."""
    rate = hyperparameters["learning_rate"]
    model = LGBMRegressor(
        n_estimators=round(BOOSTING_ROUNDS * ROUNDS_RATE / rate),
        subsample=0.7,
        subsample_freq=1,
        colsample_bytree=0.3,
        random_state=choices.seed,
        n_jobs=choices.n_jobs,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
        **hyperparameters,
    )
    return model.fit(rows.features, rows.target, sample_weight=rows.weight)


# By the names of `forestflux.jobs.settings.training_settings.ClassicalModel`, in its order.
FITTERS: dict[str, Fitter] = {
    "extra_trees": fit_extra_trees,
    "svr": fit_svr,
    "gradient_boosting": fit_gradient_boosting,
}


def make_scaled_svr(
    *, C: float, gamma: float, epsilon: float, count: int
) -> TransformedTargetRegressor:
    """Support vector regression with inputs and target in standard deviations.

    Parameters
    ----------
    C, epsilon : as in scikit-learn, for a target of variance 1
    gamma : width of the kernel, divided by the number of features
    count : features
    """
    machine = SVR(C=C, gamma=gamma / count, epsilon=epsilon)
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), machine),
        transformer=StandardScaler(),
        check_inverse=False,
    )
