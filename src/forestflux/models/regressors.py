"""Regressors of one target behind one interface, for the classical models."""

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

# Trees during tuning and of the final fit: choices settle before predictions do.
TUNING_TREES, FINAL_TREES = 60, 400
# Boosting rounds at `ROUNDS_RATE`; a slower rate has as many more.
BOOSTING_ROUNDS, ROUNDS_RATE = 200, 0.04


class ScaledSVR:
    """Support vector regression with inputs and target in standard deviations.

    Parameters
    ----------
    C, epsilon : as in scikit-learn, for a target of variance 1
    gamma : width of the kernel, divided by the number of features
    """

    def __init__(self, *, C: float, gamma: float, epsilon: float) -> None:
        self.settings = {"C": C, "epsilon": epsilon}
        self.gamma = gamma

    def fit(
        self, features: np.ndarray, target: np.ndarray, *, sample_weight: np.ndarray
    ) -> "ScaledSVR":
        """Learn scales and support vectors."""
        self.scaler = StandardScaler().fit(features)
        self.mean, self.sd = target.mean(), target.std() or 1.0
        self.model = SVR(gamma=self.gamma / features.shape[1], **self.settings)
        scaled = (target - self.mean) / self.sd
        self.model.fit(self.scaler.transform(features), scaled, sample_weight)
        return self

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Target of each row, in its unit."""
        return self.model.predict(self.scaler.transform(features)) * self.sd + self.mean


Regressor = ExtraTreesRegressor | ScaledSVR | LGBMRegressor


def make_regressor(
    name: str, settings: dict, *, seed: int, n_jobs: int, final: bool
) -> Regressor:
    """An unfitted regressor of one target.

    Parameters
    ----------
    name : key of `BASELINES`
    settings : one value for each key of its space
    seed, n_jobs : as in scikit-learn
    final : the last fit, with all its trees, not one of the tuning
    """
    own = {key: settings[key] for key in settings if key not in ("summary", "rows")}
    if name == "svr":
        return ScaledSVR(**own)
    if name == "extra_trees":
        trees = FINAL_TREES if final else TUNING_TREES
        return ExtraTreesRegressor(trees, random_state=seed, n_jobs=n_jobs, **own)
    return LGBMRegressor(
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
