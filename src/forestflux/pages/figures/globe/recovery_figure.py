"""The simulated planet, where the truth is known: what the map got back of it."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from forestflux.core.names import FLUXES, TARGET_FLUXES
from forestflux.evaluation.evaluation_schemas import RECOVERY
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    letter_panels,
    new_figure,
)
from forestflux.pages.labels_and_colours import NETWORK_COLOUR, NEUTRAL

# Rows of panels below the series, in order: what quantities of a panel share.
GROUPS = {
    "total": "mean annual total",
    "change": "change of the pair of years",
    "slope": "slope of the series",
    "rms": "errors of cells and zones",
    "share": "shares and R$^2$",
}
MAPPED: dict[str, Any] = {"color": NETWORK_COLOUR, "label": "mapped"}
TRUTH: dict[str, Any] = {"color": "#202020", "label": "truth"}
TOP_MM, ROW_MM, PANEL_MM = 75, 4.2, 15


def draw_recovery(results: Path, *, settings: StyleSettings) -> Figure:
    """Annual totals against the truth, their errors, and what else was recovered."""
    table = sort_out(RECOVERY.read(results))
    totals = table[table["group"] == "year"]
    others = table[table["flux"].isin(TARGET_FLUXES) & table["group"].isin(GROUPS)]
    groups = [group for group in GROUPS if group in set(others["group"])]
    counts = others.groupby(["group", "flux"]).size().groupby("group").max()
    heights = [ROW_MM * counts[group] + PANEL_MM for group in groups]
    figure = new_figure(settings, height_mm=TOP_MM + sum(heights) + 8)
    ratios = [TOP_MM, sum(heights) or 1]
    upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=ratios)[:, 0]
    axes = list(draw_totals(upper, totals).ravel())
    if groups:
        panels = lower.subplots(
            len(groups), len(TARGET_FLUXES), squeeze=False, height_ratios=heights
        )
        for row, group in zip(panels, groups, strict=True):
            for ax, flux in zip(row, TARGET_FLUXES, strict=True):
                chosen = (others["group"] == group) & (others["flux"] == flux)
                draw_pairs(ax, others[chosen], group)
                ax.set_title(f"{flux.upper()}, {GROUPS[group]}")
        axes += list(panels.ravel())
    letter_panels(axes)
    return figure


def sort_out(table: pd.DataFrame) -> pd.DataFrame:
    """Table with columns flux, group (`year`: annual total; "": none), year, label."""
    parts = table["quantity"].str.extract(rf"^({'|'.join(FLUXES)})_(.*)$")
    name = parts[1].fillna("")
    year = pd.to_numeric(name.str.extract(r"^total_(\d{4})$")[0])
    group = pd.Series("", index=table.index)
    for word in ("total", "change", "slope", "rms"):
        group[name.str.contains(word)] = word
    group[name.str.contains("disturbance")] = "rms"
    group[table["unit"].astype(str) == "1"] = "share"
    group[year.notna()] = "year"
    label = name.mask(group.eq("total"), name.str.removeprefix("total_"))
    label = label.mask(
        group.eq("change"), name.str.removeprefix("change").str.strip("_")
    )
    label = (
        label.map(escape_math)
        .str.replace("share_within", "in")
        .str.replace("_", " ")
        .str.replace(r"\br2\b", "R$^2$", regex=True)
    )
    label = label.replace("", "all forests")
    return table.assign(flux=parts[0], group=group, year=year, label=label)


def draw_totals(part: SubFigure, totals: pd.DataFrame) -> np.ndarray:
    """Truth and map through the years above, mapped minus true below."""
    axes = part.subplots(2, len(FLUXES), sharex=True, height_ratios=[1.6, 1])
    for (upper, lower), flux in zip(axes.T, FLUXES, strict=True):
        rows = totals[totals["flux"] == flux].sort_values("year")
        upper.plot(rows["year"], rows["truth"], marker="o", markersize=3, **TRUTH)
        upper.plot(rows["year"], rows["mapped"], marker="s", markersize=3, **MAPPED)
        upper.set_title(f"{flux.upper()}, all forests")
        lower.bar(rows["year"], rows["error"], color=NETWORK_COLOUR, width=0.7)
        lower.axhline(0, color=NEUTRAL, linewidth=0.8)
        lower.set_title(f"{flux.upper()}, error")
        lower.locator_params(axis="x", integer=True, nbins=5)
        for ax in (upper, lower):
            ax.grid(axis="y")
    axes[0, 0].set_ylabel("total (PgC yr$^{-1}$)")
    axes[1, 0].set_ylabel("mapped - truth\n(PgC yr$^{-1}$)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    part.legend(handles, labels, loc="outside upper left", ncols=2)
    return axes


def draw_pairs(ax: Axes, rows: pd.DataFrame, group: str) -> None:
    """Truth and mapped value of each quantity, joined by their error."""
    pairs = zip(rows["truth"], rows["mapped"], strict=True)
    for place, (truth, mapped) in enumerate(pairs):
        ax.plot([truth, mapped], [place, place], color="#B0B0B0", zorder=1)
        ax.plot(truth, place, "o", markersize=4.5, **TRUTH)
        ax.plot(mapped, place, "s", markersize=3.8, **MAPPED)
    ax.set_yticks(range(len(rows)), list(rows["label"]))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    if group == "share":
        ax.set_xlim(min(0.0, rows["mapped"].min()) - 0.02, 1.02)
    else:
        ax.set_xlabel(superscript(rows["unit"].iloc[0]) if len(rows) else "")
        ax.axvline(
            0, color=NEUTRAL, linewidth=0.6, zorder=0
        )  # bars of errors start at zero
    ax.locator_params(axis="x", nbins=5)
    ax.grid(axis="x")


def superscript(unit: str) -> str:
    """`gC m-2 yr-1` with its exponents raised."""
    return re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", unit)
