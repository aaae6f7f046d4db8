"""Products of vectors and matrices at each pixel: `ALGORITHMS` by name."""

from dataclasses import replace

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.arithmetic import (
    as_image,
    need_floats,
    pairs,
)
from tests.earthengine.emulator.evaluation.array_images import (
    LONG,
    Array,
    array_band,
    as_numbers_band,
    everywhere,
    need_array,
    reshaped,
)
from tests.earthengine.emulator.evaluation.images import Image


def dot(image1, image2):
    """Image.arrayDotProduct of vectors."""
    first = as_image(image1)
    bands = []
    for a, b in pairs(first, as_image(image2)):

        def product(left, right, grid):
            if left.shape[2:] != right.shape[2:]:
                shapes = f"{left.shape[2:]} and {right.shape[2:]}"
                raise Refused(f"Image.arrayDotProduct: vectors of {shapes}.")
            grid.count(multiply_adds=left.shape[2])
            return everywhere((left * right).sum(axis=2), grid.shape)

        pair = need_floats(need_array(a, 1), need_array(b, 1))
        bands.append(as_numbers_band(reshaped(a.name, product, *pair, axes=0)))
    return replace(first, bands=tuple(bands))


def matrix_multiply(image1, image2):
    """Image.matrixMultiply of two matrices at each pixel."""
    first, second = as_image(image1), as_image(image2)
    several = len(first.bands) >= len(second.bands)
    bands = []
    for a, b in pairs(first, second):

        def product(left, right, grid):
            (rows, inner), (other, columns) = left.shape[2:], right.shape[2:]
            if inner != other:
                raise Refused(
                    f"Image.matrixMultiply: {rows}x{inner} times {other}x{columns}."
                )
            grid.count(multiply_adds=rows * inner * columns)
            return left @ right

        pair = need_floats(need_array(a, 2), need_array(b, 2))
        name = (a if several else b).name
        bands.append(reshaped(name, product, *pair, axes=2))
    return replace(first, bands=tuple(bands))


def identity(size):
    """Image.matrixIdentity."""
    return Image((array_band(Array(np.eye(int(size), dtype=LONG)), "identity"),))


ALGORITHMS = {
    "Image.arrayDotProduct": dot,
    "Image.matrixMultiply": matrix_multiply,
    "Image.matrixIdentity": identity,
}
