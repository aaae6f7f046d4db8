"""Algorithms on masks, and on values that depend on a test: `ALGORITHMS` by name."""

from dataclasses import replace

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.arithmetic import BYTE, as_image, pairs
from tests.earthengine.emulator.evaluation.grids import PixelGrid
from tests.earthengine.emulator.evaluation.images import Band, Pixels, lined_up


def update_mask(image, mask):
    """Image.updateMask: masked where the other image is 0 or masked."""
    bands = []
    for band, other in pairs(image, as_image(mask)):
        if other.axes:
            raise Refused("Image.updateMask: a mask of arrays.")

        def compute(grid: PixelGrid, band=band, other=other) -> Pixels:
            values, valid = band.at(grid)
            keep, known = other.at(grid)
            return values, valid & known & (keep != 0)

        bands.append(replace(band, compute=compute))
    return replace(image, bands=tuple(bands[: len(image.bands)]))


def mask_of(image, mask):
    """Image.mask: the mask as an image of 0 and 1."""
    if mask is not None:
        raise Refused("The emulator has Image.mask without a mask only.")

    def of_band(band: Band) -> Band:
        def compute(grid: PixelGrid) -> Pixels:
            _, valid = band.at(grid)
            valid = np.broadcast_to(valid, grid.shape)
            return valid, np.ones(grid.shape, bool)

        return replace(band, dtype=BYTE, compute=compute, axes=0)

    return replace(image, bands=tuple(of_band(band) for band in image.bands))


def unmask(input, value, sameFootprint):
    """Image.unmask: a value where there is none, inside the footprint or everywhere."""
    bands = []
    for band, filler in pairs(input, as_image(0 if value is None else value)):
        if band.axes or filler.axes:
            raise Refused("Image.unmask: the emulator unmasks no arrays.")

        def compute(grid: PixelGrid, band=band, filler=filler) -> Pixels:
            values, valid = band.at(grid)
            fill, known = filler.at(grid)
            if sameFootprint and band.footprint is not None:
                known = known & band.footprint(grid)
            return np.where(valid, values, fill), valid | known

        dtype = np.result_type(band.dtype, filler.dtype)
        bands.append(replace(band, dtype=dtype, compute=compute))
    return replace(input, bands=tuple(bands[: len(input.bands)]))


def where(input, test, value):
    """Image.where: another value where a test is not 0; masked tests and values do not count."""
    bands = []
    for (band, other), (_, condition) in zip(
        pairs(input, as_image(value)), pairs(input, as_image(test)), strict=True
    ):
        if condition.axes:
            raise Refused("Image.where: the test may not be an array image.")
        if band.axes != other.axes:
            raise Refused("Image.where: arrays and numbers in one result.")

        def compute(grid, band=band, other=other, condition=condition) -> Pixels:
            parts = [each.at(grid) for each in (band, condition, other)]
            (values, mask), (chosen, known), (fill, filled) = parts
            chosen = (chosen != 0) & known & filled
            values, fill = lined_up((band, other), [values, fill])
            wide = chosen.reshape(*chosen.shape, *(1,) * band.axes)
            return np.where(wide, fill, values), np.broadcast_to(mask, chosen.shape)

        dtype = np.result_type(band.dtype, other.dtype)
        bands.append(replace(band, dtype=dtype, compute=compute))
    return replace(input, bands=tuple(bands[: len(input.bands)]))


ALGORITHMS = {
    "Image.updateMask": update_mask,
    "Image.mask": mask_of,
    "Image.unmask": unmask,
    "Image.where": where,
}
