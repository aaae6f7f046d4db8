"""The maps beside other products: maps of the difference and profiles over latitude."""

from pathlib import Path

import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.evaluation.compare.comparison_schemas import (
    COMPARED_ZONES,
    COMPARISON,
)
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.stores.store import load_store
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.map_scales import centred, draw_bar
from forestflux.pages.figures.world_maps import draw_raster, world_axes
from forestflux.pages.labels_and_colours import FLUX_UNIT, NETWORK_COLOUR, NEUTRAL

# Letters reach for so many panels, two of each product.
MOST_LETTERS = 26


def draw_comparison(results: Path, *, settings: StyleSettings) -> Figure:
    """A row for each product: difference of the means, and both means by latitude."""
    table, zones = COMPARISON.read(results), COMPARED_ZONES.read(results)
    stores = upstream_stores(results / "compare/compare.json")
    whole = table[table["kind"] == "all"]
    figure = new_figure(settings, height_mm=12 + 70 * len(whole))
    grid = figure.add_gridspec(len(whole), 2, width_ratios=[2.3, 1])
    panels: list[Axes] = []
    for place, (_, row) in enumerate(whole.iterrows()):
        layer = load_store(stores.path(row["product"]), ["difference"])["difference"]
        ax = world_axes(figure, grid[place, 0], settings=settings)
        # more GPP and a lower NEE are both blue, as in the figure of the change
        cmap = cm.vik if row["flux"] == "nee" else cm.vik_r
        image = draw_raster(ax, layer, cmap=cmap, norm=centred(layer))
        ax.set_title(describe_row(row))
        label = f"{row['flux'].upper()}, run minus product ({FLUX_UNIT})"
        draw_bar(image, ax, label, extend="both", aspect=40, shrink=0.8)
        beside = figure.add_subplot(grid[place, 1])
        draw_zones(beside, zones[zones["product"] == row["product"]])
        panels += [ax, beside]
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower right", ncols=2)
    if len(panels) <= MOST_LETTERS:
        letter_panels(panels)
    return figure


def describe_row(row: pd.Series) -> str:
    """Product, years, bias and correlation, on two lines."""
    title = row["product"] if pd.isna(row["title"]) else row["title"]
    r = "-" if pd.isna(row["spatial_r"]) else f"{row['spatial_r']:.2f}"
    bias = f"{row['bias']:+.0f}".replace("-", "\N{MINUS SIGN}")
    numbers = f"bias {bias}, r {r}, on {row['share']:.0%} of the forest"
    return f"{escape_math(title)}, {row['flux'].upper()} {row['years']}\n{numbers}"


def draw_zones(ax: Axes, zones: pd.DataFrame) -> None:
    """Both means over latitude."""
    lines = {
        "mean_run": ("this run", NETWORK_COLOUR, "-"),
        "mean_product": ("product", NEUTRAL, "--"),
    }
    for column, (label, colour, style) in lines.items():
        ax.plot(
            zones[column],
            zones["latitude"],
            color=colour,
            linestyle=style,
            label=label,
            marker="." if len(zones) == 1 else None,
        )
    ax.set_xlabel(f"mean ({FLUX_UNIT})")
    ax.set_ylabel("latitude (degrees north)")
    ax.set_title("by latitude")
    ax.grid(True)
