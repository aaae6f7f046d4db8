"""The sinusoidal grid of MODIS, on which its tiles and subsets lie."""

from typing import TypeVar

import numpy as np

Degrees = TypeVar("Degrees", float, np.ndarray)

# Its name in the product table and in Earth Engine.
SINUSOIDAL = "SR-ORG:6974"
# Radius of the grid's sphere, m (MODIS land tiling, SR-ORG:6974).
SPHERE_M = 6371007.181


def project_sinusoidal(lat: Degrees, lon: Degrees) -> tuple[Degrees, Degrees]:
    """Coordinates of places on the grid.

    Parameters
    ----------
    lat, lon : (place,) or one number, degrees

    Returns
    -------
    x, y : as the input, m
    """
    angle = np.radians(lat)
    return SPHERE_M * np.cos(angle) * np.radians(lon), SPHERE_M * angle
