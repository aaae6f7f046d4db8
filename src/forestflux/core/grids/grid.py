"""The grid of the maps and its tiles: frozen values from which every window derives."""

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from forestflux.core.grids.cell_centres import (
    centre_latitudes,
    centre_longitudes,
    find_shortest_arc,
)
from forestflux.core.input_errors import InputError

# WGS 84: semi-major axis [m] and first eccentricity squared.
SEMI_MAJOR_M = 6378137.0
ECCENTRICITY2 = 0.0066943799901413165


@dataclass(frozen=True)
class Window:
    """A rectangle of cells of the globe.

    Attributes
    ----------
    rows, columns : on the globe; columns beyond the last one go on with the first, so that a
        window across 180 degrees is one rectangle
    """

    rows: slice
    columns: slice


@dataclass(frozen=True)
class Grid:
    """Latitude-longitude grid of what is mapped, rows from north to south, columns eastward.

    Its arrays cover the smallest window of tiles around those that are mapped, so that memory
    and disk follow the region: the globe, from 180 W, where all tiles are mapped. Across 180
    degrees the window and its longitudes go on eastward (179.9, 180.1), where that is shorter
    than the way around the globe: rising coordinates and one rectangle are what every format
    and program takes.

    Attributes
    ----------
    resolution_deg : side of a cell in degrees; 180 must be a multiple of it
    tile_cells : rows and columns of a tile; the last tiles of a row or column may be
        smaller
    only : names of the tiles that are mapped; all where empty
    """

    resolution_deg: float
    tile_cells: int
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a resolution that does not cover the globe with whole cells."""
        object.__setattr__(self, "only", tuple(self.only))
        rows = 180 / self.resolution_deg
        if abs(rows - round(rows)) > 1e-9:
            raise InputError(
                "configuration",
                variable="grid.resolution_deg",
                expected="a divisor of 180",
                found=str(self.resolution_deg),
            )

    @property
    def globe_shape(self) -> tuple[int, int]:
        """Rows and columns of the globe."""
        rows = round(180 / self.resolution_deg)
        return rows, 2 * rows

    @cached_property
    def window(self) -> Window:
        """What the arrays of the grid cover."""
        if not self.only:
            rows, columns = self.globe_shape
            return Window(slice(0, rows), slice(0, columns))
        tiles = self.tiles()
        first, last = find_shortest_arc(
            sorted({tile.column for tile in tiles}), self.tiles_across()[1]
        )
        west, east = (Tile(self, 0, column).globe_columns for column in (first, last))
        turn = self.globe_shape[1] if last < first else 0
        return Window(
            slice(tiles[0].globe_rows.start, tiles[-1].globe_rows.stop),
            slice(west.start, east.stop + turn),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        rows, columns = self.window.rows, self.window.columns
        return rows.stop - rows.start, columns.stop - columns.start

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the window, degrees; the east may lie beyond 180."""
        rows, columns = self.window.rows, self.window.columns
        ends = (
            -180 + self.resolution_deg * columns.start,
            90 - self.resolution_deg * rows.stop,
            -180 + self.resolution_deg * columns.stop,
            90 - self.resolution_deg * rows.start,
        )
        west, south, east, north = (round(float(end), 9) for end in ends)
        return west, south, east, north

    @property
    def covers_globe(self) -> bool:
        """Whether every tile of the globe is mapped."""
        return not self.only or len(self.tiles()) == math.prod(self.tiles_across())

    @property
    def is_region(self) -> bool:
        """Whether it is that of a region: of tiles that were chosen."""
        return bool(self.only)

    def latitudes(self) -> np.ndarray:
        """Cell-centre latitudes (y) of the window, degrees, north to south."""
        return centre_latitudes(self.window.rows, self.resolution_deg)

    def longitudes(self) -> np.ndarray:
        """Cell-centre longitudes (x) of the window, degrees, rising; some may be beyond 180."""
        return centre_longitudes(self.window.columns, self.resolution_deg)

    def tiles_across(self) -> tuple[int, int]:
        """Rows and columns of tiles that cover the globe."""
        rows, columns = (-(-length // self.tile_cells) for length in self.globe_shape)
        return rows, columns

    def tiles(self) -> list["Tile"]:
        """The tiles that are mapped, row by row from the north-west of the globe.

        Raises
        ------
        InputError : a name in `only` is none of a tile of the grid
        """
        if self.only:
            chosen = {self.tile(name) for name in self.only}
            return sorted(chosen, key=lambda tile: (tile.row, tile.column))
        rows, columns = self.tiles_across()
        return [Tile(self, r, c) for r in range(rows) for c in range(columns)]

    def tile(self, name: str) -> "Tile":
        """The tile of a name such as `r02c05`, mapped or not."""
        match = re.fullmatch(r"r(\d+)c(\d+)", name)
        if match is None:
            raise InputError(
                "tile", variable="name", expected="r<row>c<column>", found=name
            )
        tile, last = Tile(self, int(match[1]), int(match[2])), self.tiles_across()
        outside = tile.row >= last[0] or tile.column >= last[1]
        if outside or tile.name != name:  # r2c5 would be no tile of the map
            raise InputError(
                "tile",
                variable="name",
                expected=f"a tile of the grid, r00c00 to r{last[0] - 1:02d}c{last[1] - 1:02d}",
                found=name,
            )
        return tile


@dataclass(frozen=True)
class Tile:
    """A part of the grid: tile row from the north, tile column from 180 W."""

    grid: Grid
    row: int
    column: int

    @property
    def name(self) -> str:
        """Name of the tile, `r02c05`."""
        return f"r{self.row:02d}c{self.column:02d}"

    @property
    def globe_rows(self) -> slice:
        """Rows of the globe."""
        start = self.row * self.grid.tile_cells
        return slice(start, min(start + self.grid.tile_cells, self.grid.globe_shape[0]))

    @property
    def globe_columns(self) -> slice:
        """Columns of the globe, from 180 W."""
        start = self.column * self.grid.tile_cells
        return slice(start, min(start + self.grid.tile_cells, self.grid.globe_shape[1]))

    @property
    def rows(self) -> slice:
        """Rows of the grid's window, for a tile that is mapped."""
        start = self.globe_rows.start - self.grid.window.rows.start
        return slice(start, start + self.shape[0])

    @property
    def columns(self) -> slice:
        """Columns of the grid's window, for a tile that is mapped."""
        west, around = self.grid.window.columns.start, self.grid.globe_shape[1]
        start = (self.globe_columns.start - west) % around
        return slice(start, start + self.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the tile."""
        rows, columns = self.globe_rows, self.globe_columns
        return rows.stop - rows.start, columns.stop - columns.start

    def latitudes(self) -> np.ndarray:
        """Cell-centre latitudes (y), degrees, north to south."""
        return centre_latitudes(self.globe_rows, self.grid.resolution_deg)

    def longitudes(self) -> np.ndarray:
        """Cell-centre longitudes (x), degrees, from -180 to 180."""
        return centre_longitudes(self.globe_columns, self.grid.resolution_deg)


def cell_area(latitudes: np.ndarray, resolution_deg: float) -> np.ndarray:
    """Area of a cell on the WGS 84 ellipsoid, m2, one value per latitude.

    The area between two parallels is exact: with e the eccentricity and s = sin(latitude),
    A = b^2 / 2 x [s / (1 - e^2 s^2) + artanh(e s) / e] x width in radians (Snyder 1987,
    eq. 3-12).

    Parameters
    ----------
    latitudes : cell centres (y), degrees
    resolution_deg : side of a cell, degrees
    """
    polar2 = SEMI_MAJOR_M**2 * (1 - ECCENTRICITY2)
    half = resolution_deg / 2
    between = zone_area(np.minimum(latitudes + half, 90)) - zone_area(
        np.maximum(latitudes - half, -90)
    )
    return polar2 / 2 * between * np.radians(resolution_deg)


def zone_area(latitudes: np.ndarray) -> np.ndarray:
    """What grows with the area between the equator and a parallel, 1; see `cell_area`."""
    e = np.sqrt(ECCENTRICITY2)
    s = np.sin(np.radians(latitudes))
    return s / (1 - ECCENTRICITY2 * s**2) + np.arctanh(e * s) / e


def ellipsoid_area() -> float:
    """Area of the whole WGS 84 ellipsoid, m2: 2 pi a^2 [1 + (1 - e^2) / e x artanh(e)]."""
    e = np.sqrt(ECCENTRICITY2)
    flat = (1 - ECCENTRICITY2) / e * np.arctanh(e)
    return float(2 * np.pi * SEMI_MAJOR_M**2 * (1 + flat))


def check_cell_centres(
    found: np.ndarray, wanted: np.ndarray, *, source: object, name: str, owner: str
) -> None:
    """Refuse an axis whose cell centres are not those of a grid, tile or other file.

    Parameters
    ----------
    found, wanted : degrees
    source, name : file and axis, for the message
    owner : what has the wanted ones, in words

    Raises
    ------
    InputError : another number of cells, or a centre more than a millionth of a degree away
    """
    if found.shape == wanted.shape and np.allclose(found, wanted, rtol=0, atol=1e-6):
        return
    ends = f" from {found[0]:.6g} to {found[-1]:.6g}" if len(found) else ""
    raise InputError(
        str(source),
        variable=name,
        expected=f"the {len(wanted)} cell centres of {owner}",
        found=f"{len(found)} values{ends}",
    )
