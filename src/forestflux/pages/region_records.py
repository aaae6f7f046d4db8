"""Series and change of every region, as report and explorer carry them in the page."""

from collections.abc import Hashable, Sequence

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
# Of a month, of which a page has many.
MONTH_DIGITS = 4
SERIES = ("total_tg", "total_tg_lower", "total_tg_upper", "mean")
CHANGES = (
    *("change_tg", "change_tg_lower", "change_tg_upper", "change_p_adjusted"),
    *("slope", "slope_lower", "slope_upper", "slope_p_adjusted"),
)


def collect_region_records(
    regions: pd.DataFrame, changes: pd.DataFrame, months: pd.DataFrame | None = None
) -> dict[str, object]:
    """Regions with forest, ready for JSON; the largest where there are too many.

    Parameters
    ----------
    regions, changes : `change/regions.csv` and `change/region_changes.csv`
    months : `months/region_months.csv` of a run with months

    Returns
    -------
    years, pair : of the series and of the change
    level : probability of the intervals
    left_out : regions that are in the tables only
    groups : kind in words, what follows a name of it, what it is, and `regions`, each with
        name, code, area (m2) and share inside the area of applicability by year, and by flux
        the columns of both tables
    month_years : of a run with months, its first and last year; each flux of a region has
        `months`, the means of the twelve months of both, gC m-2 month-1
    """
    shown = regions[regions["kind"].isin(KINDS) & (regions["stratum"] != OUTSIDE)]
    area = shown.groupby(["kind", "stratum"])["area"].max()
    area = area.sort_values(ascending=False, kind="stable")
    kept = set(area.index[:MOST_REGIONS])
    known = dict(list(changes.groupby(["kind", "stratum"], sort=False)))
    seasons, beside = select_seasons(months)
    records: dict[str, list[dict]] = {}
    for key, rows in shown.groupby(["kind", "stratum"], sort=True):
        if key in kept:
            record = make_record(rows, known[key], seasons.get(key))
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
        **beside,
    }


def make_record(
    rows: pd.DataFrame, changes: pd.DataFrame, months: pd.DataFrame | None
) -> dict[str, object]:
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
        record[flux] = (
            {name: round_numbers(own[name]) for name in SERIES}
            | dict(zip(CHANGES, numbers, strict=True))
            | list_seasons(months, flux)
        )
        record |= {name: round_numbers(own[name]) for name in ("area", "applicable")}
    return record


def select_seasons(
    months: pd.DataFrame | None,
) -> tuple[dict[tuple[Hashable, ...], pd.DataFrame], dict[str, object]]:
    """Rows of the first and the last year by kind and stratum, and these years for the page."""
    if months is None:
        return {}, {}
    ends = [int(months["year"].min()), int(months["year"].max())]
    rows = months[months["year"].isin(ends)]
    return dict(list(rows.groupby(["kind", "stratum"], sort=False))), {
        "month_years": ends
    }


def list_seasons(months: pd.DataFrame | None, flux: str) -> dict[str, object]:
    """The twelve months of a flux in each year of some rows; none of a run without months."""
    if months is None:
        return {}
    own = months[months["variable"] == flux].sort_values(["year", "month"])
    years = own.groupby("year")["mean"]
    return {"months": [round_numbers(m, digits=MONTH_DIGITS) for _, m in years]}


def round_numbers(
    values: pd.Series | Sequence[float], *, digits: int = DIGITS
) -> list[float | None]:
    """Numbers with six digits, or others, None where there is none."""
    return [
        float(f"{value:.{digits}g}") if np.isfinite(value) else None
        for value in map(float, values)
    ]
