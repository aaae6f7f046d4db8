"""Colours, markers and names of what figures, report and explorer show.

Nothing here is a number of the results, and no table of numbers imports this module: a new
colour makes pages stale, never their data.
"""

from collections.abc import Iterable
from itertools import cycle

from forestflux.core.names import FOREST_TYPES, NETWORK
from forestflux.core.type_colours import TYPE_COLOURS as TYPE_COLOURS

# Each type has a marker of its own as well as a colour.
TYPE_MARKERS = dict(zip(FOREST_TYPES, "oP^sD", strict=True))
TYPE_NAMES = {
    "ENF": "evergreen needleleaf",
    "EBF": "evergreen broadleaf",
    "DNF": "deciduous needleleaf",
    "DBF": "deciduous broadleaf",
    "MF": "mixed forest",
}
MODEL_LABELS = {NETWORK: "CNN (this work)", "svr": "SVR"}
NETWORK_COLOUR = "#D55E00"
OTHER_COLOURS = ("#0072B2", "#009E73", "#7B5AA6", "#56B4E9", "#8C6D31", "#595959")
OTHER_MARKERS = "sD^vPX"
NEUTRAL = "#595959"
PALE = "#D0D0D0"
PALENESS = 0.45  # share of white in the colours of a change that may be chance

SPLIT_MARKERS = {"site": "o", "cluster": "s", "holdout": "^", "random": "D"}
SPLIT_LABELS = {
    "site": "by site",
    "cluster": "by 100 km cluster",
    "holdout": "held-out towers",
    "random": "random (optimistic)",
}
# Input series whose own name is no word; any other one is called by its name.
SERIES_LABELS = {
    "ndvi": "NDVI",
    "evi": "EVI",
    "et": "ET",
    "lst_day": "LST day",
    "lst_night": "LST night",
    "precip": "precipitation",
}
# Okabe and Ito's palette, for any colour vision.
DRIVER_COLOURS = {
    "ndvi": "#009E73",
    "evi": "#F0E442",
    "et": "#56B4E9",
    "lst_day": "#D55E00",
    "lst_night": "#CC79A7",
    "precip": "#0072B2",
    "area": "#6B4E1F",
    "interaction": "#999999",
}
DRIVER_LABELS = {
    "area": "forest area",
    "change": "all together",
}
# Units with raised exponents, as matplotlib writes them.
FLUX_UNIT = r"gC m$^{-2}$ yr$^{-1}$"
MONTH_UNIT = r"gC m$^{-2}$ month$^{-1}$"
SLOPE_UNIT = r"gC m$^{-2}$ yr$^{-2}$"
UPTAKE = "negative: uptake by the forest"


def order_models(models: Iterable[str]) -> list[str]:
    """The models in the order of figures and tables: the network, then by name."""
    return sorted(set(models), key=lambda name: (name != NETWORK, name))


def model_styles(models: Iterable[str]) -> dict[str, dict]:
    """Line and marker of each model in order; the network's are the strongest."""
    network, *others = [
        {"color": NETWORK_COLOUR, "marker": "o", "linewidth": 2, "zorder": 4},
        *(
            {"color": colour, "marker": marker, "linewidth": 1, "zorder": 3}
            for colour, marker in zip(OTHER_COLOURS, OTHER_MARKERS, strict=True)
        ),
    ]
    remaining = cycle(others)
    return {
        name: network if name == NETWORK else next(remaining)
        for name in order_models(models)
    }


def model_label(name: str) -> str:
    """Name of a model as figures and report write it."""
    return MODEL_LABELS.get(name, name.replace("_", " "))


def split_label(name: str) -> str:
    """Name of a split as figures and report write it."""
    return SPLIT_LABELS.get(name, name)


def driver_label(name: str) -> str:
    """Name of a driver of the change: `lst_day` as LST day, `area` as forest area."""
    return DRIVER_LABELS.get(name) or series_label(name)


def series_label(name: str) -> str:
    """Name of an input series as figures and report write it."""
    return SERIES_LABELS.get(name, name.replace("_", " "))


def driver_colour(name: str) -> str:
    """Colour of a driver of the change; drivers without one of their own share a grey."""
    return DRIVER_COLOURS.get(name, PALE)


# What stands in front of `=` in the name of a subset of scored rows.
SUBSET_KINDS = (
    *("igbp", "climate", "years", "applicable"),
    *("hidden_series", "hidden_values", "gap_fifth"),
)


def subset_label(name: str) -> str:
    """`igbp=ENF` as ENF, `years=1` as sites scored in 1 year(s), `all` as all forests.

    `applicable=inside` is inside the area of applicability, `hidden_series=2` 2 series hidden,
    `hidden_values=0.3` 30 % of values hidden, `gap_fifth=1` fewest gaps. A name that a user gave
    may have an `=` of its own, and stays as it is but for underscores.
    """
    kind, _, value = name.partition("=")
    if kind not in SUBSET_KINDS:
        kind, value = "", ""
    if kind == "applicable":
        return f"{value} the area of applicability"
    if kind == "hidden_series":
        return f"{value} series hidden"
    if kind == "hidden_values":
        return f"{float(value):.0%} of values hidden"
    if kind == "gap_fifth":
        return f"fifth {value} by gaps"
    if kind == "years":
        return f"sites of {value} year{'' if value == '1' else 's'}"
    return "all forests" if name == "all" else (value or name).replace("_", " ")
