"""A planet on which every pixel of every product is known by a formula."""

from collections.abc import Mapping
from datetime import date
from functools import partial

import numpy as np

from tests.earthengine.grids import PixelGrid
from tests.earthengine.images import Band, Pixels, sampled

# Whole numbers of a stored band lie from here on, so many of them.
LEAST, COUNT = 100, 9000
PERIOD = 1009


class FormulaPlanet:
    """Every product of a product table, filled by `stored` and `hidden`.

    Parameters
    ----------
    products : the product table
    """

    def __init__(self, products: Mapping) -> None:
        """Note bands, types and grids of each collection."""
        self.layout = layout(products)

    def collections(self) -> list[str]:
        """Collections of the product table."""
        return list(self.layout)

    def bands(self, collection: str, day: date) -> tuple[Band, ...]:
        """Bands of an image."""
        return tuple(
            formula_band(name, section, number, day.toordinal())
            for number, (name, section) in enumerate(self.layout[collection].items())
        )


def formula_band(name: str, section: Mapping, number: int, day: int) -> Band:
    """A band of an image.

    Parameters
    ----------
    section : `dtype`, `grid` and perhaps `multiply` of the band
    number : of the band in its collection
    day : of the image
    """
    native = grid_of_section(section)
    dtype = np.dtype(section["dtype"])

    def look_up(grid: PixelGrid) -> Pixels:
        row, column = grid.points(native.crs).once(
            native.step, partial(native.position, grid.points(native.crs))
        )
        lost = np.isnan(row)
        row, column = (np.where(lost, 0, at).astype("int64") for at in (row, column))
        values = stored(row, column, band=number, day=day)
        if dtype.itemsize == 1:
            values = values % 4
        values = (values / section.get("multiply", 1)).astype(dtype)
        mask = ~lost & ~hidden(row, column, day=day)
        return values.reshape(grid.shape), mask.reshape(grid.shape)

    return Band(name, dtype, sampled(native, look_up), native)


def stored(row: np.ndarray, column: np.ndarray, *, band: int, day: int) -> np.ndarray:
    """Whole number at a native pixel of a band on a day."""
    return LEAST + (31 * row + 17 * column + 7 * day + 1013 * band) % COUNT


def hidden(row: np.ndarray, column: np.ndarray, *, day: int) -> np.ndarray:
    """Whether a native pixel is masked on a day, in all bands."""
    return (3 * row + 5 * column + day) % PERIOD == 0


def grid_of_section(section: Mapping) -> PixelGrid:
    """The product's own grid."""
    grid = section["grid"]
    return PixelGrid(
        grid["crs"], (grid["pixel"], -grid["pixel"]), tuple(grid["corner"])
    )


def layout(products: Mapping) -> dict[str, dict[str, dict]]:
    """Bands of each collection with type, grid and scaling of the stored numbers.

    Averaged products are described by their tower variant: it reads the pixels.
    """
    found: dict[str, dict[str, dict]] = {}
    for entry in products.values():
        for variant in ("tower", "tile"):
            section = entry.get(variant, {}).get("extract", {})
            if "average" in section or "collections" not in section:
                continue
            for collection in section["collections"]:
                bands = found.setdefault(collection, {})
                for name, content in bands_of(section).items():
                    bands.setdefault(name, content)
    return found


def bands_of(section: Mapping) -> dict[str, dict]:
    """Bands of one section of the product table."""
    archive = section.get("archive", {"dtype": section["dtype"]})
    common = {"grid": section["grid"]}
    if "classes" in section:
        names = [f"{section['band']}_{number}" for number in section["classes"]]
        return {name: common | archive for name in names}
    bands = {section["band"]: common | archive}
    if "quality_band" in section:
        bands[section["quality_band"]] = common | {"dtype": section["quality_dtype"]}
    return bands
