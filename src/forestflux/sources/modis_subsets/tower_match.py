"""Which tower a file is of, and which of its pixels lie around that tower."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.input_errors import InputError
from forestflux.sources.modis_subsets.subset_band import SubsetBand
from forestflux.sources.sinusoidal import SINUSOIDAL, project_sinusoidal

# Half a pixel and the rounding of pixel sizes.
HALF_PIXEL = 0.501


class Tower(NamedTuple):
    """A tower's row in the table of towers, its code and its place in degrees."""

    row: int
    site: str
    lat: float
    lon: float


class TowerMatch(NamedTuple):
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


def list_towers(table: pd.DataFrame) -> list[Tower]:
    """The towers of a table with columns site, lat, lon."""
    columns = (table[name].tolist() for name in ("site", "lat", "lon"))
    return [
        Tower(row, *values) for row, values in enumerate(zip(*columns, strict=True))
    ]


def match_towers(
    band: SubsetBand, towers: Sequence[Tower], *, pixel_m: float, window: int
) -> list[TowerMatch]:
    """Towers that a band serves; none where no tower lies in it.

    A name counts before coordinates. Without a name the band serves every tower that
    lies in its own pixel, else the one tower that lies in its window.

    Parameters
    ----------
    pixel_m : side of a pixel of the product, m
    window : pixels of the tower's window, for files that are smaller

    Raises
    ------
    InputError : another pixel size, a named tower outside the window, neither a tower's
        name nor coordinates, several towers in the window
    """
    check_cell(band, pixel_m)
    named = find_named_tower(band, towers)
    if band.place is None:
        if named is None:
            raise InputError(
                band.path,
                variable="latitude, longitude",
                expected="coordinates or the name of a tower",
                found=f"the name {', '.join(band.names)}" if band.names else "neither",
            )
        rows, columns = band.values.shape[1:]
        return [TowerMatch(named.row, rows // 2, columns // 2, True, 0.0)]
    inside = []
    for tower in towers if named is None else [named]:
        match = locate_tower(
            band,
            band.place,
            tower,
            named=named is not None,
            pixel_m=pixel_m,
            window=window,
        )
        if match is not None:
            inside.append(match)
    lat, lon = band.place
    if named is not None and not inside:
        raise InputError(
            band.path,
            variable="latitude, longitude",
            expected=f"{named.site} at {named.lat:g}, {named.lon:g} inside the window",
            found=f"a window around {lat:g}, {lon:g}",
        )
    own = [match for match in inside if match.distance < 1]
    if own or len(inside) < 2:
        return own or inside
    names = ", ".join(towers[match.tower].site for match in inside)
    raise InputError(
        band.path,
        variable="latitude, longitude",
        expected="one tower in the window, or the name of one",
        found=f"{names} around {lat:g}, {lon:g}",
    )


def check_cell(band: SubsetBand, pixel_m: float) -> None:
    """Refuse a file whose pixels are not those of its product."""
    if band.cell_m is not None and abs(band.cell_m / pixel_m - 1) > 0.01:
        raise InputError(
            band.path,
            variable="cellsize",
            expected=f"{pixel_m:g} m, as {band.product} has",
            found=f"{band.cell_m:g}",
        )


def find_named_tower(band: SubsetBand, towers: Sequence[Tower]) -> Tower | None:
    """The tower that a band names; None where it names none.

    Raises
    ------
    InputError : its names are those of two towers
    """
    named = [tower for tower in towers if tower.site in band.names]
    if len(named) > 1:
        raise InputError(
            band.path,
            variable="site",
            expected="the name of one tower",
            found=" and ".join(sorted(tower.site for tower in named)),
        )
    return named[0] if named else None


def locate_tower(
    band: SubsetBand,
    place: tuple[float, float],
    tower: Tower,
    *,
    named: bool,
    pixel_m: float,
    window: int,
) -> TowerMatch | None:
    """Where a tower lies in a band; None where it lies outside.

    Pixels of the sinusoidal grid are counted from the lower left corner of the file, if it
    has one, else from its own place, which then lies in the middle pixel.

    Parameters
    ----------
    place : of the band, latitude and longitude, degrees
    named : whether the band names the tower
    pixel_m, window : see `match_towers`
    """
    lat, lon = place
    # The tower's longitude within half a turn of the file's: no jump at the date line.
    tower_lon = lon + (tower.lon - lon + 180) % 360 - 180
    x, y = project_sinusoidal(tower.lat, tower_lon)
    own_x, own_y = project_sinusoidal(lat, lon)
    rows, columns = band.values.shape[1:]
    if band.corner is not None:
        west, south = band.corner
        corner = (west, south + rows * pixel_m)
        grid = PixelGrid(crs=SINUSOIDAL, pixel=pixel_m, corner=corner)
        row, column = (
            int(np.floor(position[0]))
            for position in grid.position(np.array([x]), np.array([y]))
        )
    else:
        row = rows // 2 - round((y - own_y) / pixel_m)
        column = columns // 2 + round((x - own_x) / pixel_m)
    distance = max(abs(x - own_x), abs(y - own_y)) / pixel_m
    half = max(window, rows, columns) // 2
    if abs(row - rows // 2) > half or abs(column - columns // 2) > half:
        return None
    return TowerMatch(tower.row, row, column, named, float(distance))


def crop_window(
    values: np.ndarray,
    match: TowerMatch,
    *,
    window: int,
    native_m: float,
    pixel_m: float,
) -> np.ndarray:
    """The native pixels around a tower (time, window, window).

    Each native pixel takes the pixel of the file that lies under its centre, or the
    nearest one that the file has. A file of one pixel thus fills the window with it, and
    pixels that are coarser or finer than native ones cover the same ground.

    Parameters
    ----------
    values : (time, row, column)
    window : native pixels on each side
    native_m, pixel_m : side of a native pixel and of a pixel of the file, m
    """
    offsets = (np.arange(window) - window // 2) * native_m / pixel_m
    # A centre on the edge of two pixels counts to the one nearer to the tower.
    steps = (np.sign(offsets) * np.ceil(np.abs(offsets) - HALF_PIXEL)).astype(int)
    rows = np.clip(match.row + steps, 0, values.shape[1] - 1)
    columns = np.clip(match.column + steps, 0, values.shape[2] - 1)
    return values[:, rows[:, None], columns[None, :]]
