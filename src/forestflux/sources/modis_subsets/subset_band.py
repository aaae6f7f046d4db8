"""One layer of one product around one place, as one file holds it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.core.input_errors import InputError

# A composite begins every so many days of the year.
COMPOSITE_DAYS = 8
MODIS_DATE = re.compile(r"A(\d{4})(\d{3})$")


@dataclass(frozen=True)
class SubsetBand:
    """Images of one layer, stored integers.

    Attributes
    ----------
    path : the file
    product : short name without the version, MOD11A2
    layer : as ORNL writes it, LST_Day_1km
    names : what the file calls the place; any of them may be a tower
    place : latitude and longitude, degrees; None where the file has none
    days : datetime64[D] (time,), first day of each composite
    ranks : text (time,), processing stamp and version: of two images the later counts
    values : int32 (time, row, column), north to south, west to east
    corner : x and y of the lower left corner on the sinusoidal grid, m; None where the
        file has none: the place then lies in the middle pixel
    cell_m : side of a pixel, m, where the file has it
    """

    path: Path
    product: str
    layer: str
    names: tuple[str, ...]
    place: tuple[float, float] | None
    days: np.ndarray
    ranks: np.ndarray
    values: np.ndarray
    corner: tuple[float, float] | None = None
    cell_m: float | None = None

    @property
    def label(self) -> str:
        """Product and layer, for messages."""
        return f"{self.product} {self.layer}"


def parse_modis_days(words: Sequence[str], path: Path) -> np.ndarray:
    """Days of words such as A2003009, datetime64[D] (time,).

    Raises
    ------
    InputError : a word that is no such date, or no first day of a composite
    """
    days = np.empty(len(words), "datetime64[D]")
    for position, word in enumerate(words):
        match = MODIS_DATE.fullmatch(str(word))
        day = None
        if match is not None:
            day = np.datetime64(match[1], "D") + (int(match[2]) - 1)
        # Day 366 of a year of 365 days would be the first of the next.
        if match is None or day is None or str(day)[:4] != match[1]:
            raise InputError(
                path, variable="date", expected="such as A2003009", found=f"'{word}'"
            )
        days[position] = day
    check_days(days, path)
    return days


def check_days(days: np.ndarray, path: Path) -> None:
    """Refuse days on which no composite begins."""
    first = days.astype("datetime64[Y]").astype("datetime64[D]")
    off = (days - first).astype(int) % COMPOSITE_DAYS != 0
    if off.any():
        raise InputError(
            path,
            variable="date",
            expected="first days of composites: 1, 9, 17 January, ...",
            found=str(days[off][0]),
        )


def convert_to_integers(values: np.ndarray, path: Path, *, layer: str) -> np.ndarray:
    """The same numbers as int32.

    Raises
    ------
    InputError : a number with a fraction, not finite, or beyond 32 bits
    """
    with np.errstate(invalid="ignore"):
        stored = values.astype("int32")
    bad = stored != values
    if bad.any():
        raise InputError(
            path,
            variable=layer,
            expected="stored integers",
            found=f"{values[bad][0]:g} ({int(bad.sum())} such numbers)",
        )
    return stored
