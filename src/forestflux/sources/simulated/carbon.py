"""The carbon that forests exchange, and what is planted in it.

GPP = efficiency x light absorbed x warmth x water, RECO = a share of GPP (what plants
respire themselves) + respiration of the soil, NEE = RECO - GPP, summed over the steps
of a year (light use: Monteith 1972; warmth: Q10). Planted, for a method to find again:

* greening: canopy and GPP grow linearly from 2001 to 2020, constant before and after;
* disturbance: a few cells lose three quarters of their canopy in a year from 2004 to
  2016 and recover in 15 years, while the soil goes on respiring: NEE turns positive;
* larch waits for warm nights: the GPP of deciduous needleleaf forest (DNF) in a year is
  multiplied by 0.55 to 1.45, rising with the mean night temperature of March to May;
* warming and growth of GPP by CO2, linear like the greening; none unless asked for;
* what no satellite sees (`UnseenSettings`): soil changes GPP, age the sink of a site, management
  and the weather of the year before single years. On the easy planet 4 %, 30 %, nothing.
"""

from dataclasses import dataclass

import numpy as np

from forestflux.core.calendars.eight_day import step_lengths
from forestflux.core.names import FOREST_TYPES
from forestflux.jobs.settings.source_settings import PlanetSettings, UnseenSettings
from forestflux.sources.simulated.climate import sigmoid
from forestflux.sources.simulated.noise import Lattice, hashed, normal, uniform
from forestflux.sources.simulated.vegetation import FORESTS, Cells
from forestflux.sources.simulated.weather import Weather, mean_weather, weather_of

PAR_SHARE = 0.45
Q10 = 2.0
# Share of GPP that plants respire themselves; the rest feeds soil and sink.
PLANT_SHARE = 0.48
# How much of a planted growth of GPP the soil's respiration follows.
SOIL_FOLLOWS = 0.6

# Days of each step of a year that is not a leap year, for the climate's mean year.
COMMON_YEAR = step_lengths(2001)

TREND_YEARS = (2001, 2020)
TREND_PIVOT = 2010.5
DISTURBED_YEARS = (2004, 2016)
CANOPY_LOSS = 0.75
RECOVERY_YEARS = 15

DNF = 1 + FOREST_TYPES.index("DNF")
# Steps whose middle lies in March, April or May.
SPRING_STEPS = slice(7, 19)
SPRING_CENTRE_C = -18.0
SPRING_RANGE_K = 2.5


@dataclass(frozen=True)
class CarbonYear:
    """One year of cells.

    Attributes
    ----------
    gpp, reco : (cell,), gC m-2 yr-1; `nee` is their difference
    absorbed : share of light that the canopy absorbs (cell, step), 0-1
    weather : the year's weather
    disturbed : whether the year lies in or after a planted disturbance (cell,)
    planted_slope : growth of GPP by greening in mean weather (cell,), gC m-2 yr-2
    """

    gpp: np.ndarray
    reco: np.ndarray
    absorbed: np.ndarray
    weather: Weather
    disturbed: np.ndarray
    planted_slope: np.ndarray

    @property
    def nee(self) -> np.ndarray:
        """Net exchange (cell,), gC m-2 yr-1; negative is uptake by the forest."""
        return self.reco - self.gpp


