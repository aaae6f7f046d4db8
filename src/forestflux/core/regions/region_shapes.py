"""Polygons as they come, brought into longitudes from 180 W to 180 E; nothing is guessed.

Coordinates are checked and transformed, longitudes of any count (0 to 360, 176 to 182) are
brought home, rings across the date line are cut there, and rings around a pole are closed over
it. A polygon that can be read in two ways is refused.
"""

import numpy as np
import shapely
from pyproj import CRS, Transformer

from forestflux.core.regions.region_rings import (
    ROUNDING,
    ShapeError,
    close_over_pole,
    turn_of,
    unwrap,
    unwrap_transformed,
)

GEOGRAPHIC = CRS.from_epsg(4326)
WORLD = shapely.box(-180, -90, 180, 90)
# Farthest longitude that somebody may mean: one turn beyond either count.
MAX_LONGITUDE = 540.0
# Parts of the extent that straight edges are divided into before they are transformed.
EDGE_PARTS = 256
# Share of its area by which a polygon may change when crossings of its rings are untangled.
UNTANGLED = 1e-3


class ShapeReader:
    """Reads polygons of one reference system.

    Raises
    ------
    ProjError : nothing leads from that system to longitudes and latitudes
    """

    def __init__(self, system: CRS | None) -> None:
        """The system, or None where a file names none: longitudes and latitudes."""
        self.system = system or GEOGRAPHIC
        meridian = self.system.prime_meridian
        # Longitudes from another meridian, in other units or of a turned globe are transformed
        # as metres are. Between two shapes of the Earth plain degrees differ by metres.
        self.plain = (
            self.system.is_geographic
            and not self.system.is_derived
            and meridian is not None
            and meridian.longitude == 0
            and {axis.unit_name for axis in self.system.axis_info[:2]} == {"degree"}
        )
        self.transformer = Transformer.from_crs(self.system, GEOGRAPHIC, always_xy=True)

    def read(self, shape: shapely.Geometry | None) -> shapely.Geometry:
        """A polygon or multipolygon in degrees east (-180 to 180) and north.

        Raises
        ------
        ShapeError : no polygon or an empty one; coordinates that are not finite, no degrees
            or outside of what the reference system covers; rings that cross themselves or go
            around half of the globe or more in one step
        """
        kind = "nothing that can be read" if shape is None else shape.geom_type
        if shape is None or kind not in ("Polygon", "MultiPolygon"):
            raise ShapeError("a polygon", kind)
        if shape.is_empty:
            raise ShapeError("a polygon", "an empty one")
        points = shapely.get_coordinates(shape)
        if not np.isfinite(points).all():
            raise ShapeError("finite coordinates", "NaN or infinity")
        if not self.plain:
            shape = self.transform(shape)
            points = shapely.get_coordinates(shape)
            if not np.isfinite(points).all():
                system = self.system.name
                raise ShapeError(
                    f"coordinates that {system} covers", "some outside of it"
                )
        check_degrees(points)
        home = bring_home(shape, plain=self.plain)
        moved = self.plain and self.system != GEOGRAPHIC
        return shapely.transform(home, self.shift) if moved else home

    def transform(self, shape: shapely.Geometry) -> shapely.Geometry:
        """The shape in degrees; longitudes may jump by 360 at the date line.

        Edges are straight in the shape's own system and bent in degrees, so they are divided
        first.
        """
        west, south, east, north = shape.bounds
        longest = max(east - west, north - south) / EDGE_PARTS
        shape = shapely.segmentize(shape, longest) if longest > 0 else shape
        return shapely.transform(shape, self.move)

    def move(self, points: np.ndarray) -> np.ndarray:
        """Points (point, 2) in degrees, infinite where they cannot be transformed."""
        return np.column_stack(self.transformer.transform(*points.T))

    def shift(self, points: np.ndarray) -> np.ndarray:
        """Points (point, 2) of another shape of the Earth, moved by some metres.

        Raises
        ------
        ShapeError : there is no such move
        """
        moved = self.move(points)
        if not np.isfinite(moved).all():
            raise ShapeError(f"coordinates of {self.system.name}", "some outside of it")
        step = np.remainder(moved - points + 180, 360) - 180
        return np.clip(points + step, (-180, -90), (180, 90))


