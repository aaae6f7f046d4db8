"""From pixels as they are sent to the arrays of a place (`docs/reference/stores.md`, extract)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.pixel_quality import pack_average
from forestflux.core.product_tables.products import Extract, Product
from forestflux.sources.cell_averages import (
    average_pixels,
    measure_cover,
    share_areas,
)
from forestflux.sources.earthengine.layer_groups import NO_NUMBER, Group
from forestflux.sources.earthengine.pixel_windows import PixelWindow


@dataclass(frozen=True)
class Canvas:
    """The native pixels of a group of variables over a place in one year.

    Attributes
    ----------
    days : first day of each image, datetime64[D]
    bands : by name, each (image, row, column) as sent
    asked : pixels that were asked for (row, column); the others hold `absent`
    """

    days: np.ndarray
    bands: dict[str, np.ndarray]
    asked: np.ndarray


def canvas_of(group: Group, cells: tuple[int, int], images: int) -> Canvas:
    """A canvas with nothing on it."""
    shape = group.product.native_shape(cells)
    bands = {
        band.name: np.full((images, *shape), band.absent, band.dtype)
        for band in group.bands
    }
    days = np.empty(images, "datetime64[D]")
    return Canvas(days, bands, np.zeros(shape, bool))


def paste_window(
    canvas: Canvas, part: PixelWindow, images: slice, arrays: Sequence[np.ndarray]
) -> None:
    """Put the bands (image, row, column) of a part where they belong.

    Parameters
    ----------
    images : where the images stand on the canvas
    """
    for band, array in zip(canvas.bands.values(), arrays, strict=True):
        band[images, part.rows, part.columns] = array
    canvas.asked[part.rows, part.columns] = True


def cell_bands(
    product: Product, arrays: Sequence[np.ndarray], part: PixelWindow, source: str
) -> list[np.ndarray]:
    """Bands of the cells of a part (image, row, column) from those of pixels that lie across.

    Parameters
    ----------
    arrays : values and, where the product has it, quality (image, row, column), as sent
    part : with the edges of its cells
    source : the place and year, for messages

    Raises
    ------
    InputError : numbers that should be scaled are not
    """
    extract, cells = product.extract, part.edges
    if cells is None:
        raise ValueError("a part without the edges of its cells")
    window = part.window
    grid = PixelGrid(
        crs=window.crs, pixel=window.pixel, corner=(window.west, window.north)
    )
    shares = share_areas(cells, grid, window.shape)
    values, *quality = (array.reshape(len(array), -1) for array in arrays)
    values = stored(extract, values, source)
    if extract.average is None:
        bands = measure_cover(
            values, extract.classes, shares=shares, absent=extract.absent
        )
    else:
        averaged = average_pixels(
            values,
            quality[0] if quality else None,
            extract.average,
            shares=shares,
            absent=extract.absent,
        )
        bands = list(averaged.values())
    return [band.reshape(-1, *cells.shape) for band in bands]


def arrays_of(
    group: Group, products: Mapping[str, Product], canvas: Canvas, source: str
) -> dict:
    """Variables of a dataset from a canvas, images in order of time.

    Raises
    ------
    InputError : two images begin on one day; numbers that should be scaled are not
    """
    order = np.argsort(canvas.days, kind="stable")
    days = canvas.days[order]
    if len(np.unique(days)) < len(days):
        raise two_images_error(source, ", ".join(group.product.extract.collections))
    bands = {name: array[order] for name, array in canvas.bands.items()}
    arrays: dict[str, tuple] = {}
    for variable in group.variables:
        product = products[variable]
        dims = (f"time_{variable}", f"y_{variable}", f"x_{variable}")
        arrays[dims[0]] = (dims[:1], days.astype("datetime64[ns]"))
        values = bands[product.extract.band]
        quality = bands.get(product.extract.quality_band or "")
        if product.is_average:
            quality = average_quality(product, bands, canvas.asked)
        if not product.weighs_pixels:  # whose cells are made of stored numbers
            values = stored(product.extract, values, source)
        arrays[variable] = (dims, values)
        if quality is not None:
            arrays[f"{variable}_quality"] = (dims, quality)
    return arrays


def two_images_error(source: str, collections: str) -> InputError:
    """The line for two images that begin on one day, of which none can be chosen."""
    return InputError(
        source, variable=collections, expected="one image a day", found="two"
    )


def average_quality(
    product: Product, bands: Mapping[str, np.ndarray], asked: np.ndarray
) -> np.ndarray:
    """Quality band of an average from the percents that were sent."""
    rules = product.extract.average
    names = ("valid", *(rules.counted_reasons if rules is not None else ()))
    packed = pack_average({name: bands[name] for name in names})
    absent = product.extract.quality_absent
    return np.where(asked, packed, absent).astype(packed.dtype)


def stored(extract: Extract, values: np.ndarray, source: str) -> np.ndarray:
    """Values in the product's own numbers, from numbers as they were sent.

    Raises
    ------
    InputError : the archive's numbers are larger than scaled ones can be
    """
    absent = extract.absent
    if np.isnan(absent):
        return np.where(values == NO_NUMBER, absent, values).astype(extract.dtype)
    if extract.archive is None:
        return values
    numbers = np.rint(values.astype(float) * extract.archive.multiply)
    limits = np.iinfo(extract.dtype)
    if numbers.size and not limits.min <= numbers.min() <= numbers.max() <= limits.max:
        raise InputError(
            source,
            variable=extract.band,
            expected="scaled numbers in the archive (`archive` in the product table)",
            found=f"{values.min():g} to {values.max():g}",
        )
    return numbers.astype(extract.dtype)
