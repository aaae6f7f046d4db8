"""Tables of the report on maps: gates, totals, change, its drivers, recovered truth."""

import numpy as np
import pandas as pd

from forestflux.change.change_schemas import DRIVERS, PAIR, TOTALS
from forestflux.core.names import TARGET_FLUXES
from forestflux.core.total_units import TotalUnit, describe_area
from forestflux.evaluation.gates.gate_rows import FAIL, KNOWN, STATUSES
from forestflux.pages.labels_and_colours import driver_label, subset_label
from forestflux.pages.number_text import format_p_value, format_range
from forestflux.pages.recovered_quantities import GROUP_NAMES, describe_quantity
from forestflux.pages.report.shown_table import (
    Field,
    ShownTable,
    join_bounds,
    show_table,
)
from forestflux.pages.shown_totals import choose_run_unit, scale_totals

FLUX = Field("variable", "flux", str.upper)
FORESTS = Field("stratum", "forests", subset_label)
# A column of the gates that spans years, and the columns of its two ends.
RANGES = {
    "years": ("first", "last"),
    "expected": ("low", "high"),
    "known": ("known_low", "known_high"),
    "found": ("least", "most"),
}


def count_statuses(gates: pd.DataFrame) -> str:
    """`1 fail, 12 pass`, with every status in order."""
    counts = gates["status"].value_counts()
    return ", ".join(f"{counts.get(status, 0)} {status}" for status in STATUSES)


def gate_tables(gates: pd.DataFrame) -> list[ShownTable]:
    """Failed gates and known biases, where there are any; then all others."""
    rows = merge_years(gates)
    loud = rows["status"].isin([FAIL, KNOWN])
    parts = {
        "Failed, and known biases": rows[loud],
        "Passed, and not applicable to this run": rows[~loud],
    }
    return [
        show_table(part, list_gate_fields(part), caption=text)
        for text, part in parts.items()
    ]


def list_gate_fields(gates: pd.DataFrame) -> tuple[Field, ...]:
    """Columns of a table of gates; that of known biases only where one of them has it."""
    names = ("status", "gate", "test", "years", "expected", "found")
    has_known = gates[["known_low", "known_high"]].notna().any(axis=None)
    known = (Field("known", "range of the known bias"),) if has_known else ()
    fields = (Field(name, name) for name in names)
    return (*fields, *known, Field("reference", "reference"))


def merge_years(gates: pd.DataFrame) -> pd.DataFrame:
    """One row for all years in which a test has the same status, the worst status first."""
    keys = ["status", "gate", "quantity", "cells", "unit", "reference"]
    rows = gates.groupby(keys, sort=False, as_index=False).agg(
        first=("year", "min"),
        last=("year", "max"),
        low=("low", "min"),
        high=("high", "max"),
        known_low=("known_low", "min"),
        known_high=("known_high", "max"),
        least=("found", "min"),
        most=("found", "max"),
    )
    for name, (low, high) in RANGES.items():
        ends = zip(rows[low], rows[high], strict=True)
        rows[name] = [format_range(*pair) for pair in ends]
    units = rows["unit"].map(lambda unit: "" if unit == "1" else f", {unit}")
    rows["test"] = rows["quantity"] + " (" + rows["cells"] + units + ")"
    order = {status: place for place, status in enumerate(STATUSES)}
    return rows.sort_values("status", key=lambda s: s.map(order), kind="stable")


def name_interval(level: float) -> str:
    """What heads a column of intervals."""
    return f"{100 * level:g} % interval"


def total_table(
    totals: pd.DataFrame, *, pair: tuple[int, int], level: float
) -> ShownTable:
    """Totals of the pair of years by stratum, with intervals."""
    unit = choose_run_unit(totals)
    totals = scale_totals(totals, TOTALS, unit)
    rows = totals[totals["year"].isin(pair) & totals["variable"].isin(TARGET_FLUXES)]
    rows = rows[rows["area"] > 0].sort_values("variable", kind="stable")
    fields = (
        *(FORESTS, FLUX),
        Field("year", "year", "d"),
        Field("area", "forest area", describe_area),
        Field("mean", "mean (gC m-2 yr-1)", ",.0f"),
        Field("total", f"total ({unit.total})", ".2f"),
        Field("interval", name_interval(level)),
    )
    caption = "Totals of the pair of years; NEE below zero: uptake"
    rows = rows.assign(interval=join_bounds(rows, "total"))
    return show_table(rows, fields, caption=caption)


def change_table(changes: pd.DataFrame, *, level: float, unit: TotalUnit) -> ShownTable:
    """Change and slope by stratum, with intervals."""
    changes = scale_totals(changes, PAIR, unit)
    rows = changes[changes["variable"].isin(TARGET_FLUXES)]
    rows = rows.sort_values("variable", kind="stable")
    rows = rows.assign(
        change_interval=join_bounds(rows, "change"),
        slope_interval=join_bounds(rows, "slope"),
        p=["-" if pd.isna(p) else format_p_value(p) for p in rows["slope_p"]],
    )
    fields = (
        *(FORESTS, FLUX),
        Field("change", f"change ({unit.total})", "+.2f"),
        Field("change_interval", name_interval(level)),
        Field("slope", f"slope ({unit.slope})", "+.3f"),
        Field("slope_interval", name_interval(level)),
        Field("p", "p of the slope"),
    )
    caption = (
        "Second minus first year; slope of the series; NEE below zero: more uptake"
    )
    return show_table(rows, fields, caption=caption)


def driver_tables(
    drivers: pd.DataFrame, *, level: float, unit: TotalUnit
) -> list[ShownTable]:
    """Effects of the drivers over all forests, then by stratum.

    Drivers without any effect are left out.
    """
    drivers = scale_totals(drivers, DRIVERS, unit)
    rows = drivers[drivers["flux"].isin(TARGET_FLUXES) & (drivers["effect"] != 0)]
    rows = rows.assign(interval=join_bounds(rows, "effect"))
    whole = rows["kind"] == "all"
    fields = (
        Field("flux", "flux", str.upper),
        FORESTS,
        Field("driver", "driver", driver_label),
        Field("effect", f"effect ({unit.total})", "+.3f"),
        Field("interval", name_interval(level)),
        Field("share", "share of all absolute effects", "+.0%"),
    )
    parts = {
        "All forests; NEE below zero: more uptake": rows[whole],
        "By forest type and latitude band": rows[~whole],
    }
    return [show_table(part, fields, caption=text) for text, part in parts.items()]


def recovery_table(recovery: pd.DataFrame) -> ShownTable:
    """Every quantity that was compared with the truth, in words; areas in Mkm2."""
    found = [describe_quantity(name) for name in recovery["quantity"]]
    numbers = ["truth", "mapped", "error"]
    is_area = recovery["unit"] == "m2"
    rows = recovery.assign(
        flux=[one.flux.upper() or "-" for one in found],
        group=[GROUP_NAMES[one.group] for one in found],
        label=[str(one.year or one.label) for one in found],
        unit=recovery["unit"].where(~is_area, "Mkm2"),
    )
    rows[numbers] = recovery[numbers].mul(np.where(is_area, 1e-12, 1), axis=0)
    fields = (
        *(Field("flux", "flux"), Field("group", "quantity"), Field("label", "of")),
        Field("unit", "unit"),
        *(Field(name, name, ",.3f") for name in numbers),
        Field("error_percent", "error (%)", ".1f"),
    )
    return show_table(rows, fields, caption="Mapped against planted values")
