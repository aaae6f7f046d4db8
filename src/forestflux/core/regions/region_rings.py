"""Rings of polygons in degrees: longitudes that go on at the date line, and rings around a pole."""

import numpy as np

# Degrees by which computed coordinates may miss a pole or the date line.
ROUNDING = 1e-6
# A step of a ring that is longer than this, degrees, is more likely one across the date line.
SURE_STEP = 270
# Parts of a degree, a tenth of a millimetre each.
FRACTION = 2**30


class ShapeError(Exception):
    """A polygon that cannot be understood."""

    def __init__(self, expected: str, found: str) -> None:
        """What it should be and what it is, in words."""
        self.expected, self.found = expected, found
        super().__init__(f"expected {expected}, found {found}")


def turn_of(points: np.ndarray) -> int:
    """How often a ring (point, 2) goes around the globe."""
    return abs(round((points[-1, 0] - points[0, 0]) / 360))


def unwrap(points: np.ndarray) -> np.ndarray:
    """The ring (point, 2) with longitudes that go on where they jumped at the date line.

    A step of 360 degrees goes along a parallel all around. A longer one than 180 crosses the
    date line, where the other steps agree.

    Raises
    ------
    ShapeError : the ring may as well go the other way around the globe
    """
    step, long = find_long_steps(points)
    ends = np.unique(points[:, 0])
    if len(ends) == 2 and 180 in np.abs(ends):
        return points  # a box that ends at the date line does not cross it
    onward = continue_longitudes(points)
    if long.any() and (
        len(ends) == 2 or turn_of(onward) or np.abs(step[long]).min() < SURE_STEP
    ):
        first = int(np.argmax(long))
        raise ShapeError(
            "edges of at most 180 degrees of longitude (corners between, or a part on"
            " each side of the date line)",
            f"an edge from {points[first, 0]:g} to {points[first + 1, 0]:g} degrees",
        )
    return onward


def unwrap_transformed(points: np.ndarray) -> np.ndarray:
    """The same of a ring whose edges are short, with corners on a pole, if any, as two.

    A pole has every longitude, so the ring comes and goes on different ones.

    Raises
    ------
    ShapeError : a ring around the pole with a corner on it
    """
    ring = points[:-1]
    at_pole = np.abs(ring[:, 1]) >= 90 - ROUNDING
    if not at_pole.any() or at_pole.all():
        return continue_longitudes(points)
    start = int(np.argmin(at_pole))
    ring, at_pole = np.roll(ring, -start, axis=0), np.roll(at_pole, -start)
    others = np.flatnonzero(~at_pole)
    onward = continue_longitudes(np.concatenate([ring[others], ring[:1]]))
    if turn_of(onward):
        raise ShapeError("a ring around a pole or a corner on it", "both")
    result = []
    for here, now, then in zip(others, onward[:-1], onward[1:], strict=True):
        result.append(now)
        behind = (here + 1) % len(ring)
        if at_pole[behind]:
            result += [(end[0], np.sign(ring[behind, 1]) * 90) for end in (now, then)]
    return np.array([*result, onward[-1]])


def find_long_steps(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps in longitude along a ring, and whether each may cross the date line."""
    step = np.diff(points[:, 0])
    return step, (np.abs(step) > 180) & (np.abs(step) < 360 - ROUNDING)


def continue_longitudes(points: np.ndarray) -> np.ndarray:
    """Points (point, 2) with each step in longitude the short way."""
    step, long = find_long_steps(points)
    step = np.where(long, step - 360 * np.sign(step), step)
    onward = points[0, 0] + np.concatenate([[0.0], np.cumsum(step)])
    return np.column_stack([onward, points[:, 1]])


def close_over_pole(points: np.ndarray) -> np.ndarray:
    """A ring that goes once around the globe, closed over the pole of its hemisphere.

    Raises
    ------
    ShapeError : it goes around more than once, or lies on both hemispheres
    """
    south, north = points[:, 1].min(), points[:, 1].max()
    if turn_of(points) > 1 or south < 0 < north:
        raise ShapeError(
            "a ring around one pole, on its own hemisphere",
            f"one around the globe from {south:g} to {north:g} degrees north",
        )
    # Both ends of the ring meet again when it is wrapped, to the last bit: binary fractions
    # are moved by whole turns without rounding.
    points = np.column_stack(
        [np.round(points[:, 0] * FRACTION) / FRACTION, points[:, 1]]
    )
    points[-1] = (
        points[0, 0] + 360 * np.sign(points[-1, 0] - points[0, 0]),
        points[0, 1],
    )
    pole = 90 if south >= 0 else -90
    corners = [(points[-1, 0], pole), (points[0, 0], pole), points[0]]
    return np.concatenate([points, corners])
