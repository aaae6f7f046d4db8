"""A planet of five degrees that stands in for the archive, and what belongs to a run on it."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.core.product_tables.products import Product
from forestflux.jobs.configuration import read_configuration
from forestflux.jobs.settings.source_settings import PlanetSettings, SourceSettings
from forestflux.sources.simulated import simulated_source
from forestflux.sources.simulated.simulated_towers import (
    simulated_site_years,
    simulated_sites,
)
from tests.builders.products import with_extract
from tests.builders.projects import ROOT
from tests.earthengine.emulator.archives.formulas import grid_of
from tests.earthengine.emulator.archives.simulation import SimulatedPlanet
from tests.earthengine.emulator.evaluation.grids import GEOGRAPHIC, Points, moved

SEED = 2019
RESOLUTION_DEG = 5.0
YEARS = (2003, 2004)
TILE_CELLS = 24


def coarse_products(products: ProductTable) -> ProductTable:
    """The product table whose tiles have pixels of five degrees, precipitation of ten."""
    variables = dict(products.variables)
    for name, variable in variables.items():
        if variable.tile is not None:
            factor = variable.tile.extract.cells_per_pixel
            pixel = RESOLUTION_DEG * factor
            half = pixel / 2 if factor > 1 else 0
            grid = {
                "crs": GEOGRAPHIC,
                "pixel": pixel,
                "corner": (-180 - half, 90 + half),
            }
            tile = with_extract(variable.tile, grid=grid)
            variables[name] = variable.model_copy(update={"tile": tile})
    return ProductTable(variables=variables)


def lone_sites(products: ProductTable) -> pd.DataFrame:
    """The simulated towers that share no native pixel with another one before them."""
    sites, taken, kept = simulated_sites(), set(), []
    windows = []
    for product in products.column("tower").values():
        native = grid_of(product)
        at = moved(
            sites["lon"].to_numpy(float),
            sites["lat"].to_numpy(float),
            GEOGRAPHIC,
            native.crs,
        )
        row, column = native.pixel_at(Points(*at, (len(sites), 1)))
        windows.append((native.step, row, column, product.extract.window))
    for number in range(len(sites)):
        own = {
            (step, row[number] + down, column[number] + right)
            for step, row, column, side in windows
            for down in range(side)
            for right in range(side)
        }
        kept.append(not own & taken)
        taken |= own if kept[-1] else set()
    return sites[np.array(kept)].reset_index(drop=True)


def planet_of(
    products: ProductTable, sites: pd.DataFrame
) -> tuple[SimulatedPlanet, simulated_source.SimulatedSource]:
    """The planet behind the server, and the same one as the source `simulated`."""
    source = simulated_source.open_source(SourceSettings(seed=SEED))
    planet = SimulatedPlanet(
        source, products=products, resolution_deg=RESOLUTION_DEG, sites=sites
    )
    return planet, source


def write_labels(folder: Path, sites: pd.DataFrame) -> None:
    """The folder of a user whose towers these are: places, classes and annual fluxes."""
    folder.mkdir(parents=True)
    sites.to_csv(folder / "sites.csv", index=False)
    years = simulated_site_years(sites, seed=SEED, planet=PlanetSettings(), years=YEARS)
    years.to_csv(folder / "site_years.csv", index=False)


# Towers of four continents for the planet of formulas.
FOUR_SITES = pd.DataFrame(
    {
        "site": ["BR-Ma2", "CA-Obs", "FI-Hyy", "ZM-Mon"],
        "lat": [-2.61, 53.99, 61.85, -15.44],
        "lon": [-60.21, -105.12, 24.29, 23.25],
        "igbp": ["EBF", "ENF", "ENF", "DBF"],
    }
)


YEAR = 2003


def column(products: ProductTable, name: str, *variables: str) -> dict[str, Product]:
    """The products of some variables, of all without names."""
    chosen = products.column(name).items()
    return {v: p for v, p in chosen if not variables or v in variables}


def tile_around(lat: float, lon: float) -> TilePlace:
    """Eight by eight cells of 0.05 degree, among them the one at a place."""
    grid = Grid(0.05, 8)
    row, number = int((90 - lat) / 0.4), int((lon + 180) / 0.4)
    return TilePlace(grid.tile(f"r{row:02d}c{number:02d}"))


def finnish_tile() -> TilePlace:
    """A tile at 62 N, 24 E."""
    return tile_around(62, 24)


def access(url: str, **keys) -> dict:
    """The section `earthengine` of a configuration with its defaults."""
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config |= {
        "source": "earthengine",
        "towers": {"folder": "labels"},
        "earthengine": {"url": url, "project": "forests", **keys},
    }
    return read_configuration(config).earthengine.model_dump(mode="json")
