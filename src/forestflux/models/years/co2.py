"""The effect of CO2 in the air on fluxes, as others published it: planted, not learnt.

No input shows it: leaves absorb as much light and use it better. It is added to the maps only if
asked for, and both versions stand side by side.
"""

from collections.abc import Sequence

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.prepare.departures import FREEZING_K

EFFECTS = ("none", "theory", "towers")
# Global mean mole fraction of CO2 in the air at the surface, ppm, by year: NOAA Global Monitoring
# Laboratory, marine surface annual means (https://gml.noaa.gov/ccgg/trends).
CO2_PPM = {
    2001: 370.57,
    2002: 372.58,
    2003: 375.14,
    2004: 376.95,
    2005: 378.98,
    2006: 381.16,
    2007: 382.90,
    2008: 385.02,
    2009: 386.50,
    2010: 388.75,
    2011: 390.62,
    2012: 392.65,
    2013: 395.40,
    2014: 397.34,
    2015: 399.65,
    2016: 403.07,
    2017: 405.21,
    2018: 407.62,
    2019: 410.07,
    2020: 412.44,
}
# Share of the CO2 of the air that is inside a leaf of a C3 plant, as CEDAR-GPP takes it (Kang and
# others 2025, Earth System Science Data 17, 3009-3046).
INSIDE_SHARE = 0.7
# Compensation point at 25 degrees C, ppm, and its activation energy, J mol-1 (Bernacchi and others
# 2001, Plant, Cell and Environment 24, 253-259).
COMPENSATION_PPM = 42.75
ACTIVATION_J = 37830.0
GAS_CONSTANT = 8.314
STANDARD_K = 298.15
# Growth of GPP per ppm at 104 towers, share (Ueyama and others 2020, Environmental Research
# Letters, doi 10.1088/1748-9326/ab79e5).
TOWER_SHARE = 0.00138


def weigh_years(
    effect: str, years: Sequence[int], temperature: np.ndarray
) -> np.ndarray:
    """Factor on GPP and RECO of each year (year, ...), whose mean over the years is 1.

    GPP grows by the published factor. RECO grows by the same, so that the sink grows in
    proportion: in a few years soils give back most of what is taken up more.

    Parameters
    ----------
    effect : key `model.co2`. `none`; `theory`: light-limited photosynthesis, stronger where it
        is warm; `towers`: the same share per ppm everywhere
    years : mapped years
    temperature : of the place (...), C

    Raises
    ------
    InputError : the table of CO2 has no such year
    """
    if effect == "none":
        return np.ones((len(years), *temperature.shape))
    missing = [year for year in years if year not in CO2_PPM]
    if missing:
        raise InputError(
            "configuration",
            variable="model.co2",
            expected=f"years with a known CO2, {min(CO2_PPM)}-{max(CO2_PPM)}",
            found=", ".join(map(str, missing)),
        )
    air = np.array([CO2_PPM[year] for year in years])
    air = air.reshape(-1, *(1,) * temperature.ndim)
    if effect == "towers":
        growth = 1 + TOWER_SHARE * (air - air.mean()) + 0 * temperature
    else:
        growth = limit_by_light(air, temperature)
    return growth / growth.mean(axis=0)


def limit_by_light(air: np.ndarray, temperature: np.ndarray) -> np.ndarray:
    """Share of light-limited photosynthesis that CO2 allows (...), 0-1.

    Farquhar, von Caemmerer and Berry (1980), Planta 149, 78-90: (c - G) / (c + 2 G) with c
    inside the leaf and G the compensation point.

    Parameters
    ----------
    air : CO2, ppm
    temperature : C
    """
    kelvin = temperature + FREEZING_K
    warmth = (kelvin - STANDARD_K) / (GAS_CONSTANT * kelvin * STANDARD_K)
    compensation = COMPENSATION_PPM * np.exp(ACTIVATION_J * warmth)
    inside = INSIDE_SHARE * air
    return (inside - compensation) / (inside + 2 * compensation)
