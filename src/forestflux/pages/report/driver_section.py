"""The counterfactual runs in the report: what drove the change, and how to read it."""

from pathlib import Path

import pandas as pd

from forestflux.core.names import TARGET_FLUXES
from forestflux.jobs.configuration import Configuration
from forestflux.jobs.tables import read_table
from forestflux.pages.labels_and_colours import driver_label, subset_label
from forestflux.pages.number_text import format_interval
from forestflux.pages.report.report_tables import html_table

COLUMNS = ("driver", "flux", "stratum", "kind", "effect", "effect_lower")
COLUMNS += ("effect_upper", "share")
READING = (
    "Runs of the network in which one input takes its value of the other year: what"
    " moved the estimate, not what caused the change. NDVI and EVI, and partly"
    " ET, are correlated and share their effect: read the sum of their effects. Only cells"
    " that are forest in both years are counted."
)


def drivers(results: Path, configuration: Configuration) -> str:
    """Effects of the drivers over all forests, by stratum behind a click."""
    if not configuration.counterfactual.enabled:
        return ""
    table = read_table(results / "counterfactual/drivers.csv", columns=COLUMNS)
    table = table[table["flux"].isin(TARGET_FLUXES)]
    pair = "-".join(map(str, configuration.change.pair))
    whole = table["kind"] == "all"
    rest = drivers_table(table[~whole], "By forest type and latitude band")
    return (
        f"<h3>What drove the change, {pair}</h3><p>{READING}</p>"
        f"{drivers_table(table[whole], 'All forests; NEE below zero: more uptake')}"
        f"<details><summary>By forest type and latitude band</summary>{rest}</details>"
    )


def drivers_table(table: pd.DataFrame, caption: str) -> str:
    """The rows as HTML; drivers that moved nothing anywhere are left out."""
    rows = table[table["effect"] != 0].copy()
    bounds = zip(rows["effect_lower"], rows["effect_upper"], strict=True)
    rows["interval"] = [format_interval(*ends) for ends in bounds]
    formats = {
        "flux|flux": str.upper,
        "stratum|forests": subset_label,
        "driver|driver": driver_label,
        "effect|effect (PgC yr-1)": "+.3f",
        "interval|interval of members": str,
        "share|share of all absolute effects": "+.0%",
    }
    return html_table(rows, formats, caption=caption)
