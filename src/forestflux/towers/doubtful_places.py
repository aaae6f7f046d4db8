"""Doubts about the place of a tower: latitude and longitude exchanged, or a sign lost.

A code such as DE-Tha names the country (ISO 3166). Where the place as given is far from it, and a
likely slip would bring it home, the place is doubtful; without a known code, where it lies in the
sea and would lie on land if latitude and longitude were exchanged.
"""

import re
from collections.abc import Callable, Iterator

import pandas as pd
import shapely

from forestflux.core.grids.land import land_polygons
from forestflux.core.regions.country_outlines import country_outlines
from forestflux.towers.doubts import Doubt

CODE = re.compile(r"([A-Z]{2})-", re.ASCII)
# Codes that tower networks use beside those of ISO 3166.
OTHER_CODES = {"UK": "GB"}
# A tower stands so near to its country's outline, degrees; real ones are off by 0.01.
NEAR = 0.5
# Small islands are missing from the coarse outlines of land, degrees.
OFF_SHORE = 1.0
# What may have happened, and the place (latitude, longitude) that was meant.
EXCHANGED = "lat and lon exchanged?"
SLIPS: dict[str, Callable[[float, float], tuple[float, float]]] = {
    EXCHANGED: lambda lat, lon: (lon, lat),
    "the other sign of lon?": lambda lat, lon: (lat, -lon),
    "the other sign of lat?": lambda lat, lon: (-lat, lon),
}


def doubt_places(sites: pd.DataFrame) -> list[Doubt]:
    """All doubts about places, in the order of the table.

    Parameters
    ----------
    sites : site, lat, lon (degrees)
    """
    places = zip(
        sites["site"],
        sites["lat"].astype(float),
        sites["lon"].astype(float),
        strict=True,
    )
    return [doubt for place in places for doubt in doubt_place(*place)]


def doubt_place(site: str, lat: float, lon: float) -> Iterator[Doubt]:
    """A doubt about the place of one tower."""
    code = CODE.match(site)
    name = OTHER_CODES.get(code[1], code[1]) if code else ""
    outline, expected = country_outlines().get(name), f"a place in the country {name}"
    slips, tolerances = list(SLIPS), (NEAR, NEAR)
    if outline is None:
        outline, expected = land_polygons(), "a place on land"
        slips, tolerances = [EXCHANGED], (OFF_SHORE, 0.0)
    if is_near(outline, (lat, lon), tolerances[0]):
        return
    for slip in slips:
        meant = SLIPS[slip](lat, lon)
        if abs(meant[0]) <= 90 and is_near(outline, meant, tolerances[1]):
            found = f"{lat:g}, {lon:g} at {site} ({slip})"
            yield Doubt(site, "lat, lon", expected, found)
            return


def is_near(
    outline: shapely.Geometry, place: tuple[float, float], distance: float
) -> bool:
    """Whether a place (latitude, longitude) lies in an outline or so near to it, degrees."""
    lat, lon = place
    return bool(shapely.distance(outline, shapely.Point(lon, lat)) <= distance)
