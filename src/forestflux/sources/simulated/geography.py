"""The lie of the land: real coasts, mountains, and how far a place is from the sea.

Coasts are the ocean polygons that odc-geo ships (Natural Earth, 1:110 million), drawn
once on a globe of 1/8 degree; every answer is looked up there, so that a cell is land
or not whatever window asks. Mountains are smooth hills near the real ranges plus noise.
"""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

from forestflux.core.grids.land import CELLS_PER_DEGREE, land_raster
from forestflux.sources.simulated.noise import Lattice

SMOOTHING_DEG = 6.0

# Latitude, longitude, half width in latitude and longitude (degrees), height (m).
RANGES = (
    (33.0, 89.0, 5.0, 11.0, 4800.0),  # Tibet
    (40.5, 72.0, 4.0, 6.0, 2600.0),  # Pamir, Tian Shan
    (48.0, 92.0, 4.0, 8.0, 1500.0),  # Altai, Mongolia
    (64.0, 138.0, 5.0, 10.0, 900.0),  # Verkhoyansk
    (42.0, -110.0, 9.0, 6.0, 1900.0),  # Rocky Mountains
    (55.0, -122.0, 5.0, 4.0, 1200.0),  # Canadian Cordillera
    (62.0, -140.0, 3.0, 8.0, 1200.0),  # Alaska
    (24.0, -103.0, 5.0, 3.0, 1900.0),  # Sierra Madre
    (-10.0, -75.0, 7.0, 2.0, 3300.0),  # Andes of Peru
    (-20.0, -67.5, 6.0, 2.5, 3800.0),  # Altiplano
    (-33.0, -70.0, 7.0, 1.2, 2800.0),  # Andes of Chile
    (8.0, 39.0, 4.0, 3.0, 1900.0),  # Ethiopia
    (-2.0, 33.0, 6.0, 4.0, 1000.0),  # East Africa
    (-29.0, 28.0, 3.0, 3.0, 1500.0),  # Drakensberg
    (46.5, 10.0, 1.2, 4.0, 1500.0),  # Alps
    (39.0, 40.0, 2.5, 8.0, 1500.0),  # Anatolia
    (33.0, 53.0, 4.0, 5.0, 1300.0),  # Iran
    (63.0, 12.0, 4.0, 4.0, 600.0),  # Scandinavia
    (72.0, -40.0, 8.0, 14.0, 2600.0),  # Greenland
    (-5.0, 141.0, 1.5, 6.0, 1800.0),  # New Guinea
)


@lru_cache(maxsize=1)
def land_share_maps() -> tuple[np.ndarray, np.ndarray]:
    """Share of land at one degree, as it is and smoothed over about 6 degrees."""
    rows, columns = (length // CELLS_PER_DEGREE for length in land_raster().shape)
    blocks = land_raster().reshape(rows, CELLS_PER_DEGREE, columns, CELLS_PER_DEGREE)
    share = blocks.mean(axis=(1, 3))
    return share, gaussian_filter(share, SMOOTHING_DEG, mode=("nearest", "wrap"))


def land_share(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Share of land within about a degree of each place (cell,), 0-1."""
    return bilinear(land_share_maps()[0], latitudes, longitudes)


def inland(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """How far inland each place lies (cell,): share of land within about 6 degrees."""
    return bilinear(land_share_maps()[1], latitudes, longitudes)


def bilinear(
    values: np.ndarray, latitudes: np.ndarray, longitudes: np.ndarray
) -> np.ndarray:
    """Values of a one-degree global map between its cell centres (cell,)."""
    rows, columns = values.shape
    y = np.clip(89.5 - latitudes, 0, rows - 1)
    x = longitudes + 179.5
    top = np.minimum(np.floor(y).astype(int), rows - 2)
    left = np.floor(x).astype(int)
    down, right = y - top, x - left
    west, east = left % columns, (left + 1) % columns
    upper = values[top, west] * (1 - right) + values[top, east] * right
    lower = values[top + 1, west] * (1 - right) + values[top + 1, east] * right
    return upper * (1 - down) + lower * down


def hill(
    latitudes: np.ndarray,
    longitudes: np.ndarray,
    centre: tuple[float, float],
    width: tuple[float, float],
) -> np.ndarray:
    """A smooth hill of height 1 around a centre (cell,).

    Parameters
    ----------
    latitudes, longitudes : (cell,), degrees
    centre : latitude and longitude, degrees
    width : half width in latitude and longitude, degrees
    """
    north = (latitudes - centre[0]) / width[0]
    east = ((longitudes - centre[1] + 180) % 360 - 180) / width[1]
    return np.exp(-0.7 * (north**2 + east**2))


def elevation(
    latitudes: np.ndarray, longitudes: np.ndarray, *, seed: int
) -> np.ndarray:
    """Height above the sea (cell,), m."""
    height = np.zeros(len(latitudes))
    for latitude, longitude, tall, wide, metres in RANGES:
        ridge = hill(latitudes, longitudes, (latitude, longitude), (tall, wide))
        height = np.maximum(height, metres * ridge)
    coarse = Lattice(latitudes, longitudes, scale_km=900).still(seed, "uplands")
    fine = Lattice(latitudes, longitudes, scale_km=220).still(seed, "hills")
    rolling = 250 * np.maximum(coarse, -0.5) + 120 * np.maximum(fine, -1) + 200
    rough = 0.15 * height * fine
    return np.maximum(height + rolling * inland(latitudes, longitudes) + rough, 0)
