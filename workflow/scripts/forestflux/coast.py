"""Land and its coastlines, from outlines that need no download."""

from functools import lru_cache

import shapely
from odc.geo.data import ocean_geom


@lru_cache(maxsize=1)
def land_polygons() -> shapely.Geometry:
    """Land of the Earth in degrees: what the oceans of odc-geo leave free."""
    # a hair inside the date line, where a projection would jump to the other edge
    world = shapely.box(-179.999, -90, 179.999, 90)
    return world.difference(ocean_geom().geom)
