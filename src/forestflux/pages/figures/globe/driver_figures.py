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
from forestflux.jobs.stores.store import load_store
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.world_maps import draw_raster, world_axes
from forestflux.pages.labels_and_colours import (
    NEUTRAL,
    driver_colour,
    driver_label,
)
from forestflux.pages.shown_totals import (
    find_run_unit,
    raise_exponents,
    scale_totals,
)

# Share of the largest number on the axis below which nothing would be seen; what rounding
# leaves of an interaction of zero is far below it.
SMALLEST_EFFECT = 1e-3


def draw_drivers(results: Path, *, settings: StyleSettings) -> Figure:
    """Effects on the total change with their intervals, and each cell's strongest driver."""
    unit = find_run_unit(results)
    table = scale_totals(DRIVERS.read(results), DRIVERS, unit)
    names = [f"{flux}_driver" for flux in TARGET_FLUXES]
    stores = upstream_stores(results / "drivers/drivers.json")
    maps = load_store(stores.path("drivers"), names)
    whole = table[table["stratum"] == "all"]
    names = drivers_with_effect(whole)
    if settings.in_column:  # all below each other
        bars_mm = 22 + 4 * len(names)
        figure = new_figure(settings, height_mm=2 * (bars_mm + 45) + 20)
        grid = figure.add_gridspec(4, 1, height_ratios=[bars_mm, bars_mm, 45, 45])
        places = [grid[row] for row in range(4)]
    else:
        figure = new_figure(settings, height_mm=106)
        grid = figure.add_gridspec(2, 2, height_ratios=[1, 1.05])
        places = [grid[place] for place in range(4)]
    panels, shown = [], set()
    for place, flux in zip(places[:2], TARGET_FLUXES, strict=True):
        ax = figure.add_subplot(place)
        rows = whole[whole["flux"] == flux].set_index("driver")
        draw_effects(ax, rows.loc[names], unit=raise_exponents(unit.total))
        meaning = "" if flux == "gpp" else "; negative: more uptake"
        ax.set_title(f"{flux.upper()}, all forests{meaning}")
        panels.append(ax)
    for place, flux in zip(places[2:], TARGET_FLUXES, strict=True):
        ax = world_axes(figure, place, settings=settings)
        shown |= draw_strongest(ax, maps[f"{flux}_driver"])
        ax.set_title(f"{flux.upper()}, strongest driver of each cell")
        panels.append(ax)
    letter_panels(panels)
    figure.legend(
        handles=[
            Patch(color=driver_colour(name), label=driver_label(name))
            for name in dict.fromkeys(table["driver"])
            if name in shown
        ],
        loc="outside lower center",
        ncols=4,
    )
    return figure


def drivers_with_effect(table: pd.DataFrame) -> list[str]:
    """Drivers with an effect or an interval that can be seen on any flux, in order."""
    size = table[["effect", "effect_lower", "effect_upper"]].abs().max(axis=1)
    there = table.loc[size > SMALLEST_EFFECT * size.max(), "driver"]
    return [name for name in dict.fromkeys(there) if name != "change"]


def draw_effects(ax: Axes, rows: pd.DataFrame, *, unit: str) -> None:
    """A bar with its interval for each driver."""
    names = list(rows.index)
    for place, name in enumerate(names):
        row = rows.loc[name]
        ax.barh(place, row["effect"], color=driver_colour(name), height=0.65)
        bounds = [row["effect_lower"], row["effect_upper"]]
        ax.plot(bounds, [place, place], color="white", linewidth=2.4)
        ax.plot(bounds, [place, place], color=NEUTRAL, linewidth=1)
    ax.set_yticks(range(len(names)), [driver_label(name) for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    ax.set_xlabel(f"effect on the change ({unit})")
    ax.grid(axis="x")


def draw_strongest(ax: Axes, layer: xr.DataArray) -> set[str]:
    """The map of driver codes; returns the drivers that are strongest in some cell."""
    values = np.atleast_1d(layer.attrs["flag_values"])
    words = layer.attrs["flag_meanings"].split()
    names = {
        value: word for value, word in zip(values, words, strict=True) if value > 0
    }
    codes = layer.where(layer > 0).astype("float32")
    palette = ListedColormap([driver_colour(name) for name in names.values()])
    image = draw_raster(ax, codes, cmap=palette, norm=None, average=False)
    image.set_clim(0.5, len(names) + 0.5)
    there = np.unique(layer.to_numpy())
    return {name for value, name in names.items() if value in there}
