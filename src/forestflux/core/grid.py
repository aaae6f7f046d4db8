"""The global grid and its tiles: frozen values from which every window derives."""

import re
from dataclasses import dataclass

import numpy as np

from forestflux.core.errors import InputError

# WGS 84: semi-major axis [m] and first eccentricity squared.
SEMI_MAJOR_M = 6378137.0
ECCENTRICITY2 = 0.0066943799901413165


@dataclass(frozen=True)
class Grid:
    """Global latitude-longitude grid, rows from north to south, columns from 180 W.

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
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the globe."""
        rows = round(180 / self.resolution_deg)
        return rows, 2 * rows

    def latitudes(self) -> np.ndarray:
        """Cell-centre latitudes (y), degrees, north to south."""
        return 90 - (np.arange(self.shape[0]) + 0.5) * self.resolution_deg

    def longitudes(self) -> np.ndarray:
        """Cell-centre longitudes (x), degrees, from 180 W."""
        return -180 + (np.arange(self.shape[1]) + 0.5) * self.resolution_deg

    def tiles_across(self) -> tuple[int, int]:
        """Rows and columns of tiles that cover the globe."""
        rows, columns = (-(-length // self.tile_cells) for length in self.shape)
        return rows, columns

    def tiles(self) -> list["Tile"]:
        """The tiles that are mapped, row by row from the north-west."""
        rows, columns = self.tiles_across()
        tiles = [Tile(self, r, c) for r in range(rows) for c in range(columns)]
        return [tile for tile in tiles if not self.only or tile.name in self.only]

    def tile(self, name: str) -> "Tile":
        """The tile of a name such as `r02c05`."""
        match = re.fullmatch(r"r(\d+)c(\d+)", name)
        if match is None:
            raise InputError(
                "tile", variable="name", expected="r<row>c<column>", found=name
            )
        tile = Tile(self, int(match[1]), int(match[2]))
        outside = (
            tile.rows.start >= self.shape[0] or tile.columns.start >= self.shape[1]
        )
        if outside or tile.name != name:  # r2c5 would be no tile of the map
            last = self.tiles_across()
            raise InputError(
                "tile",
                variable="name",
                expected=f"a tile of the grid, r00c00 to r{last[0] - 1:02d}c{last[1] - 1:02d}",
                found=name,
            )
        return tile


@dataclass(frozen=True)
class Tile:
    """A window of the grid: tile row from the north, tile column from 180 W."""

    grid: Grid
    row: int
    column: int

    @property
    def name(self) -> str:
        """Name of the tile, `r02c05`."""
        return f"r{self.row:02d}c{self.column:02d}"

    @property
    def rows(self) -> slice:
        """Rows of the global grid."""
        start = self.row * self.grid.tile_cells
        return slice(start, min(start + self.grid.tile_cells, self.grid.shape[0]))

    @property
    def columns(self) -> slice:
        """Columns of the global grid."""
        start = self.column * self.grid.tile_cells
        return slice(start, min(start + self.grid.tile_cells, self.grid.shape[1]))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the tile."""
        return (
            self.rows.stop - self.rows.start,
            self.columns.stop - self.columns.start,
        )

    def latitudes(self) -> np.ndarray:
        """Cell-centre latitudes (y), degrees, north to south."""
        return self.grid.latitudes()[self.rows]

    def longitudes(self) -> np.ndarray:
        """Cell-centre longitudes (x), degrees."""
        return self.grid.longitudes()[self.columns]


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
