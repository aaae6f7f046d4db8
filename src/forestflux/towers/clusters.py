"""Clusters of towers: sites so near to each other that they are no independent evidence."""

import numpy as np
from sklearn.cluster import DBSCAN

from forestflux.core.grids.distances import MEAN_EARTH_RADIUS_KM


def link_clusters(
    lat: np.ndarray, lon: np.ndarray, *, distance_km: float = 100.0
) -> np.ndarray:
    """Cluster of each site (site,), 0.. in the order of first appearance.

    Sites belong together when a chain of sites joins them in which no link is longer than
    `distance_km` along the great circle (single linkage).

    Parameters
    ----------
    lat, lon : (site,), degrees
    distance_km : longest link, km
    """
    degrees = np.stack([np.asarray(lat, float), np.asarray(lon, float)], axis=1)
    # With `min_samples=1` every site is a core point: DBSCAN then is single linkage.
    scan = DBSCAN(
        eps=distance_km / MEAN_EARTH_RADIUS_KM, min_samples=1, metric="haversine"
    )
    return scan.fit_predict(np.radians(degrees))
