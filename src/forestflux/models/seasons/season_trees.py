"""The classical season model: extra trees on the months of the inputs, as features.

Every leaf holds a mean of measured courses of a mean day, so that the shares made of them are
never negative and sum to 1.
"""

from typing import Self

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from forestflux.core.calendars.months import MONTHS
from forestflux.models.classical.regressors import FINAL_TREES
from forestflux.models.classical.year_features import Features
from forestflux.models.seasons.mean_seasons import turn_south
from forestflux.models.seasons.shares import (
    SHARED_FLUXES,
    measure_rates,
    spread_rates,
)
from forestflux.prepare.sample_table import Samples

SUMMARY = "months"
# Fixed, not tuned: the best of a few on folds by cluster of FLUXNET2015 towers.
MIN_SAMPLES_LEAF, MAX_FEATURES = 3, 0.4


class SeasonTrees:
    """Extra trees that give the rates of all months at once, a `SeasonModel`.

    Parameters
    ----------
    features : of the training rows
    trees : fitted
    """

    def __init__(self, features: Features, trees: ExtraTreesRegressor) -> None:
        """Keep what was fitted."""
        self.features, self.trees = features, trees

    @classmethod
    def of(
        cls, samples: Samples, months: np.ndarray, *, seed: int, n_jobs: int = 1
    ) -> Self:
        """The trees that samples with months (sample, flux, month) teach.

        Parameters
        ----------
        samples : training rows; those without months give features only
        seed, n_jobs : as in scikit-learn
        """
        known = np.isfinite(months).all(axis=(1, 2))
        own = samples.take(known)
        features = Features(samples)
        trees = ExtraTreesRegressor(
            FINAL_TREES,
            min_samples_leaf=MIN_SAMPLES_LEAF,
            max_features=MAX_FEATURES,
            random_state=seed,
            n_jobs=n_jobs,
        )
        rates = turn_south(
            measure_rates(months[known], own.table["year"].to_numpy(int)), own.lat
        )
        trees.fit(
            make_features(features, own.series, own.lat, own.forest_type),
            rates.reshape(len(rates), -1),
            sample_weight=own.table["weight"].to_numpy(float),
        )
        return cls(features, trees)

    def predict_shares(
        self,
        series: np.ndarray,
        lat: np.ndarray,
        forest_type: np.ndarray,
        *,
        years: np.ndarray,
    ) -> np.ndarray:
        """Share of each month (flux, sample, month), see `SeasonModel`."""
        made = make_features(self.features, series, lat, forest_type)
        rates = self.trees.predict(made).reshape(-1, len(SHARED_FLUXES), MONTHS)
        return spread_rates(turn_south(rates, lat), years).transpose(1, 0, 2)


def make_features(
    features: Features, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
) -> np.ndarray:
    """Means of the inputs in each month, the forest type, and the distance from the equator."""
    matrix = features.matrices(series, lat, forest_type, summaries=[SUMMARY])[SUMMARY]
    return np.concatenate([matrix, np.abs(lat)[:, None]], axis=1)
