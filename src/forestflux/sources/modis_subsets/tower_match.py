"""Which tower a file is of, and which of its pixels lie around that tower."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forestflux.core.errors import InputError
from forestflux.sources.modis_subsets.subset_band import Band

# Radius of the sphere of the MODIS sinusoidal grid, m.
SPHERE_M = 6371007.181
# Half a pixel and the rounding of pixel sizes.
EDGE = 0.501


class Match(NamedTuple):
    """A tower that a band serves.

    Attributes
    ----------
    tower : row of the table of towers
    row, column : the tower's pixel in the file
    named : whether the file names the tower
    distance : pixels from the file's own place
    """

    tower: int
    row: int
    column: int
    named: bool
    distance: float


def sinusoidal(lat: float, lon: float) -> tuple[float, float]:
    """Position on the MODIS sinusoidal grid, m."""
    return (
        SPHERE_M * np.radians(lon) * np.cos(np.radians(lat)),
        SPHERE_M * np.radians(lat),
    )


def matches_of(
    band: Band, towers: pd.DataFrame, *, pixel_m: float, window: int
) -> list[Match]:
    """Towers that a band serves; none where no tower lies in it.

    A name counts before coordinates. Without a name the band serves every tower that
    lies in its own pixel, else the one tower that lies in its window.

    Parameters
    ----------
    towers : columns site, lat, lon; rows 0, 1, ...
    pixel_m : side of a pixel of the product, m
    window : pixels of the tower's window, for files that are smaller

    Raises
    ------
    InputError : another pixel size, a named tower outside the window, neither a tower's
        name nor coordinates, several towers in the window
    """
    check_cell(band, pixel_m)
    named = named_tower(band, towers)
    if band.lat is None or band.lon is None:
        if named is None:
            raise InputError(
                band.path,
                variable="latitude, longitude",
                expected="coordinates or the name of a tower",
                found=f"the name {', '.join(band.names)}" if band.names else "neither",
            )
        rows, columns = band.values.shape[1:]
        return [Match(named, rows // 2, columns // 2, True, 0.0)]
    chosen = towers.index if named is None else [named]
    inside = [
        match
        for tower in chosen
        if (
            match := locate(
                band,
                towers.loc[tower, "lat"],
                towers.loc[tower, "lon"],
                tower=tower,
                named=named is not None,
                pixel_m=pixel_m,
                window=window,
            )
        )
    ]
    if named is not None and not inside:
        raise InputError(
            band.path,
            variable="latitude, longitude",
            expected=f"{towers.loc[named, 'site']} at {towers.loc[named, 'lat']:g},"
            f" {towers.loc[named, 'lon']:g} inside the window",
            found=f"a window around {band.lat:g}, {band.lon:g}",
        )
    own = [match for match in inside if match.distance < 1]
    if own or len(inside) < 2:
        return own or inside
    names = ", ".join(towers.loc[match.tower, "site"] for match in inside)
    raise InputError(
        band.path,
        variable="latitude, longitude",
        expected="one tower in the window, or the name of one",
        found=f"{names} around {band.lat:g}, {band.lon:g}",
    )


def check_cell(band: Band, pixel_m: float) -> None:
    """Refuse a file whose pixels are not those of its product."""
    if band.cell_m is not None and abs(band.cell_m / pixel_m - 1) > 0.01:
        raise InputError(
            band.path,
            variable="cellsize",
            expected=f"{pixel_m:g} m, as {band.product} has",
            found=f"{band.cell_m:g}",
        )


def named_tower(band: Band, towers: pd.DataFrame) -> int | None:
    """Row of the tower that a band names; None where it names none.

    Raises
    ------
    InputError : its names are those of two towers
    """
    rows = {row.Index for row in towers.itertuples() if row.site in band.names}
    if len(rows) > 1:
        found = " and ".join(sorted(towers.loc[list(rows), "site"]))
        raise InputError(
            band.path, variable="site", expected="the name of one tower", found=found
        )
    return rows.pop() if rows else None


def locate(
    band: Band,
    lat: float,
    lon: float,
    *,
    tower: int,
    named: bool,
    pixel_m: float,
    window: int,
) -> Match | None:
    """Where a tower lies in a band; None where it lies outside.

    Pixels of the sinusoidal grid are counted from the file's lower left corner where it
    says it, else from its own place, which then lies in the middle pixel.
    """
    lon = band.lon + (lon - band.lon + 180) % 360 - 180  # no jump at the date line
    x, y = sinusoidal(lat, lon)
    own_x, own_y = sinusoidal(band.lat, band.lon)
    rows, columns = band.values.shape[1:]
    if band.corner is not None:
        row = rows - 1 - int(np.floor((y - band.corner[1]) / pixel_m))
        column = int(np.floor((x - band.corner[0]) / pixel_m))
    else:
        row = rows // 2 - round((y - own_y) / pixel_m)
        column = columns // 2 + round((x - own_x) / pixel_m)
    distance = max(abs(x - own_x), abs(y - own_y)) / pixel_m
    half = max(window, rows, columns) // 2
    if abs(row - rows // 2) > half or abs(column - columns // 2) > half:
        return None
    return Match(int(tower), row, column, named, float(distance))


def crop(
    values: np.ndarray, match: Match, *, window: int, native_m: float, pixel_m: float
) -> np.ndarray:
    """The window of native pixels around a tower (time, window, window).

    Each native pixel takes the pixel of the file that lies under its centre, or the
    nearest that the file has: a file of one pixel fills the window with it, and pixels
    coarser or finer than native ones cover the same ground.

    Parameters
    ----------
    values : (time, row, column)
    native_m, pixel_m : side of a native pixel and of a pixel of the file, m
    """
    offsets = (np.arange(window) - window // 2) * native_m / pixel_m
    # A centre on the edge of two pixels counts to the one nearer to the tower.
    steps = (np.sign(offsets) * np.ceil(np.abs(offsets) - EDGE)).astype(int)
    rows = np.clip(match.row + steps, 0, values.shape[1] - 1)
    columns = np.clip(match.column + steps, 0, values.shape[2] - 1)
    return values[:, rows[:, None], columns[None, :]]
