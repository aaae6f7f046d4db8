"""Gaps and reasons in the report: what gaps cost, and whether the reasons can be believed."""

from pathlib import Path

import numpy as np

from forestflux.jobs.tables import read_table
from forestflux.pages.labels_and_colours import VARIABLE_LABELS, model_label
from forestflux.pages.number_text import format_interval
from forestflux.pages.report.report_tables import html_table, in_order

COLUMNS = ("check", "method", "flux", "value", "sd", "low", "high", "status")
CHECKS = {
    "members_agree": "members agree (rank correlation)",
    "random_weights": "drawn weights keep the map (rank correlation)",
    "methods_agree": "both maps agree (rank correlation)",
    "deletion": "hiding what the map names first, against any order (ratio)",
}
METHODS = {
    "occlusion": "hidden inputs",
    "attribution": "integrated gradients",
    "both": "both",
}


def reasons(results: Path) -> str:
    """R2 lost to gaps by model and what is hidden; the checks of the reasons."""
    return gap_cost(results) + sanity(results)


def sanity(results: Path) -> str:
    """The checks of the maps of reasons with the values that pass."""
    table = read_table(results / "explain/sanity.csv", columns=COLUMNS)
    bounds = zip(table["low"], table["high"], strict=True)
    table["bounds"] = [
        f"{low:g} and more" if np.isinf(high) else f"{low:g} to {high:g}"
        for low, high in bounds
    ]
    formats = {
        "check|check": CHECKS.get,
        "method|map": METHODS.get,
        "flux|flux": str.upper,
        "value|found": "z.2f",
        "sd|spread": ".2f",
        "bounds|passes": str,
        "status|status": str,
    }
    caption = "Whether the reasons can be believed"
    return html_table(table, formats, caption=caption)


def gap_cost(results: Path) -> str:
    """R2 of each model and gap case with what was lost, the network in view first."""
    columns = "model target gap_pattern gap_fraction n n_sites r2 rmse r2_lost"
    columns += " r2_lost_lower r2_lost_upper"
    table = read_table(results / "evaluate/gaps.csv", columns=columns.split())
    table = in_order(table.assign(split="site", subset="all"))
    ends = zip(table["r2_lost_lower"], table["r2_lost_upper"], strict=True)
    table["ends"] = [format_interval(*pair) for pair in ends]
    hidden = table[["gap_pattern", "gap_fraction"]].itertuples(index=False, name=None)
    table["hidden"] = [case_label(*case) for case in hidden]
    formats = {
        "target|flux": str.upper,
        "model|model": model_label,
        "hidden|hidden": str,
        "r2|R2": ".2f",
        "r2_lost|R2 lost": "z.3f",
        "ends|95 % over sites": str,
        "rmse|RMSE": ",.0f",
        "n|site-years": ",.0f",
        "n_sites|sites": ",.0f",
    }
    caption = "What gaps cost at unseen sites; RMSE in gC m-2 yr-1"
    shown = html_table(table[table["target"] != "reco"], formats, caption=caption)
    return f"<details><summary>What gaps cost, every case</summary>{shown}</details>"


def case_label(pattern: str, fraction: float) -> str:
    """`block` of 0.25 as 3 months in a row, `random` of 0.3 as 30 % of the values."""
    months = f"{12 * fraction:.3g} months in a row"
    return {
        "none": "nothing",
        "random": f"{fraction:.0%} of the values",
        "block": "1 month" if round(12 * fraction, 3) == 1 else months,
        "borrowed": f"gaps of another site-year ({fraction:.0%} on average)",
    }.get(pattern) or f"{VARIABLE_LABELS[pattern]} all year"
