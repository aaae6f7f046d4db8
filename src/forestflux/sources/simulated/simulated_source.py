"""The simulated planet as a source of satellite layers: the offline default."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.grids.land import is_land
from forestflux.core.grids.places import Place, TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES, LAND_COVER
from forestflux.core.product_tables.products import Product
from forestflux.jobs.settings.source_settings import (
    EarthEngineSettings,
    PlanetSettings,
    SourceSettings,
)
from forestflux.sources.simulated import sensors
from forestflux.sources.simulated.carbon import carbon_year
from forestflux.sources.simulated.sensor_records import (
    RAIN,
    as_arrays,
    average_pixels,
    fill_layers,
    rain_of,
    record,
    simulation_of,
    spread_over,
    tower_classes,
    window_pixels,
)
from forestflux.sources.simulated.simulated_towers import kinds_of
from forestflux.sources.simulated.vegetation import Cells, cells_of_kind, forest_cells
from forestflux.sources.simulated.weather import weather_of

# Land cells of a tile whose year is computed at once.
CELLS_AT_ONCE = 20_000


def open_source(
    settings: SourceSettings,
    *,
    years: Sequence[int] = (),
    runtime: EarthEngineSettings | None = None,
    subsets: Path | None = None,
) -> "SimulatedSource":
    """The simulated planet of a seed; nothing beside the settings matters to it.

    Raises
    ------
    InputError : no seed
    """
    if settings.seed is None:
        raise InputError(
            "configuration", variable="seed", expected="an integer", found="nothing"
        )
    return SimulatedSource(seed=settings.seed, planet=settings.planet)


class SimulatedSource:
    """Native values of any place and year: a function of position, time and seed."""

    def __init__(self, *, seed: int, planet: PlanetSettings) -> None:
        """Keep the seed and the settings; nothing is computed yet."""
        self.seed, self.planet = seed, planet

    def column(self, place: Place, variable: str) -> str:
        """Column of the product table: that of the place, the same for every variable."""
        return place.column

    def prepare(
        self, products: Mapping[str, Product], work: Sequence[tuple[Place, int]]
    ) -> None:
        """Do nothing: layers are computed when they are fetched."""

    def fetch(
        self, products: Mapping[str, Product], place: Place, year: int
    ) -> xr.Dataset:
        """Native values of one place and year (see docs/reference/stores.md, extract)."""
        if isinstance(place, TilePlace):
            return self.fetch_tile(products, place, year)
        return self.fetch_towers(products, place, year)

    def fetch_tile(
        self, products: Mapping[str, Product], place: TilePlace, year: int
    ) -> xr.Dataset:
        """Native values of a tile; on the sea and outside of the region there is only fill."""
        latitudes, longitudes = mesh(place.tile.latitudes(), place.tile.longitudes())
        wanted = is_land(latitudes, longitudes)
        if place.share is not None:
            wanted &= place.share.ravel() > 0
        recorded = {
            variable: product
            for variable, product in series_of(products)
            if simulation_of(variable, product).quantity != RAIN
        }
        layers = {
            variable: fill_layers(variable, product, wanted.size)
            for variable, product in recorded.items()
        }
        forest = np.zeros((len(FOREST_TYPES), wanted.size), "uint8")
        # Some cells at a time: a year of a cell takes 14 kB while it is computed.
        for start in range(0, np.count_nonzero(wanted), CELLS_AT_ONCE):
            part = np.flatnonzero(wanted)[start : start + CELLS_AT_ONCE]
            cells, forest[:, part] = forest_cells(
                latitudes[part], longitudes[part], seed=self.seed
            )
            scene = self.scene(cells, np.arange(len(part)), cells.keys, year)
            for variable, product in recorded.items():
                pixels = [one.T for one in record(scene, variable, product)]
                for layer, own in zip(
                    layers[variable], average_pixels(product, pixels), strict=True
                ):
                    layer[:, part] = own
        native: dict[str, tuple] = {}
        for variable, product in series_of(products):
            maps = [
                layer.reshape(-1, *place.shape) for layer in layers.pop(variable, ())
            ]
            maps = maps or [self.tile_rain(product, place, year)]
            native |= as_arrays(variable, product, maps, year)
        native["forest_percent"] = (
            ("igbp", "y", "x"),
            forest.reshape(-1, *place.shape),
            {"units": "percent", "long_name": "percent of the cell per IGBP class"},
        )
        return xr.Dataset(
            native,
            coords={
                "igbp": np.arange(1, len(FOREST_TYPES) + 1),
                "y": ("y", place.tile.latitudes(), {"units": "degrees_north"}),
                "x": ("x", place.tile.longitudes(), {"units": "degrees_east"}),
            },
        )

    def fetch_towers(
        self, products: Mapping[str, Product], place: TowerPlace, year: int
    ) -> xr.Dataset:
        """Native values of windows around towers, whose vegetation is the label's."""
        cells = cells_of_kind(
            place.latitudes, place.longitudes, kinds_of(place.sites), seed=self.seed
        )
        towers = self.scene(cells, np.arange(len(cells.keys)), cells.keys, year)
        native: dict[str, tuple] = {}
        for variable, product in series_of(products):
            extract = product.extract
            cell, keys, shape = window_pixels(cells.keys, extract.window)
            if simulation_of(variable, product).quantity == RAIN:
                rain = towers.carbon.weather.rain[cell]
                layers = [rain_of(rain, keys, extract, year=year, seed=self.seed)]
            else:
                pixels = replace(towers, cell=cell, keys=keys)
                layers = list(record(pixels, variable, product))
            layers = [layer.T.reshape(-1, *shape) for layer in layers]
            native |= as_arrays(variable, product, layers, year)
        if LAND_COVER in products:
            native |= tower_classes(place, products[LAND_COVER].extract, year)
        return xr.Dataset(
            native,
            coords={
                "site": ("y", place.sites["site"].to_numpy(str)),
                "lat": ("y", place.latitudes, {"units": "degrees_north"}),
                "lon": ("y", place.longitudes, {"units": "degrees_east"}),
            },
        )

    def scene(
        self, cells: Cells, cell: np.ndarray, keys: np.ndarray, year: int
    ) -> sensors.Scene:
        """Pixels over cells in one year, as this source's sensors see them."""
        return sensors.Scene(
            cells=cells,
            carbon=carbon_year(cells, year, seed=self.seed, planet=self.planet),
            cell=cell,
            keys=keys,
            year=year,
            seed=self.seed,
            cloudiness=self.planet.cloudiness,
        )

    def tile_rain(self, product: Product, place: TilePlace, year: int) -> np.ndarray:
        """Rain of a tile (image, y, x) in pixels that may be coarser than its cells.

        A pixel has a value where any of its cells is land. Pixels begin at the tile's
        north-west corner or half a pixel before it; the last row and column may reach
        beyond the tile.
        """
        factor = product.extract.cells_per_pixel
        resolution = place.tile.grid.resolution_deg
        shape = product.native_shape(place.shape)
        middle = (factor - 1) / 2 - product.cells_before
        rows, columns = (factor * np.arange(length) + middle for length in shape)
        # Rounded: a pixel's place must not depend on the corner it is counted from.
        latitudes, longitudes = mesh(
            np.round(place.tile.latitudes()[0] - resolution * rows, 7),
            np.round(place.tile.longitudes()[0] + resolution * columns, 7),
        )
        shifts = resolution * (np.arange(factor) - (factor - 1) / 2)
        land = np.any(
            [
                is_land(latitudes + south, longitudes + east)
                for south in shifts
                for east in shifts
            ],
            axis=0,
        )
        kind = np.zeros(np.count_nonzero(land), int)
        cells = cells_of_kind(latitudes[land], longitudes[land], kind, seed=self.seed)
        rain = weather_of(cells, year, seed=self.seed).rain
        layer = rain_of(rain, cells.keys, product.extract, year=year, seed=self.seed)
        return spread_over(layer, land, product.extract.absent, shape)


def series_of(products: Mapping[str, Product]) -> Iterator[tuple[str, Product]]:
    """The series that were asked for with their products."""
    return ((n, p) for n, p in products.items() if n != LAND_COVER)


def mesh(latitudes: np.ndarray, longitudes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Latitude and longitude of each cell (cell,), row by row, degrees."""
    rows, columns = len(latitudes), len(longitudes)
    return np.repeat(latitudes, columns), np.tile(longitudes, rows)
