"""A region's fluxes as Earth Engine computes them, laid out as a map."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.core.layers import LAYERS
from forestflux.maps.mosaic import (
    areas,
    axis,
    spatial_reference,
    title,
    variable,
)
from forestflux.publish.online.online_source import OnlineSource
from forestflux.publish.online.region import Region, window_of
from forestflux.sources.earthengine.request import Layers

# Side of a window in cells. What is still too heavy is halved on the way.
WINDOW_CELLS = 32


def fetch_map(
    source: OnlineSource, layers: Layers, region: Region, grid: Grid, *, level: float
) -> xr.Dataset:
    """The layers of a region, as a map has them but for the members.

    Parameters
    ----------
    layers : of `forestflux.publish.online.online_source.ask_layers`
    region : all cells that it touches
    grid : of the maps
    level : nominal coverage of the intervals, 0-1

    Raises
    ------
    InputError : the server refuses or does not answer
    """
    rows, columns = region.cells(grid)
    shape = rows.stop - rows.start, columns.stop - columns.start
    arrays = {
        band.name: np.full(shape, fill_of(band.dtype), band.dtype)
        for band in layers.bands
    }
    parts = list(split_cells(rows, columns))
    windows = [window_of(grid, *part) for part in parts]
    found = source.compute(layers, windows)
    for (part_rows, part_columns), values in zip(parts, found, strict=True):
        own = (
            slice(part_rows.start - rows.start, part_rows.stop - rows.start),
            slice(
                part_columns.start - columns.start, part_columns.stop - columns.start
            ),
        )
        for name, array in arrays.items():
            array[own] = values[name]
    arrays["cell_area"] = areas(grid, rows)[:, columns]
    latitudes, longitudes = grid.latitudes()[rows], grid.longitudes()[columns]
    return xr.Dataset(
        {
            name: variable(name, arrays[name], level=level)
            for name in LAYERS
            if name in arrays
        },
        coords={
            "y": ("y", latitudes, axis("latitude", "degrees_north", "Y")),
            "x": ("x", longitudes, axis("longitude", "degrees_east", "X")),
            "spatial_ref": ((), np.int32(4326), place_reference(grid, rows, columns)),
        },
        attrs=title(source.year),
    )


def split_cells(rows: slice, columns: slice) -> Iterator[tuple[slice, slice]]:
    """Windows of cells that together are some rows and columns."""
    for row in range(rows.start, rows.stop, WINDOW_CELLS):
        for column in range(columns.start, columns.stop, WINDOW_CELLS):
            yield (
                slice(row, min(row + WINDOW_CELLS, rows.stop)),
                slice(column, min(column + WINDOW_CELLS, columns.stop)),
            )


def fill_of(dtype: str) -> float:
    """What an array holds before its windows have come."""
    return np.nan if dtype == "float32" else 0


def place_reference(grid: Grid, rows: slice, columns: slice) -> dict[str, object]:
    """CF grid mapping with the transform of a part of the grid."""
    step = grid.resolution_deg
    west, north = -180 + columns.start * step, 90 - rows.start * step
    corner = f"{west:.10g} {step} 0 {north:.10g} 0 {-step}"
    return spatial_reference(grid) | {"GeoTransform": corner}
