"""Images of one tower and layer from all of its files, each composite once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.core.errors import InputError
from forestflux.sources.modis_subsets.tower_match import Match

# Two files are of one place where their own coordinates agree so far, degrees.
SAME_PLACE_DEG = 1e-3


@dataclass(frozen=True)
class Piece:
    """What one file gives to one tower and layer.

    Attributes
    ----------
    path : the file
    match : how the tower was found in it
    place : latitude and longitude of the file, degrees, None where it has none
    days : datetime64[D] (time,)
    ranks : text (time,)
    values : (time, window, window), as the product stores them
    pixels : rows and columns of the file
    """

    path: Path
    match: Match
    place: tuple[float | None, float | None]
    days: np.ndarray
    ranks: np.ndarray
    values: np.ndarray
    pixels: tuple[int, int]


def of_one_place(pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """The pieces of the file that fits a tower best and of its place; and the others."""
    best = min(pieces, key=lambda piece: (not piece.match.named, piece.match.distance))
    kept, left = [], []
    for piece in pieces:
        (kept if same_place(piece.place, best.place) else left).append(piece)
    return kept, left


def same_place(one: tuple, other: tuple) -> bool:
    """Whether two files are of one place; files without coordinates are named ones."""
    if None in one or None in other:
        return True
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= SAME_PLACE_DEG


def merge(pieces: list[Piece], *, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Days, rising, and images of a layer; of two processings of a day the later counts.

    Parameters
    ----------
    label : product and layer, for the line

    Raises
    ------
    InputError : two different images of one day and processing
    """
    days = np.concatenate([piece.days for piece in pieces])
    ranks = np.concatenate([piece.ranks for piece in pieces])
    values = np.concatenate([piece.values for piece in pieces])
    owner = np.repeat(np.arange(len(pieces)), [len(piece.days) for piece in pieces])
    order = np.lexsort((ranks, days))
    days, ranks, values, owner = days[order], ranks[order], values[order], owner[order]
    again = (days[1:] == days[:-1]) & (ranks[1:] == ranks[:-1])
    for place in np.flatnonzero(again):
        if not np.array_equal(values[place], values[place + 1]):
            first, second = (pieces[owner[p]].path for p in (place, place + 1))
            other = f" and another in {first.name}" if first != second else " twice"
            raise InputError(
                second,
                variable=label,
                expected="each composite once in one processing",
                found=f"{days[place]}{other}, with other values",
            )
    last = np.append(days[1:] != days[:-1], True)
    return days[last], values[last]
