"""Maps of the fluxes, of their intervals, and of what changed."""

from pathlib import Path

import pandas as pd
import xarray as xr
from cmcrameri import cm
from matplotlib.figure import Figure

from forestflux.change.change_schemas import SIGNIFICANCE
from forestflux.core.layers import flagged
from forestflux.core.names import TARGET_FLUXES
from forestflux.jobs.stages import upstream_stores
from forestflux.jobs.stores.store import load_store
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.map_scales import (
    centred,
    draw_bar,
    scale_fluxes,
    sequential,
)
from forestflux.pages.figures.world_maps import (
    draw_pale,
    draw_raster,
    hatch,
    world_axes,
)
from forestflux.pages.labels_and_colours import FLUX_UNIT, SLOPE_UNIT, UPTAKE
from forestflux.pages.number_text import format_share

NOWHERE = "significant in no cell"
TESTS = ("difference", "window_difference", "slope")


def draw_maps(results: Path, *, settings: StyleSettings) -> Figure:
    """GPP and NEE of the pair of years, one scale for each flux; hatched: not applicable."""
    years = {
        year: load_store(results / f"maps/{year}.zarr", ["gpp", "nee", "applicable"])
        for year in settings.pair
    }
    scales = {
        flux: scale_fluxes(flux, *(dataset[flux] for dataset in years.values()))
        for flux in TARGET_FLUXES
    }
    labels = {"gpp": f"GPP ({FLUX_UNIT})", "nee": f"NEE ({FLUX_UNIT}; {UPTAKE})"}
    if settings.in_column:  # all below each other
        figure = new_figure(settings, height_mm=208)
        grid = figure.add_gridspec(4, 1)
        places = [(grid[0], grid[1]), (grid[2], grid[3])]
    else:
        figure = new_figure(settings, height_mm=120)
        grid = figure.add_gridspec(2, 2)
        places = [(grid[0, 0], grid[0, 1]), (grid[1, 0], grid[1, 1])]
    panels = []
    for row, (flux, scale) in zip(places, scales.items(), strict=True):
        axes = []
        for place, (year, dataset) in zip(row, years.items(), strict=True):
            ax = world_axes(figure, place, settings=settings)
            image = draw_raster(ax, dataset[flux], cmap=scale.colours, norm=scale.ends)
            hatch(ax, outside(dataset))
            ax.set_title(f"{flux.upper()} {year}")
            axes.append(ax)
        draw_bar(image, axes, labels[flux], extend=scale.extend, aspect=50, shrink=0.6)
        panels += axes
    letter_panels(panels)
    return figure


def outside(dataset: xr.Dataset) -> xr.DataArray:
    """Forest cells (y, x) outside the area of applicability."""
    return dataset["applicable"] == 0


def draw_uncertainty(results: Path, *, settings: StyleSettings) -> Figure:
    """Widths of the intervals, missing input, dissimilarity to the towers, second year."""
    year = settings.pair[1]
    names = ["gpp_lower", "gpp_upper", "nee_lower", "nee_upper", "gap_fraction"]
    names += ["dissimilarity", "applicable"]
    dataset = load_store(results / f"maps/{year}.zarr", names)
    layers = {}
    for flux in TARGET_FLUXES:
        width = dataset[f"{flux}_upper"] - dataset[f"{flux}_lower"]
        title = f"{flux.upper()} {year}, width of the interval"
        layers[title] = (width, f"upper minus lower bound ({FLUX_UNIT})")
    gaps = 100 * dataset["gap_fraction"].where(dataset["gpp_upper"].notnull())
    layers[f"missing inputs {year}"] = (gaps, "missing share of the inputs (%)")
    label = "dissimilarity to the training towers (1)"
    layers[f"inputs unlike the towers' {year}"] = (dataset["dissimilarity"], label)
    rows = 4 if settings.in_column else 2
    figure = new_figure(settings, height_mm=59 * rows)
    grid = figure.add_gridspec(rows, len(layers) // rows)
    panels = []
    for place, (title, (layer, label)) in enumerate(layers.items()):
        ax = world_axes(figure, grid[place], settings=settings)
        image = draw_raster(ax, layer, cmap=cm.lapaz_r, norm=sequential(layer))
        ax.set_title(title)
        draw_bar(image, ax, label, extend="max")
        panels.append(ax)
    hatch(panels[-1], outside(dataset))
    letter_panels(panels)
    return figure


def draw_change(results: Path, *, settings: StyleSettings) -> Figure:
    """Difference of pair and windows, slope of the series; pale where it may be chance."""
    parts = [part for test in TESTS for part in (test, f"{test}_significance")]
    names = [f"{flux}_{part}" for flux in TARGET_FLUXES for part in parts]
    stores = upstream_stores(results / "change/change.json")
    dataset = load_store(stores.path("change"), names)
    shares = SIGNIFICANCE.read(results)
    # windows of years that are not mapped leave no cell
    tests = [test for test in TESTS if dataset[f"gpp_{test}"].notnull().any()]
    figure = new_figure(settings, height_mm=8 + 64 * len(tests))
    grid = figure.add_gridspec(len(tests), 2)
    panels = []
    for row, test in enumerate(tests):
        for column, flux in enumerate(TARGET_FLUXES):
            layer = dataset[f"{flux}_{test}"]
            ax = world_axes(figure, grid[row, column], settings=settings)
            # uptake has one colour everywhere: more GPP and a lower NEE are both blue
            cmap = cm.vik_r if flux == "gpp" else cm.vik
            image = draw_raster(ax, layer, cmap=cmap, norm=centred(layer))
            sure = significant(dataset, flux, test)
            title = f"{flux.upper()}, {change_name(test, dataset.attrs, settings)}"
            draw_pale(ax, image, layer, ~sure)
            found = share_text(shares, flux, test) if sure.any() else NOWHERE
            ax.set_title(f"{title}\n{found}")
            meaning = "" if flux == "gpp" else "; negative: more uptake"
            unit = SLOPE_UNIT if test == "slope" else FLUX_UNIT
            label = f"change of {flux.upper()} ({unit}{meaning})"
            draw_bar(image, ax, label, extend="both")
            panels.append(ax)
    letter_panels(panels)
    words = "full colours where significant, pale colours where not"
    figure.supxlabel(words, fontsize=settings.font_pt)
    return figure


def change_name(test: str, attributes: dict, settings: StyleSettings) -> str:
    """A kind of change in words, with its years."""
    if test == "slope":
        return "slope of the annual series"
    if test == "difference":
        return f"{settings.pair[1]} minus {settings.pair[0]}"
    spans = (attributes["second_window"], attributes["first_window"])
    return " minus ".join(f"{years[0]}-{years[-1]}" for years in spans)


def share_text(shares: pd.DataFrame, flux: str, test: str) -> str:
    """Which share of the forest changed more than by chance, plain and adjusted."""
    chosen = shares[(shares["variable"] == flux) & (shares["test"] == test)]
    found = chosen[["share", "share_adjusted"]].to_numpy(float)
    return "".join(
        f"significant: {format_share(plain)} of forest, adjusted {format_share(adjusted)}"
        for plain, adjusted in found
    )


def significant(dataset: xr.Dataset, flux: str, test: str) -> xr.DataArray:
    """Cells (y, x) that were tested and whose change is more than chance, by themselves."""
    return flagged(dataset[f"{flux}_{test}_significance"], "significant")
