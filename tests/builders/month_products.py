"""Made-up months of a map, and the product of them."""

from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.grids.grid import Grid
from forestflux.jobs.settings.map_settings import PublishSettings
from forestflux.jobs.stores.store import write_store
from forestflux.maps.month_mosaic import describe_layers, make_coordinates
from forestflux.models.flux_model import Fluxes
from forestflux.models.seasons.shares import divide_fluxes
from forestflux.publish.months.month_product import publish_months
from forestflux.publish.published_dataset import ProductSettings
from tests.builders.year_products import LEVEL, SETTINGS


def make_months(mapped: xr.Dataset, grid: Grid, *, seed: int = 1) -> xr.Dataset:
    """The dataset of `month_maps/{year}.zarr` that belongs to a map; shares are drawn."""
    rng = np.random.default_rng(seed)
    forest = np.isfinite(mapped["gpp"].values)
    count = int(forest.sum())
    shares = rng.dirichlet(np.ones(12), size=(2, count))
    annual = Fluxes(mapped["gpp"].values[forest], mapped["reco"].values[forest])
    months = divide_fluxes(annual, shares)
    widths = rng.uniform(5, 80, (2, 12))
    values = {
        "gpp": months.gpp,
        "reco": months.reco,
        "nee": months.nee,
        "gpp_half_width": np.tile(widths[0], (count, 1)),
        "nee_half_width": np.tile(widths[1], (count, 1)),
    }
    layers = {}
    for name, attributes in describe_layers(LEVEL).items():
        layer = np.full((12, *grid.shape), np.nan, "float32")
        layer[:, forest] = values[name].T
        layers[name] = (("month", "y", "x"), layer, attributes)
    return xr.Dataset(layers, make_coordinates(grid), {"year": mapped.attrs["year"]})


def publish_made_months(
    mapped: xr.Dataset,
    months: xr.Dataset,
    grid: Grid,
    folder: Path,
    *,
    ilamb: bool = False,
) -> Path:
    """The folder of published months, `{folder}/products/months/{year}`."""
    year = int(mapped.attrs["year"])
    stores = {"map": folder / "map.zarr", "months": folder / "months.zarr"}
    write_store(mapped, stores["map"])
    write_store(months, stores["months"])
    product = folder / f"products/months/{year}"
    publish_months(
        stores["months"],
        stores["map"],
        product,
        year=year,
        settings=ProductSettings(
            run=SETTINGS["run"],
            source=SETTINGS["source"],
            grid=grid,
            publish=PublishSettings(**SETTINGS["publish"]),
        ),
        ilamb=ilamb,
        record={"build_key": "made up", "code": "abc", "inputs": {"months": "xyz"}},
    )
    return product
