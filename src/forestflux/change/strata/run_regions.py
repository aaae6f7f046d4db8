"""The region of a run where strata are cut: only what lies in it counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.run_region import measure_share


@dataclass(frozen=True)
class RunRegion:
    """What lies in the region of a run.

    Attributes
    ----------
    shape : all of its areas together, degrees
    share : share (y, x) of the area of each cell of the grid, 0-1
    """

    shape: shapely.Geometry
    share: np.ndarray

    @classmethod
    def of(
        cls, areas: Sequence[NamedArea], latitudes: np.ndarray, longitudes: np.ndarray
    ) -> "RunRegion":
        """The region of some areas on a grid with these centres of cells, degrees."""
        shape = shapely.union_all([area.shape for area in areas])
        return cls(shape, measure_share(areas, latitudes, longitudes))

    def cut(self, areas: Sequence[NamedArea]) -> list[NamedArea]:
        """The part of each area that lies in the region, perhaps none."""
        shapely.prepare(self.shape)
        return [
            replace(area, shape=shapely.intersection(area.shape, self.shape))
            if shapely.intersects(self.shape, area.shape)
            else replace(area, shape=shapely.Polygon())
            for area in areas
        ]
