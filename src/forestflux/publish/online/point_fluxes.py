"""Annual fluxes of the cells around points, as Earth Engine computes them."""

import pandas as pd

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.layers import LAYERS
from forestflux.publish.online.online_source import OnlineSource
from forestflux.publish.online.region import window_of
from forestflux.sources.earthengine.request import Layers


def fetch_points(
    source: OnlineSource, layers: Layers, points: pd.DataFrame, grid: Grid
) -> pd.DataFrame:
    """The points with the year and every layer of the cell in which each lies.

    Parameters
    ----------
    layers : of `forestflux.publish.online.online_source.ask_layers`
    points : site, lat and lon in degrees
    grid : of the maps

    Returns
    -------
    site, lat, lon, year and the layers; empty where there is no number, forest_type 0 where no
    forest is estimated
    """
    step = grid.resolution_deg
    native = PixelGrid(crs="EPSG:4326", pixel=step, corner=(-180, 90))
    rows, columns = native.position(
        points["lon"].to_numpy(float), points["lat"].to_numpy(float)
    )
    last_row, last_column = grid.shape[0] - 1, grid.shape[1] - 1
    windows = []
    for row, column in zip(rows, columns, strict=True):
        # The south pole and 180 E belong to the last cell.
        y, x = min(int(row), last_row), min(int(column), last_column)
        windows.append(window_of(grid, slice(y, y + 1), slice(x, x + 1)))
    found = source.compute(layers, windows)
    names = [name for name in LAYERS if name in found[0]]
    values = {name: [part[name].item() for part in found] for name in names}
    return points[["site", "lat", "lon"]].assign(year=source.year, **values)
