"""Which share of each cell of a grid lies in each of some areas."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy import sparse

from forestflux.core.grids.grid import zone_area
from forestflux.core.regions.region_cells import (
    NamedArea,
    find_side,
    repeat_eastward,
)

# Shares that are less than this are rounding; so is what is missing to a whole cell.
ROUNDING = 1e-9


@dataclass(frozen=True)
class CellShares:
    """Cells of a grid in some areas.

    Attributes
    ----------
    codes : int32 (y, x): position of the area that holds the whole cell; the number of areas
        where none holds any of it; from the next number on, cells of which areas hold parts
    parts : (part cell, area), share of the area of such a cell in each area, 0-1; what is
        missing to 1 lies in none
    """

    codes: np.ndarray
    parts: sparse.csr_array


@dataclass(frozen=True)
class Windows:
    """Rectangles of cells with the part of one area that lies in each.

    Attributes
    ----------
    area : (window,), position of the area
    piece : (window,), part of its shape
    rows, columns : (window, 2), first cell and that behind the last
    """

    area: np.ndarray
    piece: np.ndarray
    rows: np.ndarray
    columns: np.ndarray

    def choose(self, which: np.ndarray) -> "Windows":
        """Some of the windows."""
        return Windows(
            self.area[which], self.piece[which], self.rows[which], self.columns[which]
        )


def share_cells(
    areas: Sequence[NamedArea], latitudes: np.ndarray, longitudes: np.ndarray
) -> CellShares:
    """The shares of all cells. Where areas overlap, the first counts.

    Parameters
    ----------
    areas : in order, valid polygons from 180 W to 180 E
    latitudes, longitudes : centres of the cells of a grid, evenly spaced, degrees; longitudes
        may go on past 180
    """
    grid = Raster.of_cells(latitudes, longitudes)
    copies = [repeat_eastward(area.shape, grid.east) for area in areas]
    shapes = [each[0] if len(each) == 1 else shapely.union_all(each) for each in copies]
    whole, parts = grid.divide(np.array(shapes, object))
    codes = np.full(grid.shape, len(areas), "int32")
    for area, rows, columns in sorted(whole, key=lambda window: -window[0]):
        codes[slice(*rows), slice(*columns)] = area
    return grid.add_parts(codes, parts, len(areas))


@dataclass(frozen=True)
class Raster:
    """A grid whose windows cut shapes.

    Attributes
    ----------
    side : of a cell, degrees
    shape : rows and columns
    west, north : its corner, degrees
    rounding : shares of a cell that are less than this are rounding
    """

    side: float
    shape: tuple[int, int]
    west: float = -180.0
    north: float = 90.0
    rounding: float = ROUNDING

    @classmethod
    def of_cells(cls, latitudes: np.ndarray, longitudes: np.ndarray) -> "Raster":
        """The grid of cells with these centres, evenly spaced, degrees."""
        side = find_side(latitudes, longitudes)
        return cls(
            side,
            (len(latitudes), len(longitudes)),
            float(longitudes[0]) - side / 2,
            float(latitudes[0]) + side / 2,
        )

    @property
    def east(self) -> float:
        """Its eastern edge, degrees."""
        return self.west + self.side * self.shape[1]

    def boxes(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Rectangles (window,) in degrees."""
        west, east = (self.west + columns * self.side).T
        north, south = (self.north - rows * self.side).T
        return shapely.box(west, south, east, north)

    def divide(
        self, shapes: np.ndarray
    ) -> tuple[list[tuple[int, np.ndarray, np.ndarray]], Windows]:
        """Windows that lie wholly in a shape, and single cells with the part that does.

        A window of which a shape holds a part is halved along its longer side, over and over.
        All shapes are treated at once.
        """
        open_windows = self.enclose(shapes)
        whole: list[tuple[int, np.ndarray, np.ndarray]] = []
        cells = [open_windows.choose(np.array([], int))]
        while len(open_windows.area):
            boxes = self.boxes(open_windows.rows, open_windows.columns)
            piece = keep_areas(shapely.intersection(open_windows.piece, boxes))
            share = shapely.area(piece) / shapely.area(boxes)
            open_windows = Windows(
                open_windows.area, piece, open_windows.rows, open_windows.columns
            )
            full = share > 1 - ROUNDING
            inside = open_windows.choose(full)
            whole += zip(inside.area, inside.rows, inside.columns, strict=True)
            sizes = np.diff(open_windows.rows) * np.diff(open_windows.columns)
            single = sizes.ravel() == 1
            # Small areas far from each other are a small part of the window around all.
            some = ~full & (share > np.where(single, self.rounding, 0))
            partial, single = open_windows.choose(some), single[some]
            cells.append(partial.choose(single))
            open_windows = halve(partial.choose(~single))
        return whole, join(cells)

    def enclose(self, shapes: np.ndarray) -> Windows:
        """The smallest window around each shape, of those that the grid holds a part of."""
        number = np.flatnonzero(~shapely.is_empty(shapes))
        west, south, east, north = shapely.bounds(shapes[number]).T
        ends = [
            (np.floor((self.north - north) / self.side), self.shape[0]),
            (np.ceil((self.north - south) / self.side), self.shape[0]),
            (np.floor((west - self.west) / self.side), self.shape[1]),
            (np.ceil((east - self.west) / self.side), self.shape[1]),
        ]
        clipped = [np.clip(values, 0, most).astype(int) for values, most in ends]
        rows, columns = np.stack(clipped[:2], axis=1), np.stack(clipped[2:], axis=1)
        found = Windows(number, shapes[number], rows, columns)
        return found.choose((np.diff(rows) * np.diff(columns)).ravel() > 0)

    def add_parts(self, codes: np.ndarray, parts: Windows, count: int) -> CellShares:
        """Codes and shares, after the cells that areas share are distributed."""
        cell = parts.rows[:, 0] * self.shape[1] + parts.columns[:, 0]
        # An area counts where no earlier one holds the whole cell.
        kept = parts.area < codes.ravel()[cell]
        parts, cell = parts.choose(kept), cell[kept]
        order = np.lexsort((parts.area, cell))
        parts, cell = parts.choose(order), cell[order]
        cells, number = np.unique(cell, return_inverse=True)
        share = self.measure(leave_taken(parts.piece, number), parts)
        # What earlier areas leave of a cell that a later one holds whole.
        behind = codes.ravel()[cells]
        left = 1 - np.bincount(number, share, len(cells))
        later = np.flatnonzero(behind < count)
        matrix = sparse.csr_array(
            (
                np.concatenate([share, left[later]]),
                (
                    np.concatenate([number, later]),
                    np.concatenate([parts.area, behind[later]]),
                ),
            ),
            shape=(len(cells), count),
        )
        codes.ravel()[cells] = count + 1 + np.arange(len(cells))
        return CellShares(codes, matrix)

    def measure(self, pieces: np.ndarray, parts: Windows) -> np.ndarray:
        """Share (part,) of the area of each cell on the ellipsoid that a piece has."""
        boxes = self.boxes(parts.rows, parts.columns)
        found, whole = (
            shapely.area(shapely.transform(shapes, to_equal_area))
            for shapes in (pieces, boxes)
        )
        return np.clip(found / whole, 0, 1)


