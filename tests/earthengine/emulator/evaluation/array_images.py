"""Array images: bands whose pixels are arrays of numbers, and what changes their shape.

Arrays of a band have the same lengths at every pixel. Earth Engine allows others in places;
we never ask for them, and they are refused.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.grids import PixelGrid
from tests.earthengine.emulator.evaluation.images import (
    Band,
    Image,
    Pixels,
    first_native,
)

LONG, FLOAT = np.dtype("int64"), np.dtype("float64")


@dataclass(frozen=True)
class Array:
    """An array of numbers.

    Attributes
    ----------
    values : int64 where every number is whole, as Earth Engine infers it, else float64
    """

    values: np.ndarray


def array_of(values, pixel_type: str | None) -> Array:
    """The array of a number, of nested lists or of an array.

    Raises
    ------
    Refused : lists of different lengths at one depth, or something that is no number
    """
    numbers = values.values if isinstance(values, Array) else as_numbers(values)
    if pixel_type is not None:
        return Array(numbers.astype(pixel_type))
    if numbers.size == 0:
        raise Refused("Array: an array without numbers needs a pixel type.")
    return Array(numbers)


def as_numbers(values) -> np.ndarray:
    """Nested lists as an array."""
    try:
        numbers = np.array(values)
    except ValueError as error:
        message = "Array: all inner arrays at the same depth must have the same length."
        raise Refused(message) from error
    if numbers.size and numbers.dtype.kind not in "iuf":
        raise Refused(f"Array: not a number: {str(values)[:80]}.")
    # What is sent as JSON has no types: a number without a fraction is an integer.
    whole = bool(np.all(numbers == np.trunc(numbers)))
    return numbers.astype(LONG if whole else FLOAT)


def array_band(array: Array, name: str = "constant") -> Band:
    """A band with the same array everywhere."""

    def compute(grid: PixelGrid) -> Pixels:
        return array.values[None, None], np.ones((1, 1), bool)

    return Band(name, array.values.dtype, compute, axes=array.values.ndim)


def reshaped(
    name: str,
    function: Callable[..., np.ndarray],
    *bands: Band,
    axes: int,
    dtype: np.dtype | None = None,
) -> Band:
    """A band of arrays that a function makes of the pixels of others, masked as they are.

    Parameters
    ----------
    function : of values (row, column, axis, ...) of each band and the grid
    axes, dtype : of the result; the type is that of the bands where it is not given
    """

    def compute(grid: PixelGrid) -> Pixels:
        parts = [band.at(grid) for band in bands]
        mask = reduce(np.logical_and, (mask for _, mask in parts))
        values = function(*(values for values, _ in parts), grid)
        grid.count(written=int(np.prod(values.shape[2:])))
        return values, mask

    given = dtype or np.result_type(*(band.dtype for band in bands))
    first = bands[0]
    native = first_native(*bands)
    return Band(name, np.dtype(given), compute, native, first.footprint, axes)


def each_band(image: Image, make: Callable[[Band], Band]) -> Image:
    """An image of what is made of each band, which must hold arrays."""
    return replace(image, bands=tuple(make(need_array(band)) for band in image.bands))


def need_array(band: Band, axes: int | None = None) -> Band:
    """A band, if it holds arrays.

    Raises
    ------
    Refused : numbers, or arrays of another number of axes
    """
    if not band.axes:
        raise Refused(f"Band '{band.name}' is a number at each pixel, not an array.")
    if axes is not None and band.axes != axes:
        message = f"Band '{band.name}' has arrays of {band.axes} axes, not of {axes}."
        raise Refused(message)
    return band


def need_axis(axis, axes: int, name: str) -> int:
    """An axis, if arrays with so many have it.

    Raises
    ------
    Refused : they have not
    """
    if not isinstance(axis, int | float) or axis != int(axis) or not 0 <= axis < axes:
        raise Refused(f"{name}: no axis {axis} in arrays of {axes} axes.")
    return int(axis)


def number_at(band: Band, grid: PixelGrid, name: str) -> int | None:
    """The one whole number that a band holds at all pixels; None where it is masked.

    Raises
    ------
    Refused : an array, a fraction, or several numbers
    """
    if band.axes:
        raise Refused(f"{name}: expected a number at each pixel, got an array.")
    values, mask = band.at(grid)
    found = np.unique(values[mask])
    if not mask.any():
        return None
    if len(found) > 1 or not mask.all():
        raise Refused(f"{name}: the emulator needs one number for all pixels.")
    if found[0] != int(found[0]):
        raise Refused(f"{name}: {found[0]} is no whole number.")
    return int(found[0])


def only_band(image: Image, name: str) -> Band:
    """The band of an image that has one.

    Raises
    ------
    Refused : it has others
    """
    if len(image.bands) != 1:
        raise Refused(f"{name}: expected one band, got {image.names()}.")
    return image.bands[0]


def as_numbers_band(band: Band) -> Band:
    """A band of numbers with a mask for every pixel, as bands of numbers have it."""

    def compute(grid):
        values, mask = band.compute(grid)
        return values, np.broadcast_to(mask, grid.shape)

    return replace(band, compute=compute)


def everywhere(values: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Values (row, column, ...) for every pixel of a shape."""
    return np.broadcast_to(values, (*shape, *values.shape[2:]))


def concatenated(parts: Sequence[np.ndarray], axis: int, name: str) -> np.ndarray:
    """Arrays (row, column, axis, ...) behind one another along an axis.

    Raises
    ------
    Refused : other lengths on another axis
    """
    shape = np.broadcast_shapes(*(part.shape[:2] for part in parts))
    if axis == parts[0].ndim - 2:
        parts = [part[..., None] for part in parts]
    others = {part.shape[2 : 2 + axis] + part.shape[3 + axis :] for part in parts}
    if len(others) > 1:
        raise Refused(f"{name}: arrays of {sorted(others)} on the other axes.")
    return np.concatenate([everywhere(part, shape) for part in parts], axis=2 + axis)
