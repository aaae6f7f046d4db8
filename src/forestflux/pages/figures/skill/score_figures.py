"""How well unseen towers are estimated: observed against predicted, and the scores."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.core.names import FOREST_TYPES, NETWORK, SPLITS, TARGET_FLUXES
from forestflux.evaluation.evaluation_schemas import PREDICTIONS, SCORES
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
    spread_marks,
)
from forestflux.pages.labels_and_colours import (
    FLUX_UNIT,
    NEUTRAL,
    SPLIT_LABELS,
    SPLIT_MARKERS,
    TYPE_COLOURS,
    TYPE_MARKERS,
    model_label,
    model_styles,
)

# Worse is drawn at the edge with its value: one bad case would squeeze the rest.
LOWEST_R2 = -0.5


def draw_scatter(results: Path, *, settings: StyleSettings) -> Figure:
    """Observed against estimated: the network by split, the best other by site."""
    scores = read_scores(results)
    predictions = PREDICTIONS.read(results)
    shown = choose_panels(scores)
    if settings.in_column:  # a row per model, a column per flux
        figure = new_figure(settings, height_mm=14 + 54 * len(shown))
        axes = figure.subplots(len(shown), len(TARGET_FLUXES), squeeze=False)
        panels = axes.T
    else:
        figure = new_figure(settings, height_mm=143)
        shape = len(TARGET_FLUXES), len(shown)
        panels = axes = figure.subplots(*shape, squeeze=False, sharey="row")
    for row, target in zip(panels, TARGET_FLUXES, strict=True):
        limits = common_limits(predictions, target)
        for ax, (model, split) in zip(row, shown, strict=True):
            chosen = (predictions["model"] == model) & (predictions["split"] == split)
            draw_points(ax, predictions[chosen], target, limits)
            lines = [model_label(model), SPLIT_LABELS[split]]
            key = model, split, target
            lines += describe_score(scores, key, settings=settings)
            ax.set_title(
                "\n".join(lines), fontsize=settings.small_pt, x=settings.title_start
            )
            ax.set_xlabel(f"observed {target.upper()}\n({FLUX_UNIT})")
        for ax in row if settings.in_column else row[:1]:
            ax.set_ylabel(f"estimated {target.upper()}\n({FLUX_UNIT})")
    letter_panels(axes.ravel())
    handles = dict(
        pair
        for ax in axes.ravel()
        for pair in zip(*ax.get_legend_handles_labels()[::-1], strict=True)
    )
    figure.legend(
        [handles[name] for name in FOREST_TYPES if name in handles],
        [name for name in FOREST_TYPES if name in handles],
        loc="outside lower center",
        ncols=5,
        markerscale=1.5,
    )
    return figure


def choose_panels(scores: pd.DataFrame) -> list[tuple[str, str]]:
    """Model and split of each column: the network's, then the best other by site."""
    whole = scores[(scores["subset"] == "all") & (scores["target"] == "gpp")]
    networks = whole[whole["model"] == NETWORK]
    there = set(networks["split"])
    panels = [(NETWORK, s) for s in ("site", "cluster", "random") if s in there]
    others = whole[(whole["model"] != NETWORK) & (whole["split"] == "site")]
    if len(others):
        best = others["model"].iloc[others["r2"].argmax()]
        panels.append((best, "site"))
    return panels


def common_limits(predictions: pd.DataFrame, target: str) -> tuple[float, float]:
    """One range for all panels of a flux: the observed one and nearly all estimates."""
    observed = predictions[f"{target}_obs"]
    low, high = predictions[f"{target}_pred"].quantile([0.005, 0.995])
    low, high = min(observed.min(), low), max(observed.max(), high)
    margin = 0.05 * (high - low)
    return low - margin, high + margin


def draw_points(
    ax: Axes, rows: pd.DataFrame, target: str, limits: tuple[float, float]
) -> None:
    """One point per site-year by forest type, and the line on which both agree."""
    ax.plot(limits, limits, color=NEUTRAL, linewidth=0.8, zorder=1)
    for name in FOREST_TYPES:
        group = rows[rows["igbp"] == name]
        if group.empty:
            continue
        ax.scatter(
            group[f"{target}_obs"],
            group[f"{target}_pred"],
            s=7,
            color=TYPE_COLOURS[name],
            marker=TYPE_MARKERS[name],
            alpha=0.75,
            linewidths=0,
            label=name,
        )
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    ax.locator_params(nbins=3)


