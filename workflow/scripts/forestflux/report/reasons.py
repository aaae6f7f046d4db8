"""Gaps and reasons in the report: what gaps cost, and whether the reasons can be believed."""

from pathlib import Path

from forestflux.figures.style import VARIABLE_LABELS, model_label
from forestflux.figures.tables import read_table
from forestflux.report.tables import html_table, in_order, interval


def reasons(results: Path) -> str:
    """R2 lost to gaps by model and what is hidden."""
    return gap_cost(results)


def gap_cost(results: Path) -> str:
    """R2 of each model and gap case with what was lost, the network in view first."""
    columns = "model target gap_pattern gap_fraction n n_sites r2 rmse r2_lost"
    columns += " r2_lost_lower r2_lost_upper"
    table = read_table(results, "evaluate/gaps.csv", columns=columns.split())
    table = in_order(table.assign(split="site", subset="all"))
    ends = zip(table["r2_lost_lower"], table["r2_lost_upper"], strict=True)
    table["ends"] = [interval(*pair) for pair in ends]
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
    return {
        "none": "nothing",
        "random": f"{fraction:.0%} of the values",
        "block": f"{12 * fraction:.0f} months in a row",
        "borrowed": f"gaps of another site-year ({fraction:.0%} on average)",
    }.get(pattern) or f"{VARIABLE_LABELS[pattern]} all year"
