"""Outlines of the run's regions, as fine as the page can show them and no finer."""

from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from forestflux.core.regions.region_cells import NamedArea
from forestflux.pages.explorer.packed_arrays import pack_numbers

# Of a cell of the map: how far a drawn line may lie beside the true one, and the smallest step.
TOLERANCE, STEP = 1 / 4, 1 / 8
# Points of all outlines together, some 0.2 MB of the page.
MOST_POINTS = 60_000
# An edge longer than this, degrees, gets more points, because it bends on the projection.
LONGEST_EDGE = 1.0


def pack_outlines(
    areas: Sequence[NamedArea], *, resolution_deg: float
) -> dict[str, object]:
    """Lines of the outlines, ready for JSON.

    Parameters
    ----------
    areas : valid polygons from 180 W to 180 E
    resolution_deg : side of a cell of the map

    Returns
    -------
    names : of the areas
    owners, lengths : of each line, the position of its area and the number of its points
    steps : longitude and latitude of the first point, then what each point adds to the one
        before, degrees
    """
    lines = fit_lines(areas, resolution_deg)
    digit = resolution_deg * STEP
    points = np.concatenate([line for _, line in lines] or [np.empty((0, 2))])
    whole = np.rint(points / digit)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2)))
    return {
        "names": [area.name for area in areas],
        "owners": [owner for owner, _ in lines],
        "lengths": [len(line) for _, line in lines],
        "steps": pack_numbers(steps * digit, digit=digit),
    }


def fit_lines(
    areas: Sequence[NamedArea], resolution_deg: float
) -> list[tuple[int, np.ndarray]]:
    """Position of the area and points (point, 2) of each line, at most `MOST_POINTS` of them.

    With more points the tolerance doubles until they fit, and what is smaller than that is left
    out.
    """
    shapes = [area.shape for area in areas]
    tolerance, smallest = resolution_deg * TOLERANCE, 0.0
    while True:
        lines = [
            (owner, line)
            for owner, shape in enumerate(shapes)
            for ring in choose_rings(shape, tolerance, smallest)
            for line in leave_cuts(ring, near=resolution_deg * STEP / 2)
        ]
        if sum(len(line) for _, line in lines) <= MOST_POINTS:
            return lines
        tolerance, smallest = 2 * tolerance, 4 * tolerance


def choose_rings(
    shape: shapely.Geometry, tolerance: float, smallest: float
) -> Iterator[np.ndarray]:
    """Rings (point, 2) around a shape and its holes.

    Parameters
    ----------
    tolerance : of the simplification, degrees
    smallest : rings with a shorter extent are left out, degrees
    """
    for polygon in shapely.get_parts(shapely.simplify(shape, tolerance)):
        for ring in (polygon.exterior, *polygon.interiors):
            west, south, east, north = ring.bounds
            if max(east - west, north - south) >= smallest:
                yield shapely.get_coordinates(shapely.segmentize(ring, LONGEST_EDGE))


def leave_cuts(points: np.ndarray, *, near: float) -> Iterator[np.ndarray]:
    """Parts of a ring (point, 2) without its edges along 180 degrees and around a pole.

    Parameters
    ----------
    near : what is nearer than this lies there, degrees
    """
    at_end = np.abs(points) > np.array([180, 90]) - near
    is_cut = (at_end[:-1] & at_end[1:]).any(axis=1)
    for part in np.split(np.arange(len(points) - 1), np.flatnonzero(is_cut)):
        edges = part[~is_cut[part]]
        if len(edges):
            yield points[edges[0] : edges[-1] + 2]
