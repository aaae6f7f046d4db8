"""Tree models that inference is compared with: what one would use instead of networks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from forestflux.models.classical.year_features import Features
from forestflux.prepare.sample_table import Samples

SUMMARY = "months+quantiles"
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


class TreeModels:
    """Extra trees and boosted trees on the usual features; gaps are filled first."""

    def __init__(
        self, samples: Samples, members: int, *, trees: int, cores: int
    ) -> None:
        """Fit extra trees, and for each flux boosted members of as many rounds."""
        # Only `make bench` installs it, and the list of benchmarks shall appear without it.
        from xgboost import XGBRegressor

        self.members, self.cores = members, cores
        self.features = Features(samples)
        matrix = self.features.matrices(
            samples.series, samples.lat, samples.forest_type, summaries=[SUMMARY]
        )[SUMMARY]
        target = samples.table[["gpp", "nee"]].to_numpy()
        self.extra = ExtraTreesRegressor(trees, n_jobs=cores, random_state=1)
        self.extra.fit(matrix, target)
        self.boosted = [
            XGBRegressor(
                n_estimators=trees,
                max_depth=6,
                learning_rate=0.05,
                subsample=0.7,
                colsample_bytree=0.3,
                n_jobs=cores,
                random_state=member,
            ).fit(matrix, target[:, column])
            for member in range(members)
            for column in range(2)
        ]

    def matrix(self, cells: Arrays) -> np.ndarray:
        """Features (sample, feature) of cells."""
        matrix = self.features.matrices(*cells, summaries=[SUMMARY])[SUMMARY]
        return np.ascontiguousarray(matrix, "float32")

    def extra_product(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles over the trees."""
        with ThreadPoolExecutor(self.cores) as pool:
            trees = [tree.tree_ for tree in self.extra.estimators_]
            found = np.stack(list(pool.map(lambda t: t.predict(matrix)[..., 0], trees)))
        return found.mean(axis=0), np.quantile(found, [0.05, 0.95], axis=0)

    def boosted_product(self, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles over the members."""
        found = np.stack([member.predict(matrix) for member in self.boosted])
        found = found.reshape(self.members, 2, -1)
        return found.mean(axis=0), np.quantile(found, [0.05, 0.95], axis=0)
