"""A region as a person names it: by name or ISO code, with the near names where there is none."""

import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pandas as pd

from forestflux.change.change_schemas import OUTSIDE
from forestflux.change.region_definitions import ALL_FORESTS
from forestflux.core.input_errors import InputError
from forestflux.core.regions.country_names import find_country_name

MAPPED = "mapped"
NEAR_NAMES = 6
ANY_REGION = (
    "a country (name or ISO code), continent, latitude band, forest type or region of"
    " yours, as change/region_changes.csv lists them"
)


@dataclass(frozen=True)
class Region:
    """A stratum of the tables of regions.

    Attributes
    ----------
    name, kind, code : as the tables have them; the code is empty where there is none
    """

    name: str
    kind: str
    code: str


def find_region(
    changes: pd.DataFrame, wanted: str, *, kind: str | None, source: Path
) -> Region:
    """The one region of a run that is meant.

    Parameters
    ----------
    changes : `change/region_changes.csv`, which has every region, with forest or without
    wanted : name or code; letters may be small, accents missing
    kind : `country`, `continent`, ... where several have the name
    source : the table, for the error

    Raises
    ------
    InputError : no region or several have this name; it has no mapped forest
    """
    known = changes.drop_duplicates(["stratum", "kind"])
    known = known[known["stratum"] != OUTSIDE].fillna({"code": ""})
    if kind is not None:
        if kind not in set(known["kind"]):
            kinds = ", ".join(known["kind"].unique())
            raise InputError(
                source, variable="kind", expected=f"one of {kinds}", found=kind
            )
        known = known[known["kind"] == kind]
    found = match_names(known, wanted)
    if found.empty:
        near = list_near_names(known["stratum"].tolist(), wanted)
        expected = f"a region of this run, such as {near}" if near else ANY_REGION
        raise InputError(source, variable="region", expected=expected, found=wanted)
    if len(found) > 1:
        kinds = " or ".join(found["kind"])
        raise InputError(
            source,
            variable="kind",
            expected=f"{kinds}, because each has a region of this name (--kind"
            f" {found['kind'].iloc[0]} on the command line)",
            found=f"none given for {wanted}",
        )
    row = found.iloc[0]
    if row["status"] != MAPPED:
        raise InputError(
            source,
            variable="region",
            expected="a region with mapped forest",
            found=f"{row['stratum']}: {row['status']}",
        )
    return Region(row["stratum"], row["kind"], row["code"])


def match_names(known: pd.DataFrame, wanted: str) -> pd.DataFrame:
    """The rows whose name or code this is, or another name or code of a country."""
    plain = to_plain_letters(wanted)
    names, codes = (known[key].map(to_plain_letters) for key in ("stratum", "code"))
    if plain == ALL_FORESTS:
        return known[known["kind"] == "all"]
    found = known[(names == plain) | ((codes == plain) & (codes != ""))]
    if found.empty:
        country = find_country_name(wanted) or ""
        return known[
            (names == to_plain_letters(country)) & (known["kind"] == "country")
        ]
    return found


def to_plain_letters(text: str) -> str:
    """Small letters without accents, so that a name is found however it is typed."""
    split = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))


def list_near_names(names: list[str], wanted: str) -> str:
    """Names that hold the text, then those that are spelt alike; empty without any."""
    plain = to_plain_letters(wanted)
    by_letters = {to_plain_letters(name): name for name in names}
    alike = get_close_matches(plain, by_letters, n=NEAR_NAMES)
    holding = [letters for letters in by_letters if plain and plain in letters]
    near = dict.fromkeys([*holding, *alike])
    return ", ".join(by_letters[letters] for letters in list(near)[:NEAR_NAMES])
