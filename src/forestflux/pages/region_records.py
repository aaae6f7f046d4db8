"""Series and change of every region, as report and explorer carry them in the page."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forestflux.change.change_schemas import OUTSIDE
from forestflux.change.region_definitions import (
    ALL_FORESTS,
    KIND_LABELS,
    define_region,
)
from forestflux.core.names import TARGET_FLUXES

# In the order in which a reader is offered them.
KINDS = {
    "all": "whole",
    "country": "countries",
    "continent": "continents",
    "region": "your regions",
    "type": "forest types",
    "band": "latitude bands",
    "climate": "climates",
}
# A page with more regions than these would be slow to open; the tables have them all.
MOST_REGIONS = 600
DIGITS = 6
SERIES = ("total_tg", "total_tg_lower", "total_tg_upper", "mean")
CHANGES = (
    *("change_tg", "change_tg_lower", "change_tg_upper", "change_p_adjusted"),
    *("slope", "slope_lower", "slope_upper", "slope_p_adjusted"),
)


def collect_region_records(
    regions: pd.DataFrame, changes: pd.DataFrame
) -> dict[str, object]:
    """Regions with forest, ready for JSON; the largest where there are too many.

    Parameters
    ----------
    regions, changes : `change/regions.csv` and `change/region_changes.csv`

    Returns
    -------
    years, pair : of the series and of the change
    level : probability of the intervals
    left_out : regions that are in the tables only
    groups : kind in words, what follows a name of it, what it is, and `regions`, each with
        name, code, area (m2) and share inside the area of applicability by year, and by flux
        the columns of both tables
    """
    shown = regions[regions["kind"].isin(KINDS) & (regions["stratum"] != OUTSIDE)]
    area = shown.groupby(["kind", "stratum"])["area"].max()
    area = area.sort_values(ascending=False, kind="stable")
    kept = set(area.index[:MOST_REGIONS])
    known = dict(list(changes.groupby(["kind", "stratum"], sort=False)))
    records: dict[str, list[dict]] = {}
    for key, rows in shown.groupby(["kind", "stratum"], sort=True):
        if key in kept:
            record = make_record(rows, known[key])
            records.setdefault(str(rows["kind"].iloc[0]), []).append(record)
    first = changes.iloc[0]
    return {
        "years": sorted(int(year) for year in regions["year"].unique()),
        "pair": [int(first["first_year"]), int(first["second_year"])],
        "level": float(regions["level"].iloc[0]),
        "left_out": len(area) - len(kept),
        "groups": [
            {
                "kind": words,
                "label": KIND_LABELS.get(kind, ""),
                "definition": define_region(kind),
                "regions": records[kind],
            }
            for kind, words in KINDS.items()
            if kind in records
        ],
    }


def make_record(rows: pd.DataFrame, changes: pd.DataFrame) -> dict[str, object]:
    """One region; numbers have six digits, and a missing one is None."""
    first = rows.iloc[0]
    record: dict[str, object] = {
        "name": ALL_FORESTS if first["kind"] == "all" else first["stratum"],
        "code": "" if pd.isna(first["code"]) else first["code"],
    }
    for flux in TARGET_FLUXES:
        own = rows[rows["variable"] == flux].sort_values("year")
        change = changes[changes["variable"] == flux].iloc[0]
        numbers = round_numbers(change[list(CHANGES)])
        record[flux] = {name: round_numbers(own[name]) for name in SERIES} | dict(
            zip(CHANGES, numbers, strict=True)
        )
        record |= {name: round_numbers(own[name]) for name in ("area", "applicable")}
    return record


def round_numbers(values: pd.Series | Sequence[float]) -> list[float | None]:
    """Numbers with six digits, None where there is none."""
    return [
        float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
        for value in map(float, values)
    ]
