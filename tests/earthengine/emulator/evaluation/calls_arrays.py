"""Algorithms on array images: `ALGORITHMS` maps each name to what computes it.

Arguments carry the names of the client's algorithm list. What its documentation leaves open is
refused: arrays of different lengths in arithmetic, arithmetic on arrays of integers, negative
positions, reducers of several outputs.
"""

from dataclasses import replace

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation import calls_matrices
from tests.earthengine.emulator.evaluation.arithmetic import (
    as_image,
    need_floats,
    pairs,
)
from tests.earthengine.emulator.evaluation.array_images import (
    FLOAT,
    array_of,
    as_numbers_band,
    concatenated,
    each_band,
    everywhere,
    need_array,
    need_axis,
    number_at,
    only_band,
    reshaped,
)
from tests.earthengine.emulator.evaluation.images import Band
from tests.earthengine.emulator.evaluation.reducers import Reducer

REDUCERS = {"mean": np.mean, "sum": np.sum, "max": np.max, "min": np.min}


def to_array(image, axis):
    """Image.toArray: all bands behind one another, in one band of the name `array`."""
    bands = image.bands
    if not bands or len({band.axes for band in bands}) > 1:
        raise Refused("Image.toArray: bands must have equal dimensionality.")
    axes = bands[0].axes
    axis = need_axis(axis, axes + 1, "Image.toArray")

    def join(*values):
        *parts, _ = values
        return concatenated(parts, axis, "Image.toArray")

    total = max(axes, axis + 1)
    return replace(image, bands=(reshaped("array", join, *bands, axes=total),))


def cat(image1, image2, axis):
    """Image.arrayCat; along a new axis where it is the one behind the last."""
    first, second = as_image(image1), as_image(image2)
    bands = []
    for a, b in pairs(first, second):
        need_array(b, need_array(a).axes)
        if "f" in a.dtype.kind + b.dtype.kind and a.dtype.kind != b.dtype.kind:
            raise Refused(
                "Image.arrayCat: integers and other numbers: cast them first."
            )
        at = need_axis(axis, a.axes + 1, "Image.arrayCat")

        def join(left, right, grid, at=at):
            return concatenated((left, right), at, "Image.arrayCat")

        bands.append(reshaped(a.name, join, a, b, axes=max(a.axes, at + 1)))
    return replace(first, bands=tuple(bands))


def repeat(input, axis, copies):
    """Image.arrayRepeat."""
    times = only_band(as_image(copies), "Image.arrayRepeat")

    def of_band(band: Band) -> Band:
        at = need_axis(axis, band.axes, "Image.arrayRepeat")

        def tile(values, grid):
            number = number_at(times, grid, "Image.arrayRepeat")
            if number is None or number < 1:
                raise Refused(f"Image.arrayRepeat: {number} copies.")
            return np.concatenate([values] * number, axis=2 + at)

        return reshaped(band.name, tile, band, axes=band.axes)

    return each_band(as_image(input), of_band)


def reshape(image, lengths, dimensions):
    """Image.arrayReshape; one length may be -1."""
    shape = need_array(only_band(as_image(lengths), "Image.arrayReshape"), 1)
    axes = int(dimensions)

    def of_band(band: Band) -> Band:
        def change(values, grid):
            rows, mask = shape.at(grid)
            known = np.unique(rows.reshape(-1, rows.shape[2]), axis=0)
            if len(known) != 1 or not mask.all() or known.shape[1] != axes:
                raise Refused(f"Image.arrayReshape: lengths {known.tolist()}.")
            wanted = tuple(known[0].astype(int).tolist())
            try:
                return values.reshape(values.shape[:2] + wanted)
            except ValueError as error:
                lengths = values.shape[2:]
                message = f"Image.arrayReshape: {lengths} cannot become {wanted}."
                raise Refused(message) from error

        return reshaped(band.name, change, band, axes=axes)

    return each_band(as_image(image), of_band)


def cut(input, axis, start, end, step):
    """Image.arraySlice; negative ends count from the back."""
    ends = [None if e is None else as_image(e) for e in (start, end)]
    if step != int(step) or step < 1:
        raise Refused(f"Image.arraySlice: a step of {step}.")

    def of_band(band: Band) -> Band:
        at = need_axis(axis, band.axes, "Image.arraySlice")

        def part(values, grid):
            first, last = (
                None
                if e is None
                else number_at(only_band(e, "Image.arraySlice"), grid, "arraySlice")
                for e in ends
            )
            where = [slice(None)] * values.ndim
            where[2 + at] = slice(first, last, int(step))
            return values[tuple(where)]

        return reshaped(band.name, part, band, axes=band.axes)

    return each_band(as_image(input), of_band)


