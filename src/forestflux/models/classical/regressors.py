"""Regressors of one target behind one interface, for the classical models."""

from collections.abc import Mapping
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


def fit_regressor(
    name: str,
    hyperparameters: Mapping[str, Any],
    features: np.ndarray,
    target: np.ndarray,
    *,
    weight: np.ndarray,
    seed: int,
    n_jobs: int,
    final: bool,
) -> Regressor:
    """A fitted regressor of one target.

    Parameters
    ----------
    name : key of `BASELINES`
    hyperparameters : one value for each key of its space
    features : (sample, feature)
    target, weight : (sample,)
    seed, n_jobs : as in scikit-learn
    final : the last fit, with all its trees, not one of the tuning
    """
    own = {
        name: value
        for name, value in hyperparameters.items()
        if name not in ("summary", "rows")
    }
    if name == "svr":
        model = make_scaled_svr(**own, count=features.shape[1])
        return model.fit(features, target, svr__sample_weight=weight)
    if name == "extra_trees":
        trees = FINAL_TREES if final else TUNING_TREES
        model = ExtraTreesRegressor(trees, random_state=seed, n_jobs=n_jobs, **own)
    else:
        model = LGBMRegressor(
            n_estimators=round(BOOSTING_ROUNDS * ROUNDS_RATE / own["learning_rate"]),
            subsample=0.7,
            subsample_freq=1,
            colsample_bytree=0.3,
            random_state=seed,
            n_jobs=n_jobs,
            deterministic=True,
            force_row_wise=True,
            verbose=-1,
            **own,
        )
    return model.fit(features, target, sample_weight=weight)


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
