"""What gaps cost, and whether the intervals hold what they promise."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.core.names import (
    FOREST_TYPES,
    NETWORK,
    SPLITS,
    TARGET_FLUXES,
)
from forestflux.evaluation.evaluation_schemas import CALIBRATION, GAPS
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
    spread_marks,
)
from forestflux.pages.labels_and_colours import (
    NEUTRAL,
    SPLIT_LABELS,
    SPLIT_MARKERS,
    model_label,
    model_styles,
    order_models,
    series_label,
    subset_label,
)

# Title, label and unit of the hidden share of the year.
PATTERNS = {
    "random": ("single steps", "hidden share (%)", 100),
    "block": ("runs of months", "hidden months", 12),
}
CASE_LABELS = {"none": "nothing", "borrowed": "others' gaps"}
LOWEST_R2 = -0.5
# Of several nominal shares the one nearest to this is shown.
NOMINAL = 0.9


def draw_gap_curve(results: Path, *, settings: StyleSettings) -> Figure:
    """R2 at unseen sites against the hidden share of inputs, and by what is hidden."""
    gaps = GAPS.read(results)
    styles = model_styles(gaps["model"])
    if settings.in_column:  # a column per flux
        figure = new_figure(settings, height_mm=165)
        axes = figure.subplots(3, 2, sharey="col", squeeze=False)
        panels = axes.T
    else:
        figure = new_figure(settings, height_mm=125)
        panels = axes = figure.subplots(
            2, 3, sharey="row", squeeze=False, width_ratios=(3, 3, 5)
        )
    for row, target in zip(panels, TARGET_FLUXES, strict=True):
        part = gaps[gaps["target"] == target]
        for ax, pattern in zip(row[:2], PATTERNS, strict=True):
            title, label, unit = PATTERNS[pattern]
            draw_curves(ax, part, pattern, styles, unit=unit)
            ax.set_title(title)
            ax.set_xlabel(label)
        draw_hidden(row[2], part, styles)
        row[2].set_title(settings.join("gaps of others", "whole variables"))
        for ax in row if settings.in_column else row[:1]:
            ax.set_ylabel(f"R$^2$ of {target.upper()}, folds by site")
        low = max(LOWEST_R2, part["r2"].min() - 0.08)
        row[0].set_ylim(low, min(1.0, part["r2"].max() + 0.12))
        for ax in row:
            if low < 0:
                ax.axhline(0, color=NEUTRAL, linewidth=0.6)
            ax.grid(axis="y")
    letter_panels(axes.ravel())
    handles, labels = axes[0, 0].get_legend_handles_labels()
    columns = 2 if settings.in_column else 4
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


def draw_curves(
    ax: Axes, gaps: pd.DataFrame, pattern: str, styles: dict[str, dict], *, unit: float
) -> None:
    """A line per model from the observed series (no share hidden) on.

    Marks of one share stand beside each other. The band is the 95 % interval of what the
    network loses.
    """
    chosen = gaps[gaps["gap_pattern"].isin(["none", pattern])]
    top = unit * chosen["gap_fraction"].max()
    shifts = 0.09 * top * spread_marks(len(styles))
    for (model, style), shift in zip(styles.items(), shifts, strict=True):
        line = chosen[chosen["model"] == model].sort_values("gap_fraction")
        share = unit * line["gap_fraction"] + shift
        ax.plot(share, line["r2"], label=model_label(model), markersize=3, **style)
        if model == NETWORK:
            low, high = lost_ends(line)
            ax.fill_between(
                share, low, high, color=style["color"], alpha=0.18, linewidth=0
            )
    ax.set_xlim(-0.07 * top, 1.07 * top)


def lost_ends(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """R2 of the cases at both ends of the interval of what is lost."""
    whole = rows.loc[rows["gap_pattern"] == "none", "r2"].iloc[0]
    return tuple(
        (whole - rows[f"r2_lost_{end}"]).to_numpy() for end in ("upper", "lower")
    )


def draw_hidden(ax: Axes, gaps: pd.DataFrame, styles: dict[str, dict]) -> None:
    """A mark per model and case with the interval of what it loses; left: nothing hidden."""
    there = list(dict.fromkeys(gaps["gap_pattern"]))
    hidden = [name for name in there if name not in (*CASE_LABELS, "random", "block")]
    cases = [*(name for name in CASE_LABELS if name in there), *hidden]
    shifts = spread_marks(len(styles))
    for (model, style), shift in zip(styles.items(), shifts, strict=True):
        rows = gaps[(gaps["model"] == model) & gaps["gap_pattern"].isin(cases)]
        rows = rows.set_index("gap_pattern", drop=False).reindex(cases)
        low, high = lost_ends(rows)
        place = np.arange(len(cases)) + shift
        mark = {key: style[key] for key in ("color", "marker", "zorder")}
        ax.scatter(place, rows["r2"], s=9, linewidths=0, **mark)
        ax.vlines(place, low, high, color=style["color"], linewidth=0.7)
    labels = [CASE_LABELS.get(name) or series_label(name) for name in cases]
    ax.set_xticks(np.arange(len(cases)), labels, rotation=40, ha="right")
    ax.set_xlim(-0.6, len(cases) - 0.4)


def draw_calibration(results: Path, *, settings: StyleSettings) -> Figure:
    """Share of observations inside the interval by forest type, model and split."""
    table = CALIBRATION.read(results)
    distance = (table["nominal"] - NOMINAL).abs()
    table = table[distance == distance.min()]
    models = order_models(table["model"])
    types = [f"igbp={name}" for name in FOREST_TYPES]
    subsets = [s for s in ["all", *types] if s in set(table["subset"])]
    row_mm = 3 + 2.4 * table["split"].nunique()
    height = 45 + row_mm * (len(models) + len(subsets))
    figure = new_figure(settings, height_mm=height)
    heights = [len(subsets), len(models)]
    axes = figure.subplots(2, 2, sharey="row", sharex=True, height_ratios=heights)
    for column, target in zip(axes.T, TARGET_FLUXES, strict=True):
        part = table[table["target"] == target]
        shown = NETWORK if NETWORK in models else models[0]
        by_type = part[part["model"] == shown].set_index("subset")
        draw_coverage(column[0], by_type, subsets, labels=label_subsets(part, subsets))
        column[0].set_title(settings.join(target.upper(), model_label(shown)))
        by_model = part[part["subset"] == "all"].set_index("model")
        labels = [model_label(model) for model in models]
        draw_coverage(column[1], by_model, models, labels=labels)
        column[1].set_title(f"{target.upper()}, all forests")
        label = settings.join("observations inside", "the interval (%)", mark=" ")
        column[1].set_xlabel(label)
    letter_panels(axes.ravel())
    handles, labels = axes[1, 0].get_legend_handles_labels()
    columns = 2 if settings.in_column else 5
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


def label_subsets(table: pd.DataFrame, subsets: list[str]) -> list[str]:
    """Name of each subset with the number of sites behind it in the split by site."""
    rows = table[table["split"] == "site"].drop_duplicates("subset").set_index("subset")
    sites = rows["n_sites"].reindex(subsets)
    return [
        subset_label(name) + (f"\n{count:.0f} sites" if count == count else "")
        for name, count in zip(subsets, sites, strict=True)
    ]


def draw_coverage(
    ax: Axes, table: pd.DataFrame, order: list[str], *, labels: list[str]
) -> None:
    """A mark per row and split around the line of the nominal share."""
    nominal = 100 * table["nominal"].iloc[0]
    label = f"nominal {nominal:.0f} %"
    ax.axvline(nominal, color="black", linewidth=1, label=label, zorder=1)
    present = [split for split in SPLITS if split in set(table["split"])]
    for split, shift in zip(present, spread_marks(len(present)), strict=True):
        part = table[table["split"] == split].reindex(order)
        rows = np.arange(len(order)) + shift
        lower, upper = 100 * part["covered_lower"], 100 * part["covered_upper"]
        ax.hlines(rows, lower, upper, color="#0072B2", linewidth=0.6, zorder=2)
        ax.scatter(
            100 * part["covered"],
            rows,
            s=18,
            marker=SPLIT_MARKERS[split],
            facecolors="white" if split == "random" else "#0072B2",
            edgecolors="#0072B2",
            linewidths=0.9,
            zorder=3,
            clip_on=False,
            label=SPLIT_LABELS[split],
        )
    ax.set_yticks(np.arange(len(order)), labels)
    ax.set_ylim(len(order) - 0.5, -0.5)
    ax.set_xlim(right=102)
    ax.grid(axis="x")
