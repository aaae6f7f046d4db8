"""Light on top of the atmosphere, which latitude and day alone determine."""

import numpy as np

from forestflux.core.calendars.eight_day import STEP_DAYS, STEPS

# Solar constant, MJ m-2 min-1 (FAO Irrigation and Drainage Paper 56, eq. 21).
SOLAR_CONSTANT = 0.0820


def sun_positions() -> tuple[np.ndarray, np.ndarray]:
    """Inverse relative distance to the sun and its declination, radians, each (step,).

    At the middle of each step in a year of 365 days. FAO Irrigation and Drainage Paper 56,
    eq. 23-24.
    """
    day = STEP_DAYS * np.arange(STEPS) + STEP_DAYS / 2 + 0.5
    day[-1] = (STEP_DAYS * (STEPS - 1) + 1 + 365) / 2
    angle = 2 * np.pi * day / 365
    return 1 + 0.033 * np.cos(angle), 0.409 * np.sin(angle - 1.39)


def radiation(lat: np.ndarray) -> np.ndarray:
    """Daily radiation on top of the atmosphere (sample, step), MJ m-2 day-1.

    Taken at the middle of each step in a year of 365 days. Allen et al. (1998), FAO
    Irrigation and Drainage Paper 56, eq. 21-25; polar day and night are the limits of
    the sunset angle.

    Parameters
    ----------
    lat : (sample,), degrees north
    """
    distance, declination = sun_positions()
    phi = np.radians(np.asarray(lat, float))[:, None]
    sunset = np.arccos(np.clip(-np.tan(phi) * np.tan(declination), -1, 1))
    return (
        24
        * 60
        / np.pi
        * SOLAR_CONSTANT
        * distance
        * (
            sunset * np.sin(phi) * np.sin(declination)
            + np.cos(phi) * np.cos(declination) * np.sin(sunset)
        )
    )
