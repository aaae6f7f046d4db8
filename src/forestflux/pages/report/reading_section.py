"""What the report says about reading its numbers: units, signs and known limits."""

from html import escape
from pathlib import Path

import pandas as pd

from forestflux.jobs.configuration import Configuration
from forestflux.jobs.tables import read_table
from forestflux.pages.labels_and_colours import TYPE_NAMES

# What a reader must know before quoting a number; with maps there is more.
READING = (
    "Fluxes are gC m-2 yr-1 of forest ground. Totals are PgC yr-1: flux x cell area"
    " x forest fraction, one sum for each ensemble member.",
    "NEE = RECO - GPP. Negative NEE is uptake by the forest, positive a loss to the"
    " air.",
    "The split 'random (optimistic)' puts years of one tower into training and "
    "test. It is shown only to say how much it flatters; the split by site is the "
    "one to quote, the split by cluster the stricter one.",
    "Sites, not site-years, are the sample size: years of one tower resemble each "
    "other.",
    "Intervals are calibrated on errors at towers that the network had not seen. "
    "They hold for forests like those with towers.",
)
LIMITS_OF_MAPS = (
    "Two single years differ mostly by weather. The slope of the whole series and "
    "its p-value say more than the difference of the pair.",
    "Atmospheric CO2 is not among the inputs: its direct effect on GPP is missed, "
    "so trends of GPP are likely too small.",
    "NEE learnt at towers is too strong a sink, above all in the tropics: towers "
    "stand in growing forests, and fire, harvest and age are not among the inputs. "
    "Forest inventories find a sink of about 3.5 PgC yr-1 (Pan et al. 2024).",
)


def reading(results: Path, configuration: Configuration) -> str:
    """Units, signs and limits in words."""
    points = list(READING)
    missing = types_without_towers(results)
    if missing:
        points.append(
            f"No tower is used of: {', '.join(missing)}. Estimates are extrapolated."
        )
    if configuration.has_maps:
        points += LIMITS_OF_MAPS
    return "<ul>" + "".join(f"<li>{escape(point)}</li>" for point in points) + "</ul>"


def types_without_towers(results: Path) -> list[str]:
    """Forest types of which no tower trains the network."""
    table = read_samples(results)
    there = set(table.loc[table["used"], "igbp"])
    return [f"{TYPE_NAMES[name]} ({name})" for name in TYPE_NAMES if name not in there]


def read_samples(results: Path) -> pd.DataFrame:
    """`samples/samples.csv`."""
    columns = ("site", "igbp", "forest", "used", "reason")
    return read_table(results / "samples/samples.csv", columns=columns)
