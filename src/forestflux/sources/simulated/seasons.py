"""How the true fluxes of a year fall on its months, and what the towers measured of that.

The fluxes of a year are sums over eight-day steps; within a step they are even. Each month has
its days of the steps. The annual fluxes stay what they are: a month has a share of them.
"""

import numpy as np
import pandas as pd

from forestflux.core.calendars.eight_day import step_lengths
from forestflux.core.calendars.months import MONTHS, count_step_days
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.sources.simulated.carbon import (
    DNF,
    PLANT_SHARE,
    CarbonYear,
    canopy,
    carbon_year,
    decay_by_step,
    greening_per_year,
    lost_canopy,
    photosynthesis_by_step,
    spring_factor,
    trend_time,
    years_since_disturbance,
)
from forestflux.sources.simulated.noise import hashed, normal
from forestflux.sources.simulated.simulated_towers import kinds_of
from forestflux.sources.simulated.vegetation import Cells, cells_of_kind
from forestflux.sources.simulated.weather import Weather, mean_weather

# Error of a measured month, as a share of the flux; months of a year are scaled to its sum.
MONTH_ERROR = 0.08


def true_months(
    cells: Cells, year: int, *, carbon: CarbonYear, seed: int, planet: PlanetSettings
) -> tuple[np.ndarray, np.ndarray]:
    """GPP and RECO of each month (cell, month), gC m-2 month-1, which add up to the year.

    Parameters
    ----------
    carbon : the year, as `carbon_year` gives it for these cells and settings
    """
    days = step_lengths(year)
    gpp_steps = gpp_by_step(cells, carbon.weather, carbon.absorbed, days)
    if buffering := planet.unseen.buffering:
        calm = calm_gpp_by_step(cells, year, seed=seed, planet=planet)
        gpp_steps = (1 - buffering) * gpp_steps + buffering * calm
    share = steps_to_shares(gpp_steps, year)
    gpp = carbon.gpp[:, None] * share
    # Plants respire as they grow, the soil as it is warm and wet.
    soil = (carbon.reco - PLANT_SHARE * carbon.gpp)[:, None]
    soil = soil * steps_to_shares(decay_by_step(carbon.weather, days), year)
    return gpp, PLANT_SHARE * gpp + soil


def gpp_by_step(
    cells: Cells, weather: Weather, absorbed: np.ndarray, days: np.ndarray
) -> np.ndarray:
    """GPP of each step (cell, step) but for factors of a whole year."""
    larch = np.where(cells.kind == DNF, spring_factor(weather), 1.0)
    return photosynthesis_by_step(cells, weather, absorbed, days) * larch[:, None]


def calm_gpp_by_step(
    cells: Cells, year: int, *, seed: int, planet: PlanetSettings
) -> np.ndarray:
    """The same in mean weather, with the canopy that trend and disturbance leave."""
    usual = mean_weather(cells)
    growth = greening_per_year(cells, planet) * trend_time(year)
    since = years_since_disturbance(cells, year, seed=seed, planet=planet)
    kept = ((1 + growth) * (1 - lost_canopy(since)))[:, None]
    return gpp_by_step(cells, usual, canopy(cells, usual) * kept, step_lengths(year))


def steps_to_shares(steps: np.ndarray, year: int) -> np.ndarray:
    """Share of each month (cell, month) in the sum of steps (cell, step)."""
    days = step_lengths(year)
    return divide_by_year(steps @ (count_step_days(year) / days[:, None]))


def divide_by_year(months: np.ndarray) -> np.ndarray:
    """Months (cell, month) by their sum over the year; even shares where that is 0."""
    total = months.sum(axis=1, keepdims=True)
    even = np.full(months.shape, 1 / MONTHS)
    return np.divide(months, total, out=even, where=total > 0)


def simulated_site_months(
    sites: pd.DataFrame,
    site_years: pd.DataFrame,
    *,
    seed: int,
    planet: PlanetSettings,
) -> pd.DataFrame:
    """What the towers measured in each month: site, year, month, gpp, nee, gC m-2 month-1.

    The true season with an error in each month, scaled to what the tower measured in the year.

    Parameters
    ----------
    sites : columns site, lat, lon, igbp
    site_years : of the same towers, as `simulated_site_years` gives it
    planet : settings of the planet
    """
    latitudes, longitudes = (sites[name].to_numpy(float) for name in ("lat", "lon"))
    cells = cells_of_kind(latitudes, longitudes, kinds_of(sites), seed=seed)
    position = pd.Series(np.arange(len(sites)), index=sites["site"])
    tables = []
    for year in sorted(site_years["year"].unique().tolist()):
        rows = site_years[site_years["year"] == year]
        carbon = carbon_year(cells, year, seed=seed, planet=planet)
        truth = true_months(cells, year, carbon=carbon, seed=seed, planet=planet)
        own = position[rows["site"]].to_numpy()
        gpp, reco = (
            measure_shares(cells, months, name=f"{flux} {year}", seed=seed)[own]
            * annual.to_numpy()[:, None]
            for flux, months, annual in zip(
                ("gpp", "reco"),
                truth,
                (rows["gpp"], rows["gpp"] + rows["nee"]),
                strict=True,
            )
        )
        tables.append(list_months(rows, gpp, reco))
    return pd.concat(tables, ignore_index=True)


def measure_shares(
    cells: Cells, months: np.ndarray, *, name: str, seed: int
) -> np.ndarray:
    """Share of each month (tower, month) in the year, with an error of measurement.

    Parameters
    ----------
    months : true flux (tower, month)
    name : of the flux and year, for which the error is drawn
    """
    draws = [hashed(seed, f"month {name}", cells.keys, m) for m in range(MONTHS)]
    error = MONTH_ERROR * normal(np.stack(draws, axis=1))
    return divide_by_year(months * np.maximum(1 + error, 0.0))


def list_months(rows: pd.DataFrame, gpp: np.ndarray, reco: np.ndarray) -> pd.DataFrame:
    """A row for each month of each row: site, year, month, gpp, nee."""
    count = len(rows)
    return pd.DataFrame(
        {
            "site": np.repeat(rows["site"].to_numpy(), MONTHS),
            "year": np.repeat(rows["year"].to_numpy(), MONTHS),
            "month": np.tile(np.arange(1, MONTHS + 1), count),
            "gpp": gpp.round(3).ravel(),
            "nee": (reco - gpp).round(3).ravel(),
        }
    )
