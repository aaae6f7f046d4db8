"""The study design: where the towers stand and which years they measured."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.figures.maps import GEOGRAPHIC, world_axes
from forestflux.figures.style import (
    NEUTRAL,
    PALE,
    TYPE_COLOURS,
    TYPE_MARKERS,
    TYPE_NAMES,
    StyleSettings,
    letter,
    new_figure,
)
from forestflux.figures.tables import read_table
from forestflux.names import FOREST_TYPES

COLUMNS = ("site", "year", "igbp", "forest", "lat", "lon", "used")


def draw_design(results: Path, *, settings: StyleSettings) -> Figure:
    """Towers on a world map by forest type, and used and dropped site-years by year."""
    samples = read_table(results, "samples/samples.csv", columns=COLUMNS)
    figure = new_figure(settings, height_mm=145)
    rows = figure.add_gridspec(2, 1, height_ratios=[2.1, 1])
    world = world_axes(figure, rows[0], settings=settings)
    draw_towers(world, samples[samples["used"]])
    world.set_title("towers whose years are used; area of a mark: site-years")
    timeline = figure.add_subplot(rows[1])
    draw_timeline(timeline, samples[samples["forest"]])
    timeline.set_title("site-years of forest towers")
    letter([world, timeline])
    return figure


def draw_towers(ax: Axes, used: pd.DataFrame) -> None:
    """One mark per tower: colour and shape by type, area by site-years."""
    towers = used.groupby("site").agg(
        lat=("lat", "first"),
        lon=("lon", "first"),
        igbp=("igbp", "first"),
        forest=("forest", "first"),
        years=("year", "size"),
    )
    other = towers[~towers["forest"]]
    if len(other):
        label = f"not forest, trains only: {len(other)} towers"
        label += f", {other['years'].sum()} site-years"
        look = {"color": NEUTRAL, "marker": "x", "linewidths": 0.6}
        draw_marks(ax, other, 10.0, label=label, **look)
    for name in FOREST_TYPES:
        group = towers[towers["igbp"] == name]
        label = f"{name}, {TYPE_NAMES[name]}: {len(group)} towers"
        label += f", {group['years'].sum()} site-years"
        look = {"color": TYPE_COLOURS[name], "marker": TYPE_MARKERS[name]}
        look |= {"edgecolors": "white", "linewidths": 0.4}
        draw_marks(ax, group, 8 + 3 * group["years"].to_numpy(), label=label, **look)
    legend = ax.legend(
        loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, columnspacing=1.5
    )
    for handle in legend.legend_handles:
        handle.set_sizes([22])


def draw_marks(
    ax: Axes, towers: pd.DataFrame, size: float | np.ndarray, **look: object
) -> None:
    """Scatter of towers at their places."""
    ax.scatter(
        towers["lon"].to_numpy(),
        towers["lat"].to_numpy(),
        s=size,
        transform=GEOGRAPHIC,
        zorder=6,
        **look,
    )


def draw_timeline(ax: Axes, samples: pd.DataFrame) -> None:
    """Bars of site-years by year, stacked by forest type; dropped ones on top."""
    years = np.arange(samples["year"].min(), samples["year"].max() + 1)
    bottom = np.zeros(len(years))

    def add(rows: pd.DataFrame, **look: object) -> None:
        count = rows.groupby("year").size().reindex(years, fill_value=0).to_numpy()
        ax.bar(years, count, bottom=bottom, width=0.8, linewidth=0.3, **look)
        bottom[:] += count

    used = samples["used"]
    for name in FOREST_TYPES:
        rows = samples[used & (samples["igbp"] == name)]
        if len(rows):
            add(rows, color=TYPE_COLOURS[name], edgecolor="white", label=name)
    dropped = samples[~used]
    if len(dropped):
        add(dropped, color="white", edgecolor=NEUTRAL, hatch="////", label="dropped")
    ax.set_xlim(years[0] - 0.6, years[-1] + 0.6)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.grid(axis="y", color=PALE, linewidth=0.4)
    ax.set_ylabel("site-years")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), reverse=True)
