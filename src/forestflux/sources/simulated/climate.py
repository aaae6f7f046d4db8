"""The long-term climate of a place: temperature, rain, cloud and sunshine.

Simple functions of latitude, distance inland, height and noise, with corrections where
the real world departs from them (Gulf Stream, monsoons, Horn of Africa). It is meant to
look right on a map, not to be a climatology.
"""

from dataclasses import dataclass

import numpy as np

from forestflux.core.calendars.eight_day import STEP_DAYS, STEPS
from forestflux.sources.simulated import geography
from forestflux.sources.simulated.noise import Lattice

# Annual mean at sea level by latitude, degrees Celsius.
TEMPERATURE_BY_LATITUDE = (
    (0, 10, 20, 30, 40, 50, 60, 70, 80, 90),
    (26.5, 26.5, 24.5, 20.5, 13.5, 6.5, -0.5, -9.0, -17.0, -24.0),
)

# Latitude, longitude, half widths (degrees), warming (K).
WARM_CURRENTS = (
    (60.0, 5.0, 14.0, 22.0, 6.5),  # North Atlantic
    (55.0, -135.0, 10.0, 14.0, 4.0),  # Alaska Current
    (56.0, -70.0, 9.0, 16.0, -3.0),  # Labrador
)

# Latitude, longitude, half widths (degrees), logarithm of a factor on annual rain.
RAIN_REGIONS = (
    (-6.0, -62.0, 10.0, 12.0, 0.45),  # Amazon
    (-2.0, 20.0, 7.0, 11.0, 0.35),  # Congo
    (-12.0, 25.0, 6.0, 12.0, 0.35),  # Miombo
    (6.0, -5.0, 4.0, 9.0, 0.35),  # Guinea coast
    (4.0, 112.0, 12.0, 25.0, 0.30),  # Maritime continent
    (19.0, 98.0, 9.0, 11.0, 0.60),  # Burma, Bengal
    (28.0, 112.0, 8.0, 12.0, 0.75),  # South China
    (36.0, 137.0, 8.0, 8.0, 0.45),  # Japan
    (36.0, -82.0, 10.0, 11.0, 0.70),  # East of the United States
    (-25.0, -52.0, 8.0, 8.0, 0.60),  # South Brazil
    (-42.0, -73.0, 8.0, 3.0, 0.60),  # Valdivia
    (50.0, -126.0, 9.0, 6.0, 0.45),  # Pacific North-west
    (44.0, 42.0, 3.0, 6.0, 0.30),  # Caucasus
    (62.0, 125.0, 9.0, 28.0, 0.25),  # East Siberia, above its permafrost
    (50.0, 130.0, 7.0, 9.0, 0.60),  # Amur
    (6.0, 44.0, 9.0, 8.0, -1.30),  # Horn of Africa
    (22.0, 15.0, 9.0, 32.0, -1.80),  # Sahara
    (24.0, 48.0, 10.0, 14.0, -1.60),  # Arabia, Iran
    (42.0, 65.0, 9.0, 18.0, -0.95),  # Turan
    (41.0, 95.0, 7.0, 18.0, -1.60),  # Gobi, Taklamakan
    (28.0, 71.0, 5.0, 6.0, -0.90),  # Thar
    (-24.0, 17.0, 8.0, 7.0, -1.20),  # Namib, Kalahari
    (-25.0, 128.0, 8.0, 11.0, -1.20),  # Outback
    (-33.0, 150.0, 9.0, 5.0, 0.70),  # Great Dividing Range
    (-33.0, 116.0, 4.0, 2.5, 0.60),  # South-west Australia
    (-22.0, -70.0, 10.0, 3.0, -2.00),  # Atacama
    (-40.0, -68.0, 9.0, 3.0, -0.90),  # Patagonia
    (-8.0, -39.0, 6.0, 4.0, -0.75),  # North-east Brazil
    (34.0, -112.0, 9.0, 8.0, -0.80),  # Great Basin, Sonora
    (44.0, -104.0, 9.0, 6.0, -0.45),  # Great Plains
)


@dataclass(frozen=True)
class Climate:
    """Long-term climate of cells; years repeat it with weather on top.

    Attributes
    ----------
    height : (cell,), m
    mean_temperature, amplitude : mean and half the summer-winter range (cell,), C
    annual_rain : (cell,), mm
    temperature, rain, potential_evaporation : (cell, step), C, mm day-1, mm day-1
    cloud : share of the sky (cell, step), 0-1
    top_radiation, shortwave : above and below the air (cell, step), MJ m-2 day-1
    daylength : (cell, step), hours
    noon_sun : height of the sun at noon (cell, step), degrees
    """

    height: np.ndarray
    mean_temperature: np.ndarray
    amplitude: np.ndarray
    annual_rain: np.ndarray
    temperature: np.ndarray
    rain: np.ndarray
    potential_evaporation: np.ndarray
    cloud: np.ndarray
    top_radiation: np.ndarray
    shortwave: np.ndarray
    daylength: np.ndarray
    noon_sun: np.ndarray