def carbon_year(
    cells: Cells, year: int, *, seed: int, planet: PlanetSettings
) -> CarbonYear:
    """Fluxes, canopy and weather of a year."""
    warming = planet.warming_k_per_decade / 10 * trend_time(year)
    weather = weather_of(cells, year, seed=seed, warming_k=warming)
    growth = greening_per_year(cells, planet) * trend_time(year)
    co2_gain = planet.co2_percent_per_decade / 1000 * trend_time(year)
    single_years = SingleYears(cells, year, seed=seed, unseen=planet.unseen)
    since = years_since_disturbance(cells, year, seed=seed, planet=planet)
    absorbed = canopy(cells, weather)
    kept = ((1 + growth) * (1 - lost_canopy(since)))[:, None]
    absorbed = absorbed * kept
    fertility, ageing = lasting_factors(cells, seed=seed, unseen=planet.unseen)
    usual = mean_weather(cells)
    usual_canopy = canopy(cells, usual)
    usual_gpp = fertility * photosynthesis(cells, usual, usual_canopy, COMMON_YEAR)
    days = step_lengths(year)
    gpp = fertility * photosynthesis(cells, weather, absorbed, days)
    if buffering := planet.unseen.buffering:
        calm = photosynthesis(cells, usual, usual_canopy * kept, COMMON_YEAR)
        gpp = (1 - buffering) * gpp + buffering * fertility * calm
    gpp = gpp * (1 + co2_gain) * single_years.gpp
    # In mean weather the soil gives back what plants leave, less the sink of the site.
    usual_soil = usual_gpp * (1 - PLANT_SHARE - cells.habit("sink")[:, 0] * ageing)
    soil = usual_soil * decay(weather, days) / decay(usual, COMMON_YEAR)
    dead_wood = np.where(since >= 0, 0.2 * np.exp(-since / 5.0), 0.0)
    soil = soil * (1 + SOIL_FOLLOWS * (growth + co2_gain)) * (1 + dead_wood)
    soil = soil * single_years.soil
    return CarbonYear(
        gpp=gpp,
        reco=PLANT_SHARE * gpp + soil,
        absorbed=absorbed,
        weather=weather,
        disturbed=since >= 0,
        planted_slope=usual_gpp * greening_per_year(cells, planet),
    )


def canopy(cells: Cells, weather: Weather) -> np.ndarray:
    """Share of light absorbed (cell, step): leaves follow warmth, daylength, water."""
    warmth = (weather.season - cells.habit("leaf_out")) / cells.habit("leaf_range")
    light = (cells.climate.daylength - 10.2) / 0.5
    evergreen = cells.habit("leaf_range") > 90
    leafed = np.where(evergreen, 1.0, sigmoid(2 * warmth) * sigmoid(light))
    bare, full = cells.habit("bare"), cells.habit("canopy")
    dry = cells.habit("drought_leaf") * (1 - water_factor(weather.wetness))
    return (bare + (full - bare) * leafed) * (1 - dry) * cells.vigour[:, None]


def water_factor(wetness: np.ndarray) -> np.ndarray:
    """How far water allows growth (cell, step), 0-1."""
    return np.clip((wetness - 0.10) / 0.55, 0, 1)


def photosynthesis(
    cells: Cells, weather: Weather, absorbed: np.ndarray, days: np.ndarray
) -> np.ndarray:
    """GPP of the year (cell,), gC m-2 yr-1; see `photosynthesis_by_step`."""
    gpp = photosynthesis_by_step(cells, weather, absorbed, days).sum(axis=1)
    return gpp * np.where(cells.kind == DNF, spring_factor(weather), 1.0)


def photosynthesis_by_step(
    cells: Cells, weather: Weather, absorbed: np.ndarray, days: np.ndarray
) -> np.ndarray:
    """GPP of each step (cell, step), gC m-2 a step, before spring governs larch.

    Parameters
    ----------
    absorbed : share of light absorbed (cell, step), 1
    days : days of each step (step,)
    """
    cold, best = cells.habit("cold_limit"), cells.habit("optimum")
    warmth = np.clip((weather.temperature - cold) / (best - cold), 0, 1)
    heat = 1 - 0.045 * np.maximum(weather.temperature - best - 4, 0)
    growth = warmth * (2 - warmth) * heat * (0.3 + 0.7 * water_factor(weather.wetness))
    light = PAR_SHARE * weather.shortwave * absorbed
    return cells.habit("efficiency") * light * growth * days


def spring_factor(weather: Weather) -> np.ndarray:
    """Factor by which the night temperature of March-May governs larch (cell,)."""
    nights = weather.night[:, SPRING_STEPS].mean(axis=1)
    return 0.55 + 0.9 * sigmoid((nights - SPRING_CENTRE_C) / SPRING_RANGE_K)


