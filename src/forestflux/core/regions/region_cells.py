"""Which named area each cell of a grid belongs to, by the cells' centres."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from rasterio import Affine
from rasterio.features import rasterize


@dataclass(frozen=True)
class NamedArea:
    """A named area.

    Attributes
    ----------
    name : as it stands in the tables
    code : short name, empty where there is none
    shape : polygon or multipolygon, degrees east (-180 to 180) and north
    """

    name: str
    code: str
    shape: shapely.Geometry


def find_side(latitudes: np.ndarray, longitudes: np.ndarray) -> float:
    """Side of the cells with these centres, of which there are two at least, degrees."""
    if len(longitudes) > 1:
        return float(longitudes[1] - longitudes[0])
    return float(latitudes[0] - latitudes[1])


def repeat_eastward(shape: shapely.Geometry, east: float) -> list[shapely.Geometry]:
    """A shape from 180 W to 180 E, and the same one turn on where a window goes past 180.

    Parameters
    ----------
    east : eastern edge of the window, degrees
    """
    if east <= 180:
        return [shape]
    return [shape, shapely.transform(shape, lambda points: points + np.array([360, 0]))]


def code_type(count: int) -> str:
    """The narrowest unsigned integers for positions among so many names, and for none of them."""
    return "uint16" if count <= np.iinfo("uint16").max else "uint32"


def rasterise_areas(
    areas: Sequence[NamedArea], latitudes: np.ndarray, longitudes: np.ndarray
) -> np.ndarray:
    """Position in the areas of the one that holds a cell's centre, uint16 or uint32 (y, x).

    The length of `areas` where none does. Where areas overlap, the first counts.

    Parameters
    ----------
    areas : in order
    latitudes, longitudes : centres of the grid's cells, evenly spaced, degrees; longitudes may
        go on past 180
    """
    side = find_side(latitudes, longitudes)
    west, north = float(longitudes[0]) - side / 2, float(latitudes[0]) + side / 2
    shapes = [
        (shape, number)
        for number, area in enumerate(areas)
        for shape in repeat_eastward(area.shape, longitudes[-1] + side / 2)
    ]
    return rasterize(
        shapes[::-1],  # The last one drawn wins.
        out_shape=(len(latitudes), len(longitudes)),
        fill=len(areas),
        transform=Affine(side, 0, west, 0, -side, north),
        dtype=code_type(len(areas)),
    )
