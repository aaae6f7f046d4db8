"""Algorithms on images: `ALGORITHMS` maps each name to what computes it.

Arguments carry the names of the client's algorithm list. What is not here is refused.
"""

import re
from dataclasses import replace
from functools import partial

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation import arithmetic, calls_masks, reducers
from tests.earthengine.emulator.evaluation.arithmetic import (
    BYTE,
    FLOAT,
    LONG,
    TYPES,
    as_image,
    constant,
)
from tests.earthengine.emulator.evaluation.grids import GEOGRAPHIC, PixelGrid, name_of
from tests.earthengine.emulator.evaluation.images import (
    Band,
    Image,
    ImageCollection,
    Pixels,
    combined,
    converted,
)


def select(input, bandSelectors, newNames):
    """Image.select: by name, by number or by regular expression."""
    image, chosen = input, []
    for selector in bandSelectors:
        if isinstance(selector, str):
            hits = [b for b in image.bands if b.name == selector]
            hits = hits or [b for b in image.bands if re.fullmatch(selector, b.name)]
        else:
            hits = list(image.bands[int(selector) : int(selector) + 1])
        if not hits:
            raise Refused(
                f"Image.select: Band pattern '{selector}' did not match any bands."
                f" Available bands: [{', '.join(image.names())}]"
            )
        chosen += hits
    picked = replace(image, bands=tuple(chosen))
    return picked if newNames is None else rename(picked, newNames)


def rename(input, names):
    """Image.rename: other names for all bands."""
    if len(names) != len(input.bands):
        raise Refused(
            f"Image.rename: Expected {len(input.bands)} names, got {len(names)}."
        )
    bands = zip(input.bands, names, strict=True)
    return replace(input, bands=tuple(replace(band, name=name) for band, name in bands))


def add_bands(dstImg, srcImg, names, overwrite):
    """Image.addBands: bands of another image behind those of the first."""
    source = as_image(srcImg)
    if names is not None:
        source = select(source, names, None)
    bands = list(as_image(dstImg).bands)
    for band in source.bands:
        taken = [other.name for other in bands]
        if band.name in taken and overwrite:
            bands[taken.index(band.name)] = band
            continue
        name, count = band.name, 0
        while name in taken:
            count += 1
            name = f"{band.name}_{count}"
        bands.append(replace(band, name=name))
    return replace(as_image(dstImg), bands=tuple(bands))


def cast_some(image, bandTypes, bandOrder):
    """Image.cast: other types for the bands that are named."""
    if bandOrder is not None:
        image = select(image, bandOrder, None)
    bands = []
    for band in image.bands:
        kind = bandTypes.get(band.name)
        dtype = band.dtype if kind is None else np.dtype(TYPES[kind.capitalize()])
        bands.append(combined(band.name, dtype, partial(converted, dtype=dtype), band))
    return replace(image, bands=tuple(bands))


def visualize(image, bands, gain, bias, min, max, gamma, opacity, palette, **others):
    """Image.visualize: three bands of colours, of which only the names matter here."""
    (band,) = image.bands
    names = (f"vis-{colour}" for colour in ("red", "green", "blue"))
    byte = np.dtype(BYTE)
    return replace(image, bands=tuple(replace(band, name=n, dtype=byte) for n in names))


def pixel_lon_lat():
    """Image.pixelLonLat: degrees at the centre of each pixel."""

    def band(name: str, place: int) -> Band:
        def compute(grid: PixelGrid) -> Pixels:
            points = grid.points(GEOGRAPHIC)
            degrees = (points.x, points.y)[place].reshape(grid.shape)
            return degrees, np.isfinite(degrees)

        return Band(name, np.dtype(FLOAT), compute)

    return Image((band("longitude", 0), band("latitude", 1)))


def reduce_bands(image, reducer):
    """Image.reduce: a statistic of all bands at each pixel, a band for each."""
    if any(band.axes for band in image.bands):
        raise Refused("Image.reduce: the emulator reduces no arrays.")
    bands = (
        reducers.over_images(list(image.bands), name, name) for name in reducer.names
    )
    return replace(image, bands=tuple(bands))


