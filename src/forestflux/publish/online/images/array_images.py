"""Array images: one array at each pixel, and the few steps that a network is made of.

All arrays are of doubles and have two dimensions unless it is said. Two arrays that meet in
arithmetic have the same shape; a number for each row comes as a column that is repeated,
because Earth Engine stretches numbers to arrays and nothing else.
"""

from collections.abc import Sequence

import ee
import numpy as np


def constant(values: np.ndarray) -> ee.Image:
    """The same array at every pixel.

    Parameters
    ----------
    values : any shape; float32 are written with the fewest digits that give them back
    """
    numbers = np.asarray(values)
    if numbers.dtype == np.float32:
        # As doubles the same numbers would be written with twice the digits.
        short = [float(str(number)) for number in numbers.ravel()]
        numbers = np.reshape(short, numbers.shape)
    return ee.Image(ee.Array(numbers.astype(float).tolist())).toDouble()


def column(values: np.ndarray, *, copies: int = 1) -> ee.Image:
    """A number for each row at every pixel, (row, copy).

    Parameters
    ----------
    values : (row,)
    """
    single = constant(np.asarray(values)[:, None])
    return single if copies == 1 else single.arrayRepeat(1, copies)


def reshape(image: ee.Image, *lengths: int) -> ee.Image:
    """The same numbers in another shape, the last axis running fastest."""
    return image.arrayReshape(ee.Image(ee.Array(list(lengths))), len(lengths))


def bands_to_array(image: ee.Image, *lengths: int) -> ee.Image:
    """The bands of an image, none of them masked, as an array of a shape."""
    return reshape(image.toArray(), *lengths)


def cut(
    image: ee.Image, axis: int, start: int, stop: int, *, every: int = 1
) -> ee.Image:
    """A part of each array along an axis."""
    return image.arraySlice(axis, start, stop, every)


def join(images: Sequence[ee.Image], axis: int) -> ee.Image:
    """Arrays one behind the other along an axis."""
    first, *others = images
    for other in others:
        first = first.arrayCat(other, axis)
    return first


def add_up(images: Sequence[ee.Image]) -> ee.Image:
    """The sum of images, in pairs: a chain would be as long as there are images."""
    if len(images) == 1:
        return images[0]
    half = len(images) // 2
    return add_up(images[:half]).add(add_up(images[half:]))


def join_bands(images: Sequence[ee.Image]) -> ee.Image:
    """One image with the bands of all, in order, joined in pairs."""
    if len(images) == 1:
        return images[0]
    half = len(images) // 2
    return join_bands(images[:half]).addBands(join_bands(images[half:]))


def multiply(weights: np.ndarray, image: ee.Image) -> ee.Image:
    """The matrix product of weights (row, inner) and arrays (inner, column)."""
    return constant(weights).matrixMultiply(image)


def take(image: ee.Image, row: int = 0) -> ee.Image:
    """The first number of a row, as an image of one number at each pixel."""
    return image.arrayGet(ee.Image.constant([row, 0]))


def mean_of(image: ee.Image) -> ee.Image:
    """The mean over all numbers of an array, a number at each pixel."""
    return take(image.arrayReduce(ee.Reducer.mean(), [0, 1]))


def sum_of(image: ee.Image) -> ee.Image:
    """The sum over all numbers of an array, a number at each pixel."""
    return take(image.arrayReduce(ee.Reducer.sum(), [0, 1]))


def sum_rows(image: ee.Image) -> ee.Image:
    """The sum of each row (row, 1)."""
    return image.arrayReduce(ee.Reducer.sum(), [1])


def relu(image: ee.Image) -> ee.Image:
    """Each number where it is above zero, else zero."""
    return image.max(0)


def silu(image: ee.Image) -> ee.Image:
    """X / (1 + exp(-x)) of each number."""
    return image.divide(image.multiply(-1).exp().add(1))