def decay(weather: Weather, days: np.ndarray) -> np.ndarray:
    """Respiration of the soil over the year (cell,), without unit."""
    return decay_by_step(weather, days).sum(axis=1)


def decay_by_step(weather: Weather, days: np.ndarray) -> np.ndarray:
    """Respiration of the soil in each step (cell, step), without unit."""
    rate = np.exp(np.log(Q10) * (np.clip(weather.temperature, -12, 35) - 10) / 10)
    rate = rate * (0.4 + 0.6 * water_factor(weather.wetness))
    return rate * days


def lasting_factors(
    cells: Cells, *, seed: int, unseen: UnseenSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Factors on GPP and on the sink of each cell (cell,); the first is never seen.

    The sink also grows with the vigour of the stand, which satellites see.
    """
    lattice = Lattice(cells.latitudes, cells.longitudes, scale_km=300)
    soil = normal(hashed(seed, "soil", cells.keys))
    age = 0.7 * normal(hashed(seed, "age", cells.keys)) + 0.7 * lattice.still(
        seed, "age"
    )
    return (
        1 + unseen.soil * soil,
        1 + unseen.age * age + 5.0 * (cells.vigour - 1),
    )


class SingleYears:
    """Factors of a single year that no input of the year shows.

    Attributes
    ----------
    gpp, soil : on GPP and on the respiration of the soil (cell,)
    """

    def __init__(
        self, cells: Cells, year: int, *, seed: int, unseen: UnseenSettings
    ) -> None:
        """Draw what is asked for; 1 where nothing is."""

        def draw(name: str, amount: float) -> np.ndarray | float:
            if amount == 0:
                return 1.0
            lattice = Lattice(cells.latitudes, cells.longitudes, scale_km=1000)
            own = normal(hashed(seed, name, cells.keys, year))
            shared = lattice.still(seed, f"{name} {year}")
            return 1 + amount * np.sqrt(0.5) * (own + shared)

        self.gpp = draw("management", unseen.management)
        self.soil = draw("soil years", unseen.soil_years)
        if unseen.late_weather:
            last = weather_of(cells, year - 1, seed=seed).wetness.mean(axis=1)
            usual = mean_weather(cells).wetness.mean(axis=1)
            self.soil = self.soil * (1 + unseen.late_weather * (last - usual))


def trend_time(year: int) -> float:
    """Years since the middle of the planted trend, constant outside of it."""
    return min(max(year, TREND_YEARS[0]), TREND_YEARS[1]) - TREND_PIVOT


def greening_per_year(cells: Cells, planet: PlanetSettings) -> np.ndarray:
    """Planted growth of canopy and GPP (cell,), per year, most in the north."""
    absolute = np.abs(cells.latitudes)
    band = 0.6 + 0.4 * sigmoid((absolute - 23) / 3) + 0.4 * sigmoid((absolute - 50) / 3)
    return planet.greening_percent_per_decade / 1000.0 * band


def years_since_disturbance(
    cells: Cells, year: int, *, seed: int, planet: PlanetSettings
) -> np.ndarray:
    """Years since the planted disturbance (cell,); -1 before it or without one."""
    struck = uniform(hashed(seed, "disturbed", cells.keys)) < planet.disturbed_share
    forest = (cells.kind >= 1) & (cells.kind <= FORESTS)
    first, last = DISTURBED_YEARS
    when = hashed(seed, "disturbed year", cells.keys) % np.uint64(last - first + 1)
    since = year - (first + when.astype(int))
    return np.where(struck & forest & (since >= 0), since, -1)


def lost_canopy(since: np.ndarray) -> np.ndarray:
    """Share of the canopy that is gone (cell,) so many years after a disturbance."""
    left = 1 - since / RECOVERY_YEARS
    return np.where(since >= 0, CANOPY_LOSS * np.maximum(left, 0), 0.0)