def describe_score(
    scores: pd.DataFrame, key: tuple[str, str, str], *, settings: StyleSettings
) -> list[str]:
    """R2, RMSE, site-years and sites of a panel, lines from the table of scores."""
    model, split, target = key
    found = scores[
        (scores["model"] == model)
        & (scores["split"] == split)
        & (scores["target"] == target)
        & (scores["subset"] == "all")
    ]
    return [
        line
        for row in found.itertuples()
        for line in (
            f"R$^2$ {row.r2:.2f}, RMSE {row.rmse:.0f}",
            settings.join(f"{row.n:.0f} years", f"{row.n_sites:.0f} sites"),
        )
    ]


def draw_scores(results: Path, *, settings: StyleSettings) -> Figure:
    """R2 and RMSE of GPP and NEE by model and split; the random split is hollow."""
    scores = read_scores(results)
    whole = scores[scores["subset"] == "all"]
    styles = model_styles(whole["model"])
    splits = whole["split"].nunique()
    row_mm = 2.4 + 2.2 * splits
    figure = new_figure(settings, height_mm=54 + 2 * row_mm * len(styles))
    axes = figure.subplots(2, len(TARGET_FLUXES), sharey=True, squeeze=False)
    for row, measure in zip(axes, ("r2", "rmse"), strict=True):
        for ax, target in zip(row, TARGET_FLUXES, strict=True):
            rows = whole[whole["target"] == target]
            draw_marks(ax, rows, measure, styles)
            ax.set_title(target.upper())
            ax.set_xlabel(score_label(measure, settings))
    letter_panels(axes.ravel())
    handles, labels = axes[0, 0].get_legend_handles_labels()
    columns = 2 if settings.in_column else 4
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


def score_label(measure: str, settings: StyleSettings) -> str:
    """What an axis shows; errors of similar models are told apart only away from zero."""
    if measure == "r2":
        return "R$^2$ over site-years"
    return settings.join(f"RMSE ({FLUX_UNIT})", "axis not from zero", mark="; ")


def draw_marks(
    ax: Axes, rows: pd.DataFrame, measure: str, styles: dict[str, dict]
) -> None:
    """A mark per model and split; values below the edge are written beside an arrow."""
    names = list(styles)
    present = [split for split in SPLITS if split in set(rows["split"])]
    drawn = []
    for split, shift in zip(present, spread_marks(len(present)), strict=True):
        part = rows[rows["split"] == split].set_index("model")[measure].reindex(names)
        values = part.to_numpy(float)
        y = np.arange(len(names)) + shift
        colours = [styles[name]["color"] for name in names]
        shown = np.maximum(values, LOWEST_R2) if measure == "r2" else values
        drawn.append(shown)
        ax.scatter(
            shown,
            y,
            s=20,
            marker=SPLIT_MARKERS[split],
            facecolors="white" if split == "random" else colours,
            edgecolors=colours,
            linewidths=1,
            zorder=3,
            clip_on=False,
        )
        # the legend speaks of splits, not of models: a mark without a model's colour
        hollow = "white" if split == "random" else NEUTRAL
        style: dict[str, Any] = {"marker": SPLIT_MARKERS[split], "facecolors": hollow}
        ax.scatter([], [], s=20, edgecolors=NEUTRAL, label=SPLIT_LABELS[split], **style)
        for x, place in zip(values, y, strict=True):
            if measure == "r2" and x < LOWEST_R2:
                text = f"   \N{LEFTWARDS ARROW} {x:.1f}"
                ax.text(
                    LOWEST_R2,
                    place,
                    text,
                    va="center",
                    size=float(ax.yaxis.label.get_fontsize()) - 1,
                )
    ax.set_yticks(np.arange(len(names)), [model_label(name) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    low, high = fit_limits(np.concatenate(drawn))
    ax.set_xlim(low, high)
    if measure == "r2" and low < 0 < high:
        ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    ax.locator_params(axis="x", nbins=5)
    ax.grid(axis="x")


def fit_limits(values: np.ndarray) -> tuple[float, float]:
    """Ends of an axis that the marks fill, with a margin on both sides."""
    low, high = np.nanmin(values), np.nanmax(values)
    margin = 0.12 * (high - low) or 0.05 * abs(high) or 0.05
    return float(low - margin), float(high + margin)


def read_scores(results: Path) -> pd.DataFrame:
    """The table of scores."""
    return SCORES.read(results)
