"""The image expressions that Earth Engine evaluates, and the key that an expression has.

Pure functions of what is asked. They need an initialised client, for which no network
is needed (`forestflux.sources.earthengine.client.offline_client`).
"""

import hashlib
import json
from datetime import date
from functools import lru_cache

import ee

from forestflux.sources.earthengine.request import (
    Average,
    Band,
    Layers,
    PixelTable,
    Request,
)

TIME = "system:time_start"

CASTS = {
    "int8": "toInt8",
    "uint8": "toUint8",
    "int16": "toInt16",
    "uint16": "toUint16",
    "float32": "toFloat",
}


def image_days(collection: str, year: int) -> ee.ComputedObject:
    """Times of a collection's images in a year, ms since 1970: a list that rises."""
    images = images_between(collection, f"{year}-01-01", f"{year + 1}-01-01")
    return images.aggregate_array(TIME)


def images_between(collection: str, first: str, stop: str) -> ee.ImageCollection:
    """The images that begin from a day on and before another, in order of time.

    A catalogue's own collections come in this order, those of a user in any.
    """
    return ee.ImageCollection(collection).filterDate(first, stop).sort(TIME)


@lru_cache(maxsize=256)
def pixels(layers: Layers, images: tuple[tuple[str, str], ...]) -> ee.Image:
    """One image with the bands of all images, image by image.

    Parameters
    ----------
    images : first day and day after the last of each image, ISO
    """
    if layers.expression:
        return filled(
            ee.Image(ee.deserializer.fromJSON(layers.expression)), layers.bands
        )
    collection = asked_images(layers, images)
    return collection.map(lambda image: sent_image(image, layers)).toBands()


def asked_images(
    layers: Layers, images: tuple[tuple[str, str], ...]
) -> ee.ImageCollection:
    """The archive's images, or sums of them over steps, in order of time."""
    if layers.summed:
        return ee.ImageCollection([sum_days(layers, *image) for image in images])
    return images_between(layers.collection, images[0][0], images[-1][1])


def sent_image(image: ee.Image, layers: Layers) -> ee.Image:
    """The bands of one image as they are sent."""
    if layers.average is None:
        return filled(image, layers.bands)
    return averaged(image, layers.bands, layers.average)


def sum_days(layers: Layers, first: str, stop: str) -> ee.Image:
    """Sum of daily images, masked where any of the days is.

    A sum passes over masked pixels: without the count a day without a number would count
    as a dry one.

    Parameters
    ----------
    first, stop : first day and day after the last, ISO
    """
    days = images_between(layers.collection, first, stop)
    days = days.select([band.name for band in layers.bands])
    wanted = (date.fromisoformat(stop) - date.fromisoformat(first)).days
    return days.sum().updateMask(days.count().eq(wanted))


def filled(image: ee.Image, bands: tuple[Band, ...]) -> ee.Image:
    """Native numbers with the number for `absent` wherever the archive has nothing.

    Without it a masked pixel would arrive as 0, which is a valid NDVI and the best
    quality.
    """
    first, *others = (
        cast(image.select([band.name]).unmask(band.absent, False), band.dtype)
        for band in bands
    )
    for other in others:
        first = first.addBands(other)
    return first


def averaged(image: ee.Image, bands: tuple[Band, ...], how: Average) -> ee.Image:
    """Mean of a cell's trusted pixels, percent that is trusted and percents of reasons.

    The rules are applied before the mean. Without `reduceResolution` Earth Engine would
    take one pixel of its image pyramid.
    """
    value = image.select([bands[0].name])
    reason = reason_of(image, value, how.pixels)
    trusted = reason.eq(0)
    shares = trusted.multiply(100)
    for code in how.percents:
        shares = shares.addBands(reason.eq(code).multiply(100))
    mean = mean_of_cells(value.updateMask(trusted), how)
    mean = mean.unmask(how.pixels.absent, False)
    percents = mean_of_cells(shares, how).unmask(0, False)
    return cast(mean, bands[0].dtype).addBands(cast(percents, bands[1].dtype))


def mean_of_cells(image: ee.Image, how: Average) -> ee.Image:
    """Mean of the pixels of each cell of the grid of the maps, rounded."""
    step = how.resolution_deg
    cells = image.reduceResolution(ee.Reducer.mean(), False, how.max_pixels)
    return cells.reproject("EPSG:4326", [step, 0, -180, 0, -step, 90]).round()


def reason_of(image: ee.Image, value: ee.Image, table: PixelTable) -> ee.Image:
    """Code of the reason why a pixel is not trusted, 0 where it is.

    As `forestflux.core.product_tables.pixel_quality.stored_reason` decides at towers.
    """
    number = value.unmask(table.absent, False)
    causes = [number.remap(list(table.missing), list(table.missing_reasons), 0)]
    if table.quality and table.rejected:
        quality = image.select([table.quality]).unmask(table.quality_absent, False)
        flagged = quality.remap(list(table.rejected), list(table.reasons), 0)
        # Before what is missing where the quality says why it is, else behind it.
        causes.insert(0 if table.fill_reason_from_quality else 1, flagged)
    if table.valid is not None:
        low, high = table.valid
        causes.append(number.lt(low).Or(number.gt(high)).multiply(table.outside))
    reason = causes.pop()
    while causes:
        reason = first_of(causes.pop(), reason)
    return reason


def first_of(image: ee.Image, other: ee.Image) -> ee.Image:
    """An image, and where it is 0 another one."""
    return image.add(other.multiply(image.eq(0)))


def cast(image: ee.Image, dtype: str) -> ee.Image:
    """The image in a type of numbers, so that what arrives depends on no rule of promotion."""
    return getattr(image, CASTS[dtype])()


def key_of(request: Request) -> str:
    """Key of a request in the cache: its expression and its grid, nothing of the client."""
    node = checksum_pixels(request.layers, request.images)
    grid = json.dumps(request.window.grid(), sort_keys=True)
    types = [(band.dtype, band.absent) for band in request.layers.bands]
    return sha256(json.dumps([node, grid, types]))


@lru_cache(maxsize=4096)
def key_of_days(collection: str, year: int) -> str:
    """Key in the cache of the times of a collection's images in a year."""
    return checksum_of(image_days(collection, year))


@lru_cache(maxsize=256)
def checksum_pixels(layers: Layers, images: tuple[tuple[str, str], ...]) -> str:
    """Checksum of `pixels`, kept by what it is made from: an expression is slow to hash."""
    if layers.expression:
        # As a tree it would be endless: what it shares, it shares many times over.
        return sha256(layers.expression)
    return checksum_of(pixels(layers, images))


def checksum_of(expression: ee.ComputedObject) -> str:
    """Checksum of what an expression means, written out as a tree.

    How the client numbers the parts of an expression and which it writes only once is
    not in it.
    """
    tree = ee.serializer.encode(expression, is_compound=False)
    return sha256(json.dumps(tree, sort_keys=True))


def sha256(text: str) -> str:
    """SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
