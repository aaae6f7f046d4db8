"""Towers of the simulated planet whose fluxes have one planted driver for each forest type."""

import numpy as np
import pandas as pd

from forestflux.core.calendars.eight_day import step_months
from forestflux.core.grids.places import TowerPlace
from forestflux.core.product_tables.product_table import ProductTable, read_products
from forestflux.jobs.settings.source_settings import SourceSettings
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.prepare.sample_table import Samples
from forestflux.sources.extraction import extract
from forestflux.sources.simulated.simulated_source import open_source
from forestflux.sources.simulated.simulated_towers import kinds_of, simulated_sites
from forestflux.sources.simulated.vegetation import cells_of_kind
from forestflux.sources.simulated.weather import weather_of
from tests.builders.inputs import VARIABLES
from tests.builders.paths import ROOT

SEED = 5
YEARS = (2003, 2015)
SUMMER, SPRING = (6, 7, 8), (3, 4, 5)
# What moves the fluxes of each type and nothing else: series and months.
PLANTED = {
    "DBF": ("precip", SUMMER),
    "ENF": ("lst_night", SPRING),
    "MF": ("lst_night", SPRING),
}


def planted_samples() -> Samples:
    """Site-years with the gaps and the noise of the sensors; fluxes follow the true weather.

    Every place has a tower of each type, so that the types differ in their driver, not in
    their climate. The driver is the planet's own weather, which the sensors see through
    noise, clouds and the course of the year.
    """
    sites = planted_sites()
    products = read_products(ROOT / "config/products.yaml", {})
    parts = [planted_year(sites, products, year) for year in YEARS]
    table = pd.concat([table for table, _ in parts], ignore_index=True)
    rng = np.random.default_rng(SEED)
    for igbp in PLANTED:
        rows = table["igbp"] == igbp
        driver = table.loc[rows, "driver"]
        table.loc[rows, "gpp"] = 1500 + 350 * (driver - driver.mean()) / driver.std()
    table["gpp"] += rng.normal(0, 40, len(table))
    table["reco"] = 300 + 0.7 * table["gpp"] + rng.normal(0, 40, len(table))
    table["nee"] = table["reco"] - table["gpp"]
    table["fold_cluster"] = rng.integers(3, size=len(table))
    return Samples(np.concatenate([series for _, series in parts]), table, VARIABLES)


def planted_sites() -> pd.DataFrame:
    """Towers between 30 and 60 degrees north, each place with every type."""
    places = simulated_sites()
    places = places[places["lat"].between(30, 60)]
    parts = [
        places.assign(site=places["site"] + "-" + igbp, igbp=igbp) for igbp in PLANTED
    ]
    return pd.concat(parts, ignore_index=True)


def planted_year(
    sites: pd.DataFrame, products: ProductTable, year: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """Table with the true `driver` of each row, and series as the samples have them."""
    source = open_source(SourceSettings(seed=SEED))
    place = TowerPlace(sites)
    columns = products.column("tower")
    held = {name: columns[name] for name in VARIABLES}
    native = extract(source, held, place, year=year)
    cube = build_cube(native, held, year=year)
    masked = mask_cube(cube, held, year=year, min_valid_share=0.3)
    series = np.stack([masked[name].values[:, :, 0].T for name in VARIABLES], axis=1)
    cells = cells_of_kind(place.latitudes, place.longitudes, kinds_of(sites), seed=SEED)
    weather = weather_of(cells, year, seed=SEED)
    seen = {"precip": weather.rain, "lst_night": weather.night}
    months = step_months(year)
    driver = np.empty(len(sites))
    for igbp, (name, season) in PLANTED.items():
        rows = (sites["igbp"] == igbp).to_numpy()
        driver[rows] = seen[name][rows][:, np.isin(months, season)].mean(axis=1)
    table = sites.assign(
        year=year, driver=driver, gpp=0.0, forest=True, holdout=False, weight=1.0
    )
    return table, series.astype("float32")
