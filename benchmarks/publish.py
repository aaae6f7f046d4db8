"""Time, memory and size of publishing one year of a global map.

The map is made up: a quarter of the cells is forest, with noise that compresses badly.
"""

from pathlib import Path

import dask
import dask.array as da
import numpy as np
import xarray as xr

from benchmarks.harness import Measured, Option, measure_call, scratch_folder
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.layers import LAYERS, NOT_FOREST
from forestflux.jobs.settings.map_settings import PublishSettings
from forestflux.jobs.stores.store import write_store
from forestflux.maps.mosaic import coordinates, title, variable
from forestflux.publish.published_dataset import ProductSettings
from forestflux.publish.year_product import publish_year

YEAR = 2003
LEVEL = 0.9
TILE_CELLS = 400
OPTIONS = {"resolution_deg": Option(0.05, 1.0, "side of a cell, degree")}


def measure(*, resolution_deg: float) -> Measured:
    """Make the map, and publish it in a process of its own."""
    with scratch_folder() as folder:
        with dask.config.set(scheduler="synchronous"):
            made = make_map(Grid(resolution_deg, TILE_CELLS))
            write_store(made, folder / f"maps/{YEAR}.zarr")
        usage = measure_call(publish_map, folder, resolution_deg)
        sizes = {
            path.name: sum(f.stat().st_size for f in [path, *path.rglob("*")]) // 10**6
            for path in sorted((folder / f"products/{YEAR}").iterdir())
        }
    return Measured(rows=[usage.numbers()], facts={"size_mb": sizes})


def make_map(grid: Grid) -> xr.Dataset:
    """A lazy map, one chunk a layer, as the stage map writes it."""
    rows = da.from_array(np.arange(grid.shape[0]), chunks=-1)[:, None]
    columns = da.from_array(np.arange(grid.shape[1]), chunks=-1)[None]
    forest = da.sin(rows * 0.021) * da.cos(columns * 0.013) > 0.35
    kind = da.where(forest, 1 + (rows + columns) % 5, 0)
    area = cell_area(grid.latitudes(), grid.resolution_deg)
    layers = {}
    for seed, (name, layer) in enumerate(LAYERS.items()):
        noise = da.random.default_rng(seed).random(grid.shape, chunks=-1)
        flat = {
            "gap_fraction": noise,
            "forest_fraction": da.where(forest, noise, 0),
            "forest_type": kind,
            "applicable": da.where(forest, noise > 0.1, NOT_FOREST),
            "cell_area": da.broadcast_to(da.from_array(area)[:, None], grid.shape),
        }.get(name, da.where(forest, 2000 * noise, np.nan))
        if name != "quality":
            layers[name] = variable(name, flat.astype(layer.dtype), level=LEVEL)
    return xr.Dataset(layers, coordinates(grid, 1), title(YEAR))


def publish_map(folder: Path, resolution_deg: float) -> None:
    """All formats of the year, as the stage writes them."""
    publish_year(
        folder / f"maps/{YEAR}.zarr",
        folder / f"products/{YEAR}",
        year=YEAR,
        settings=ProductSettings(
            run="benchmark",
            source="simulated",
            grid=Grid(resolution_deg, TILE_CELLS),
            publish=PublishSettings(),
        ),
        record={"build_key": "benchmark", "code": "benchmark"},
    )
