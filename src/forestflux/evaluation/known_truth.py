"""What a simulated planet, whose truth is known, says of its own map, in words.

Report, explorer and `forestflux ask` share them: what is known of maps of the Earth does not hold
for every simulated planet.
"""

from collections.abc import Sequence

import pandas as pd

ON_EARTH = "On the Earth NEE learnt at towers is too strong a sink"
# What the strata of a kind are called, many of them.
KIND_WORDS = {
    "all": "all forest",
    "type": "forest types",
    "band": "latitude bands",
    "climate": "climates",
    "continent": "continents",
    "country": "countries",
    "region": "your regions",
}


def describe_sink(recovery: pd.DataFrame, year: int) -> str:
    """How the mapped sink of a year differs from the true one, after what holds on the Earth.

    Parameters
    ----------
    recovery : `recovery/recovery.csv`
    year : a mapped one
    """
    rows = recovery[recovery["quantity"] == f"nee_total_{year}"]
    truth, mapped = (float(rows[name].iloc[0]) for name in ("truth", "mapped"))
    if truth >= 0:
        found = (
            f"the true NEE of {year} is {truth:.3g}, the map's {mapped:.3g} PgC yr-1"
        )
    elif mapped > truth:
        found = (
            f"the map misses {100 * (1 - mapped / truth):.0f} % of the sink of {year}"
        )
    else:
        found = (
            f"the map's sink of {year} is {100 * (mapped / truth - 1):.0f} % too strong"
        )
    return f"{ON_EARTH}; here {found}."


def describe_coverage(
    coverage: pd.DataFrame, kinds: Sequence[str] = ("all", "band", "climate")
) -> str:
    """How often intervals of yearly NEE totals hold the truth; empty where no kind is known.

    Parameters
    ----------
    coverage : `recovery/coverage.csv`
    kinds : ways to divide the forest that are named
    """
    rows = coverage[(coverage["quantity"] == "total") & (coverage["variable"] == "nee")]
    known = dict(zip(rows["kind"], rows["covered"].astype(float), strict=True))
    shares = [
        f"{100 * known[kind]:.0f} % ({KIND_WORDS[kind]})"
        for kind in kinds
        if kind in known
    ]
    if not shares:
        return ""
    nominal = 100 * float(rows["nominal"].iloc[0])
    return (
        "The truth of this planet is known: yearly totals of NEE lie inside their"
        f" {nominal:.0f} % interval in {', '.join(shares)} of the cases."
    )
