"""A made-up map store and the product of it; every cell has values of its own."""

from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.core.layers import NOT_FOREST, REGION_SHARE, list_layers
from forestflux.jobs.settings.map_settings import PublishSettings
from forestflux.jobs.stores.store import write_store
from forestflux.maps.mosaic import areas, coordinates, title, variable
from forestflux.publish.published_dataset import ProductSettings
from forestflux.publish.year_product import publish_year

LEVEL = 0.9
SETTINGS = {
    "run": "test",
    "source": "earthengine",
    "publish": {"max_gap_fraction": 0.7, "license": "CC-BY-4.0", "institution": "us"},
}


def make_map(grid: Grid, *, year: int = 2003, seed: int = 1) -> xr.Dataset:
    """The dataset of `maps/{year}.zarr` with noise in every layer: no two rows alike."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 6, grid.shape).astype("uint8")
    forest = kind > 0
    gpp, reco = rng.uniform(100, 3000, (2, *grid.shape)).astype("float32")
    index = rng.uniform(0, 1, grid.shape)
    index[rng.random(grid.shape) < 0.02] = np.nan
    nee = reco - gpp
    numbers = {
        "gpp": gpp,
        "gpp_lower": gpp - 90,
        "gpp_upper": gpp + 400,
        "reco": reco,
        "nee": nee,
        "nee_lower": nee - 300,
        "nee_upper": nee + 250,
        "dissimilarity": index,
    }
    flat = {n: np.where(forest, part, np.nan) for n, part in numbers.items()}
    flat |= {
        "gap_fraction": rng.random(grid.shape),
        "forest_fraction": np.where(forest, rng.random(grid.shape), 0),
        "forest_type": kind,
        "applicable": np.where(forest, index <= 0.6, NOT_FOREST),
        "cell_area": areas(grid),
    }
    if grid.is_region:
        flat[REGION_SHARE] = rng.random(grid.shape)
    known = list_layers(region=True)
    layers = {
        name: variable(name, part.astype(known[name].dtype), level=LEVEL)
        for name, part in flat.items()
    }
    return xr.Dataset(layers, coordinates(grid, 1), title(year))


def publish(
    dataset: xr.Dataset, grid: Grid, folder: Path, *, year: int = 2003, **changes: str
) -> Path:
    """The folder of a published map, `{folder}/products/{year}`.

    Parameters
    ----------
    changes : settings beside the grid that differ from `SETTINGS`
    """
    store = folder / f"maps/{year}.zarr"
    write_store(dataset, store)
    return publish_store(store, grid, folder, year=year, **changes)


def publish_store(
    store: Path, grid: Grid, folder: Path, *, year: int = 2003, **changes: str
) -> Path:
    """The same of a map store that is there."""
    product = folder / f"products/{year}"
    chosen = {**SETTINGS, **changes}
    publish_year(
        store,
        product,
        year=year,
        settings=ProductSettings(
            run=chosen["run"],
            source=chosen["source"],
            grid=grid,
            publish=PublishSettings(**chosen["publish"]),
        ),
        record={"build_key": "made up", "code": "abc", "inputs": {"map": "xyz"}},
    )
    return product
