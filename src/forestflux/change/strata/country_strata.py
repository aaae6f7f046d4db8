"""Countries and continents of cells: those that hold their centres, or their parts."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from forestflux.change.strata.run_regions import RunRegion
from forestflux.core.grids.cell_centres import wrap_longitudes
from forestflux.core.regions.countries import (
    CONTINENTS,
    COUNTRY_PARTS,
    read_countries,
)
from forestflux.core.regions.region_cells import NamedArea, rasterise_areas


def label_countries(
    latitudes: np.ndarray, longitudes: np.ndarray
) -> tuple[list[tuple[str, str]], np.ndarray, np.ndarray]:
    """Names and codes of the countries; labels (y, x) of countries and of continents.

    A label is the position in the names or in `CONTINENTS`; the number of names or
    of continents where a cell's centre lies in no country.

    Parameters
    ----------
    latitudes, longitudes : centres of the grid's cells, evenly spaced, degrees
    """
    areas, countries = read_countries()
    names = [(name, code) for code, (name, _) in countries.items()]
    continents = [continent for _, continent in countries.values()]
    position = {code: number for number, code in enumerate(countries)}
    for part in COUNTRY_PARTS:
        if part.code not in position:
            position[part.code] = len(names)
            names.append((part.name, part.code))
            continents.append(part.continent)
    area_position = rasterise_areas(areas, latitudes, longitudes)
    area_country = [position[area.code] for area in areas]
    country = np.array([*area_country, len(names)], "uint16")[area_position]
    country_continent = [CONTINENTS.index(name) for name in continents]
    continent = np.array([*country_continent, len(CONTINENTS)], "uint8")[country]
    home = wrap_longitudes(longitudes)
    for part in COUNTRY_PARTS:
        rows = np.flatnonzero((latitudes >= part.south) & (latitudes < part.north))
        columns = np.flatnonzero((home >= part.west) & (home < part.east))
        box = np.ix_(rows, columns)
        inside = country[box] == position[part.country]
        country[box] = np.where(inside, position[part.code], country[box])
        new = CONTINENTS.index(part.continent)
        continent[box] = np.where(inside, new, continent[box])
    return names, country, continent


def cut_countries(
    countries: Sequence[tuple[str, str]], region: RunRegion
) -> tuple[list[NamedArea], np.ndarray, np.ndarray]:
    """The pieces of countries that lie in a region, and the country and continent of each.

    Parameters
    ----------
    countries : name and code, as `label_countries` gives them

    Returns
    -------
    pieces : without overlaps
    country, continent : position of that of each piece (piece,) in the list and in `CONTINENTS`
    """
    areas, known = read_countries()
    position = {code: number for number, (_, code) in enumerate(countries)}
    pieces, country, continent = [], [], []

    def add(shape: shapely.Geometry, code: str, of: str) -> None:
        if shape.area > 0:
            pieces.append(NamedArea(code, code, shape))
            country.append(position[code])
            continent.append(CONTINENTS.index(of))

    for area in region.cut(list(map(make_valid, areas))):
        rest = area.shape
        for part in COUNTRY_PARTS:
            if part.country == area.code and rest.area > 0:
                box = shapely.box(part.west, part.south, part.east, part.north)
                add(shapely.intersection(rest, box), part.code, part.continent)
                rest = shapely.difference(rest, box)
        add(rest, area.code, known[area.code][1])
    return pieces, np.array(country, int), np.array(continent, int)


def make_valid(area: NamedArea) -> NamedArea:
    """The area with rings that do not cross."""
    return replace(area, shape=shapely.make_valid(area.shape))
