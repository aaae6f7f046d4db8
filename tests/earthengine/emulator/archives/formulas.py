"""A planet on which every pixel of every product is known by a formula."""

from datetime import date
from functools import partial

import numpy as np

from forestflux.core.product_tables.product_table import ProductTable
from forestflux.core.product_tables.products import Product
from tests.earthengine.emulator.evaluation.grids import PixelGrid
from tests.earthengine.emulator.evaluation.images import Band, Pixels, sampled

# Whole numbers of a stored band lie from here on, so many of them.
LEAST, COUNT = 100, 9000
PERIOD = 1009


class FormulaPlanet:
    """Every product of a product table, filled by `stored` and `hidden`.

    Parameters
    ----------
    products : the product table
    """

    def __init__(self, products: ProductTable) -> None:
        """Note bands, types and grids of each collection."""
        self.layout = layout(products)

    def collections(self) -> list[str]:
        """Collections of the product table."""
        return list(self.layout)

    def bands(self, collection: str, day: date) -> tuple[Band, ...]:
        """Bands of an image."""
        return tuple(
            formula_band(name, content, number, day.toordinal())
            for number, (name, content) in enumerate(self.layout[collection].items())
        )


def formula_band(name: str, content: dict, number: int, day: int) -> Band:
    """A band of an image.

    Parameters
    ----------
    content : `dtype`, `grid` and perhaps `multiply` of the band
    number : of the band in its collection
    day : of the image
    """
    native = content["grid"]
    dtype = np.dtype(content["dtype"])

    def look_up(grid: PixelGrid) -> Pixels:
        row, column = grid.points(native.crs).once(
            native.step, partial(native.position, grid.points(native.crs))
        )
        lost = np.isnan(row)
        row, column = (np.where(lost, 0, at).astype("int64") for at in (row, column))
        values = stored(row, column, band=number, day=day)
        if dtype.itemsize == 1:
            values = values % 4
        values = (values / content.get("multiply", 1)).astype(dtype)
        mask = ~lost & ~hidden(row, column, day=day)
        return values.reshape(grid.shape), mask.reshape(grid.shape)

    return Band(name, dtype, sampled(native, look_up), native)


def stored(row: np.ndarray, column: np.ndarray, *, band: int, day: int) -> np.ndarray:
    """Whole number at a native pixel of a band on a day."""
    return LEAST + (31 * row + 17 * column + 7 * day + 1013 * band) % COUNT


def hidden(row: np.ndarray, column: np.ndarray, *, day: int) -> np.ndarray:
    """Whether a native pixel is masked on a day, in all bands."""
    return (3 * row + 5 * column + day) % PERIOD == 0


def grid_of(product: Product) -> PixelGrid:
    """The product's own grid."""
    grid = product.grid
    return PixelGrid(grid.crs, (grid.pixel, -grid.pixel), grid.corner)


def layout(products: ProductTable) -> dict[str, dict[str, dict]]:
    """Bands of each collection with type, grid and scaling of the stored numbers.

    Averaged products are described by their product of towers: it reads the pixels.
    """
    found: dict[str, dict[str, dict]] = {}
    for variable in products.variables.values():
        for product in (variable.tower, variable.tile):
            if product is None or product.is_average:
                continue
            for collection in product.extract.collections:
                bands = found.setdefault(collection, {})
                for name, content in bands_of(product).items():
                    bands.setdefault(name, content)
    return found


def bands_of(product: Product) -> dict[str, dict]:
    """Bands of one product: type, grid and scaling."""
    extract = product.extract
    archive = {"dtype": extract.dtype, "grid": grid_of(product)}
    if extract.archive is not None:
        archive |= extract.archive.model_dump()
    if product.is_class_cover:
        return {f"{extract.band}_{number}": archive for number in extract.classes}
    bands = {extract.band: archive}
    if product.has_quality:
        bands[extract.quality_band] = archive | {"dtype": extract.quality_dtype}
        bands[extract.quality_band].pop("multiply", None)
    return bands
