"""What a region of each kind is, in words that pages and `forestflux ask` share.

One name can mean two things: `boreal` is a latitude band and a climate, and Europe as a continent
holds more than a box around it.
"""

from forestflux.core.climates import CLIMATE_BOUNDS

ALL_FORESTS = "all forests"  # what a reader calls the stratum `all`
# What follows a name of these kinds, so that a reader can tell them apart.
KIND_LABELS = {"band": "latitude band", "climate": "climate"}
DEFINITIONS = {
    "continent": (
        "A continent is its countries; Russia counts as Europe west of 60 degrees east and"
        " as Asia beyond."
    ),
    "country": "Borders are those of Natural Earth.",
    "band": (
        "A latitude band goes from one latitude to another (change.bands) and is not a"
        " climate of the same name, which holds both hemispheres."
    ),
    "climate": (
        "A climate goes by the distance to the equator: tropical below"
        f" {CLIMATE_BOUNDS[0]:g}, temperate below {CLIMATE_BOUNDS[1]:g}, boreal beyond. It"
        " is not a latitude band of the same name."
    ),
    "type": "A forest type is the cells of which most forest is of it (IGBP).",
    "region": "A region of yours is its polygons, with the share of each cell inside.",
}


def define_region(kind: str) -> str:
    """What a region of this kind is, in a sentence; empty for all forests."""
    return DEFINITIONS.get(kind, "")


def label_kind(kind: str) -> str:
    """The word for a kind: `latitude band` for `band`, `country` for itself."""
    return KIND_LABELS.get(kind, kind)
