"""Pixels of the sinusoidal grid on the cells of a map: each counts by the area that it shares.

The one way by which such pixels come onto a map finer than 0.05 degree, whatever source has
them. A cell's value is the mean of its trusted pixels, and the weight of a pixel is the area
that it shares with the cell: one that lies half in a cell counts half. Beside it stand the
percent of the cell's area under trusted pixels and the percent of each reason.

The projection keeps areas, so shares are measured on its plane. There a cell is bounded by two
parallels, which are straight, and by two meridians, which bend. Over the height of a pixel a
meridian is straight to within some centimetres, and is taken as such.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array

from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.product_tables.pixel_quality import code, stored_reason
from forestflux.core.product_tables.pixel_rules import Average
from forestflux.sources.sinusoidal import SPHERE_M

# A meridian that moves less than this over a strip, in pixels, stands upright in it.
UPRIGHT = 1e-6


@dataclass(frozen=True)
class CellEdges:
    """The edges of a block of cells.

    Attributes
    ----------
    latitudes : (row + 1,), degrees, from the north
    longitudes : (column + 1,), degrees, from the west
    """

    latitudes: np.ndarray
    longitudes: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of cells."""
        return len(self.latitudes) - 1, len(self.longitudes) - 1

    def areas(self) -> np.ndarray:
        """Area of a cell on the sphere of the grid (row,), m2."""
        heights = -np.diff(np.sin(np.radians(self.latitudes)))
        width = np.radians(self.longitudes[1] - self.longitudes[0])
        return SPHERE_M**2 * width * heights


@dataclass(frozen=True)
class Strips:
    """Strips between lines that are edges of cells or of pixels, from the north.

    Attributes
    ----------
    tops, bottoms : of each strip (strip,), m
    cell_rows, pixel_rows : the row of cells and that of pixels in which each lies
    """

    tops: np.ndarray
    bottoms: np.ndarray
    cell_rows: np.ndarray
    pixel_rows: np.ndarray


def cut_strips(cells: CellEdges, pixels: PixelGrid, rows: int) -> Strips:
    """The strips of a block of cells that so many rows of pixels cover."""
    edges = SPHERE_M * np.radians(cells.latitudes)
    lines = pixels.corner[1] - pixels.pixel * np.arange(rows + 1)
    breaks = np.unique(np.concatenate([edges, lines]))[::-1]
    tops, bottoms = breaks[:-1], breaks[1:]
    middles = (tops + bottoms) / 2
    cell_rows, pixel_rows = (
        np.searchsorted(-each, -middles) - 1 for each in (edges, lines)
    )
    inside = (cell_rows >= 0) & (cell_rows < cells.shape[0])
    inside &= (pixel_rows >= 0) & (pixel_rows < rows)
    return Strips(tops[inside], bottoms[inside], cell_rows[inside], pixel_rows[inside])


def share_areas(
    cells: CellEdges, pixels: PixelGrid, shape: tuple[int, int]
) -> csr_array:
    """Share of each cell's area that each pixel has, (cell, pixel), both counted row by row.

    The shares of a cell sum to 1 where the pixels cover it.

    Parameters
    ----------
    cells : between 180 W and 180 E
    pixels : sinusoidal; its corner is that of the window of pixels
    shape : rows and columns of the window
    """
    strips, (rows, columns) = cut_strips(cells, pixels, shape[0]), cells.shape
    # Where each meridian meets top and bottom of each strip (strip, meridian), in pixels.
    top, bottom = (
        (SPHERE_M * np.cos(y / SPHERE_M)[:, None] * np.radians(cells.longitudes))
        / pixels.pixel
        - pixels.corner[0] / pixels.pixel
        for y in (strips.tops, strips.bottoms)
    )
    first = np.floor(np.minimum(top, bottom)[:, :-1]).astype(int)
    last = np.ceil(np.maximum(top, bottom)[:, 1:]).astype(int)
    cell = strips.cell_rows[:, None] * columns + np.arange(columns)
    height = (strips.tops - strips.bottoms) * pixels.pixel
    share = (height / cells.areas()[strips.cell_rows])[:, None]
    found = []
    for step in range(int(np.max(last - first, initial=0))):
        column = first + step
        west, east = (
            mean_inside(top[:, edges] - column, bottom[:, edges] - column)
            for edges in (slice(None, -1), slice(1, None))
        )
        within = share * (east - west)
        kept = (within > 0) & (column >= 0) & (column < shape[1])
        pixel = strips.pixel_rows[:, None] * shape[1] + column
        found.append((within[kept], cell[kept], pixel[kept]))
    within, cell, pixel = (
        np.concatenate([part[place] for part in found]) for place in range(3)
    )
    size = rows * columns, shape[0] * shape[1]
    return coo_array((within, (cell, pixel)), shape=size).tocsr()


def mean_inside(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Mean of a number that goes from `start` to `stop`, cut at 0 and 1."""
    way = stop - start
    upright = np.abs(way) < UPRIGHT
    middle = np.clip((start + stop) / 2, 0, 1)
    gained = integral_inside(stop) - integral_inside(start)
    return np.where(upright, middle, gained / np.where(upright, 1, way))


def integral_inside(number: np.ndarray) -> np.ndarray:
    """Integral from 0 to a number of what is cut at 0 and 1."""
    inside = np.clip(number, 0, 1)
    return inside**2 / 2 + np.maximum(number - 1, 0)


def average_pixels(
    values: np.ndarray,
    quality: np.ndarray | None,
    rules: Average,
    *,
    shares: csr_array,
    absent: float,
) -> dict[str, np.ndarray]:
    """Mean of each cell's trusted pixels, and percents of its area (image, cell).

    Parameters
    ----------
    values, quality : stored numbers of pixels (image, pixel); no quality where there is none
    rules : which pixels are trusted
    shares : of cells (cell, pixel), of `share_areas`
    absent : stored value where there is nothing, of pixels and of cells

    Returns
    -------
    `mean`, rounded to a stored number; `valid` and each of `rules.counted_reasons`, percent
    """
    reason = stored_reason(values, quality, rules, absent=absent)
    trusted = reason == 0
    area = weigh(trusted, shares)
    total = weigh(np.where(trusted, values, 0), shares)
    mean = np.where(area > 0, np.rint(total / np.where(area > 0, area, 1)), absent)
    percents = {
        name: to_percent(weigh(reason == code(name), shares))
        for name in rules.counted_reasons
    }
    return {"mean": mean, "valid": to_percent(area), **percents}


def measure_cover(
    classes: np.ndarray,
    numbers: tuple[int, ...],
    *,
    shares: csr_array,
    absent: float,
) -> list[np.ndarray]:
    """Percent of each cell's area under each of some classes (image, cell).

    Parameters
    ----------
    classes : of pixels (image, pixel)
    numbers : the classes
    shares : of cells (cell, pixel), of `share_areas`
    absent : what stands for no class, and for the percent of a cell without any
    """
    empty = weigh(classes != absent, shares) == 0
    percents = (to_percent(weigh(classes == number, shares)) for number in numbers)
    return [np.where(empty, absent, percent) for percent in percents]


def weigh(pixels: np.ndarray, shares: csr_array) -> np.ndarray:
    """Sum of pixels by their shares of each cell (image, cell)."""
    return (shares @ pixels.T.astype(float)).T


def to_percent(share: np.ndarray) -> np.ndarray:
    """Whole percent of a share; rounding of sums gives none beyond 100."""
    return np.minimum(np.rint(100 * share), 100)
