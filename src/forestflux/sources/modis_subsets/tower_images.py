"""Images of one tower and layer from all of its files, each composite once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.sources.modis_subsets.tower_match import TowerMatch

# Largest difference of the coordinates of two files of one place, degrees.
SAME_PLACE_DEG = 1e-3


@dataclass(frozen=True)
class TowerImages:
    """Images that one file gives to one tower and layer.

    Attributes
    ----------
    path : the file
    match : how the tower was found in it
    place : latitude and longitude of the file, degrees; None where it has none
    days : datetime64[D] (time,)
    ranks : text (time,), see `SubsetBand`
    values : (time, window, window), as the product stores them
    pixels : rows and columns of the file
    """

    path: Path
    match: TowerMatch
    place: tuple[float, float] | None
    days: np.ndarray
    ranks: np.ndarray
    values: np.ndarray
    pixels: tuple[int, int]


def choose_place(
    found: Sequence[TowerImages],
) -> tuple[list[TowerImages], list[TowerImages]]:
    """The images of the file that fits a tower best and of its place; and the others.

    A file that names the tower fits better than one that does not, then the nearer one.
    """
    best = min(
        found, key=lambda images: (not images.match.named, images.match.distance)
    )
    chosen: list[TowerImages] = []
    others: list[TowerImages] = []
    for images in found:
        (chosen if is_same_place(images.place, best.place) else others).append(images)
    return chosen, others


def is_same_place(
    one: tuple[float, float] | None, other: tuple[float, float] | None
) -> bool:
    """Whether two files are of one place."""
    if one is None or other is None:
        return True  # a file without coordinates names its tower
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= SAME_PLACE_DEG


def merge_images(
    parts: Sequence[TowerImages], *, label: str
) -> tuple[np.ndarray, np.ndarray]:
    """Days, rising, and images of a layer; of two processings of a day the later counts.

    Parameters
    ----------
    label : product and layer, for messages

    Raises
    ------
    InputError : two different images of one day and processing
    """
    days = np.concatenate([part.days for part in parts])
    ranks = np.concatenate([part.ranks for part in parts])
    values = np.concatenate([part.values for part in parts])
    owner = np.repeat(np.arange(len(parts)), [len(part.days) for part in parts])
    order = np.lexsort((ranks, days))
    days, ranks, values, owner = days[order], ranks[order], values[order], owner[order]
    repeated = (days[1:] == days[:-1]) & (ranks[1:] == ranks[:-1])
    for index in np.flatnonzero(repeated):
        if not np.array_equal(values[index], values[index + 1]):
            first, second = (parts[owner[i]].path for i in (index, index + 1))
            other = f" and another in {first.name}" if first != second else " twice"
            raise InputError(
                second,
                variable=label,
                expected="each composite once in one processing",
                found=f"{days[index]}{other}, with other values",
            )
    last = np.append(days[1:] != days[:-1], True)
    return days[last], values[last]
