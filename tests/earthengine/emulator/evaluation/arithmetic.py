"""Arithmetic on images, pixel by pixel, and the types of what comes out.

Types are the emulator's own where Earth Engine's are not documented: sums and products of
integers are 64-bit integers here. We cast whatever we ask for.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.array_images import Array, array_band
from tests.earthengine.emulator.evaluation.images import (
    Band,
    Image,
    combined,
    constant_band,
    converted,
)

BYTE, LONG, FLOAT = np.dtype("uint8"), np.dtype("int64"), np.dtype("float64")

TYPES = {
    "Int8": "int8",
    "Uint8": "uint8",
    "Byte": "uint8",
    "Int16": "int16",
    "Short": "int16",
    "Uint16": "uint16",
    "Int32": "int32",
    "Int": "int32",
    "Uint32": "uint32",
    "Int64": "int64",
    "Long": "int64",
    "Float": "float32",
    "Double": "float64",
}


def as_image(value) -> Image:
    """An image, or the constant image of a number, of an array or of several."""
    if isinstance(value, Image):
        return value
    return constant(value)


def constant(value) -> Image:
    """Image.constant: one band per number or array."""
    if isinstance(value, list):
        bands = [one_constant(v, f"constant_{i}") for i, v in enumerate(value)]
        return Image(tuple(bands))
    return Image((one_constant(value, "constant"),))


def one_constant(value, name: str) -> Band:
    """A band of one number or array everywhere.

    Raises
    ------
    Refused : it is neither
    """
    if isinstance(value, Array):
        return array_band(value, name)
    if not isinstance(value, int | float):
        raise Refused(f"Image.constant: '{value}' is not a number.")
    return constant_band(value, name)


def pairs(first: Image, second: Image) -> list[tuple[Band, Band]]:
    """Bands of two images that belong together: by place, or one band with all.

    Raises
    ------
    Refused : other numbers of bands, or the same names in another order: whether they would
        be matched by name is not documented clearly
    """
    a, b = first.bands, second.bands
    if first.names() != second.names() and sorted(first.names()) == sorted(
        second.names()
    ):
        raise Refused(
            "The emulator matches no bands of the same names in another order."
        )
    if len(a) == 1 and len(b) > 1:
        a = a * len(b)
    if len(b) == 1:
        b = b * len(a)
    if len(a) != len(b):
        raise Refused(
            f"Images must have the same number of bands, got {len(a)} and {len(b)}."
        )
    return list(zip(a, b, strict=True))


def binary(function: Callable, type_of: Callable, *, finite: str = "") -> Callable:
    """An algorithm of two images; the result carries the names of the longer, or the first.

    Parameters
    ----------
    finite : name of an algorithm that is refused where it gives no number
    """

    def call(image1, image2):
        first, second = as_image(image1), as_image(image2)
        several = len(first.bands) >= len(second.bands)
        bands = tuple(
            combined(
                (a if several else b).name, type_of(a, b), function, a, b, finite=finite
            )
            for a, b in pairs(first, second)
        )
        return replace(first, bands=bands)

    return call


def unary(function: Callable, type_of: Callable, *, finite: str = "") -> Callable:
    """An algorithm of one image.

    Parameters
    ----------
    finite : name of an algorithm that is refused where it gives no number
    """

    def call(value):
        image = as_image(value)
        bands = (
            combined(b.name, type_of(b), function, b, finite=finite)
            for b in image.bands
        )
        return replace(image, bands=tuple(bands))

    return call


def whole_or_float(*bands: Band) -> np.dtype:
    """Type of sums and products: 64-bit integers of integers, else double.

    The type of arrays is documented: the union of those that are put in.
    """
    if any(band.axes for band in bands):
        floats = (band.dtype for band in need_floats(*bands) if band.dtype.kind == "f")
        return np.result_type(*floats)
    return LONG if all(band.dtype.kind in "iu" for band in bands) else FLOAT


def double(*bands: Band) -> np.dtype:
    """Type of quotients, powers and functions."""
    need_floats(*bands)
    return FLOAT


def need_floats(*bands: Band) -> tuple[Band, ...]:
    """Bands whose arrays, if they hold any, are of floating-point numbers.

    Raises
    ------
    Refused : arithmetic on arrays of integers, which may be cut off at the ends of a type
        that is not documented
    """
    for band in bands:
        if band.axes and band.dtype.kind != "f":
            message = (
                f"Arithmetic on the integers of array '{band.name}': cast it first."
            )
            raise Refused(message)
    return bands


def quotient(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Quotients, 0 where the divisor is 0, as documented."""
    a, b = np.broadcast_arrays(a.astype(FLOAT), b.astype(FLOAT))
    return np.divide(a, b, out=np.zeros(a.shape), where=b != 0)


def widened(function: Callable) -> Callable:
    """A function of arrays in 64 bits."""

    def call(*arrays):
        whole = all(array.dtype.kind in "iub" for array in arrays)
        return function(*(array.astype(LONG if whole else FLOAT) for array in arrays))

    return call


def power(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The first to the power of the second."""
    return np.power(a.astype(FLOAT), b.astype(FLOAT))


def bits(function: Callable) -> Callable:
    """A function of integers.

    Raises
    ------
    Refused : fractions have no bits
    """

    def call(a, b):
        if "f" in (a.dtype.kind, b.dtype.kind):
            raise Refused("Bitwise operators need integers.")
        return function(a.astype(LONG), b.astype(LONG))

    return call


def cast(dtype: str) -> Callable:
    """An algorithm that converts every band."""
    dtype = np.dtype(dtype)
    return unary(partial(converted, dtype=dtype), lambda band: dtype)


COMPARISONS = {
    "eq": np.equal,
    "neq": np.not_equal,
    "lt": np.less,
    "lte": np.less_equal,
    "gt": np.greater,
    "gte": np.greater_equal,
    "and": lambda a, b: (a != 0) & (b != 0),
    "or": lambda a, b: (a != 0) | (b != 0),
}

ARITHMETIC = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "min": np.minimum,
    "max": np.maximum,
}

BITWISE = {
    "bitwiseAnd": np.bitwise_and,
    "bitwiseOr": np.bitwise_or,
    "rightShift": np.right_shift,
    "leftShift": np.left_shift,
}

# Those that are not numbers everywhere are refused where they are none.
FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
}


ALGORITHMS = {
    "Image.not": unary(lambda a: a == 0, lambda band: BYTE),
    "Image.round": unary(lambda a: np.floor(a.astype(FLOAT) + 0.5), whole_or_float),
    "Image.floor": unary(np.floor, whole_or_float),
    "Image.ceil": unary(np.ceil, whole_or_float),
    "Image.abs": unary(np.abs, whole_or_float),
    "Image.divide": binary(quotient, double),
    **{
        f"Image.{name}": binary(f, lambda a, b: BYTE) for name, f in COMPARISONS.items()
    },
    **{
        f"Image.{name}": binary(widened(f), whole_or_float)
        for name, f in ARITHMETIC.items()
    },
    **{
        f"Image.{name}": binary(bits(f), lambda a, b: LONG)
        for name, f in BITWISE.items()
    },
    **{
        f"Image.{name}": unary(widened(f), double, finite=f"Image.{name}")
        for name, f in FUNCTIONS.items()
    },
    "Image.pow": binary(power, double, finite="Image.pow"),
    **{f"Image.to{name}": cast(dtype) for name, dtype in TYPES.items()},
    **{f"Image.{name.lower()}": cast(dtype) for name, dtype in TYPES.items()},
}
