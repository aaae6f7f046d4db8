"""Pixel grids of products and requests, and how a point of one lies in another."""

from collections import Counter, OrderedDict
from dataclasses import dataclass, field, replace

import numpy as np

from tests.earthengine.emulator.errors import Refused

EARTH_RADIUS_M = 6371007.181
GEOGRAPHIC, SINUSOIDAL = "EPSG:4326", "SR-ORG:6974"

# Results of one request that are kept for bands which are used more than once, bytes.
KEPT_BYTES = 2**28


@dataclass(frozen=True)
class Points:
    """Pixel centres of a grid in some coordinate system.

    Attributes
    ----------
    x, y : (pixel,), units of the system; NaN where a centre has no place in it
    shape : rows and columns of the grid
    derived : what leaves looked up for these points, by name
    """

    x: np.ndarray
    y: np.ndarray
    shape: tuple[int, int]
    derived: dict = field(default_factory=dict, compare=False)

    def once(self, name, make):
        """What `make` gives, computed once for these points."""
        if name not in self.derived:
            self.derived[name] = make()
        return self.derived[name]


@dataclass(frozen=True)
class PixelGrid:
    """A grid without shear; a product's grid has no shape.

    Attributes
    ----------
    crs : name of the coordinate system
    step : width and height of a pixel, the height negative where rows run south
    corner : x and y of the north-west corner
    shape : rows and columns
    """

    crs: str
    step: tuple[float, float]
    corner: tuple[float, float]
    shape: tuple[int, int] | None = None
    found: dict = field(default_factory=dict, compare=False, repr=False)
    kept: OrderedDict = field(default_factory=OrderedDict, compare=False, repr=False)
    counts: Counter = field(default_factory=Counter, compare=False, repr=False)

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        """X of each column and y of each row."""
        rows, columns = (np.arange(length) + 0.5 for length in self.shape)
        return (
            self.corner[0] + columns * self.step[0],
            self.corner[1] + rows * self.step[1],
        )

    def points(self, crs: str) -> Points:
        """Pixel centres in another system, row by row."""
        if crs not in self.found:
            x, y = self.centres()
            x, y = np.tile(x, self.shape[0]), np.repeat(y, self.shape[1])
            self.found[crs] = Points(*moved(x, y, self.crs, crs), self.shape)
        return self.found[crs]

    def position(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of points of this system, as floats; NaN where there is none."""
        return (
            np.floor((points.y - self.corner[1]) / self.step[1]),
            np.floor((points.x - self.corner[0]) / self.step[0]),
        )

    def pixel_at(self, points: Points) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of points of which some may lie on an edge: south and east of it.

        A millionth of a pixel is nothing.
        """
        row = (points.y - self.corner[1]) / self.step[1]
        column = (points.x - self.corner[0]) / self.step[0]
        return np.floor(np.round(row, 6)), np.floor(np.round(column, 6))

    def window(self, row: int, column: int, shape: tuple[int, int]) -> "PixelGrid":
        """So many pixels of this grid from a row and a column on."""
        corner = (
            self.corner[0] + column * self.step[0],
            self.corner[1] + row * self.step[1],
        )
        empty = {"found": {}, "kept": OrderedDict(), "counts": Counter()}
        return replace(self, corner=corner, shape=shape, **empty)

    def covering(self, other: "PixelGrid") -> "PixelGrid":
        """The window of this grid that covers another grid's window."""
        rows, columns = (np.arange(length + 1) for length in other.shape)
        x = np.tile(other.corner[0] + columns * other.step[0], len(rows))
        y = np.repeat(other.corner[1] + rows * other.step[1], len(columns))
        x, y = moved(x, y, other.crs, self.crs)
        row, column = self.position(Points(x, y, (len(rows), len(columns))))
        top, left = int(np.nanmin(row)), int(np.nanmin(column))
        shape = int(np.nanmax(row)) - top + 1, int(np.nanmax(column)) - left + 1
        return self.window(top, left, shape)

    def same_pixels(self, other: "PixelGrid") -> bool:
        """Whether the pixels of both grids are the same pixels."""
        if self.crs != other.crs:
            return False
        for mine, its, corner, other_corner in zip(
            self.step, other.step, self.corner, other.corner, strict=True
        ):
            shift = (other_corner - corner) / mine
            if abs(its / mine - 1) > 1e-6 or abs(shift - round(shift)) > 1e-3:
                return False
        return True

    def pixels_across(self, native: "PixelGrid") -> float:
        """Pixels of a product's grid across one pixel of this grid, in the middle."""
        rows, columns = self.shape
        middle = (
            self.corner[0] + self.step[0] * columns / 2,
            self.corner[1] + self.step[1] * rows / 2,
        )
        x = middle[0] + np.array([0, self.step[0], 0])
        y = middle[1] + np.array([0, 0, self.step[1]])
        x, y = moved(x, y, self.crs, native.crs)
        east, south = (
            max(
                abs(x[other] - x[0]) / abs(native.step[0]),
                abs(y[other] - y[0]) / abs(native.step[1]),
            )
            for other in (1, 2)
        )
        return float(max(east, south))

    def count(self, **operations: int) -> None:
        """Count the operations of one pixel, by kind."""
        self.counts.update(operations)

    def recall(self, key: int) -> tuple | None:
        """A result that is still kept."""
        if key in self.kept:
            self.kept.move_to_end(key)
        return self.kept.get(key)

    def remember(self, key: int, result: tuple) -> None:
        """Keep a result for this request; those unused for longest go when they are too large."""
        self.kept[key] = result
        self.found["kept"] = self.found.get("kept", 0) + size_of(result)
        while self.found["kept"] > KEPT_BYTES and len(self.kept) > 1:
            _, old = self.kept.popitem(last=False)
            self.found["kept"] -= size_of(old)


def size_of(result: tuple) -> int:
    """Bytes of a band's values."""
    return result[1][0].nbytes


def grid_of_request(body: dict) -> PixelGrid:
    """The grid of a computePixels request.

    Raises
    ------
    Refused : no size, no transform, a shear, or an unknown coordinate system
    """
    try:
        size, affine = body["dimensions"], body["affineTransform"]
        shape = int(size["height"]), int(size["width"])
        step = float(affine["scaleX"]), float(affine["scaleY"])
        corner = float(affine["translateX"]), float(affine["translateY"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"Invalid grid: {error!r} in {body}.") from error
    if affine.get("shearX", 0) or affine.get("shearY", 0) or min(shape) < 1:
        raise Refused(f"Invalid grid: {body}.")
    crs = name_of(body.get("crsCode", ""))
    return PixelGrid(crs, step, corner, shape)


def name_of(crs: str) -> str:
    """The name of a coordinate system, if it is one of the two that the products have.

    Raises
    ------
    Refused : it is another one
    """
    if crs not in (GEOGRAPHIC, SINUSOIDAL):
        raise Refused(f"The emulator has no CRS '{crs}'.")
    return crs


def moved(
    x: np.ndarray, y: np.ndarray, source: str, target: str
) -> tuple[np.ndarray, np.ndarray]:
    """Points in another system; NaN where they lie beside the globe.

    The sinusoidal projection of the MODIS sphere (Snyder 1987, eq. 30-1 to 30-7), which
    the tests compare with PROJ.
    """
    if source == target:
        return x, y
    if target == SINUSOIDAL:
        latitude = np.radians(y)
        east = EARTH_RADIUS_M * np.radians(x) * np.cos(latitude)
        return east, EARTH_RADIUS_M * latitude
    latitude = y / EARTH_RADIUS_M
    with np.errstate(divide="ignore", invalid="ignore"):
        longitude = x / (EARTH_RADIUS_M * np.cos(latitude))
    beside = (np.abs(longitude) > np.pi * (1 + 1e-12)) | (np.abs(latitude) > np.pi / 2)
    longitude, latitude = np.degrees(longitude), np.degrees(latitude)
    return np.where(beside, np.nan, longitude), np.where(beside, np.nan, latitude)
