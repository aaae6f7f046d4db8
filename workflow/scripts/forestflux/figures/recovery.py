"""The simulated planet, where the truth is known: what the map got back of it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.figures.style import (
    NETWORK_COLOUR,
    NEUTRAL,
    StyleSettings,
    letter,
    new_figure,
)
from forestflux.figures.tables import read_table

NEEDS = ("recovery/recovery.csv",)
FLUXES = ("gpp", "reco", "nee")
MAPPED = {"color": NETWORK_COLOUR, "label": "mapped"}
TRUTH = {"color": "#202020", "label": "truth"}


def draw_recovery(results: Path, *, settings: StyleSettings) -> Figure:
    """Annual totals against the truth, their errors, and all other recovered quantities."""
    columns = ("quantity", "unit", "truth", "mapped", "error", "error_percent")
    table = read_table(results, NEEDS[0], columns=columns)
    totals = annual_totals(table)
    others = table.drop(index=totals.index)
    fluxes = [flux for flux in FLUXES if flux in set(totals["flux"])]
    units = list(dict.fromkeys(others["unit"].fillna("1")))
    rows = [max(1, int((others["unit"].fillna("1") == unit).sum())) for unit in units]
    height = 18 + (80 if fluxes else 0) + 12 * len(units) + 4.5 * sum(rows)
    figure = new_figure(settings, height_mm=height)
    parts = figure.subfigures(
        2 if fluxes and units else 1,
        1,
        squeeze=False,
        height_ratios=[80, height - 98] if fluxes and units else [1],
    )[:, 0]
    axes = []
    if fluxes:
        axes += list(draw_totals(parts[0], totals, fluxes).ravel())
    if units:
        lower = parts[-1].subplots(len(units), 1, squeeze=False, height_ratios=rows)
        for ax, unit in zip(lower[:, 0], units, strict=True):
            draw_pairs(ax, others[others["unit"].fillna("1") == unit], unit)
            axes.append(ax)
    letter(axes)
    return figure


def annual_totals(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that are the total of one flux and one year, with columns flux and year."""
    year = table["quantity"].str.extract(r"\b(\d{4})\b|_(\d{4})\b").bfill(axis=1)[0]
    flux = table["quantity"].str.lower().str.extract(rf"({'|'.join(FLUXES)})")[0]
    found = table.assign(year=pd.to_numeric(year), flux=flux)
    whole = table["unit"].astype(str).str.startswith("PgC yr-1")
    return found[found["year"].notna() & found["flux"].notna() & whole]


def draw_totals(part: Figure, totals: pd.DataFrame, fluxes: list[str]) -> np.ndarray:
    """Truth and map through the years above, the error in percent below."""
    axes = part.subplots(
        2, len(fluxes), sharex=True, squeeze=False, height_ratios=[1.6, 1]
    )
    for (upper, lower), flux in zip(axes.T, fluxes, strict=True):
        rows = totals[totals["flux"] == flux].sort_values("year")
        upper.plot(rows["year"], rows["truth"], marker="o", markersize=3, **TRUTH)
        upper.plot(rows["year"], rows["mapped"], marker="s", markersize=3, **MAPPED)
        upper.set_title(f"{flux.upper()}, all forests")
        lower.bar(rows["year"], rows["error"], color=NETWORK_COLOUR, width=0.7)
        lower.axhline(0, color=NEUTRAL, linewidth=0.8)
        lower.set_xlabel("year")
        lower.xaxis.get_major_locator().set_params(integer=True, nbins=5)
        for ax in (upper, lower):
            ax.grid(axis="y")
    axes[0, 0].set_ylabel("total (PgC yr$^{-1}$)")
    axes[1, 0].set_ylabel("mapped - truth\n(PgC yr$^{-1}$)")
    axes[0, 0].legend(loc="best")
    return axes


def draw_pairs(ax: Axes, rows: pd.DataFrame, unit: str) -> None:
    """Truth and mapped value of each quantity of one unit, joined by their error."""
    for place, row in enumerate(rows.itertuples()):
        ax.plot([row.truth, row.mapped], [place, place], color="#B0B0B0", zorder=1)
        ax.plot(row.truth, place, "o", markersize=4.5, **TRUTH)
        ax.plot(row.mapped, place, "s", markersize=4.5, **MAPPED)
    names = rows["quantity"].str.replace("_", " ")
    names = names.map(lambda name: re.sub("gpp|nee|reco", upper_case, name))
    ax.set_yticks(range(len(rows)), list(names))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel("share" if unit == "1" else superscript(unit))
    ax.grid(axis="x")


def upper_case(match: re.Match) -> str:
    """GPP for gpp."""
    return match[0].upper()


def superscript(unit: str) -> str:
    """`gC m-2 yr-1` with its exponents raised."""
    return re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", unit)