def long_term_climate(
    latitudes: np.ndarray, longitudes: np.ndarray, *, seed: int
) -> Climate:
    """The climate of cells (cell,) without weather.

    Parameters
    ----------
    latitudes, longitudes : (cell,), degrees
    """
    height = geography.elevation(latitudes, longitudes, seed=seed)
    mean, amplitude = temperature_of(latitudes, longitudes, height, seed=seed)
    temperature = mean[:, None] + amplitude[:, None] * yearly(latitudes, 200.0)
    annual_rain = annual_rain_of(latitudes, longitudes, height, seed=seed)
    rain = annual_rain[:, None] / 365.0 * rain_season(latitudes, longitudes, lag=0.0)
    cloud = cloud_of(latitudes, longitudes, rain)
    top, daylength, noon_sun = sun(latitudes)
    shortwave = sunshine(top, cloud)
    return Climate(
        height=height,
        mean_temperature=mean,
        amplitude=amplitude,
        annual_rain=annual_rain,
        temperature=temperature,
        rain=rain,
        potential_evaporation=potential_evaporation(shortwave, temperature),
        cloud=cloud,
        top_radiation=top,
        shortwave=shortwave,
        daylength=daylength,
        noon_sun=noon_sun,
    )


def step_days() -> np.ndarray:
    """Day of the year in the middle of each step (step,)."""
    return STEP_DAYS * np.arange(STEPS) + 4.0


def yearly(latitudes: np.ndarray, peak_day: float) -> np.ndarray:
    """Cosine of the year (cell, step), highest at `peak_day`; reversed in the south."""
    phase = np.cos(2 * np.pi * (step_days() - peak_day) / 365.0)
    return np.tanh(latitudes / 4.0)[:, None] * phase[None, :]


def sigmoid(values: np.ndarray) -> np.ndarray:
    """Smooth step from 0 to 1, same shape."""
    return 1 / (1 + np.exp(-np.clip(values, -50, 50)))


