"""The gates in the report: loud where one failed, a known bias beside its range."""

from pathlib import Path

import pandas as pd

from forestflux.evaluation.gates.gate_rows import COLUMNS, FAIL, KNOWN, STATUSES
from forestflux.jobs.tables import read_table
from forestflux.pages.number_text import format_range
from forestflux.pages.report.report_tables import html_table


def gates_banner(results: Path) -> str:
    """A banner that names the failed gates; empty where none failed."""
    table = read_gates(results)
    failed = table[table["status"] == FAIL]
    if failed.empty:
        return ""
    names = ", ".join(dict.fromkeys(failed["gate"]))
    text = f"Failed tests of the results: {len(failed)} ({names}). Do not use the maps"
    return (
        f'<p class="banner failed">{text} before <a href="#gates">why</a> is known.</p>'
    )


def gates(results: Path) -> str:
    """What failed and what is a known bias in view, all else behind a click."""
    table = read_gates(results)
    counts = table["status"].value_counts()
    words = ", ".join(f"{counts.get(s, 0)} {s}" for s in STATUSES)
    rows = alike(table)
    loud = rows["status"].isin([FAIL, KNOWN])
    shown = gates_table(rows[loud], "Failed, and known biases") if loud.any() else ""
    rest = gates_table(rows[~loud], "Passed, and not applicable to this run")
    return (
        f"<p>Tests of the maps: {words}. Each test of each year is in gates/gates.csv;"
        " what each is for, in docs/explanation/gates.md.</p>"
        f"{shown}<details><summary>All other tests</summary>{rest}</details>"
    )


def alike(table: pd.DataFrame) -> pd.DataFrame:
    """One row for the years of a test that ended alike, the worst status first."""
    keys = ["status", "gate", "quantity", "cells", "unit", "reference"]
    rows = table.groupby(keys, sort=False, as_index=False).agg(
        first=("year", "min"),
        last=("year", "max"),
        low=("low", "min"),
        high=("high", "max"),
        known_low=("known_low", "min"),
        known_high=("known_high", "max"),
        least=("found", "min"),
        most=("found", "max"),
    )
    for name, low, high in (
        ("years", "first", "last"),
        ("expected", "low", "high"),
        ("known", "known_low", "known_high"),
        ("found", "least", "most"),
    ):
        rows[name] = [
            format_range(*ends) for ends in zip(rows[low], rows[high], strict=True)
        ]
    order = {status: place for place, status in enumerate(STATUSES)}
    return rows.sort_values("status", key=lambda s: s.map(order), kind="stable")


def gates_table(rows: pd.DataFrame, caption: str) -> str:
    """The rows as HTML."""
    units = rows["unit"].map(lambda unit: "" if unit == "1" else f", {unit}")
    rows = rows.assign(test=rows["quantity"] + " (" + rows["cells"] + units + ")")
    headings = ("status", "gate", "test", "years", "expected", "found")
    formats = {f"{name}|{name}": str for name in headings}
    formats |= {"known|range of the known bias": str, "reference|reference": str}
    return f'<div class="gates">{html_table(rows, formats, caption=caption)}</div>'


def read_gates(results: Path) -> pd.DataFrame:
    """`gates/gates.csv`."""
    return read_table(results / "gates/gates.csv", columns=COLUMNS)
