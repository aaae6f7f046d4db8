"""Forest area of cells: the one product from which every total follows."""

import numpy as np
import xarray as xr

from forestflux.core.layers import REGION_SHARE

# Of every map; the share in a region stands beside them where a run has one.
AREA_LAYERS = ("cell_area", "forest_fraction")


def measure_forest_area(dataset: xr.Dataset) -> np.ndarray:
    """Forest area (y, x), m2, float64: cell area x forest fraction x share in the region.

    A map of the globe has no such share: all of each cell counts. NaN where the fraction is.

    Parameters
    ----------
    dataset : `cell_area`, `forest_fraction` and, of a run with a region, `region_share`
    """
    area = dataset["cell_area"].values * dataset["forest_fraction"].values
    if REGION_SHARE in dataset:
        area = area * dataset[REGION_SHARE].values
    return area


def divide_by_area(values: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Values for each m2, NaN where there is no forest."""
    return np.divide(values, area, out=np.full(area.shape, np.nan), where=area > 0)
