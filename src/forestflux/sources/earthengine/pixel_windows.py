"""Windows: the native pixels over a place, and the pieces in which they are asked for."""

from dataclasses import dataclass

import numpy as np

from forestflux.core.errors import InputError
from forestflux.core.places import Place, TilePlace, TowerPlace
from forestflux.core.products import Product
from forestflux.sources.earthengine.request import Window
from forestflux.sources.sinusoidal import project_sinusoidal

GEOGRAPHIC = "EPSG:4326"


@dataclass(frozen=True)
class Piece:
    """A part of a place's native pixels.

    Attributes
    ----------
    rows, columns : where they lie in the place's array
    cells : rows and columns of the cells that they cover
    window : where they lie in the archive
    """

    rows: slice
    columns: slice
    cells: tuple[slice, slice]
    window: Window


def pieces_of(product: Product, place: Place) -> list[Piece]:
    """The pieces of a place for a product.

    Raises
    ------
    InputError : the grid of the maps is not the product's
    """
    if isinstance(place, TowerPlace):
        return tower_pieces(product, place)
    return tile_pieces(product, place)


def tower_pieces(product: Product, place: TowerPlace) -> list[Piece]:
    """One window around each tower, centred on the pixel that holds it."""
    grid, side = product.grid, product.extract.window
    west, north = grid.corner
    east, up = position(grid.crs, place.latitudes, place.longitudes)
    columns = np.floor((east - west) / grid.pixel).astype(int) - side // 2
    rows = np.floor((north - up) / grid.pixel).astype(int) - side // 2
    return [
        Piece(
            rows=slice(number * side, (number + 1) * side),
            columns=slice(0, side),
            cells=(slice(number, number + 1), slice(0, 1)),
            window=Window(
                crs=grid.crs,
                pixel=grid.pixel,
                west=west + column * grid.pixel,
                north=north - row * grid.pixel,
                shape=(side, side),
            ),
        )
        for number, (row, column) in enumerate(zip(rows, columns, strict=True))
    ]


def position(
    crs: str, latitudes: np.ndarray, longitudes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of places in a reference system: degrees, or m on the sinusoidal grid."""
    if crs == GEOGRAPHIC:
        return longitudes, latitudes
    return project_sinusoidal(latitudes, longitudes)


def tile_pieces(product: Product, place: TilePlace) -> list[Piece]:
    """Blocks of a tile's native pixels."""
    check_grid(product, place)
    grid, factor = product.grid, product.extract.cells_per_pixel
    before, resolution = product.cells_before, place.tile.grid.resolution_deg
    shape = product.native_shape(place.shape)
    tile = Window(
        crs=grid.crs,
        pixel=grid.pixel,
        west=-180 + resolution * (place.tile.columns.start - before),
        north=90 - resolution * (place.tile.rows.start - before),
        shape=shape,
    )
    side = -(-(product.extract.request_cells + before) // factor)
    pieces = []
    for row in range(0, shape[0], side):
        for column in range(0, shape[1], side):
            rows = slice(row, min(row + side, shape[0]))
            columns = slice(column, min(column + side, shape[1]))
            covered = (
                slice(max(part.start * factor - before, 0), part.stop * factor - before)
                for part in (rows, columns)
            )
            pieces.append(
                Piece(rows, columns, tuple(covered), tile.part(rows, columns))
            )
    return pieces


def check_grid(product: Product, place: TilePlace) -> None:
    """Refuse a grid of the maps whose cells are not the product's pixels.

    Anything else would be read from the image pyramid of the archive.
    """
    factor, collection = product.extract.cells_per_pixel, product.extract.collections[0]
    wanted = product.grid.pixel / factor
    if abs(place.tile.grid.resolution_deg - wanted) > 1e-9:
        raise InputError(
            "configuration",
            variable="grid.resolution_deg",
            expected=f"{wanted:g}, the grid of {collection}",
            found=f"{place.tile.grid.resolution_deg:g}",
        )
    if place.tile.grid.tile_cells % factor:
        raise InputError(
            "configuration",
            variable="grid.tile_cells",
            expected=f"a multiple of {factor} (pixels of {collection})",
            found=str(place.tile.grid.tile_cells),
        )
