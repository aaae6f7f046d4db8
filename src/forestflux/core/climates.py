"""Climates by latitude: a coarse class that every tower and every cell has."""

import numpy as np

# Latitudes (degrees, either hemisphere) at which one climate ends and the next begins.
CLIMATE_BOUNDS = (23.5, 50.0)
CLIMATES = ("tropical", "temperate", "boreal")


def climate_of(lat: np.ndarray) -> np.ndarray:
    """Name of the climate (sample,), one of `CLIMATES`.

    Parameters
    ----------
    lat : (sample,), degrees north
    """
    return np.array(CLIMATES)[np.digitize(np.abs(np.asarray(lat)), CLIMATE_BOUNDS)]
