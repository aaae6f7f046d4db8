"""The weather of one year on top of the long-term climate, with sunshine and wet soil.

Anomalies last from one step to more than a year: each is the sum of a slow part (knots
every 14 months), a seasonal part (every 48 days) and a quick part (every step). They
join smoothly over New Year because steps are counted over all years.
"""

from dataclasses import dataclass

import numpy as np

from forestflux.core.calendars.eight_day import STEPS
from forestflux.sources.simulated.climate import (
    potential_evaporation,
    rain_season,
    sunshine,
    yearly,
)
from forestflux.sources.simulated.noise import Lattice
from forestflux.sources.simulated.vegetation import Cells

# Period in steps and standard deviation of the parts of an anomaly that last; their
# squares and that of the quick part sum to 1.
LASTING_PARTS = ((53.0, 0.62), (6.0, 0.55))
QUICK_PART = 0.56
SCALE_KM = 1500.0


@dataclass(frozen=True)
class Weather:
    """Weather of one year, every attribute (cell, step).

    Attributes
    ----------
    temperature, night : mean and night air temperature, C
    season : temperature without its quick part, which leaves follow, C
    rain : mm day-1
    wetness : how far the soil is filled, 0-1
    cloud : share of the sky, 0-1
    shortwave : radiation at the ground, MJ m-2 day-1
    demand : potential evaporation, mm day-1
    """

    temperature: np.ndarray
    night: np.ndarray
    season: np.ndarray
    rain: np.ndarray
    wetness: np.ndarray
    cloud: np.ndarray
    shortwave: np.ndarray
    demand: np.ndarray


def weather_of(
    cells: Cells, year: int, *, seed: int, warming_k: float = 0.0
) -> Weather:
    """The weather of a year.

    Parameters
    ----------
    warming_k : added to all temperatures of the year, K
    """
    lattice = Lattice(cells.latitudes, cells.longitudes, scale_km=SCALE_KM)
    warm, warm_quick = anomalies(lattice, "temperature", year, seed=seed)
    wet, wet_quick = anomalies(lattice, "rain", year, seed=seed)
    clear_nights, _ = anomalies(lattice, "nights", year, seed=seed)
    return combine(
        cells,
        warm=warm - 0.25 * wet,
        warm_quick=warm_quick,
        wet=wet,
        wet_quick=wet_quick,
        clear_nights=clear_nights,
        warming_k=warming_k,
    )


def mean_weather(cells: Cells) -> Weather:
    """The weather of a year without any anomaly."""
    zero = np.zeros((len(cells.keys), STEPS))
    return combine(
        cells, warm=zero, warm_quick=zero, wet=zero, wet_quick=zero, clear_nights=zero
    )


def anomalies(
    lattice: Lattice, name: str, year: int, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The lasting and the quick part of an anomaly (cell, step), variances sum to 1."""
    first = year * STEPS
    lasting = sum(
        (
            deviation
            * lattice.node_series(
                seed, f"{name} {period}", first_step=first, steps=STEPS, period=period
            )
            for period, deviation in LASTING_PARTS
        ),
        start=np.zeros((lattice.side**3, STEPS)),
    )
    quick = QUICK_PART * lattice.node_series(
        seed, f"{name} quick", first_step=first, steps=STEPS, period=1
    )
    return lattice.moving(lasting), lattice.moving(quick)


def combine(
    cells: Cells,
    *,
    warm: np.ndarray,
    warm_quick: np.ndarray,
    wet: np.ndarray,
    wet_quick: np.ndarray,
    clear_nights: np.ndarray,
    warming_k: float = 0.0,
) -> Weather:
    """Weather from climate and anomalies, all (cell, step), anomalies without unit.

    Parameters
    ----------
    warming_k : added to all temperatures, K
    """
    climate = cells.climate
    winter = 1 - 0.35 * yearly(cells.latitudes, 200.0)
    kelvin = (0.7 + 0.085 * climate.amplitude)[:, None] * winter
    season = climate.temperature + kelvin * warm + warming_k
    temperature = season + kelvin * warm_quick
    rain = climate.rain * np.exp(0.38 * wet + 0.60 * wet_quick - 0.12)
    cloud = np.clip(climate.cloud + 0.06 * wet + 0.06 * wet_quick, 0.03, 0.95)
    half_range = 2.5 + 6.5 * (1 - climate.cloud)
    night = temperature - half_range - 0.9 * kelvin * clear_nights
    shortwave = sunshine(climate.top_radiation, cloud)
    return Weather(
        temperature=temperature,
        night=night,
        season=season,
        rain=rain,
        wetness=soil_wetness(cells, wet),
        cloud=cloud,
        shortwave=shortwave,
        demand=potential_evaporation(shortwave, temperature),
    )


def soil_wetness(cells: Cells, wet: np.ndarray) -> np.ndarray:
    """How far the soil is filled (cell, step), 0-1.

    Rain of the season, a month later and with 60 % of its swing because soil stores
    water, against the demand of the season.
    """
    climate = cells.climate
    swing = rain_season(cells.latitudes, cells.longitudes, lag=30.0) - 1
    supply = climate.annual_rain[:, None] / 365.0 * (1 + 0.6 * swing)
    supply = supply * np.exp(0.38 * wet)
    mean_demand = climate.potential_evaporation.mean(axis=1, keepdims=True)
    demand = 0.5 * (climate.potential_evaporation + mean_demand)
    return supply / (supply + 0.5 * demand + 0.05)
