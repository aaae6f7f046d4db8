"""Clusters of towers: sites so near to each other that they are no independent evidence."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage

MEAN_EARTH_RADIUS_KM = 6371.0088


def link_clusters(
    lat: np.ndarray, lon: np.ndarray, *, distance_km: float = 100.0
) -> np.ndarray:
    """Cluster of each site (site,), 0.. in the order of first appearance.

    Single linkage: sites belong together when a chain of sites joins them in which no
    link is longer than `distance_km` along the great circle.

    Parameters
    ----------
    lat, lon : (site,), degrees
    distance_km : longest link, km
    """
    lat, lon = np.radians(np.asarray(lat, float)), np.radians(np.asarray(lon, float))
    if len(lat) < 2:
        return np.zeros(len(lat), dtype=int)
    points = np.stack(
        [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1
    )
    # The straight chord grows with the arc, so that a cut in one is a cut in the other.
    angle = min(distance_km / MEAN_EARTH_RADIUS_KM, np.pi)
    tree = linkage(points, method="single")
    labels = fcluster(tree, 2 * np.sin(angle / 2), criterion="distance")
    return pd.factorize(labels)[0]
