"""The project's simulated planet as Earth Engine would hold it.

Towers see their windows of native pixels, maps see cells whose pixels are all alike, so
that an average of pixels is the cell's own value. A run on a grid of five degrees stands
for one of 0.05: to it the fine pixels are as much larger as its cells are. One
collection serves both; which is meant shows in the pixels that are asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.core.calendars.eight_day import step_starts, year_length
from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace, TowerPlace
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.core.product_tables.products import Product
from forestflux.sources.simulated.simulated_source import SimulatedSource
from tests.builders.products import with_extract
from tests.earthengine.emulator.archives.formulas import bands_of, grid_of
from tests.earthengine.emulator.archives.rain import spread_over_days
from tests.earthengine.emulator.evaluation.grids import (
    GEOGRAPHIC,
    PixelGrid,
    Points,
    moved,
)
from tests.earthengine.emulator.evaluation.images import Band, Pixels, refuse_pyramid

PRODUCT_RESOLUTION_DEG = 0.05


@dataclass(frozen=True)
class Layer:
    """One band of one collection as one kind of place sees it.

    Attributes
    ----------
    variable : whose images these are
    name : of the array in the source's dataset
    absent : number that stands for nothing, which Earth Engine masks
    dtype, multiply : type in Earth Engine and factor to the source's numbers
    native : the product's own grid
    pixel : number of the source's pixel at each point, -1 where there is none
    year : every image of a year (pixel,), by array and day
    """

    variable: str
    name: str
    absent: float
    dtype: np.dtype
    multiply: float
    native: PixelGrid
    pixel: Callable[[Points], np.ndarray]
    year: Callable[[int], dict[tuple[str, date], np.ndarray]]

    def pixels(self, day: date, grid: PixelGrid) -> Pixels:
        """Values and mask of the image of a day on a grid."""
        points = grid.points(self.native.crs)
        pixel = points.once(
            (self.native.step, id(self.pixel)), lambda: self.pixel(points)
        )
        values = self.image(day)[np.maximum(pixel, 0)]
        nothing = np.isnan(values) if np.isnan(self.absent) else values == self.absent
        mask = (pixel >= 0) & ~nothing
        stored = (
            np.where(mask, values, 0) / self.multiply if self.multiply != 1 else values
        )
        stored = np.where(mask, stored, 0).astype(self.dtype)
        return stored.reshape(grid.shape), mask.reshape(grid.shape)

    def image(self, day: date) -> np.ndarray:
        """The source's numbers (pixel,) of the image of a day."""
        return self.year(day.year)[self.name, day]


