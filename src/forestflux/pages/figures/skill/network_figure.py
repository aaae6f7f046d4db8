"""The method in one picture: a year as a 2-D map, what the network does, how it learns."""

from pathlib import Path
from typing import Any

import numpy as np
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.model_record import read_model_record
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
    set_month_ticks,
)
from forestflux.pages.labels_and_colours import NEUTRAL, TYPE_NAMES, series_label
from forestflux.prepare.sample_table import Samples, read_samples

FILTER_LABELS = {
    "time": "along time",
    "variable": "across\nvariables",
    "joint": "jointly",
}
BOX_COLOURS = {"data": "#E3EDF5", "filter": "#FBE8DC", "number": "#E6F0E4"}
STEP_LABELS = {
    "masked_pretraining": "restore\nhidden values",
    "all_biomes": "towers of\nall biomes",
    "distillation": "what classical\nmodels say",
    "forest": "forest\ntowers",
    "class_weights": "balance of types\nand climates",
}


def draw_network(results: Path, *, settings: StyleSettings) -> Figure:
    """A real sample's map with its gaps, the layers with their sizes, the steps of training."""
    model = read_model_record(results / "model/model.json").model_dump(mode="json")
    samples = read_samples(results / "samples/samples.json")
    figure = new_figure(settings, height_mm=132)
    rows = figure.add_gridspec(3, 1, height_ratios=[1.15, 1.5, 0.55])
    example = figure.add_subplot(rows[0])
    draw_example(figure, example, samples, model["normalisation"])
    layers, steps = figure.add_subplot(rows[1]), figure.add_subplot(rows[2])
    draw_layers(layers, model)
    draw_steps(steps, model["settings"])
    layers.set_title("the network")
    steps.set_title("trained in transfer steps, with values hidden on purpose")
    letter_panels([example, layers, steps])
    return figure


