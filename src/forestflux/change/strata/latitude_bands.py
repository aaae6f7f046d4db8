"""Latitude: the bands of the configuration, and the narrow zones of the zonal table."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, PG_PER_G
from forestflux.jobs.settings.change_settings import LatitudeBandSettings


def check_latitude_bands(bands: Sequence[LatitudeBandSettings]) -> None:
    """Refuse latitude bands that do not cover the globe exactly once.

    Raises
    ------
    InputError : bands overlap, leave a gap, or two have one name
    """
    ordered = sorted(bands, key=lambda band: band.south)
    norths = [-90, *(band.north for band in ordered)]
    souths = [*(band.south for band in ordered), 90]
    rising = all(band.south < band.north for band in bands)
    names = {band.name for band in bands}
    if norths != souths or not rising or len(names) < len(bands):
        listed = (f"{b.name} {b.south:g} to {b.north:g}" for b in ordered)
        raise InputError(
            "configuration",
            variable="change.bands",
            expected="bands of different names that cover -90 to 90 degrees once",
            found=", ".join(listed) or "none",
        )


def label_bands(
    latitudes: np.ndarray, bands: Sequence[LatitudeBandSettings]
) -> np.ndarray:
    """Position in the bands of every row (y,)."""
    # A centre exactly on an edge belongs to the band nearer to the equator, so that the
    # two hemispheres are cut alike.
    inner = np.asarray(latitudes) * (1 - 1e-9)
    labels = np.zeros(len(inner), int)
    for position, band in enumerate(bands):
        labels[(inner >= band.south) & (inner < band.north)] = position
    return labels


def label_zones(latitudes: np.ndarray, *, width: float) -> np.ndarray:
    """Zone of every row (y,), counted from the North Pole.

    Parameters
    ----------
    latitudes : of the rows, degrees
    width : height of a zone, degrees, see `zone_width`
    """
    return np.floor((90 - latitudes) / width).astype(int)


def zone_width(resolution_deg: float, width_deg: float) -> float:
    """Height of a zone, degrees: the one that is asked for, or a row of a coarser grid."""
    return max(width_deg, resolution_deg)


def tabulate_zones(
    years: Sequence[int], area: np.ndarray, totals: np.ndarray, *, width: float
) -> pd.DataFrame:
    """`zonal.csv`: weighted mean and total of the zones with forest.

    Parameters
    ----------
    years : (year,)
    area : (year, zone), m2
    totals : (year, variable, zone), PgC yr-1, mean of the members
    width : height of a zone, degrees
    """
    parts = []
    for year, weight, fluxes in zip(years, area, totals, strict=True):
        forest = weight > 0
        for variable, total in zip(FLUXES, fluxes, strict=True):
            columns = {
                "year": year,
                "latitude": (90 - (np.arange(len(weight)) + 0.5) * width)[forest],
                "variable": variable,
                "mean": total[forest] / weight[forest] / PG_PER_G,
                "total": total[forest],
            }
            parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)
