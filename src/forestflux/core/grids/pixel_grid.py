"""The grid of a product's own pixels."""

import numpy as np

from forestflux.core.reading.typed_input import FrozenModel

# Reference system of grids whose lines are parallels and meridians, as those of maps.
GEOGRAPHIC = "EPSG:4326"

# Digits of a position in pixels beyond which two places are the same.
EDGE_DIGITS = 6


class PixelGrid(FrozenModel):
    """The grid of a product's own pixels."""

    crs: str
    pixel: float
    """Side of a pixel in units of the reference system."""
    corner: tuple[float, float]
    """West and north of the north-west corner in the same units."""

    @property
    def is_geographic(self) -> bool:
        """Whether its lines are parallels and meridians, as those of maps."""
        return self.crs == GEOGRAPHIC

    def position(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of places as fractions: 2.5 is the middle of the third pixel.

        They are rounded to a millionth of a pixel, so that a place on an edge lies on it
        in whatever way it was computed. Its pixel is then the one east and south of it.

        Parameters
        ----------
        x, y : of the places, in units of the reference system
        """
        west, north = self.corner
        rows, columns = (north - y) / self.pixel, (x - west) / self.pixel
        return np.round(rows, EDGE_DIGITS), np.round(columns, EDGE_DIGITS)
