"""Countries and continents: Natural Earth, 1:10 million, without a download.

The polygons (`forestflux.core.regions.country_outlines`) follow the German view of disputed
borders and say nothing about what is right. Two things differ from Natural Earth, because
forests make them matter: the overseas departments of France are areas of their own, as in ISO
3166; Russia is Asia east of 60 degrees east, and Hawaii is Oceania.
"""

from dataclasses import dataclass
from functools import lru_cache

from forestflux.core.regions.country_outlines import UNCODED, country_file
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.region_file import read_features

FIELDS = ("ADMIN", "ADM0_A3", "ISO_A3_EH", "CONTINENT", "REGION_UN")
CONTINENTS = (
    "Africa",
    "Antarctica",
    "Asia",
    "Europe",
    "North America",
    "Oceania",
    "South America",
)
# Natural Earth puts lone islands on a continent "Seven seas"; here they belong to the
# continent of their UN region.
ISLANDS = {"Africa": "Africa", "Asia": "Asia", "Americas": "South America"}


@dataclass(frozen=True)
class CountryPart:
    """Cells of a country that are counted elsewhere, because they lie in this box.

    Attributes
    ----------
    country : code in Natural Earth
    west, south, east, north : the box, degrees
    code, name : the country of the cells
    continent : the continent of the cells
    short : its two letters in ISO 3166, where it has some of its own
    """

    country: str
    west: float
    south: float
    east: float
    north: float
    code: str
    name: str
    continent: str
    short: str = ""


COUNTRY_PARTS = (
    CountryPart("FRA", -55, 2, -51, 6, "GUF", "French Guiana", "South America", "GF"),
    CountryPart(
        "FRA", -62, 15.7, -60.9, 16.6, "GLP", "Guadeloupe", "North America", "GP"
    ),
    CountryPart(
        "FRA", -61.3, 14.3, -60.7, 15, "MTQ", "Martinique", "North America", "MQ"
    ),
    CountryPart("FRA", 55, -22, 56, -20, "REU", "Reunion", "Africa", "RE"),
    CountryPart("FRA", 44.9, -13.2, 45.4, -12.5, "MYT", "Mayotte", "Africa", "YT"),
    CountryPart("RUS", 60, 40, 180, 85, "RUS", "Russia", "Asia"),
    CountryPart("RUS", -180, 60, -168, 75, "RUS", "Russia", "Asia"),
    CountryPart(
        "USA", -179, 18, -154, 29, "USA", "United States of America", "Oceania"
    ),
)


@lru_cache(maxsize=1)
def read_countries() -> tuple[list[NamedArea], dict[str, tuple[str, str]]]:
    """Polygons of the countries; name and continent of each country by its code, sorted.

    Raises
    ------
    InputError : the package with the polygons is not installed
    """
    columns, shapes, _ = read_features(country_file())
    areas, countries = [], {}
    for shape, *record in zip(shapes, *(columns[name] for name in FIELDS), strict=True):
        name, own_code, iso, continent, un_region = record
        code = own_code if iso == UNCODED else iso
        areas.append(NamedArea(name, code, shape))
        # Several features share a code where a country has reefs and bases; the
        # country itself is the one whose own code it is.
        if code not in countries or own_code == code:
            if continent not in CONTINENTS:
                continent = ISLANDS[un_region]
            countries[code] = name, continent
    return areas, dict(sorted(countries.items()))
