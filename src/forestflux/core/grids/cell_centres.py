"""Columns and cell centres of the globe, and of windows that go on past 180 degrees."""

import numpy as np


def find_shortest_arc(columns: list[int], around: int) -> tuple[int, int]:
    """First and last of the columns on the shortest way eastward past all of them.

    It leaves out the widest gap between neighbours; it goes past the last column to the first
    only where that is shorter.

    Parameters
    ----------
    columns : some columns of a ring, rising
    around : columns of the whole ring
    """
    gaps = [
        (behind - column) % around or around
        for column, behind in zip(columns, [*columns[1:], columns[0]], strict=True)
    ]
    # Of equal gaps the last one, which is that between the last column and the first.
    widest = max(range(len(gaps)), key=lambda place: (gaps[place], place))
    return columns[(widest + 1) % len(columns)], columns[widest]


def centre_latitudes(rows: slice, resolution_deg: float) -> np.ndarray:
    """Latitudes of the centres of some rows of the globe, degrees, north to south."""
    return 90 - (np.arange(rows.start, rows.stop) + 0.5) * resolution_deg


def centre_longitudes(columns: slice, resolution_deg: float) -> np.ndarray:
    """Longitudes of the centres of some columns from 180 W on, degrees; beyond 180 they go on."""
    return -180 + (np.arange(columns.start, columns.stop) + 0.5) * resolution_deg


def wrap_longitudes(longitudes: np.ndarray) -> np.ndarray:
    """Longitudes of a window from -180 to 180, degrees; those within are left as they are."""
    return np.where(longitudes > 180, longitudes - 360, longitudes)
