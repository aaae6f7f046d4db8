"""A country by its name or code: the one that is meant, or the names that are near."""

import difflib
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import shapely

from forestflux.core.input_errors import InputError
from forestflux.core.regions.countries import COUNTRY_PARTS
from forestflux.core.regions.country_outlines import UNCODED, country_file
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.region_file import read_features

NAME_FIELDS = ("ADMIN", "NAME_LONG", "NAME_EN", "FORMAL_EN")
ABBREVIATION = "ABBREV"
CODE_FIELDS = ("ISO_A2_EH", "ISO_A3_EH", "ADM0_A3")
NEAR = 5  # names that an error offers at most
SHORT = 3  # letters of a code; other codes that are spelt like it are not near
# What people write where the file has the name of before or after.
OTHER_NAMES = {
    "Burma": "Myanmar",
    "Cape Verde": "CPV",
    "East Timor": "TLS",
    "Great Britain": "GBR",
    "Macedonia": "MKD",
    "Swaziland": "SWZ",
    "Turkiye": "TUR",
    "UK": "GBR",
}


def find_country(text: str) -> NamedArea:
    """The country of a name in English or of a code of two or three letters in ISO 3166.

    Letters may be large or small and lack their accents. France and its overseas departments
    are apart, as in the tables of countries; a far reef or base is not part of a country.

    Raises
    ------
    InputError : no country is called so; it names the nearest ones
    """
    countries = named_countries()
    wanted = simplify(text)
    found = countries.get(OTHERS.get(wanted, wanted))
    if found is not None:
        return found
    near = find_near(text, countries)
    hint = f" (near it: {', '.join(near)})" if near else ""
    raise InputError(
        "configuration",
        variable="region",
        expected=(
            "a country's name or ISO code, west,south,east,north or a file, as of a state"
            f" or province{hint}"
        ),
        found=text,
    )


def find_near(text: str, countries: dict[str, NamedArea]) -> list[str]:
    """Names of the countries that contain a text or are spelt like it, the nearest first."""
    wanted = simplify(text)
    if len(wanted) < SHORT:
        return []
    within = [name for name in countries if wanted in name]
    names = [name for name in countries if len(name) > SHORT]
    alike = difflib.get_close_matches(wanted, names, n=NEAR, cutoff=0.7)
    found = (countries[name].name for name in (*sorted(within, key=len), *alike))
    return list(dict.fromkeys(found))[:NEAR]


@lru_cache(maxsize=1)
def named_countries() -> dict[str, NamedArea]:
    """Each country by each of its names and codes, as `simplify` writes them.

    Raises
    ------
    InputError : the package with the polygons is not installed
    """
    columns, shapes, _ = read_features(country_file())
    valid = np.where(shapely.is_valid(shapes), shapes, shapely.make_valid(shapes))
    owners = columns["ADM0_A3"]
    areas = [
        NamedArea(name, own, cut_parts(shape, own))
        for name, own, shape in zip(columns["ADMIN"], owners, valid, strict=True)
    ]
    parts: dict[str, NamedArea] = {}
    for own, shape in zip(owners, valid, strict=True):
        for part in COUNTRY_PARTS:
            if part.country == own != part.code:
                box = shapely.box(part.west, part.south, part.east, part.north)
                inside = NamedArea(
                    part.name, part.code, shapely.intersection(shape, box)
                )
                names = (part.name, part.code, part.short)
                parts |= dict.fromkeys(map(simplify, names), inside)
    rows = index_names(columns)
    return {name: areas[row] for name, row in rows.items()} | parts


def find_country_name(text: str) -> str | None:
    """The name under which tables have the country of a name or code; None where there is none.

    Raises
    ------
    InputError : the package with the polygons is not installed
    """
    columns, _, _ = read_features(country_file())
    rows = index_names(columns)
    wanted = simplify(text)
    names = (OTHERS.get(wanted, wanted), simplify(text.replace(".", "")))
    row = next((rows[name] for name in names if name in rows), None)
    return None if row is None else str(columns["ADMIN"][row])


def index_names(columns: Mapping[str, np.ndarray]) -> dict[str, int]:
    """The row of a country by each of its names and codes, as `simplify` writes them.

    An abbreviation such as U.K. counts where it is no name or code of any country.

    Parameters
    ----------
    columns : of the file of countries
    """
    rows: dict[str, int] = {}
    short: dict[str, int] = {}
    for row, (own, code) in enumerate(
        zip(columns["ADM0_A3"], columns["ISO_A3_EH"], strict=True)
    ):
        # A reef or base has the ISO codes of the country that it belongs to.
        fields = CODE_FIELDS if code in (own, UNCODED) else ("ADM0_A3",)
        names = [columns[field][row] for field in (*NAME_FIELDS, *fields)]
        rows |= {simplify(name): row for name in names if name not in (None, UNCODED)}
        abbreviation = columns[ABBREVIATION][row]
        if abbreviation is not None:
            short.setdefault(simplify(abbreviation.replace(".", "")), row)
    return short | rows


def cut_parts(shape: shapely.Geometry, country: str) -> shapely.Geometry:
    """A country without the parts of it that count as countries of their own."""
    for part in COUNTRY_PARTS:
        if part.country == country != part.code:
            box = shapely.box(part.west, part.south, part.east, part.north)
            shape = shapely.difference(shape, box)
    return shape


def simplify(text: str) -> str:
    """A name in small letters without accents and marks, its words apart by one blank."""
    text = text.replace(".", "").replace("\u2019", "'")
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", plain.casefold()))


OTHERS = {simplify(name): simplify(meant) for name, meant in OTHER_NAMES.items()}
