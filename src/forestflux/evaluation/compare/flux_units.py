"""Units of carbon fluxes as products write them, read into grams of carbon and a period."""

import re
from dataclasses import dataclass
from typing import Literal

GRAMS_PER_MOL = 12.011
CARBON_IN_CO2 = 12.011 / 44.009

# Grams of carbon. Upper and lower case differ: `Mg` is a tonne, `mg` a thousandth of a gram.
AMOUNTS = {
    **{"mg": 1e-3, "g": 1.0, "gram": 1.0, "grams": 1.0, "kg": 1e3},
    **{"Mg": 1e6, "t": 1e6, "Gg": 1e9, "Tg": 1e12, "Pg": 1e15, "Gt": 1e15},
    **{"mol": GRAMS_PER_MOL, "mole": GRAMS_PER_MOL, "mmol": 1e-3 * GRAMS_PER_MOL},
    **dict.fromkeys(("umol", "micromol", "micromole", "mumol"), 1e-6 * GRAMS_PER_MOL),
    "nmol": 1e-9 * GRAMS_PER_MOL,
}
MOLAR = {name for name in AMOUNTS if "mol" in name}
# m2 by word and exponent.
AREAS = {("m", -2): 1.0, ("ha", -1): 1e4, ("km", -2): 1e6}
SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
CALENDAR_PERIODS: dict[str, Literal["month", "year", "step"]] = {
    **dict.fromkeys(("month", "months", "mo", "mon"), "month"),
    **dict.fromkeys(("yr", "year", "years", "y", "a"), "year"),
    **dict.fromkeys(("8day", "8days", "8d", "8-day", "8-days", "8-d"), "step"),
}
# Words that say what is weighed: carbon, or carbon dioxide.
CARBON_WORDS, CO2_WORDS = {"c", "carbon", "of"}, {"co2"}
WORD = re.compile(r"(\w*CO2|8-?d(?:ays?)?|[A-Za-z]+)(?:\^?(-?\d+))?", re.IGNORECASE)


@dataclass(frozen=True)
class FluxUnit:
    """What a number of a product stands for.

    Attributes
    ----------
    grams : of carbon that one unit is, per m2 where `per_area`
    per_area : whether it is per m2; else it is the sum of a cell
    period : seconds of the unit of time; `month` and `year` of the calendar; `step` where the
        number is the sum of its step
    """

    grams: float
    per_area: bool
    period: float | Literal["month", "year", "step"]


def parse_flux_unit(text: str) -> FluxUnit | None:
    """The unit that a text names; None where it is none of a carbon flux.

    `gC m-2 d-1`, `g C m^-2 day^-1`, `kgC/m2/s`, `umol m-2 s-1`, `mol m-2 s-1`, `PgC/yr`,
    `kg_C_/m^2` and their like. Grams are of carbon unless CO2 is named.
    """
    grams: float | None = None
    area: float | None = None
    period: float | Literal["month", "year", "step"] | None = None
    molar = carbon_dioxide = False
    for word, exponent in split_unit(text):
        amount = split_amount(word)
        if amount is not None and exponent == 1 and grams is None:
            name, substance = amount
            grams, molar = AMOUNTS[name], name in MOLAR
            carbon_dioxide |= substance == "co2"
        elif word.lower() in CO2_WORDS and exponent == 1:
            carbon_dioxide = True
        elif word.lower() in CARBON_WORDS and exponent == 1:
            continue
        elif (word, exponent) in AREAS and area is None:
            area = AREAS[word, exponent]
        elif exponent == -1 and word.lower() in SECONDS and period is None:
            period = SECONDS[word.lower()]
        elif exponent == -1 and word.lower() in CALENDAR_PERIODS and period is None:
            period = CALENDAR_PERIODS[word.lower()]
        else:
            return None
    if grams is None:
        return None
    if carbon_dioxide and not molar:  # a mol of either holds a mol of carbon
        grams *= CARBON_IN_CO2
    return FluxUnit(grams / (area or 1.0), area is not None, period or "step")


def split_unit(text: str) -> list[tuple[str, int]]:
    """Words of a unit with their exponents; `m-2`, `m^-2`, `/m2` and `/m^2` are all m, -2.

    A word that is no name with an exponent comes back with the exponent 0, which fits nothing.
    """
    plain = text.replace("\N{MICRO SIGN}", "u").replace(
        "\N{GREEK SMALL LETTER MU}", "u"
    )
    plain = re.sub(r"\s*(\*\*|\^)\s*", "^", plain).replace("{", "").replace("}", "")
    plain = re.sub(r"[_.*\N{MIDDLE DOT}()\[\]]", " ", plain).replace("per ", "/")
    words = []
    for place, part in enumerate(plain.split("/")):
        for word in part.split():
            found = WORD.fullmatch(word)
            exponent = int(found[2] or 1) if found else 0
            name = found[1] if found else word
            words.append((name, -abs(exponent) if place else exponent))
    return words


def split_amount(word: str) -> tuple[str, str] | None:
    """An amount and what is weighed: `gC` as g and c, `kgCO2` as kg and co2, `mol` as mol."""
    for name in AMOUNTS:
        if word == name:
            return name, ""
        if word.startswith(name) and word[len(name) :].lower() in ("c", "co2"):
            return name, word[len(name) :].lower()
    return None