def to_equal_area(points: np.ndarray) -> np.ndarray:
    """Points (point, 2) in degrees on a plane where areas are those on the ellipsoid."""
    return np.column_stack([points[:, 0], zone_area(points[:, 1])])


def keep_areas(shapes: np.ndarray) -> np.ndarray:
    """The shapes without the lines and points that cuts leave beside polygons."""
    mixed = shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION
    for place in np.flatnonzero(mixed):
        parts = shapely.get_parts(shapes[place])
        shapes[place] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])
    return shapes


def halve(windows: Windows) -> Windows:
    """The windows, each in two along its longer side."""
    high = np.diff(windows.rows).ravel() >= np.diff(windows.columns).ravel()
    halves = []
    for first in (True, False):
        rows, columns = windows.rows.copy(), windows.columns.copy()
        for ends, chosen in ((rows, high), (columns, ~high)):
            middle = ends.sum(axis=1) // 2
            ends[chosen, 1 if first else 0] = middle[chosen]
        halves.append(Windows(windows.area, windows.piece, rows, columns))
    return join(halves)


def join(windows: Sequence[Windows]) -> Windows:
    """All windows together."""
    names = ("area", "piece", "rows", "columns")
    return Windows(
        *(np.concatenate([getattr(each, name) for each in windows]) for name in names)
    )


def leave_taken(pieces: np.ndarray, number: np.ndarray) -> np.ndarray:
    """The pieces (part,) without what earlier ones of the same cell cover.

    Parameters
    ----------
    number : (part,), number of the cell, in order
    """
    result = pieces.copy()
    taken = shapely.Polygon()
    for place in range(1, len(pieces)):
        if number[place] != number[place - 1]:
            taken = shapely.Polygon()
            continue
        taken = shapely.union(taken, pieces[place - 1])
        result[place] = shapely.difference(pieces[place], taken)
    return result
