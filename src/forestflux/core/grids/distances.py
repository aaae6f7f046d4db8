"""Distances on the globe."""

import numpy as np
from sklearn.metrics.pairwise import haversine_distances

MEAN_EARTH_RADIUS_KM = 6371.0088


def measure_distances(
    lat: np.ndarray,
    lon: np.ndarray,
    other_lat: np.ndarray | None = None,
    other_lon: np.ndarray | None = None,
) -> np.ndarray:
    """Great-circle distances (place, other), km, to other places or between the places.

    Parameters
    ----------
    lat, lon : (place,), degrees
    other_lat, other_lon : (other,), degrees; the places themselves where not given
    """
    places = np.radians(np.stack([lat, lon], axis=1, dtype=float))
    others = None
    if other_lat is not None and other_lon is not None:
        others = np.radians(np.stack([other_lat, other_lon], axis=1, dtype=float))
    return haversine_distances(places, others) * MEAN_EARTH_RADIUS_KM