def transpose(input, axis1, axis2):
    """Image.arrayTranspose."""

    def of_band(band: Band) -> Band:
        one, other = (need_axis(a, band.axes, "arrayTranspose") for a in (axis1, axis2))

        def swap(values, grid):
            return np.swapaxes(values, 2 + one, 2 + other)

        return reshaped(band.name, swap, band, axes=band.axes)

    return each_band(as_image(input), of_band)


def array_reduce(input, reducer, axes, fieldAxis):
    """Image.arrayReduce by one statistic: the axes remain, of length 1."""
    known = isinstance(reducer, Reducer) and len(reducer.names) == 1
    if not known or reducer.names[0] not in REDUCERS or fieldAxis is not None:
        raise Refused(f"Image.arrayReduce: the emulator has {', '.join(REDUCERS)}.")
    name = reducer.names[0]

    def of_band(band: Band) -> Band:
        at = tuple(2 + need_axis(a, band.axes, "Image.arrayReduce") for a in axes)
        if not at or len(set(at)) < len(at):
            raise Refused(f"Image.arrayReduce: axes {axes}.")

        def over(values, grid):
            if 0 in values.shape:
                raise Refused("Image.arrayReduce: an array without elements.")
            grid.count(element_operations=int(np.prod(values.shape[2:])))
            return REDUCERS[name](values, axis=at, keepdims=True)

        if name in ("mean", "sum"):
            need_floats(band)
        dtype = FLOAT if name == "mean" else band.dtype
        return reshaped(band.name, over, band, axes=band.axes, dtype=dtype)

    return each_band(as_image(input), of_band)


def project(input, axes):
    """Image.arrayProject: axes that go must have a length of 1."""

    def of_band(band: Band) -> Band:
        kept = [need_axis(axis, band.axes, "Image.arrayProject") for axis in axes]
        if not kept or sorted(set(kept)) != kept:
            raise Refused(f"Image.arrayProject: axes {axes}.")
        gone = tuple(2 + axis for axis in range(band.axes) if axis not in kept)

        def squeeze(values, grid):
            if any(values.shape[axis] != 1 for axis in gone):
                raise Refused(
                    "Image.arrayProject: dropped axes must be at most length 1, got"
                    f" {values.shape[2:]} with {axes} retained."
                )
            return values.squeeze(gone)

        return reshaped(band.name, squeeze, band, axes=len(kept))

    return each_band(as_image(input), of_band)


def get(image, position):
    """Image.arrayGet: one element, at one position for all pixels."""
    places = as_image(position).bands

    def of_band(band: Band) -> Band:
        if len(places) != band.axes:
            raise Refused(
                f"Image.arrayGet: a position of {len(places)} bands in arrays of"
                f" {band.axes} axes."
            )

        def element(values, grid):
            at = [number_at(place, grid, "Image.arrayGet") for place in places]
            lengths = values.shape[2:]
            if any(
                a is None or not 0 <= a < n for a, n in zip(at, lengths, strict=True)
            ):
                raise Refused(f"Image.arrayGet: no position {at} in {lengths}.")
            return everywhere(values[(..., *at)], grid.shape)

        return as_numbers_band(reshaped(band.name, element, band, axes=0))

    return each_band(as_image(image), of_band)


def flatten(image, coordinateLabels, separator):
    """Image.arrayFlatten: a band for each element, the last axis fastest."""
    band = need_array(only_band(as_image(image), "Image.arrayFlatten"))
    labels = coordinateLabels
    if len(labels) != band.axes:
        raise Refused(
            f"Image.arrayFlatten: {len(labels)} lists of labels for {band.axes}."
        )
    lengths = tuple(len(each) for each in labels)
    bands = []
    for at in np.ndindex(*lengths):
        name = separator.join(each[i] for each, i in zip(labels, at, strict=True))

        def element(values, grid, at=at):
            if values.shape[2:] != lengths:
                raise Refused(
                    f"Image.arrayFlatten: labels for {lengths}, arrays of"
                    f" {values.shape[2:]}."
                )
            return everywhere(values[(..., *at)], grid.shape)

        bands.append(as_numbers_band(reshaped(name, element, band, axes=0)))
    return replace(image, bands=tuple(bands))


ALGORITHMS = {
    **calls_matrices.ALGORITHMS,
    "Array": lambda values, pixelType: array_of(values, pixelType),
    "PixelType.double": lambda: "float64",
    "PixelType.float": lambda: "float32",
    "Image.toArray": to_array,
    "Image.arrayCat": cat,
    "Image.arrayRepeat": repeat,
    "Image.arrayReshape": reshape,
    "Image.arraySlice": cut,
    "Image.arrayTranspose": transpose,
    "Image.matrixTranspose": transpose,
    "Image.arrayReduce": array_reduce,
    "Image.arrayProject": project,
    "Image.arrayGet": get,
    "Image.arrayFlatten": flatten,
}
