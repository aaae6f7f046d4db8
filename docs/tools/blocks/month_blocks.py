"""Blocks with the skill of months at unseen real towers, and what months cost."""

import pandas as pd
from tracked_files import (
    label,
    markdown_table,
    read_benchmark,
    read_table,
    rows_of,
)

TARGETS = ("gpp", "reco", "nee")
GIGA = 1e9


def month_skill() -> str:
    """R2 of months, seasons, anomalies and amplitudes at unseen clusters, of all models."""
    rows = []
    for name, target, row in list_models():
        interval = f"{row.r2:.2f} ({row.r2_lower:.2f} to {row.r2_upper:.2f})"
        parts = (row.r2_season, row.r2_anomaly, row.r2_amplitude)
        rows.append([target, name, interval, *(f"{part:.2f}" for part in parts)])
    head = ["by cluster", "model", "R2 of months", "mean season", "anomalies"]
    return markdown_table([*head, "amplitude"], rows)


def season_dates() -> str:
    """Errors of start, peak and end of season at unseen clusters, days."""
    rows = [
        [target, name, str(row.n_seasonal)]
        + [f"{e:.0f}" for e in (row.start_error, row.peak_error, row.end_error)]
        for name, target, row in list_models()
    ]
    head = ["by cluster", "model", "towers with a season", "start", "peak", "end"]
    return markdown_table(head, rows)


def list_models() -> list[tuple[str, str, pd.Series]]:
    """Name of the model, the flux and the scores by cluster, flux by flux."""
    found = read_table("towers_months").query("split == 'cluster'")
    return [
        (label(row["model"]), target.upper(), row)
        for target in TARGETS
        for _, row in found[found["target"] == target].iterrows()
    ]


def month_coverage() -> str:
    """Share of months at unseen clusters inside their interval."""
    found = read_table("towers_month_coverage").set_index(["subset", "target"])
    rows = []
    for subset in found.index.unique("subset"):
        cells = [found.loc[(subset, target)] for target in ("gpp", "nee")]
        name = str(subset).replace("month=", "month ").replace("igbp=", "type ")
        counts = [f"{int(cells[0].n):,}", str(int(cells[0].n_sites))]
        rows.append([name, *counts, *(f"{100 * c.covered:.0f} %" for c in cells)])
    return markdown_table(["months", "number", "towers", "GPP", "NEE"], rows)


def month_costs() -> str:
    """What months take beside the year: time, memory, and what each job takes."""
    found = read_benchmark("months")
    rows = []
    for row in found["ratios"]:
        aim = "" if row["aim"] is None else f"{row['aim']:g}"
        ends = f"{row['lowest']:.2f} to {row['highest']:.2f}"
        rows.append([row["name"], f"{row['ratio']:.2f}", ends, aim])
    return markdown_table(["ratio", "found", "lowest to highest", "aim"], rows)


def month_sizes() -> str:
    """Bytes of a forest cell in each kind of file, and of a year of the globe."""
    cells = globe_cells()
    sizes = read_benchmark("months")["facts"]["bytes_per_forest_cell"]
    rows = [
        [name, f"{size:.0f}", f"{size * cells / GIGA:.2f}"]
        for name, size in sizes.items()
    ]
    return markdown_table(["files", "bytes per forest cell", "GB a year"], rows)


def globe_cells() -> int:
    """Forest cells of the globe at 0.05 degree."""
    (row,) = rows_of(read_benchmark("growth"), "globe")
    return row["cells"]
