"""Places: what one extraction is about, a tile of the grid or a group of towers."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from forestflux.core.grid import Tile


@dataclass(frozen=True)
class TilePlace:
    """A tile of the grid; every cell is a place on the map.

    Attributes
    ----------
    share : share (y, x) of each cell that lies in the run's region, 0-1; None where the run
        has none
    """

    tile: Tile
    share: np.ndarray | None = field(default=None, compare=False, repr=False)
    kind: Literal["tile"] = "tile"

    @property
    def name(self) -> str:
        """Name of the tile."""
        return self.tile.name

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns in cells."""
        return self.tile.shape


@dataclass(frozen=True)
class TowerPlace:
    """A group of towers, read as a grid of n towers x 1: each cell is a window of native pixels.

    Attributes
    ----------
    sites : columns site, lat, lon (degrees), igbp; one row per tower
    """

    sites: pd.DataFrame
    name: str = "towers"
    kind: Literal["tower"] = "tower"

    @property
    def shape(self) -> tuple[int, int]:
        """Towers and 1."""
        return len(self.sites), 1

    @property
    def latitudes(self) -> np.ndarray:
        """Latitude of each tower (y), degrees."""
        return self.sites["lat"].to_numpy(float)

    @property
    def longitudes(self) -> np.ndarray:
        """Longitude of each tower (y), degrees."""
        return self.sites["lon"].to_numpy(float)


Place = TilePlace | TowerPlace