class SimulatedPlanet:
    """The products of a product table, filled by the simulated planet.

    Parameters
    ----------
    source : the simulated planet
    products : the product table; grids of tiles are those of `resolution_deg`
    resolution_deg : side of a cell of the maps, coarser than the products'
    sites : towers: site, lat, lon, igbp; no two of them in one pixel
    """

    def __init__(
        self,
        source: SimulatedSource,
        *,
        products: ProductTable,
        resolution_deg: float,
        sites: pd.DataFrame,
    ) -> None:
        """Nothing is simulated yet.

        Raises
        ------
        ValueError : the maps' pixels would be the towers'
        """
        self.magnified = resolution_deg / PRODUCT_RESOLUTION_DEG
        if self.magnified < 2:
            raise ValueError(f"a grid of {resolution_deg} degrees is too fine")
        self.source, self.sites = source, sites
        self.grid = Grid(resolution_deg, round(360 / resolution_deg))
        towers, tiles = products.column("tower"), products.column("tile")
        self.pixels_of_towers = towers
        # Cells of averaged products hold what the product of towers reads.
        self.pixels_of_tiles = {
            name: with_extract(towers[name], window=1) if tile.is_average else tile
            for name, tile in tiles.items()
        }
        self.tower_year = lru_cache(maxsize=4)(self.simulate_towers)
        self.tile_year = lru_cache(maxsize=4)(self.simulate_tiles)
        self.near = self.layers_of(
            towers, self.near_grid, self.tower_pixels, self.tower_year
        )
        self.far = self.layers_of(
            self.pixels_of_tiles, self.far_grid, self.tile_pixels, self.tile_year
        )

    def collections(self) -> list[str]:
        """Collections of the product table."""
        return list(dict.fromkeys([*self.near, *self.far]))

    def bands(self, collection: str, day: date) -> tuple[Band, ...]:
        """Bands of the image of a collection that begins on a day."""
        near, far = self.near.get(collection, {}), self.far.get(collection, {})
        return tuple(
            band_of(name, near.get(name), far.get(name), day)
            for name in {**far, **near}
        )

    def layers_of(self, products, native_of, pixel_of, year) -> dict:
        """Layers by collection and band.

        Parameters
        ----------
        products : by variable
        native_of, pixel_of : grid of a product, and what finds pixels in it
        year : every image of a year
        """
        found = {}
        for variable, product in products.items():
            native = native_of(variable, product)
            pixel = pixel_of(native, product)
            arrays = arrays_of(variable, product)
            for (band, content), (name, absent) in zip(
                bands_of(product).items(), arrays.items(), strict=True
            ):
                layer = Layer(
                    variable,
                    name,
                    absent,
                    np.dtype(content["dtype"]),
                    content.get("multiply", 1),
                    native,
                    pixel,
                    year,
                )
                for collection in product.extract.collections:
                    found.setdefault(collection, {}).setdefault(band, layer)
        return found

    def near_grid(self, variable: str, product: Product) -> PixelGrid:
        """The grid from which towers read."""
        return grid_of(product)

    def far_grid(self, variable: str, product: Product) -> PixelGrid:
        """The grid from which maps read; pixels finer than cells are magnified."""
        native = grid_of(product)
        if native.crs == GEOGRAPHIC:
            return native
        step = tuple(self.magnified * length for length in native.step)
        return replace(native, step=step, found={})

    def tower_pixels(self, native: PixelGrid, product: Product) -> Callable:
        """What finds the towers' pixels: windows one below another, row by row."""
        side = product.extract.window
        at = Points(
            *moved(
                self.sites["lon"].to_numpy(float),
                self.sites["lat"].to_numpy(float),
                GEOGRAPHIC,
                native.crs,
            ),
            (len(self.sites), 1),
        )
        row, column = (
            place.astype("int64") - side // 2 for place in native.pixel_at(at)
        )
        inside = np.arange(side)
        codes = code(
            row[:, None, None] + inside[:, None], column[:, None, None] + inside
        ).ravel()
        order = np.argsort(codes)
        ranked = codes[order]
        if np.any(np.diff(ranked) == 0):
            raise ValueError("two towers share a pixel")

        def pixel(points: Points) -> np.ndarray:
            wanted = code(*native.position(points))
            place = np.minimum(np.searchsorted(ranked, wanted), len(ranked) - 1)
            return np.where(ranked[place] == wanted, order[place], -1)

        return pixel

    def tile_pixels(self, native: PixelGrid, product: Product) -> Callable:
        """What finds the maps' pixels: cells, or pixels that are coarser than cells."""
        factor = product.extract.cells_per_pixel
        if factor == 1:
            rows, columns = self.grid.shape
            cells = PixelGrid(
                GEOGRAPHIC,
                (self.grid.resolution_deg, -self.grid.resolution_deg),
                (-180.0, 90.0),
            )
        else:
            rows, columns = (length // factor + 1 for length in self.grid.shape)
            cells = native

        def pixel(points: Points) -> np.ndarray:
            x, y = moved(points.x, points.y, native.crs, GEOGRAPHIC)
            row, column = cells.position(Points(x, y, points.shape))
            there = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
            return np.where(there, row * columns + column, -1).astype("int64")

        return pixel

    def simulate_towers(self, year: int) -> dict:
        """Every image of all towers in a year."""
        place = TowerPlace(self.sites)
        return images_of(self.source.fetch(self.pixels_of_towers, place, year))

    def simulate_tiles(self, year: int) -> dict:
        """Every image of all cells in a year, precipitation by day."""
        place = TilePlace(self.grid.tile("r00c00"))
        native = self.source.fetch(self.pixels_of_tiles, place, year)
        totals = native["precip"].values
        rain = spread_over_days(totals.reshape(len(totals), -1), year=year)
        first = step_starts(year)[0]
        days = (first + np.arange(year_length(year))).astype(object)
        images = images_of(native.drop_vars("precip"))
        images |= {
            ("precip", day): image for day, image in zip(days, rain, strict=True)
        }
        for number, percent in zip(
            native["igbp"].values, native["forest_percent"].values, strict=True
        ):
            images[f"forest_percent_{number}", days[0]] = percent.ravel()
        return images


def band_of(name: str, near: Layer | None, far: Layer | None, day: date) -> Band:
    """A band that towers, maps or both can ask for."""
    any_layer = far or near

    def compute(grid: PixelGrid) -> Pixels:
        if near is not None and near.native.same_pixels(grid):
            return near.pixels(day, grid)
        refuse_pyramid(grid, any_layer.native)
        return any_layer.pixels(day, grid)

    return Band(name, any_layer.dtype, compute, any_layer.native)


def arrays_of(variable: str, product: Product) -> dict[str, float]:
    """Arrays of a variable in the source's dataset and what stands for nothing in each."""
    extract = product.extract
    if product.is_class_cover:
        return {f"forest_percent_{n}": np.nan for n in extract.classes}
    arrays = {variable: extract.absent}
    if product.has_quality:
        arrays[f"{variable}_quality"] = extract.quality_absent
    return arrays


def code(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """One number for a row and a column."""
    return (np.nan_to_num(row, nan=-1) * 2**20 + np.nan_to_num(column)).astype("int64")


def images_of(native: xr.Dataset) -> dict[tuple[str, date], np.ndarray]:
    """Images of a dataset by array and day, pixels row by row."""
    images = {}
    for name, array in native.data_vars.items():
        if not array.dims[0].startswith("time_"):
            continue
        days = native[array.dims[0]].values.astype("M8[D]").astype(object)
        pixels = array.values.reshape(len(days), -1)
        images |= {(name, day): image for day, image in zip(days, pixels, strict=True)}
    return images
