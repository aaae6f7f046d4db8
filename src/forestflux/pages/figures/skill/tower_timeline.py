"""Which years each tower measured, which of them are used, and why others are not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from forestflux.core.names import FOREST_TYPES
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    letter_panels,
    new_figure,
)
from forestflux.pages.labels_and_colours import NEUTRAL, PALE, TYPE_COLOURS
from forestflux.prepare.sample_schema import SAMPLES

COLUMNS = ("site", "year", "igbp", "forest", "holdout", "used", "reason")
USED, HELD_OUT = "used", "held out, scored only"
OTHER_REASONS = "other reasons"
USED_COLOUR, HELD_OUT_COLOUR = "#2F5D62", "#B48EDB"
# Light, apart from one another and from the dark of what is used.
REASON_COLOURS = ("#F2B134", "#ED553B", "#9AD0EC", "#F4A9C0", "#C9B79C", "#B5D99C")
STRIP = 0.02  # width of the strip of forest types, of a block
ROWS = 64  # of a block: more towers stand in further blocks beside it
BARS_MM, LEGEND_MM, HEADROOM_MM = 40.0, 14.0, 16.0
ROW_MM = (2.1, 5.0)  # of many towers and of few
LABEL_PT = (4.5, 7.0)


def draw_timeline(results: Path, *, settings: StyleSettings) -> Figure:
    """Site-years by year above a table of towers and years, coloured by their status."""
    samples = SAMPLES.read(results, columns=COLUMNS)
    samples = samples.assign(status=name_statuses(samples))
    sites = sort_towers(samples)
    blocks = list(split_blocks(sites))
    few = float(np.clip((ROWS - len(blocks[0])) / (ROWS - 12), 0, 1))
    row_mm, label_pt = (low + few * (high - low) for low, high in (ROW_MM, LABEL_PT))
    table_mm = len(blocks[0]) * row_mm + HEADROOM_MM
    figure = new_figure(settings, height_mm=BARS_MM + table_mm + LEGEND_MM)
    rows = figure.add_gridspec(2, 1, height_ratios=[BARS_MM, table_mm + LEGEND_MM])
    bars = figure.add_subplot(rows[0])
    draw_bars(bars, samples)
    bars.set_title("site-years of forest towers")
    colours = status_colours(samples)
    places = rows[1].subgridspec(1, len(blocks))
    years = np.arange(samples["year"].min(), samples["year"].max() + 1)
    axes = []
    for place, block in enumerate(blocks):
        ax = figure.add_subplot(places[place])
        draw_block(ax, samples, block, years, colours=colours, label_pt=label_pt)
        ax.set_ylim(len(blocks[0]) - 0.5, -0.5)
        axes.append(ax)
    axes[0].set_title("towers and years")
    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    letter_panels([bars, axes[0]])
    return figure


def name_statuses(samples: pd.DataFrame) -> np.ndarray:
    """Status of each site-year, text (row,): used, held out, or the reason why not used.

    There are as many named reasons as colours; rarer ones share `OTHER_REASONS`.
    """
    counts = samples.loc[~samples["used"], "reason"].fillna("not given").value_counts()
    ordered = sorted(counts.index, key=lambda reason: (-counts[reason], reason))
    room = len(REASON_COLOURS)
    named = ordered if len(ordered) <= room else ordered[: room - 1]
    reason = samples["reason"].fillna("not given")
    reason = reason.where(reason.isin(named), OTHER_REASONS)
    used = np.where(samples["holdout"], HELD_OUT, USED)
    return np.where(samples["used"], used, reason)


def status_colours(samples: pd.DataFrame) -> dict[str, str]:
    """Colour of each status that occurs: used first, then reasons by their number."""
    counts = samples.loc[~samples["used"], "status"].value_counts()
    reasons = sorted(
        counts.index, key=lambda name: (name == OTHER_REASONS, -counts[name], name)
    )
    colours = {USED: USED_COLOUR, HELD_OUT: HELD_OUT_COLOUR}
    colours |= dict(zip(reasons, REASON_COLOURS, strict=False))
    there = set(samples["status"])
    return {name: colour for name, colour in colours.items() if name in there}


def sort_towers(samples: pd.DataFrame) -> pd.DataFrame:
    """Towers by forest type and name; other land cover last. Columns site, type."""
    towers = samples.drop_duplicates("site")
    kind = towers["igbp"].where(towers["forest"], "other")
    order = {name: place for place, name in enumerate((*FOREST_TYPES, "other"))}
    towers = towers.assign(type=kind, order=kind.map(order))
    return towers.sort_values(["order", "site"])[["site", "type"]]


def split_blocks(sites: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Blocks of about as many towers, none longer than `ROWS`, the first the longest."""
    count = -(-len(sites) // ROWS)
    rows = -(-len(sites) // count)
    for start in range(0, len(sites), rows):
        yield sites.iloc[start : start + rows]


def draw_block(
    ax: Axes,
    samples: pd.DataFrame,
    sites: pd.DataFrame,
    years: np.ndarray,
    *,
    colours: dict[str, str],
    label_pt: float,
) -> None:
    """A row per tower, a column per year, a strip of the forest type at the left."""
    codes = {name: place for place, name in enumerate(colours)}
    grid = np.full((len(sites), len(years)), np.nan)
    rows = {site: row for row, site in enumerate(sites["site"])}
    own = samples[samples["site"].isin(rows)]
    grid[own["site"].map(rows), own["year"] - years[0]] = own["status"].map(codes)
    edges = np.arange(len(sites) + 1) - 0.5
    ax.pcolormesh(
        np.append(years, years[-1] + 1) - 0.5,
        edges,
        grid,
        cmap=ListedColormap(list(colours.values())),
        vmin=-0.5,
        vmax=len(colours) - 0.5,
        edgecolors="white",
        linewidth=0.3,
    )
    type_colours = [TYPE_COLOURS.get(kind, PALE) for kind in sites["type"]]
    strip = STRIP * (len(years) + 1)
    left = np.full(len(sites), years[0] - 0.6 - strip)
    ax.barh(range(len(sites)), strip, left=left, height=1.0, color=type_colours)
    ax.set_yticks(range(len(sites)), sites["site"].map(escape_math), fontsize=label_pt)
    ax.tick_params(axis="y", length=0, pad=1)
    ax.tick_params(axis="x", length=2)
    ax.set_xlim(years[0] - 0.6 - strip, years[-1] + 0.6)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def draw_bars(ax: Axes, samples: pd.DataFrame) -> None:
    """Bars of forest site-years by year, stacked by type; dropped ones on top."""
    years = np.arange(samples["year"].min(), samples["year"].max() + 1)
    forest = samples[samples["forest"]]
    bottom = np.zeros(len(years))

    def add(
        rows: pd.DataFrame,
        **style: Any,  # noqa: ANN401 - options of matplotlib
    ) -> None:
        count = rows.groupby("year").size().reindex(years, fill_value=0).to_numpy()
        ax.bar(years, count, bottom=bottom, width=0.8, linewidth=0.3, **style)
        bottom[:] += count

    if len(forest) < len(samples):
        ax.bar(years[0], 0, color=PALE, label="not forest (b)")
    for name in FOREST_TYPES:
        rows = forest[forest["igbp"] == name]
        if len(rows):
            colour = TYPE_COLOURS[name]
            add(rows[rows["used"]], color=colour, edgecolor="white", label=name)
    dropped = forest[~forest["used"]]
    if len(dropped):
        add(dropped, color="white", edgecolor=NEUTRAL, hatch="////", label="dropped")
    ax.set_xlim(years[0] - 0.6, years[-1] + 0.6)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    ax.grid(axis="y", color=PALE, linewidth=0.4)
    ax.set_ylabel("site-years")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), reverse=True)
