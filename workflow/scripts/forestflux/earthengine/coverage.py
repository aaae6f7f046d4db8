"""What products cover: years and latitudes, checked before anything is asked for."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from forestflux.earthengine.asking import Group
from forestflux.errors import InputError
from forestflux.places import Place, TowerPlace


def check_coverage(groups: Sequence[Group], work: Sequence[tuple[Place, int]]) -> None:
    """Refuse places and years that a product does not cover.

    Raises
    ------
    InputError : one line with the product, what it covers and what was asked
    """
    for group in groups:
        for place, year in work:
            check_year(group, place, year)
            check_latitudes(group, place)


def check_year(group: Group, place: Place, year: int) -> None:
    """Refuse a year before the product begins, after it ends, or that is not over."""
    first, last = group.section["years"]
    running = datetime.now(UTC).year
    if year < first or year > (last or running - 1):
        raise InputError(
            "configuration",
            variable="towers.years" if isinstance(place, TowerPlace) else "years",
            expected=f"years of {name_of(group)}: {first} to {last or 'the last one over'}",
            found=str(year),
        )


def check_latitudes(group: Group, place: Place) -> None:
    """Refuse a place that lies wholly or partly outside the product's latitudes."""
    if "latitudes" not in group.section:
        return
    south, north = group.section["latitudes"]
    if isinstance(place, TowerPlace):
        latitudes, half = place.latitudes, 0.0
    else:
        half = place.tile.grid.resolution_deg / 2
        latitudes = place.tile.latitudes()
    if latitudes.min() - half < south - 1e-9 or latitudes.max() + half > north + 1e-9:
        raise InputError(
            f"place {place.name}",
            variable=name_of(group),
            expected=f"latitudes from {south:g} to {north:g}, which the product covers",
            found=f"{latitudes.min():g} to {latitudes.max():g}",
        )


def name_of(group: Group) -> str:
    """A group's variables with the product, for messages."""
    return f"{', '.join(group.variables)} ({group.section['collections'][0]})"


def missing_days(days: np.ndarray, year: int) -> list[str]:
    """First days of images that a regular series would have and the archive lacks, ISO.

    The interval is the commonest one between the images that are there.

    Parameters
    ----------
    days : first days of the images of a year, datetime64[D], rising
    """
    if len(days) < 2:
        return []
    gaps = np.diff(days).astype(int)
    interval = np.bincount(gaps).argmax()
    start = np.datetime64(f"{year}-01-01", "D")
    first = start + int((days[0] - start).astype(int)) % int(interval)
    regular = np.arange(first, np.datetime64(f"{year + 1}-01-01", "D"), interval)
    return [str(day) for day in np.setdiff1d(regular, days)]
