"""Maps of the simulated planet against its truth."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from forestflux.change.change_schemas import PAIR, TOTALS
from forestflux.core.names import FLUXES, TARGET_FLUXES, TOTAL_UNIT
from forestflux.core.total_units import TotalUnit
from forestflux.evaluation.evaluation_schemas import RECOVERY
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    letter_panels,
    new_figure,
)
from forestflux.pages.labels_and_colours import (
    FLUX_UNIT,
    NETWORK_COLOUR,
    NEUTRAL,
    SLOPE_UNIT,
)
from forestflux.pages.recovered_quantities import describe_quantity
from forestflux.pages.shown_totals import (
    choose_run_unit,
    raise_exponents,
    scale_totals,
)

# Title and axis of each group of quantities; {unit} is that of the totals.
GROUPS = {
    "change": ("Change from {first} to {second}", "change ({unit})"),
    "band": ("Mean annual total by band", "total ({unit})"),
    "size": ("Errors (root mean square) and effects", f"size ({FLUX_UNIT})"),
    "slope": ("Slope of the mean flux", f"slope ({SLOPE_UNIT})"),
    "share": ("Shares of cells inside their interval, and R²", "share or R²"),
    "detection": ("What the tests of change detect", "share of cells, or AUC"),
}
# Groups below each other at the left, at the right, and below over the whole width.
STACKS = (("change", "band", "size"), ("slope", "share"))
WIDE = "detection"
MAPPED: dict[str, Any] = {"color": NETWORK_COLOUR, "label": "mapped"}
TRUTH: dict[str, Any] = {"color": "#202020", "label": "truth"}
TOP_MM, ROW_MM, PANEL_MM = 74, 4.2, 21


def draw_recovery(results: Path, *, settings: StyleSettings) -> Figure:
    """Annual totals against the truth, their errors, and what else was recovered."""
    totals = TOTALS.read(results)
    unit = choose_run_unit(totals)
    table = sort_out(scale_quantities(RECOVERY.read(results), unit))
    totals = scale_totals(totals, TOTALS, unit)
    pair = scale_totals(PAIR.read(results), PAIR, unit)
    words = {"unit": raise_exponents(unit.total)}
    words |= dict(zip(("first", "second"), map(str, settings.pair), strict=True))
    others = table[table["flux"].isin(TARGET_FLUXES) & table["group"].isin(GROUPS)]
    # With few years slopes and tests are not known, and their panels would be empty.
    others = others.dropna(subset="mapped")
    heights = {
        str(group): PANEL_MM + ROW_MM * rows["label"].nunique()
        for group, rows in others.groupby("group")
    }
    stacks = [[group for group in stack if group in heights] for stack in STACKS]
    parts_mm = [TOP_MM, max(sum(heights[g] for g in stack) for stack in stacks)]
    parts_mm.append(heights.get(WIDE, 0))
    parts_mm = [height for height in parts_mm if height]
    figure = new_figure(settings, height_mm=sum(parts_mm) + 8)
    grid = figure.subfigures(len(parts_mm), 1, squeeze=False, height_ratios=parts_mm)
    parts = grid[:, 0]
    axes = draw_totals(
        parts[0],
        table[table["group"] == "year"],
        totals[totals["kind"] == "all"],
        unit=words["unit"],
    )
    places = place_groups(parts[1:], stacks, heights)
    for group, place in places.items():
        axes += draw_group(
            place,
            others[others["group"] == group],
            group,
            pair=pair[pair["kind"] == "all"],
            words=words,
            settings=settings,
        )
    letter_panels(axes)
    return figure


def scale_quantities(table: pd.DataFrame, unit: TotalUnit) -> pd.DataFrame:
    """The table whose totals, and their errors, are in a unit."""
    factor = table["unit"].map({TOTAL_UNIT: unit.factor}).fillna(1.0)
    columns = ["truth", "mapped", "error"]
    return table.assign(**{name: table[name] * factor for name in columns})


def sort_out(table: pd.DataFrame) -> pd.DataFrame:
    """The table in the order of labels, with flux, group, label and year of its rows."""
    found = [describe_quantity(name) for name in table["quantity"]]
    described = table.assign(
        flux=[quantity.flux for quantity in found],
        group=[quantity.group for quantity in found],
        label=[quantity.label for quantity in found],
        year=np.array([quantity.year for quantity in found], dtype=float),
        order=[quantity.order for quantity in found],
    )
    return described.sort_values("order", kind="stable")


def place_groups(
    parts: np.ndarray, stacks: list[list[str]], heights: dict[str, float]
) -> dict[str, SubFigure]:
    """The part of the figure for each group, in reading order."""
    places: dict[str, SubFigure] = {}
    used = [stack for stack in stacks if stack]
    if used:
        columns = parts[0].subfigures(1, len(used), squeeze=False)[0]
        for column, stack in zip(columns, used, strict=True):
            ratios = [heights[group] for group in stack]
            cells = column.subfigures(
                len(stack), 1, squeeze=False, height_ratios=ratios
            )
            places |= dict(zip(stack, cells[:, 0], strict=True))
    if WIDE in heights:
        places[WIDE] = parts[-1]
    return places


def draw_totals(
    part: SubFigure, truth: pd.DataFrame, mapped: pd.DataFrame, *, unit: str
) -> list[Axes]:
    """Truth and map with its interval through the years, mapped minus true below."""
    axes = part.subplots(2, len(FLUXES), sharex=True, height_ratios=[1.6, 1])
    for (upper, lower), flux in zip(axes.T, FLUXES, strict=True):
        rows = truth[truth["flux"] == flux].sort_values("year")
        bounds = mapped[mapped["variable"] == flux].sort_values("year")
        upper.fill_between(
            bounds["year"],
            bounds["total_lower"],
            bounds["total_upper"],
            color=NETWORK_COLOUR,
            alpha=0.18,
            linewidth=0,
            label="interval of the map",
        )
        upper.plot(rows["year"], rows["truth"], marker="o", markersize=3, **TRUTH)
        upper.plot(rows["year"], rows["mapped"], marker="s", markersize=3, **MAPPED)
        upper.set_title(f"{flux.upper()}, all forests")
        lower.bar(rows["year"], rows["error"], color=NETWORK_COLOUR, width=0.7)
        lower.axhline(0, color=NEUTRAL, linewidth=0.8)
        lower.set_title(f"{flux.upper()}, error")
        lower.locator_params(axis="x", integer=True, nbins=5)
        for ax in (upper, lower):
            ax.grid(axis="y")
    axes[0, 0].set_ylabel(f"total ({unit})")
    axes[1, 0].set_ylabel(f"mapped - truth\n({unit})")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    part.legend(handles, labels, loc="outside upper left", ncols=3)
    return list(axes.ravel())


def draw_group(
    part: SubFigure,
    rows: pd.DataFrame,
    group: str,
    *,
    pair: pd.DataFrame,
    words: dict[str, str],
    settings: StyleSettings,
) -> list[Axes]:
    """Two panels with the same rows, GPP and NEE: truth and mapped value of each quantity."""
    title, label = GROUPS[group]
    part.suptitle(title.format(**words), x=0.02, ha="left", fontweight="bold")
    part.supxlabel(label.replace("{unit}", words["unit"]), fontsize=settings.font_pt)
    labels = list(dict.fromkeys(rows["label"]))
    axes = part.subplots(1, len(TARGET_FLUXES), sharey=True)
    for ax, flux in zip(axes, TARGET_FLUXES, strict=True):
        chosen = rows[rows["flux"] == flux].set_index("label").reindex(labels)
        if group == "change":
            draw_interval(ax, pair[pair["variable"] == flux])
        draw_pairs(ax, chosen)
        ax.set_title(flux.upper())
        if group in ("share", "detection"):
            ax.set_xlim(min(0.0, rows["mapped"].min()) - 0.04, 1.04)
        else:  # bars of errors start at zero
            ax.axvline(0, color=NEUTRAL, linewidth=0.6, zorder=0)
            ax.margins(x=0.1)
        ax.locator_params(axis="x", nbins=4)
    axes[0].set_yticks(range(len(labels)), [escape_math(name) for name in labels])
    axes[0].set_ylim(len(labels) - 0.4, -0.6)
    return list(axes)


def draw_interval(ax: Axes, rows: pd.DataFrame) -> None:
    """The interval of the mapped change."""
    for ends in rows[["change_lower", "change_upper"]].to_numpy(float):
        ax.plot(ends, [0, 0], color=NETWORK_COLOUR, alpha=0.35, linewidth=3, zorder=0)


def draw_pairs(ax: Axes, rows: pd.DataFrame) -> None:
    """Truth and mapped value of each quantity, joined by their error."""
    pairs = zip(rows["truth"], rows["mapped"], strict=True)
    for place, (truth, mapped) in enumerate(pairs):
        ax.plot([truth, mapped], [place, place], color="#B0B0B0", zorder=1)
        ax.plot(truth, place, "o", markersize=4.5, **TRUTH)
        ax.plot(mapped, place, "s", markersize=3, **MAPPED)
    ax.grid(axis="x")