def remap(image, to, defaultValue, bandName, **given):
    """Image.remap of the first band, or of the one that is named; masked where nothing fits."""
    band = (
        image.bands[0] if bandName is None else select(image, [bandName], None).bands[0]
    )
    order = np.argsort(given["from"], kind="stable")
    known, targets = np.array(given["from"])[order], np.array(to)[order]
    if len(known) != len(to):
        raise Refused("Image.remap: both lists must have the same length.")

    def compute(grid: PixelGrid) -> Pixels:
        values, mask = band.at(grid)
        at = np.minimum(np.searchsorted(known, values), len(known) - 1)
        hit = known[at] == values
        if defaultValue is None:
            return targets[at], mask & hit
        return np.where(hit, targets[at], defaultValue), mask

    whole = np.array([*to, defaultValue or 0]).dtype.kind == "i"
    dtype = LONG if whole else FLOAT
    return replace(
        image, bands=(replace(band, name="remapped", dtype=dtype, compute=compute),)
    )


def projection(crs, transform, transformWkt):
    """Projection: a grid without a size."""
    if transformWkt is not None:
        raise Refused("The emulator has transforms as lists only.")
    return grid_of(name_of(crs), transform or [1, 0, 0, 0, 1, 0])


def grid_of(crs: str, transform: list) -> PixelGrid:
    """A grid from a 2x3 transform in row-major order."""
    x_scale, x_shear, x, y_shear, y_scale, y = map(float, transform)
    if x_shear or y_shear:
        raise Refused("The emulator has no sheared projections.")
    return PixelGrid(crs, (x_scale, y_scale), (x, y))


def reproject(image, crs, crsTransform, scale):
    """Image.reproject: pixels are computed on this grid, then taken by nearest neighbour."""
    if scale is not None:
        raise Refused("The emulator reprojects by transform only.")
    target = (
        crs if isinstance(crs, PixelGrid) else PixelGrid(name_of(crs), (1, 1), (0, 0))
    )
    if crsTransform is not None:
        target = grid_of(target.crs, crsTransform)

    def of_band(band: Band) -> Band:
        def compute(grid: PixelGrid) -> Pixels:
            if target.same_pixels(grid):
                return band.at(grid)
            if grid.pixels_across(target) > 1.01:
                message = "Pixels are coarser than the projection that was asked for."
                raise Refused(message)
            window = target.covering(grid)
            row, column = window.position(grid.points(target.crs))
            lost = np.isnan(row)
            row, column = (np.where(lost, 0, at).astype(int) for at in (row, column))
            values, mask = (part[row, column] for part in band.at(window))
            return values.reshape(grid.shape), (mask & ~lost).reshape(grid.shape)

        return replace(band, compute=compute, native=target)

    return replace(image, bands=tuple(of_band(band) for band in image.bands))


def to_bands(collection: ImageCollection) -> Image:
    """ImageCollection.toBands: every band of every image, named after both."""
    bands = []
    for image in collection.images:
        index = image.properties.get("system:index", "")
        bands += [replace(band, name=f"{index}_{band.name}") for band in image.bands]
    return Image(tuple(bands))


ALGORITHMS = {
    "Image.constant": constant,
    "Image.select": select,
    "Image.rename": rename,
    "Image.addBands": add_bands,
    "Image.cast": cast_some,
    "Image.bandNames": lambda image: image.names(),
    "Image.remap": remap,
    "Image.pixelLonLat": pixel_lon_lat,
    "Image.reduce": reduce_bands,
    "Image.reproject": reproject,
    "Image.reduceResolution": reducers.reduce_resolution,
    "Projection": projection,
    "Image.visualize": visualize,
    "ImageCollection.toBands": to_bands,
    "ImageCollection.reduce": lambda collection, reducer, parallelScale: (
        reducers.reduce_collection(collection, reducer, suffix=True)
    ),
    "Reducer.combine": reducers.combine,
    **arithmetic.ALGORITHMS,
    **calls_masks.ALGORITHMS,
    **{
        f"Reducer.{name}": reducers.named(name)
        for name in ("mean", "count", "sum", "min", "max", "mode")
    },
    **{
        f"reduce.{name}": partial(
            reducers.reduce_collection,
            reducer=reducers.Reducer((name,)),
            suffix=False,
        )
        for name in ("mean", "count", "sum", "min", "max")
    },
}