def choose_example(samples: Samples) -> int:
    """Row of the forest site-year whose share of gaps is at the upper quartile."""
    forest = np.flatnonzero(samples.table["igbp"].isin(FOREST_TYPES))
    gaps = np.isnan(samples.series[forest]).mean(axis=(1, 2))
    return int(forest[np.argsort(gaps, kind="stable")[3 * (len(forest) - 1) // 4]])


def draw_example(
    figure: Figure, ax: Axes, samples: Samples, normalisation: dict
) -> None:
    """The map (variable, step) of one site-year in standard deviations, gaps hatched."""
    row = choose_example(samples)
    values = samples.series[row].astype(float)
    count = len(samples.variables)
    # As float, None becomes NaN: the mean of a variable that no tower has.
    mean, sd = (
        np.array(normalisation[key][:count], dtype=float)[:, None]
        for key in ("mean", "sd")
    )
    steps = np.arange(values.shape[1])
    places = np.arange(count)
    ax.set_facecolor("#F2F2F2")
    ax.fill_between(
        [-0.5, steps[-1] + 0.5],
        -0.5,
        count - 0.5,
        facecolor="#F2F2F2",
        edgecolor="#9A9A9A",
        hatch="//////",
        linewidth=0,
        zorder=0,
    )
    # Edges, not middles: a single variable has a height too.
    edges = (np.arange(cells + 1) - 0.5 for cells in (len(steps), count))
    scaled = (values - mean) / sd
    mesh = ax.pcolormesh(*edges, scaled, cmap=cm.vik, vmin=-2.5, vmax=2.5, zorder=1)
    mesh.set_rasterized(True)
    ax.set_yticks(places, [series_label(name) for name in samples.variables])
    ax.set_ylim(count - 0.5, -0.5)
    set_month_ticks(ax)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    share = np.isnan(values).mean()
    tower = samples.table.iloc[row]
    ax.set_title(
        f"a year as a 2-D map: tower {tower['site']}, {tower['year']}, "
        f"{TYPE_NAMES[tower['igbp']]}; hatched: gaps, {share:.0%}, not filled"
    )
    figure.colorbar(
        mesh, ax=ax, label="standard deviations", aspect=12, pad=0.01, extend="both"
    )


def draw_layers(ax: Axes, model: dict) -> None:
    """Boxes from the 2-D map to the fluxes, sizes as they were trained."""
    chosen = model["settings"]
    series, steps = len(model["normalisation"]["variables"]), model["calendar"]["steps"]
    channels, kernel = chosen["channels"], chosen["kernel"]
    ax.set(xlim=(0, 100), ylim=(0, 40))
    ax.axis("off")
    lines = [f"2-D map\n{series} series x {steps}"]
    if chosen["pooled_steps"] > 1:
        lines.append(f"read as {steps // chosen['pooled_steps']}")
    lines.append("value, gap" if chosen["gap_channel"] else "value")
    if chosen["forest_type"] == "early":
        lines.append("forest type")
    draw_box(ax, (0, 11), (13, 20), "data", "\n".join(lines))
    left, rows = 18.0, series
    previous = (13.0, 21.0)
    for block in range(chosen["blocks"]):
        filters = chosen["filters"]
        rows = rows * ("time" in filters) + len(set(filters) - {"time"})
        for name in filters:
            low = 27 - 10 * list(FILTER_LABELS).index(name)
            draw_box(ax, (left, low), (13, 8), "filter", FILTER_LABELS[name])
            draw_arrow(ax, previous, (left, low + 4))
        draw_frame(ax, (left - 1.2, 5), (15.4, 32.5))
        text = (
            f"block {block + 1}: {channels} channels,\n{rows} patterns, {kernel} steps"
        )
        ax.text(left + 6.5, 3.4, text, ha="center", va="top", fontsize="small")
        previous = (left + 14.2, 21.0)
        left += 19.5
    draw_box(
        ax, (left, 14), (11, 14), "number", f"encoded\n{chosen['encoded']}\nmean, max"
    )
    draw_arrow(ax, previous, (left, 21))
    if chosen["forest_type"] == "late":
        draw_box(ax, (left, 32), (11, 7), "data", "forest type")
        draw_arrow(ax, (left + 11, 35), (left + 15, 27), label="adjusts")
    draw_box(ax, (left + 15, 14), (12, 14), "number", f"perceptron\n{chosen['hidden']}")
    draw_arrow(ax, (left + 11, 21), (left + 15, 21))
    end = left + 32
    draw_box(ax, (end, 25), (9, 8), "number", "GPP")
    second, text = {
        "gpp_reco": ("RECO", "NEE =\nRECO - GPP"),
        "gpp_nee": ("NEE", "RECO =\nGPP + NEE"),
    }[chosen["heads"]]
    draw_box(ax, (end, 9), (9, 8), "number", second)
    draw_arrow(ax, (left + 27, 23), (end, 28))
    draw_arrow(ax, (left + 27, 19), (end, 14))
    ax.text(end + 4.5, 21, text, ha="center", va="center", fontsize="small")


def draw_steps(ax: Axes, chosen: dict) -> None:
    """The transfer steps that were run, with their epochs."""
    names = [name for name in STEP_LABELS if chosen["steps"][name]]
    ax.set(xlim=(0, 100), ylim=(0, 10))
    ax.axis("off")
    width = 100 / len(names)
    for place, name in enumerate(names):
        start = place * width
        text = f"{STEP_LABELS[name]}\n{chosen['epochs'][name]} epochs"
        draw_box(ax, (start + 0.5, 0.5), (width - 5, 9), "filter", text)
        if place:
            draw_arrow(ax, (start - 4.5, 5), (start + 0.5, 5))


def draw_box(
    ax: Axes, low: tuple[float, float], size: tuple[float, float], kind: str, text: str
) -> None:
    """A labelled box from its lower left corner."""
    style = "round,pad=0,rounding_size=1"
    patch = FancyBboxPatch(low, *size, boxstyle=style, facecolor=BOX_COLOURS[kind])
    patch.set(edgecolor=NEUTRAL, linewidth=0.6)
    ax.add_patch(patch)
    middle = (low[0] + size[0] / 2, low[1] + size[1] / 2)
    ax.text(*middle, text, ha="center", va="center", fontsize="small", linespacing=1.2)


def draw_frame(ax: Axes, low: tuple[float, float], size: tuple[float, float]) -> None:
    """A dashed frame around what belongs together."""
    patch = FancyBboxPatch(low, *size, boxstyle="round,pad=0,rounding_size=1")
    patch.set(facecolor="none", edgecolor=NEUTRAL, linewidth=0.6, linestyle="--")
    ax.add_patch(patch)


def draw_arrow(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], label: str = ""
) -> None:
    """An arrow with a label beside its middle."""
    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 7, "linewidth": 0.7}
    ax.add_patch(
        FancyArrowPatch(start, end, color=NEUTRAL, shrinkA=0, shrinkB=0, **style)
    )
    if label:
        middle = ((start[0] + end[0]) / 2 + 1, (start[1] + end[1]) / 2 + 1)
        ax.text(*middle, label, fontsize="small", ha="left", va="bottom")
