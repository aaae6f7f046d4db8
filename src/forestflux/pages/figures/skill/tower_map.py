"""Where the towers stand: which are used, held out, or have no year that can be used."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from forestflux.core.names import FOREST_TYPES
from forestflux.pages.figures.figure_style import StyleSettings, new_figure
from forestflux.pages.figures.world_maps import GEOGRAPHIC, world_axes
from forestflux.pages.labels_and_colours import (
    NEUTRAL,
    TYPE_COLOURS,
    TYPE_MARKERS,
    TYPE_NAMES,
)
from forestflux.prepare.sample_schema import SAMPLES

COLUMNS = ("site", "year", "igbp", "forest", "lat", "lon", "holdout", "used")


def draw_towers(results: Path, *, settings: StyleSettings) -> Figure:
    """Towers on a world map: colour and shape by type, area by used site-years."""
    samples = SAMPLES.read(results, columns=COLUMNS)
    figure = new_figure(settings, height_mm=80 if settings.in_column else 103)
    world = world_axes(figure, figure.add_gridspec(1, 1)[0], settings=settings)
    towers = by_tower(samples)
    used = towers[towers["years"] > 0]
    draw_unused(world, towers[towers["years"] == 0])
    draw_other(world, used[~used["forest"]])
    for name in FOREST_TYPES:
        draw_type(world, used[used["igbp"] == name], name)
    draw_score_unseen_rows(world, used[used["holdout"]])
    columns = 1 if settings.in_column else 2
    legend = figure.legend(loc="outside lower center", ncols=columns, columnspacing=1.5)
    for handle in legend.legend_handles:
        if isinstance(handle, PathCollection):
            handle.set_sizes([22])
    world.set_title("area of a mark: site-years that are used")
    return figure


def by_tower(samples: pd.DataFrame) -> pd.DataFrame:
    """One row per tower: place, type, whether held out, number of used years."""
    return samples.groupby("site").agg(
        lat=("lat", "first"),
        lon=("lon", "first"),
        igbp=("igbp", "first"),
        forest=("forest", "first"),
        holdout=("holdout", "first"),
        years=("used", "sum"),
    )


def draw_unused(ax: Axes, towers: pd.DataFrame) -> None:
    """Towers all of whose years are dropped."""
    if len(towers):
        style: dict[str, Any] = {
            "facecolors": "white",
            "edgecolors": NEUTRAL,
            "linewidths": 0.6,
        }
        draw_marks(ax, towers, 8.0, label=f"no year used: {count(towers)}", **style)


def draw_other(ax: Axes, towers: pd.DataFrame) -> None:
    """Towers of other land cover than forest."""
    if len(towers):
        label = f"not forest, trains only: {count(towers, years=True)}"
        style: dict[str, Any] = {"color": NEUTRAL, "marker": "x", "linewidths": 0.6}
        draw_marks(ax, towers, 10.0, label=label, **style)


def draw_type(ax: Axes, towers: pd.DataFrame, name: str) -> None:
    """Towers of one forest type."""
    style: dict[str, Any] = {"color": TYPE_COLOURS[name], "marker": TYPE_MARKERS[name]}
    style |= {"edgecolors": "white", "linewidths": 0.4}
    label = f"{name}, {TYPE_NAMES[name]}: {count(towers, years=True)}"
    draw_marks(ax, towers, mark_size(towers), label=label, **style)


def draw_score_unseen_rows(ax: Axes, towers: pd.DataFrame) -> None:
    """A ring around towers that no training sees."""
    if len(towers):
        style: dict[str, Any] = {
            "facecolors": "none",
            "edgecolors": "black",
            "linewidths": 0.8,
        }
        label = f"held out of all training: {count(towers)}"
        draw_marks(ax, towers, 25 + mark_size(towers), label=label, **style)


def mark_size(towers: pd.DataFrame) -> np.ndarray:
    """Area of each tower's mark, points squared."""
    return 8 + 3 * towers["years"].to_numpy()


def count(towers: pd.DataFrame, *, years: bool = False) -> str:
    """`3 towers`, with their site-years where asked."""
    words = f"{len(towers)} tower{'' if len(towers) == 1 else 's'}"
    return f"{words}, {towers['years'].sum()} site-years" if years else words


def draw_marks(
    ax: Axes,
    towers: pd.DataFrame,
    size: float | np.ndarray,
    **style: Any,  # noqa: ANN401 - options of matplotlib
) -> None:
    """Scatter of towers at their places."""
    ax.scatter(
        towers["lon"].to_numpy(),
        towers["lat"].to_numpy(),
        s=size,
        transform=GEOGRAPHIC,
        zorder=6,
        **style,
    )