def check_degrees(points: np.ndarray) -> None:
    """Refuse points (point, 2) that are no longitudes and latitudes.

    Raises
    ------
    ShapeError : they lie outside of what degrees can be
    """
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    expected = "degrees, or a file that names its reference system"
    if south < -90 - ROUNDING or north > 90 + ROUNDING:
        raise ShapeError(expected, f"latitudes from {south:.6g} to {north:.6g}")
    if west < -MAX_LONGITUDE or east > MAX_LONGITUDE:
        raise ShapeError(expected, f"longitudes from {west:.6g} to {east:.6g}")


def bring_home(shape: shapely.Geometry, *, plain: bool) -> shapely.Geometry:
    """The part of the globe that polygons in degrees of any count mean.

    Parameters
    ----------
    plain : whether the degrees are those of the file, not of a transformation; see `unwrap`

    Raises
    ------
    ShapeError : rings that cannot be understood
    """
    polygons = shapely.get_parts(shape)
    if all(map(is_home, polygons)) and shape.is_valid and shape.area > 0:
        return shape
    home = [home_polygon(polygon, plain=plain) for polygon in polygons]
    return keep_polygons(shapely.union_all(home) if len(home) > 1 else home[0])


def is_home(polygon: shapely.Polygon) -> bool:
    """Whether a polygon lies within the world and no edge of it may cross the date line."""
    west, _, east, _ = polygon.bounds
    return west >= -180 and east <= 180 and not has_long_edge(polygon)


def has_long_edge(polygon: shapely.Polygon) -> bool:
    """Whether some edge of a polygon spans more than half of the globe."""
    points, ring = shapely.get_coordinates(
        [polygon.exterior, *polygon.interiors], return_index=True
    )
    return bool((np.abs(np.diff(points[:, 0]))[np.diff(ring) == 0] > 180).any())


def home_polygon(polygon: shapely.Polygon, *, plain: bool) -> shapely.Geometry:
    """One polygon within the world; holes beside long edges are brought home by themselves."""
    if not has_long_edge(polygon):
        return wrap(untangle(polygon))
    shell, *holes = (
        home_ring(shapely.get_coordinates(ring), plain=plain)
        for ring in (polygon.exterior, *polygon.interiors)
    )
    return shapely.difference(shell, shapely.union_all(holes)) if holes else shell


def home_ring(points: np.ndarray, *, plain: bool) -> shapely.Geometry:
    """What lies inside of one ring (point, 2), within the world."""
    points = unwrap(points) if plain else unwrap_transformed(points)
    if turn_of(points):
        points = close_over_pole(points)
    return wrap(untangle(shapely.Polygon(points)))


def wrap(shape: shapely.Geometry) -> shapely.Geometry:
    """A shape in degrees of any count, cut at the date line and moved into the world.

    Raises
    ------
    ShapeError : it is wider than the globe
    """
    west, _, east, _ = shape.bounds
    if east - west > 360 + ROUNDING:
        raise ShapeError(
            "at most 360 degrees of longitude", f"from {west:g} to {east:g}"
        )
    first, last = int(np.floor((west + 180) / 360)), int(np.ceil((east + 180) / 360))
    pieces = [
        shapely.intersection(move_east(shape, -360 * turn), WORLD)
        for turn in range(first, last)
    ]
    return shapely.union_all(pieces)


def move_east(shape: shapely.Geometry, degrees: int) -> shapely.Geometry:
    """The shape, moved by whole turns of the globe."""
    return shapely.transform(shape, lambda points: points + np.array([degrees, 0]))


def untangle(polygon: shapely.Polygon) -> shapely.Geometry:
    """The polygon with rings that do not cross, if that leaves its area as it is.

    Raises
    ------
    ShapeError : it has no area, or crosses itself so that what is inside cannot be known
    """
    if polygon.is_valid:
        return polygon
    repaired = keep_polygons(shapely.make_valid(polygon))
    if abs(repaired.area - polygon.area) > UNTANGLED * polygon.area:
        raise ShapeError(
            "a polygon that does not cross itself",
            shapely.is_valid_reason(polygon),
        )
    return repaired


def keep_polygons(shape: shapely.Geometry) -> shapely.Geometry:
    """Only the polygons of a shape, without lines and points that cuts leave.

    Raises
    ------
    ShapeError : there are none
    """
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = [part for part in parts if part.geom_type == "Polygon" and part.area > 0]
    if not polygons:
        raise ShapeError("a polygon", "one without an area")
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
