"""Windows: the native pixels over a place, and the parts in which they are asked for."""

from dataclasses import dataclass

import numpy as np

from forestflux.core.grids.grid import Tile
from forestflux.core.grids.map_resolution import name_fine_resolutions
from forestflux.core.grids.pixel_grid import GEOGRAPHIC, PixelGrid
from forestflux.core.grids.places import Place, TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.products import Product
from forestflux.sources.cell_averages import CellEdges
from forestflux.sources.earthengine.request import ArchiveWindow
from forestflux.sources.sinusoidal import project_sinusoidal

# Digits of a degree beyond which two edges of cells are the same, some micrometres.
LINE_DIGITS = 10


@dataclass(frozen=True)
class PixelWindow:
    """A part of a place's native pixels.

    Attributes
    ----------
    rows, columns : where they lie in the place's array
    cells : rows and columns of the cells that they cover
    window : where they lie in the archive
    edges : of the cells, where pixels lie across them; rows and columns are then those of cells
    """

    rows: slice
    columns: slice
    cells: tuple[slice, slice]
    window: ArchiveWindow
    edges: CellEdges | None = None


def split_place(product: Product, place: Place) -> list[PixelWindow]:
    """The parts of a place for a product.

    Raises
    ------
    InputError : the grid of the maps is not the product's
    """
    if isinstance(place, TowerPlace):
        return tower_windows(product, place)
    if product.weighs_pixels:
        return strip_windows(product, place)
    return tile_windows(product, place)


def tower_windows(product: Product, place: TowerPlace) -> list[PixelWindow]:
    """One window around each tower, centred on the pixel that holds it."""
    grid, side = product.grid, product.extract.window
    west, north = grid.corner
    rows, columns = (
        np.floor(position).astype(int) - side // 2
        for position in positions(product, place)
    )
    return [
        PixelWindow(
            rows=slice(number * side, (number + 1) * side),
            columns=slice(0, side),
            cells=(slice(number, number + 1), slice(0, 1)),
            window=ArchiveWindow(
                crs=grid.crs,
                pixel=grid.pixel,
                west=west + column * grid.pixel,
                north=north - row * grid.pixel,
                shape=(side, side),
            ),
        )
        for number, (row, column) in enumerate(zip(rows, columns, strict=True))
    ]


def positions(product: Product, place: TowerPlace) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each tower on a product's grid, as fractions (`PixelGrid.position`)."""
    grid = product.grid
    return grid.position(*project(grid.crs, place.latitudes, place.longitudes))


def project(
    crs: str, latitudes: np.ndarray, longitudes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of places in a reference system: degrees, or m on the sinusoidal grid."""
    if crs == GEOGRAPHIC:
        return longitudes, latitudes
    return project_sinusoidal(latitudes, longitudes)


def tile_windows(product: Product, place: TilePlace) -> list[PixelWindow]:
    """Blocks of a tile's native pixels."""
    check_grid(product, place)
    grid, factor = product.grid, product.extract.cells_per_pixel
    before, resolution = product.cells_before, place.tile.grid.resolution_deg
    shape = product.native_shape(place.shape)
    tile = ArchiveWindow(
        crs=grid.crs,
        pixel=grid.pixel,
        west=-180 + resolution * (place.tile.globe_columns.start - before),
        north=90 - resolution * (place.tile.globe_rows.start - before),
        shape=shape,
    )
    side = -(-(product.extract.request_cells + before) // factor)
    parts = []
    for row in range(0, shape[0], side):
        for column in range(0, shape[1], side):
            rows = slice(row, min(row + side, shape[0]))
            columns = slice(column, min(column + side, shape[1]))
            below, beside = (
                slice(max(part.start * factor - before, 0), part.stop * factor - before)
                for part in (rows, columns)
            )
            parts.append(
                PixelWindow(rows, columns, (below, beside), tile.part(rows, columns))
            )
    return parts


def strip_windows(product: Product, place: TilePlace) -> list[PixelWindow]:
    """The pixels across each strip of a tile's cells, as many cells as `request_cells` squared.

    Meridians lean on the sinusoidal grid, so that a window of many rows would hold more pixels
    beside the cells than under them. A strip is as wide as the tile and low.
    """
    rows, columns = place.shape
    step = max(product.extract.request_cells**2 // columns, 1)
    strips = (slice(row, min(row + step, rows)) for row in range(0, rows, step))
    across = slice(0, columns)
    return [
        PixelWindow(
            rows=strip,
            columns=across,
            cells=(strip, across),
            window=window_across(product.grid, edges),
            edges=edges,
        )
        for strip in strips
        for edges in [edges_of(place.tile, strip)]
    ]


def edges_of(tile: Tile, rows: slice) -> CellEdges:
    """The edges of some rows of a tile's cells."""
    side = tile.grid.resolution_deg
    north = tile.latitudes()[rows.start] + side / 2
    west = tile.longitudes()[0] - side / 2
    down = side * np.arange(rows.stop - rows.start + 1)
    # Rounded: an edge is the same line for the cells on both of its sides.
    return CellEdges(
        latitudes=np.round(north - down, LINE_DIGITS),
        longitudes=np.round(west + side * np.arange(tile.shape[1] + 1), LINE_DIGITS),
    )


def window_across(grid: PixelGrid, cells: CellEdges) -> ArchiveWindow:
    """The smallest window of a sinusoidal grid that holds all pixels across some cells."""
    latitudes = np.repeat(cells.latitudes, 2)
    longitudes = np.tile(cells.longitudes[[0, -1]], len(cells.latitudes))
    rows, columns = grid.position(*project(grid.crs, latitudes, longitudes))
    top, left = int(np.floor(rows.min())), int(np.floor(columns.min()))
    shape = int(np.ceil(rows.max())) - top, int(np.ceil(columns.max())) - left
    west, north = grid.corner
    return ArchiveWindow(
        crs=grid.crs,
        pixel=grid.pixel,
        west=west + left * grid.pixel,
        north=north - top * grid.pixel,
        shape=shape,
    )


def check_grid(product: Product, place: TilePlace) -> None:
    """Refuse a grid of the maps whose cells are not the product's pixels.

    Anything else would be read from the image pyramid of the archive.
    """
    if product.weighs_pixels:
        return
    factor, collection = product.extract.cells_per_pixel, product.extract.collections[0]
    wanted = product.grid.pixel / factor
    if abs(place.tile.grid.resolution_deg - wanted) > 1e-9:
        raise InputError(
            "configuration",
            variable="grid.resolution_deg",
            expected=f"{wanted:g}, the grid of {collection}, or {name_fine_resolutions()}",
            found=f"{place.tile.grid.resolution_deg:g}",
        )
    if place.tile.grid.tile_cells % factor:
        raise InputError(
            "configuration",
            variable="grid.tile_cells",
            expected=f"a multiple of {factor} (pixels of {collection})",
            found=str(place.tile.grid.tile_cells),
        )
