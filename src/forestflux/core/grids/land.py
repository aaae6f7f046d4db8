"""Land and its coastlines, from outlines that need no download.

Coasts are the ocean polygons that odc-geo ships (Natural Earth, 1:110 million). Whether a
place is land is looked up on a globe of 1/8 degree that is drawn once, so that a cell is
land or not whatever window asks.
"""

from functools import lru_cache

import numpy as np
import shapely
from odc.geo.data import ocean_geom
from rasterio import Affine
from rasterio.features import rasterize

CELLS_PER_DEGREE = 8


@lru_cache(maxsize=1)
def land_polygons() -> shapely.Geometry:
    """Land of the Earth in degrees: what the oceans of odc-geo leave free."""
    # a hair inside the date line, where a projection would jump to the other edge
    world = shapely.box(-179.999, -90, 179.999, 90)
    return world.difference(ocean_geom().geom)


@lru_cache(maxsize=1)
def land_raster() -> np.ndarray:
    """Land (1) and ocean (0) of the globe at 1/8 degree, uint8, from the north-west."""
    shape = (180 * CELLS_PER_DEGREE, 360 * CELLS_PER_DEGREE)
    side = 1 / CELLS_PER_DEGREE
    return rasterize(
        [(ocean_geom().json, 0)],
        out_shape=shape,
        fill=1,
        transform=Affine(side, 0, -180, 0, -side, 90),
        dtype="uint8",
    )


def is_land(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Whether each place (cell,) lies on land."""
    raster = land_raster()
    rows = np.floor((90 - latitudes) * CELLS_PER_DEGREE).astype(int)
    columns = np.floor((longitudes + 180) * CELLS_PER_DEGREE).astype(int)
    rows = np.clip(rows, 0, raster.shape[0] - 1)
    return raster[rows, columns % raster.shape[1]] == 1
