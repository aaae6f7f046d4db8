"""Noise that is addressed by coordinates, so that a cell looks the same from any tile.

Every random number is a hash of seed, name, place and time; none is drawn in sequence.
Smooth fields live on a cubic lattice around the sphere (no seam at 180 degrees, no
poles): a value is the weighted sum of the eight corners around a point, divided by the
root of the summed squared weights, which gives every point unit variance.
"""

import hashlib
from itertools import product

import numpy as np
from scipy.sparse import csr_array

EARTH_RADIUS_KM = 6371.0

# SplitMix64 (Steele et al. 2014): its increment and the multipliers of its finaliser.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)


def mix(values: np.ndarray) -> np.ndarray:
    """Well-spread 64-bit hashes of 64-bit integers (SplitMix64), same shape."""
    values = (values ^ (values >> np.uint64(30))) * MULTIPLIER_1
    values = (values ^ (values >> np.uint64(27))) * MULTIPLIER_2
    return values ^ (values >> np.uint64(31))


def hashed(seed: int, name: str, *parts: int | np.ndarray) -> np.ndarray:
    """Hashes of a seed, a name and integers that broadcast, uint64, at least 1-D.

    Parameters
    ----------
    seed : seed of the planet
    name : what the number is for; other names give independent numbers
    parts : place, year, step: integers or arrays of integers
    """
    text = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()
    state = np.array([int.from_bytes(text, "little")], dtype=np.uint64)
    for part in parts:
        part = np.atleast_1d(np.asarray(part))
        if part.dtype != np.uint64:
            part = part.astype(np.int64).view(np.uint64)
        state = mix((state ^ part) + GOLDEN)
    return state


def uniform(hashes: np.ndarray) -> np.ndarray:
    """Numbers evenly spread over 0-1 from hashes, float64, same shape."""
    return (hashes >> np.uint64(11)) * 2.0**-53


def normal(hashes: np.ndarray) -> np.ndarray:
    """Numbers of mean 0 and variance 1 from hashes, float64, same shape.

    Sum of four uniform numbers (Irwin-Hall), nearly normal within +/- 3.46. Plain
    arithmetic, so no mathematical library can change a bit of it.
    """
    low = np.uint64(0xFFFF)
    total = (hashes & low) + (hashes >> np.uint64(48))
    total += (hashes >> np.uint64(16)) & low
    total += (hashes >> np.uint64(32)) & low
    return (total.astype(float) + 2) / 65536.0 * np.sqrt(3.0) - 2 * np.sqrt(3.0)


def place_keys(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """One integer per place (cell,), uint64: its position rounded to 0.0001 degrees."""
    rows = np.rint((latitudes + 90) * 1e4).astype(np.int64)
    columns = np.rint((longitudes + 180) * 1e4).astype(np.int64) % 3_600_000
    return (rows * 3_600_000 + columns).view(np.uint64)


def smooth(fraction: np.ndarray) -> np.ndarray:
    """Smoothed fraction (Perlin 2002), 0-1, flat at both ends."""
    return fraction**3 * (fraction * (fraction * 6 - 15) + 10)


class Lattice:
    """The corners of a cubic lattice around each cell and their weights.

    Parameters
    ----------
    latitudes, longitudes : (cell,), degrees
    scale_km : side of a lattice cube, about the distance over which values are alike
    """

    def __init__(
        self, latitudes: np.ndarray, longitudes: np.ndarray, *, scale_km: float
    ) -> None:
        """Find the eight corners of each cell and their weights."""
        radius = EARTH_RADIUS_KM / scale_km
        phi, lam = np.radians(latitudes), np.radians(longitudes)
        axes = (np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi))
        self.half = int(radius) + 2
        positions = [axis * radius + self.half for axis in axes]
        lower = [np.floor(position).astype(np.int64) for position in positions]
        upper = [
            smooth(position - low)
            for position, low in zip(positions, lower, strict=True)
        ]
        self.side = 2 * self.half + 1
        corners, weights = [], []
        for shift in product((0, 1), repeat=3):
            index, weight = np.zeros_like(lower[0]), np.ones_like(upper[0])
            for low, share, step in zip(lower, upper, shift, strict=True):
                index = index * self.side + low + step
                weight = weight * (share if step else 1 - share)
            corners.append(index)
            weights.append(weight)
        self.corners = np.stack(corners, axis=1)
        stacked = np.stack(weights, axis=1)
        self.weights = stacked / np.sqrt((stacked**2).sum(axis=1, keepdims=True))

    def still(self, seed: int, name: str) -> np.ndarray:
        """A field that does not move in time (cell,), mean 0, variance 1."""
        values = normal(hashed(seed, name, self.corners.ravel()))
        return (values.reshape(self.corners.shape) * self.weights).sum(axis=1)

    def moving(self, node_values: np.ndarray) -> np.ndarray:
        """A field in time (cell, step) from the values of all nodes (node, step)."""
        cells = len(self.corners)
        matrix = csr_array(
            (
                self.weights.ravel(),
                self.corners.ravel(),
                8 * np.arange(cells + 1),
            ),
            shape=(cells, self.side**3),
        )
        return matrix @ node_values

    def node_series(
        self, seed: int, name: str, *, first_step: int, steps: int, period: float
    ) -> np.ndarray:
        """Series at all lattice nodes (node, step), mean 0, variance 1.

        Values at knots in time every `period` steps are joined smoothly; a period of 1
        gives independent steps.

        Parameters
        ----------
        first_step : number of the first step, counted over all years
        steps : length of the series
        """
        time = (first_step + np.arange(steps)) / period
        knots = np.floor(time).astype(np.int64)
        share = smooth(time - knots)
        wanted = np.arange(knots[0], knots[-1] + 2)
        nodes = np.arange(self.side**3)
        values = normal(hashed(seed, name, nodes[:, None], wanted[None, :]))
        before = values[:, knots - knots[0]]
        after = values[:, knots - knots[0] + 1]
        spread = np.sqrt((1 - share) ** 2 + share**2)
        return (before * (1 - share) + after * share) / spread
