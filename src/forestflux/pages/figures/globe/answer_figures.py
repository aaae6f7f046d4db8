"""The figures that a reader sees first: level, change, and the series beside what is known.

They are as wide as a column of a paper, so that they can be read on a phone as well.
"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import xarray as xr
from cartopy.mpl.geoaxes import GeoAxes
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from forestflux.change.change_schemas import SIGNIFICANCE, TOTALS
from forestflux.core.names import NETWORK, TARGET_FLUXES
from forestflux.core.total_units import TotalUnit
from forestflux.evaluation.evaluation_schemas import PREDICTIONS, RECOVERY
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.stores.store import load_store
from forestflux.pages.figures.figure_style import StyleSettings, new_figure
from forestflux.pages.figures.globe.flux_maps import (
    NOWHERE,
    outside,
    share_text,
    significant,
)
from forestflux.pages.figures.globe.total_figures import draw_lines
from forestflux.pages.figures.map_scales import (
    Scale,
    centred,
    draw_bar,
    scale_fluxes,
)
from forestflux.pages.figures.world_maps import (
    draw_pale,
    draw_raster,
    hatch,
    world_axes,
)
from forestflux.pages.labels_and_colours import (
    FLUX_UNIT,
    NETWORK_COLOUR,
    UPTAKE,
)
from forestflux.pages.shown_totals import (
    choose_run_unit,
    raise_exponents,
    scale_totals,
)

TRUTH = {"color": "#0072B2", "marker": "D", "markersize": 2.5, "linestyle": ""}
COLUMNS = ("model", "split", "year", "gpp_obs", "gpp_pred", "nee_obs", "nee_pred")


def draw_level_map(results: Path, *, settings: StyleSettings) -> Figure:
    """NEE of the second year; hatched: outside the area of applicability."""
    year = settings.pair[1]
    dataset = load_store(results / f"maps/{year}.zarr", ["nee", "applicable"])
    figure = new_figure(make_column(settings), height_mm=62)
    label = f"NEE ({FLUX_UNIT})\n{UPTAKE}"
    scale = scale_fluxes("nee", dataset["nee"])
    ax, _ = draw_world(figure, dataset["nee"], label, scale, settings=settings)
    hatch(ax, outside(dataset))
    ax.set_title(f"NEE {year}")
    return figure


def draw_change_map(results: Path, *, settings: StyleSettings) -> Figure:
    """Difference of NEE between the pair of years; pale where it may be chance."""
    names = ["nee_difference", "nee_difference_significance"]
    stores = upstream_stores(results / "change/change.json")
    dataset = load_store(stores.path("change"), names)
    figure = new_figure(make_column(settings), height_mm=66)
    label = f"change of NEE ({FLUX_UNIT})\nnegative: more uptake"
    layer = dataset["nee_difference"]
    scale = Scale(cm.vik, centred(layer), "both")
    ax, image = draw_world(figure, layer, label, scale, settings=settings)
    sure = significant(dataset, "nee", "difference")
    draw_pale(ax, image, layer, ~sure)
    first, second = settings.pair
    shares = SIGNIFICANCE.read(results)
    share = share_text(shares, "nee", "difference") if sure.any() else NOWHERE
    ax.set_title(f"NEE, {second} minus {first}\n{share}")
    return figure


def draw_world(
    figure: Figure,
    layer: xr.DataArray,
    label: str,
    scale: Scale,
    *,
    settings: StyleSettings,
) -> tuple[GeoAxes, AxesImage]:
    """A layer on the whole of a figure, and its image."""
    place = figure.add_gridspec(1, 1)[0]
    ax = world_axes(figure, place, settings=settings)
    image = draw_raster(ax, layer, cmap=scale.colours, norm=scale.ends)
    draw_bar(image, ax, label, extend=scale.extend)
    return ax, image


def draw_truth_series(results: Path, *, settings: StyleSettings) -> Figure:
    """Annual totals with their interval, beside the planet's true ones."""
    truth = RECOVERY.read(results).set_index("quantity")["truth"]
    totals, unit = read_totals(results)
    figure = new_figure(make_column(settings), height_mm=82)
    axes = figure.subplots(len(TARGET_FLUXES), 1, sharex=True)
    for ax, flux in zip(axes, TARGET_FLUXES, strict=True):
        draw_totals(ax, totals, flux, unit=unit.total)
        years = [y for y in totals["year"].unique() if f"{flux}_total_{y}" in truth]
        values = [unit.factor * truth[f"{flux}_total_{year}"] for year in years]
        ax.plot(years, values, label="truth", **TRUTH)
    axes[0].legend(loc="best", ncols=2)
    axes[-1].set_xlabel("year")
    return figure


def draw_tower_series(results: Path, *, settings: StyleSettings) -> Figure:
    """Annual totals with their interval, and means at towers never seen beside estimates."""
    predictions = PREDICTIONS.read(results, columns=COLUMNS)
    chosen = (predictions["model"] == NETWORK) & (predictions["split"] == "site")
    means = predictions[chosen].groupby("year").mean(numeric_only=True)
    totals, unit = read_totals(results)
    figure = new_figure(settings, height_mm=100)
    axes = figure.subplots(len(TARGET_FLUXES), 2, sharex=True)
    for (left, right), flux in zip(axes, TARGET_FLUXES, strict=True):
        draw_totals(left, totals, flux, unit=unit.total)
        estimated = means[f"{flux}_pred"]
        right.plot(estimated.index, estimated, color=NETWORK_COLOUR, label="estimated")
        right.plot(means.index, means[f"{flux}_obs"], label="at the towers", **TRUTH)
        right.set_ylabel(f"{flux.upper()} ({FLUX_UNIT})")
        right.grid(axis="y")
    axes[0, 0].set_title("all forests")
    axes[0, 1].set_title("mean of towers never seen")
    axes[0, 1].legend(loc="best", ncols=2)
    for ax in axes[-1]:
        ax.set_xlabel("year")
    return figure


def make_column(settings: StyleSettings) -> StyleSettings:
    """The same for a figure of half the width."""
    return replace(settings, width_mm=settings.width_mm / 2)


def read_totals(results: Path) -> tuple[pd.DataFrame, TotalUnit]:
    """Totals of all forests by year and flux, and the unit in which they are."""
    table = TOTALS.read(results)
    unit = choose_run_unit(table)
    return scale_totals(table[table["kind"] == "all"], TOTALS, unit), unit


def draw_totals(ax: Axes, totals: pd.DataFrame, flux: str, *, unit: str) -> None:
    """The annual totals of a flux with their interval."""
    draw_lines(ax, totals[totals["variable"] == flux])
    ax.lines[0].set_label("estimate")
    sign = f"\n{UPTAKE}" if flux == "nee" else ""
    ax.set_ylabel(f"{flux.upper()} ({raise_exponents(unit)}){sign}")
    ax.locator_params(axis="x", integer=True, nbins=5)
    ax.grid(axis="y")
