"""The region of a run: its areas by what the configuration names, its tiles, its part of cells."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
import xarray as xr

from forestflux.core.grids.grid import Grid, Tile
from forestflux.core.input_errors import InputError
from forestflux.core.layers import REGION_LAYERS, REGION_SHARE
from forestflux.core.regions.cell_shares import Raster, share_cells
from forestflux.core.regions.countries import read_countries
from forestflux.core.regions.country_names import find_country
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.region_file import read_shapes
from forestflux.core.regions.region_paths import is_region_file
from forestflux.core.regions.region_shapes import WORLD, wrap

Box = tuple[float, float, float, float]
TILE_NAME = re.compile(r"r\d+c\d+")
# Share of a tile that is rounding: far less than a cell has of the smallest field.
TILE_ROUNDING = 1e-12


def find_areas(named: Sequence[str | Box], grid: Grid) -> list[NamedArea]:
    """The areas that a region names, in order.

    Parameters
    ----------
    named : names or codes of countries, files of polygons, tiles, or boxes (west, south, east,
        north) in degrees, whose east may be less than their west, across 180 degrees
    grid : of the tiles

    Raises
    ------
    InputError : an unknown name, a file with faults, a tile that the grid does not have; an
        area without land or too small to be found, two areas of one name
    """
    if not named:
        return []  # no country has to be read
    areas = [find_area(each, grid) for each in named]
    check_names(areas)
    land = shapely.STRtree([country.shape for country in read_countries()[0]])
    for area in areas:
        if not len(land.query(area.shape, predicate="intersects")):
            raise InputError(
                "configuration",
                variable="region",
                expected="an area with some land",
                found=f"{area.name}, which has none",
            )
        if not list_tiles([area], grid):
            raise InputError(
                "configuration",
                variable="region",
                expected="an area of which a cell can hold a part",
                found=f"{area.name}, with {area.shape.area:.2g} square degrees",
            )
    return areas


def check_names(areas: Sequence[NamedArea]) -> None:
    """Refuse areas of one name: tables would take them for one region."""
    names = [area.name for area in areas]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            "configuration",
            variable="region",
            expected="parts with a name each (of a file, that of the file)",
            found=f"{', '.join(twice)} more than once",
        )


def find_area(named: str | Box, grid: Grid) -> NamedArea:
    """One area of a region, see `find_areas`."""
    if not isinstance(named, str):
        west, south, east, north = named
        box = shapely.box(west, south, east + 360 if east <= west else east, north)
        return NamedArea(",".join(f"{end:g}" for end in named), "", wrap(box))
    if TILE_NAME.fullmatch(named):
        return NamedArea(named, "", outline_tile(grid.tile(named)))
    if is_region_file(named):
        shapes = read_shapes(Path(named))
        return NamedArea(Path(named).stem, "", shapely.union_all(shapes))
    return find_country(named)


def outline_tile(tile: Tile) -> shapely.Geometry:
    """The box of a tile."""
    rows, columns = (np.array([[at, at + 1]]) for at in (tile.row, tile.column))
    return shapely.intersection(tile_raster(tile.grid).boxes(rows, columns)[0], WORLD)


def tile_raster(grid: Grid) -> Raster:
    """The tiles of the globe as cells of a coarse grid; the last ones may reach beyond it."""
    side = grid.tile_cells * grid.resolution_deg
    return Raster(side, grid.tiles_across(), rounding=TILE_ROUNDING)


def list_tiles(areas: Sequence[NamedArea], grid: Grid) -> tuple[str, ...]:
    """Names of the tiles of which some area holds a part, row by row from the north-west.

    Parameters
    ----------
    areas : valid polygons from 180 W to 180 E
    grid : whose tiles; which of them it maps does not matter
    """
    coarse = tile_raster(grid)
    whole, parts = coarse.divide(np.array([area.shape for area in areas], object))
    held = np.zeros(coarse.shape, bool)
    for _, rows, columns in whole:
        held[slice(*rows), slice(*columns)] = True
    held[parts.rows[:, 0], parts.columns[:, 0]] = True
    return tuple(Tile(grid, *place).name for place in np.argwhere(held).tolist())


def measure_share(
    areas: Sequence[NamedArea], latitudes: np.ndarray, longitudes: np.ndarray
) -> np.ndarray:
    """Share of the area of each cell that lies in some area, float64 (y, x), 0-1.

    Parameters
    ----------
    areas : valid polygons from 180 W to 180 E
    latitudes, longitudes : centres of the cells, evenly spaced, degrees
    """
    shares = share_cells(areas, latitudes, longitudes)
    inside = shares.parts.sum(axis=1)
    table = np.concatenate([np.ones(len(areas)), [0.0], np.clip(inside, 0, 1)])
    return table[shares.codes]


def share_tile(areas: Sequence[NamedArea], tile: Tile) -> xr.Dataset:
    """The store of a tile's share in a region: `region_share` (y, x), float32."""
    latitudes, longitudes = tile.latitudes(), tile.longitudes()
    share = measure_share(areas, latitudes, longitudes)
    layer = REGION_LAYERS[REGION_SHARE].attributes()
    return xr.Dataset(
        {REGION_SHARE: (("y", "x"), share.astype("float32"), layer)},
        {
            "y": ("y", latitudes, {"units": "degrees_north"}),
            "x": ("x", longitudes, {"units": "degrees_east"}),
        },
    )
