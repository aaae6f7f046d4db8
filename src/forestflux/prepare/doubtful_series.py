"""Doubts about a tower whose fluxes or place do not fit its own satellite series.

The bounds were set on 176 towers of FLUXNET2015 so that none of them is doubted; how often they
find a fault that is planted there stands in docs/data/flux_faults.csv.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forestflux.core.calendars.eight_day import STEPS
from forestflux.core.calendars.radiation import radiation
from forestflux.core.names import FLUX_UNIT, FOREST_TYPES
from forestflux.prepare.mean_years import average_known
from forestflux.towers.doubts import Doubt

GREENNESS, WARMTH = "evi", ("lst_day", "lst_night")
# Cold stops photosynthesis below this temperature and holds it back up to so many K above it.
COLD_K, WARMING_K = 268.15, 10.0
# Light taken up grows less than EVI, because leaves shade each other.
SHADING = 0.7
# GPP over the light that greenness takes up where it is warm enough, gC MJ-1; median of a
# tower's years. Forests of FLUXNET2015 have 0.15 to 0.67, those of the simulated planets
# 0.12 to 0.70; gCO2 for gC is a factor of 3.7, kgC and units of a day or second are more.
FOREST_YIELD = (0.07, 0.82)
OTHER_YIELD = (0.001, 0.82)
# With less light than this a year says nothing, MJ m-2 yr-1.
LEAST_LIGHT = 50.0
# What was meant where a number is too large or small by about so much.
UNITS = {
    "kgC m-2 yr-1": 1 / 1000,
    "umolCO2 m-2 s-1": 1 / 379,
    "gC m-2 day-1": 1 / 365,
    "tC ha-1 yr-1": 1 / 100,
    "gCO2 m-2 yr-1": 44 / 12,
    "mgC m-2 yr-1": 1000,
}
# Median of the forests and of other towers, gC MJ-1.
TYPICAL_YIELD = {True: 0.32, False: 0.19}
# Half the range of the mean seasonal course of temperature (K), warm in the summer of the
# tower's own hemisphere, by distance from the equator (degrees).
LATITUDES = (0.0, 10.0, 13.0, 20.0, 30.0, 45.0, 90.0)
LEAST_SEASON = (-6.5, -6.5, -6.5, -3.0, 1.5, 3.0, 3.0)
MOST_SEASON = (6.5, 7.2, 9.0, 13.0, 19.0, 35.0, 45.0)
# Other mean temperatures are no land surface, K.
POSSIBLE_K = (230.0, 325.0)
# So many steps of a mean year must be known to tell a season.
LEAST_STEPS = 8
# Middle of January, when the north is coldest, as a day of the year.
COLDEST_DAY = 15.0


def doubt_series(
    table: pd.DataFrame, series: np.ndarray, variables: tuple[str, ...]
) -> list[Doubt]:
    """All doubts about towers beside their own series, in the order of their names.

    Nothing is judged without the series `evi`, `lst_day` and `lst_night`.

    Parameters
    ----------
    table : site, lat (degrees), igbp, gpp (gC m-2 yr-1), a row for each year that trains
    series : float32 (row, variable, step), physical values, NaN = gap
    variables : names along the second axis
    """
    if not {GREENNESS, *WARMTH} <= set(variables):
        return []
    column = {name: number for number, name in enumerate(variables)}
    doubts: list[Doubt] = []
    for site, rows in table.reset_index(drop=True).groupby("site"):
        own = series[rows.index]
        greenness = average_known(own[:, [column[GREENNESS]]], axis=(0, 1))
        warmth = average_known(own[:, [column[name] for name in WARMTH]], axis=(0, 1))
        lat = float(rows["lat"].iloc[0])
        doubts += doubt_season(str(site), warmth, lat)
        light = light_taken_up(greenness, warmth, lat)
        forest = rows["igbp"].iloc[0] in FOREST_TYPES
        gpp = float(rows["gpp"].median())
        doubts += doubt_yield(str(site), gpp, light, forest=forest)
    return doubts


def light_taken_up(greenness: np.ndarray, warmth: np.ndarray, lat: float) -> float:
    """Light of a year that greenness takes up where it is warm, MJ m-2; NaN if unknown.

    Parameters
    ----------
    greenness : EVI (step,), 1
    warmth : (step,), K
    """
    if min(np.isfinite(greenness).sum(), np.isfinite(warmth).sum()) < LEAST_STEPS:
        return np.nan
    warm = np.clip((fill_season(warmth) - COLD_K) / WARMING_K, 0, 1)
    share = np.clip(fill_season(greenness), 0, 1) ** SHADING
    light = radiation(np.array([lat]))[0] * share * warm
    return float(light.mean() * 365)


def fill_season(values: np.ndarray) -> np.ndarray:
    """A mean year (step,) with gaps filled between the steps that are known, round the year."""
    known = np.flatnonzero(np.isfinite(values))
    return np.interp(np.arange(STEPS), known, values[known], period=STEPS)


def doubt_yield(
    site: str, gpp: float, light: float, *, forest: bool
) -> Iterator[Doubt]:
    """A doubt about GPP beside the light that the tower's vegetation takes up."""
    if not light >= LEAST_LIGHT:
        return
    low, high = FOREST_YIELD if forest else OTHER_YIELD
    found = gpp / light
    if low <= found <= high:
        return
    factor = found / TYPICAL_YIELD[forest]
    unit = min(UNITS, key=lambda name: abs(np.log(max(factor, 1e-9) / UNITS[name])))
    yield Doubt(
        site,
        "gpp",
        f"{FLUX_UNIT}, a median of {low * light:.3g} to {high * light:.3g} beside"
        " such evi and lst",
        f"{gpp:.4g} at {site} ({unit}?)",
    )


def doubt_season(site: str, warmth: np.ndarray, lat: float) -> Iterator[Doubt]:
    """A doubt about a latitude whose seasons are not those of the surface temperature.

    Parameters
    ----------
    warmth : (step,), K, NaN where unknown
    """
    known = np.isfinite(warmth)
    if known.sum() < LEAST_STEPS:
        return
    mean = warmth[known].mean()
    if not POSSIBLE_K[0] <= mean <= POSSIBLE_K[1]:
        return
    season = seasonal_course(warmth) * (1 if lat >= 0 else -1)
    low = float(np.interp(abs(lat), LATITUDES, LEAST_SEASON))
    high = float(np.interp(abs(lat), LATITUDES, MOST_SEASON))
    if low <= season <= high:
        return
    yield Doubt(
        site,
        "lat",
        f"a latitude whose summer is {low:.2g} to {high:.2g} K above the year's mean",
        f"{lat:g} at {site} and {season:.2g} K (lat and lon exchanged, or a sign lost?)",
    )


def seasonal_course(warmth: np.ndarray) -> float:
    """Half the range of the yearly wave of temperature, K; positive if July is warm.

    Parameters
    ----------
    warmth : (step,), K, NaN where unknown
    """
    known = np.isfinite(warmth)
    angle = 2 * np.pi * (8 * np.arange(STEPS) + 4 - COLDEST_DAY) / 365
    waves = np.stack([np.ones(STEPS), -np.cos(angle), np.sin(angle)], axis=1)
    fitted, *_ = np.linalg.lstsq(waves[known], warmth[known], rcond=None)
    return float(fitted[1])