def sun(latitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radiation above the air (MJ m-2 day-1), daylength (hours) and noon sun (degrees).

    Each (cell, step); FAO Irrigation and Drainage Paper 56, equations 21-25 and 34.
    """
    angle = 2 * np.pi * step_days() / 365.0
    distance = 1 + 0.033 * np.cos(angle)
    declination = 0.409 * np.sin(angle - 1.39)
    phi = np.radians(np.clip(latitudes, -89.9, 89.9))[:, None]
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1))
    top = sunset * np.sin(phi) * np.sin(declination)
    top = top + np.cos(phi) * np.cos(declination) * np.sin(sunset)
    noon = 90 - np.degrees(np.abs(phi - declination))
    return np.maximum(37.6 * distance * top, 0.0), 24 / np.pi * sunset, noon


def sunshine(top_radiation: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """Radiation at the ground below a share of cloud, same shape, MJ m-2 day-1."""
    return top_radiation * (0.76 - 0.5 * cloud)


def potential_evaporation(shortwave: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """Evaporation with ample water (cell, step), mm day-1 (Priestley and Taylor 1972).

    Net radiation is taken as 55 % of sunshine; the share of it that evaporates water at
    0-35 C is a parabola fitted to the psychrometric tables.
    """
    share = 0.40 + 0.0155 * temperature - 0.0001 * temperature**2
    return 1.26 * 0.408 * 0.55 * shortwave * np.clip(share, 0.08, 0.80)


def upwind_land(latitudes: np.ndarray, longitudes: np.ndarray) -> np.ndarray:
    """Share of land that the wind crossed (cell,): west wind beyond 30, else east."""
    westerly = sigmoid((np.abs(latitudes) - 30.0) / 4.0)
    total = geography.inland(latitudes, longitudes)
    for distance in (9.0, 18.0):
        west = geography.inland(latitudes, longitudes - distance)
        east = geography.inland(latitudes, longitudes + distance)
        total = total + westerly * west + (1 - westerly) * east
    return total / 3


def temperature_of(
    latitudes: np.ndarray,
    longitudes: np.ndarray,
    height: np.ndarray,
    *,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Annual mean and half the summer-winter range of each cell, C."""
    crossed = upwind_land(latitudes, longitudes)
    mean = np.interp(np.abs(latitudes), *TEMPERATURE_BY_LATITUDE)
    polar = sigmoid((np.abs(latitudes) - 48.0) / 5.0)
    mean = mean - 4.5 * polar * crossed - 0.006 * height
    for latitude, longitude, tall, wide, kelvin in WARM_CURRENTS:
        warm = geography.hill(
            latitudes, longitudes, (latitude, longitude), (tall, wide)
        )
        mean = mean + kelvin * warm
    local = Lattice(latitudes, longitudes, scale_km=700).still(seed, "warmth")
    steep = np.sin(np.radians(np.abs(latitudes)))
    return mean + 0.7 * local, 1.0 + steep * (5.0 + 29.0 * crossed**1.3)


def annual_rain_of(
    latitudes: np.ndarray,
    longitudes: np.ndarray,
    height: np.ndarray,
    *,
    seed: int,
) -> np.ndarray:
    """Rain of a year (cell,), mm: tropics, dry belts, storm tracks, regions, noise."""
    tropics = 2100.0 * np.exp(-(((latitudes - 2.0) / 13.0) ** 2))
    storms = 760.0 * np.exp(-(((np.abs(latitudes) - 52.0) / 17.0) ** 2))
    wet_coasts = geography.inland(latitudes, longitudes - 12.0)
    wet_coasts = wet_coasts - geography.inland(latitudes, longitudes + 12.0)
    belt = np.exp(-(((np.abs(latitudes) - 28.0) / 10.0) ** 2))
    east = 420.0 * belt * np.maximum(wet_coasts + 0.25, 0.0)
    crossed = upwind_land(latitudes, longitudes)
    rain = (160.0 + tropics + storms + east) * (1.25 - 0.7 * crossed)
    logarithm = np.zeros(len(latitudes))
    for latitude, longitude, tall, wide, factor in RAIN_REGIONS:
        region = geography.hill(
            latitudes, longitudes, (latitude, longitude), (tall, wide)
        )
        logarithm = logarithm + factor * region
    coarse = Lattice(latitudes, longitudes, scale_km=800).still(seed, "rain")
    fine = Lattice(latitudes, longitudes, scale_km=200).still(seed, "showers")
    logarithm = logarithm + 0.14 * coarse + 0.07 * fine + 0.00008 * height
    return np.clip(rain * np.exp(logarithm), 15.0, 4500.0)


def rain_season(
    latitudes: np.ndarray, longitudes: np.ndarray, *, lag: float
) -> np.ndarray:
    """Factor on mean rain over the year (cell, step), mean 1.

    Rain follows the sun in the tropics, falls in winter around the Mediterranean and on
    other west coasts near 36 degrees, and slightly more in summer elsewhere.

    Parameters
    ----------
    lag : days by which the factor comes later; soil water follows rain
    """
    absolute = np.abs(latitudes)
    tropical = 0.85 * np.tanh(np.maximum(absolute - 2.0, 0) / 9.0)
    tropical = tropical * (1 - sigmoid((absolute - 28.0) / 3.0))
    west = geography.inland(latitudes, longitudes + 10.0)
    west = west - geography.inland(latitudes, longitudes - 10.0)
    winter = np.exp(-(((absolute - 36.0) / 5.5) ** 2)) * sigmoid((west - 0.05) / 0.06)
    sea = geography.hill(latitudes, longitudes, (37.0, 18.0), (6.0, 20.0))
    summer = 0.35 * sigmoid((absolute - 30.0) / 3.0)
    strength = tropical + summer - 1.0 * np.maximum(winter, sea)
    phase = np.cos(2 * np.pi * (step_days() - 205.0 - lag) / 365.0)
    signed = np.sign(latitudes) * np.clip(strength, -0.75, 0.85)
    return 1 + signed[:, None] * phase[None, :]


def cloud_of(
    latitudes: np.ndarray, longitudes: np.ndarray, rain: np.ndarray
) -> np.ndarray:
    """Share of the sky under cloud (cell, step), 0-1: rain, sea, boreal autumn."""
    sea = 1 - geography.inland(latitudes, longitudes)
    north = sigmoid((np.abs(latitudes) - 50.0) / 4.0)[:, None]
    autumn = np.maximum(yearly(latitudes, 310.0), -0.3)
    cloud = 0.18 + 0.62 * (1 - np.exp(-rain / 5.0)) + 0.10 * sea[:, None]
    return np.clip(cloud + north * (0.08 + 0.18 * autumn), 0.05, 0.92)
