"""Blocks with the skill of months at unseen real towers."""

import pandas as pd
from tracked_files import label, markdown_table, read_table

TARGETS = ("gpp", "reco", "nee")


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
