"""Which input drove the change of the pair of years, from its departures."""

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from forestflux.change.change_schemas import DRIVERS
from forestflux.core.names import TARGET_FLUXES
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.store import load_store
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.world_maps import draw_raster, world_axes
from forestflux.pages.labels_and_colours import (
    NEUTRAL,
    TOTAL_UNIT,
    driver_colour,
    driver_label,
)


def draw_drivers(results: Path, *, settings: StyleSettings) -> Figure:
    """Effects on the total change with their intervals, and each cell's strongest driver."""
    table = DRIVERS.read(results)
    names = [f"{flux}_driver" for flux in TARGET_FLUXES]
    stores = upstream_stores(results / "drivers/drivers.json")
    maps = load_store(stores.path("drivers"), names)
    figure = new_figure(settings, height_mm=106)
    grid = figure.add_gridspec(2, 2, height_ratios=[1, 1.05])
    panels = []
    for column, flux in enumerate(TARGET_FLUXES):
        ax = figure.add_subplot(grid[0, column])
        rows = table[(table["flux"] == flux) & (table["stratum"] == "all")]
        draw_effects(ax, rows.set_index("driver"))
        meaning = "" if flux == "gpp" else "; negative: more uptake"
        ax.set_title(f"{flux.upper()}, all forests{meaning}")
        panels.append(ax)
    for column, flux in enumerate(TARGET_FLUXES):
        ax = world_axes(figure, grid[1, column], settings=settings)
        shown = draw_strongest(ax, maps[f"{flux}_driver"])
        ax.set_title(f"{flux.upper()}, strongest driver of each cell")
        panels.append(ax)
    letter_panels(panels)
    figure.legend(
        handles=[
            Patch(color=driver_colour(name), label=driver_label(name)) for name in shown
        ],
        loc="outside lower center",
        ncols=4,
    )
    return figure


def draw_effects(ax: Axes, rows: pd.DataFrame) -> None:
    """A bar with its interval for each driver."""
    names = [name for name in rows.index if name != "change"]
    for place, name in enumerate(names):
        row = rows.loc[name]
        ax.barh(place, row["effect"], color=driver_colour(name), height=0.65)
        bounds = [row["effect_lower"], row["effect_upper"]]
        ax.plot(bounds, [place, place], color="white", linewidth=2.4)
        ax.plot(bounds, [place, place], color=NEUTRAL, linewidth=1)
    ax.set_yticks(range(len(names)), [driver_label(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    ax.set_xlabel(f"effect on the change ({TOTAL_UNIT})")
    ax.grid(axis="x")


def draw_strongest(ax: Axes, layer: xr.DataArray) -> list[str]:
    """The map of driver codes; returns the drivers in the order of their codes."""
    values = np.atleast_1d(layer.attrs["flag_values"])
    words = layer.attrs["flag_meanings"].split()
    names = [word for value, word in zip(values, words, strict=True) if value > 0]
    codes = layer.where(layer > 0).astype("float32")
    palette = ListedColormap([driver_colour(name) for name in names])
    image = draw_raster(ax, codes, cmap=palette, norm=None, average=False)
    image.set_clim(0.5, len(names) + 0.5)
    return names
