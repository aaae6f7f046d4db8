"""Reducers: over the images of a collection, and over the fine pixels under a coarse one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.grids import PixelGrid
from tests.earthengine.emulator.evaluation.images import (
    Band,
    Image,
    ImageCollection,
    Pixels,
)

FLOAT, LONG = np.dtype("float64"), np.dtype("int64")


@dataclass(frozen=True)
class Reducer:
    """One or several statistics of the same values.

    Attributes
    ----------
    names : mean, count, sum, min, max or mode, in order
    shared : whether several read the same input; one after the other otherwise
    """

    names: tuple[str, ...]
    shared: bool = True


def combine(reducer1, reducer2, outputPrefix, sharedInputs):
    """Both reducers on the same input.

    Raises
    ------
    Refused : inputs that are not shared, or a prefix
    """
    if not sharedInputs or outputPrefix:
        raise Refused("The emulator combines reducers with shared inputs only.")
    return Reducer(reducer1.names + reducer2.names)


def named(name: str) -> Callable[..., Reducer]:
    """A function that gives the reducer of a name, of one input.

    Raises
    ------
    Refused : several inputs
    """

    def make(numInputs=1, **others):
        if numInputs != 1:
            raise Refused(f"Reducer.{name}: the emulator has one input only.")
        return Reducer((name,))

    return make


def result_type(name: str, dtype: np.dtype) -> np.dtype:
    """Type of a statistic of values of a type."""
    if name == "count":
        return LONG
    if name in ("min", "max", "mode") or (name == "sum" and dtype.kind == "f"):
        return dtype
    return LONG if name == "sum" else FLOAT


# Over images


def reduce_collection(collection: ImageCollection, reducer: Reducer, *, suffix: bool):
    """One image of the statistics of each band over all images.

    Parameters
    ----------
    suffix : whether a band's name ends with the statistic's
    """
    images = collection.images
    if not images:
        return Image(())
    bands = []
    for name in images[0].names():
        stack = [band for image in images for band in image.bands if band.name == name]
        for statistic in reducer.names:
            label = f"{name}_{statistic}" if suffix else name
            bands.append(over_images(stack, statistic, label))
    return Image(tuple(bands))


def over_images(stack: list[Band], statistic: str, name: str) -> Band:
    """A statistic of one band over images, where any image has a value."""
    dtype = result_type(statistic, np.result_type(*(band.dtype for band in stack)))

    def compute(grid: PixelGrid) -> Pixels:
        parts = [band.at(grid) for band in stack]
        values = np.stack([values.astype(FLOAT) for values, _ in parts])
        mask = np.stack([mask for _, mask in parts])
        count = mask.sum(axis=0)
        if statistic == "count":
            return count, np.ones(grid.shape, bool)
        if statistic in ("min", "max"):
            fill = np.inf if statistic == "min" else -np.inf
            extreme = getattr(np.where(mask, values, fill), statistic)(axis=0)
            return np.where(count > 0, extreme, 0), count > 0
        if statistic == "mode":
            raise Refused("The emulator has no mode over images.")
        total = np.where(mask, values, 0).sum(axis=0)
        if statistic == "mean":
            total = total / np.maximum(count, 1)
        return total, count > 0

    first = stack[0]
    return replace(first, name=name, dtype=dtype, compute=compute)


# Over fine pixels


@dataclass(frozen=True)
class Cells:
    """Fine pixels under the pixels of a coarse grid.

    Attributes
    ----------
    fine : window of the fine grid
    inside : which of its pixels lie under the coarse grid (fine pixel,), bool
    cell : coarse pixel of each of those (inside,)
    empty : coarse pixels under which no fine pixel has its centre (cell,), bool
    count : coarse pixels
    """

    fine: PixelGrid
    inside: np.ndarray
    cell: np.ndarray
    empty: np.ndarray
    count: int


def cells_of(grid: PixelGrid, native: PixelGrid) -> Cells:
    """Which native pixels have their centres in each pixel of a grid."""
    fine = native.covering(grid)
    row, column = grid.position(fine.points(grid.crs))
    height, width = grid.shape
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    cell = (row[inside] * width + column[inside]).astype(int)
    hits = np.bincount(cell, minlength=height * width)
    return Cells(fine, inside, cell, hits == 0, height * width)


def reduce_resolution(image: Image, reducer: Reducer, bestEffort, maxPixels) -> Image:
    """Statistics of the native pixels under each pixel of whatever grid is asked for.

    Native pixels count with their centres, whole; a pixel too narrow to hold a centre
    takes the native pixel under its own. Earth Engine weighs by overlap.

    Raises
    ------
    Refused : best effort, which takes the image pyramid, or too many pixels for
        `maxPixels`
    """
    if bestEffort:
        raise Refused("bestEffort may take pixels from the image pyramid.")
    bands = []
    for band in image.bands:
        for statistic in reducer.names:
            several = len(reducer.names) > 1
            name = f"{band.name}_{statistic}" if several else band.name
            bands.append(over_pixels(band, statistic, name, int(maxPixels)))
    return replace(image, bands=tuple(bands))


def over_pixels(band: Band, statistic: str, name: str, most: int) -> Band:
    """A statistic of the native pixels of a band."""
    if band.native is None:
        raise Refused("Image.reduceResolution: the image has no fixed projection.")
    dtype = result_type(statistic, band.dtype)

    def compute(grid: PixelGrid) -> Pixels:
        if grid.pixels_across(band.native) <= 1:
            return band.at(grid)
        native = band.native
        key = ("cells", native.crs, native.step, native.corner)
        cells = grid.points(grid.crs).once(key, lambda: cells_of(grid, native))
        needed = int(np.bincount(cells.cell, minlength=1).max())
        if needed > most:
            raise Refused(
                "Image.reduceResolution: too many input pixels per output pixel:"
                f" {needed} > maxPixels={most}."
            )
        values, mask = band.at(cells.fine)
        values, mask = values.ravel()[cells.inside], mask.ravel()[cells.inside]
        values, cell = values[mask], cells.cell[mask]
        count = np.bincount(cell, minlength=cells.count)
        if statistic == "count":
            result = count
        elif statistic == "mode":
            result = modes(values, cell, cells.count)
        else:
            result = grouped(values.astype(FLOAT), cell, count, statistic)
        if cells.empty.any():
            result, count = fill_empty(band, grid, cells, statistic, result, count)
        return result.reshape(grid.shape), (count > 0).reshape(grid.shape)

    return replace(band, name=name, dtype=dtype, compute=compute)


def grouped(
    values: np.ndarray, cell: np.ndarray, count: np.ndarray, statistic: str
) -> np.ndarray:
    """Sum, mean, minimum or maximum of the values of each cell (cell,), 0 without values."""
    if statistic in ("min", "max"):
        fill = np.inf if statistic == "min" else -np.inf
        result = np.full(len(count), fill)
        getattr(np, f"{statistic}imum").at(result, cell, values)
        return np.where(count > 0, result, 0)
    total = np.bincount(cell, weights=values, minlength=len(count))
    return total / np.maximum(count, 1) if statistic == "mean" else total


def modes(values: np.ndarray, cell: np.ndarray, cells: int) -> np.ndarray:
    """Commonest value of each cell (cell,), the smallest of equals, 0 without values."""
    order = np.lexsort((values, cell))
    values, cell = values[order], cell[order]
    starts = np.ones(len(values), bool)
    starts[1:] = (np.diff(values) != 0) | (np.diff(cell) != 0)
    first = np.flatnonzero(starts)
    length = np.diff(np.append(first, len(values)))
    # Longest runs last within a cell, small values last among equally long ones.
    rank = np.lexsort((-values[first].astype(FLOAT), length, cell[first]))
    result = np.zeros(cells, values.dtype)
    result[cell[first][rank]] = values[first][rank]
    return result


def fill_empty(
    band: Band,
    grid: PixelGrid,
    cells: Cells,
    statistic: str,
    result: np.ndarray,
    count: np.ndarray,
) -> Pixels:
    """Cells without a centre take the native pixel under their own centre."""
    x, y = grid.centres()
    result, count = result.copy(), count.copy()
    shape = grid.shape
    for row in np.unique(np.flatnonzero(cells.empty) // shape[1]):
        columns = np.flatnonzero(cells.empty.reshape(shape)[row])
        # A row so low that it is nowhere coarser than the native pixels, sheared as they are.
        low = grid.step[1] / 1000
        strip = PixelGrid(
            grid.crs,
            (grid.step[0], low),
            (x[columns[0]] - grid.step[0] / 2, y[row] - low / 2),
            (1, int(columns[-1] - columns[0] + 1)),
        )
        values, mask = (part[0, columns - columns[0]] for part in band.at(strip))
        at = row * shape[1] + columns
        result[at] = mask if statistic == "count" else np.where(mask, values, 0)
        count[at] = mask
    return result, count
