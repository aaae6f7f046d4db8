"""Places: what one extraction is about, a tile of the grid or a group of towers."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forestflux.core.grids.grid import Tile
from forestflux.core.grids.map_resolution import map_column
from forestflux.core.product_tables.product_table import Column


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

    @property
    def name(self) -> str:
        """Name of the tile."""
        return self.tile.name

    @property
    def column(self) -> Column:
        """Column of the product table that its cells follow."""
        return map_column(self.tile.grid.resolution_deg)

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
    column : of the product table that its windows follow
    """

    sites: pd.DataFrame
    name: str = "towers"
    column: Column = "tower"

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
