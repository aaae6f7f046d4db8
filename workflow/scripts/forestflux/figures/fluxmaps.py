"""Maps of the fluxes, of their intervals, and of what changed."""

from pathlib import Path

import xarray as xr
from cmcrameri import cm
from matplotlib.figure import Figure

from forestflux.figures.maps import (
    centred,
    draw_raster,
    sequential,
    stipple,
    world_axes,
)
from forestflux.figures.style import (
    FLUX_UNIT,
    SLOPE_UNIT,
    UPTAKE,
    StyleSettings,
    letter,
    new_figure,
)
from forestflux.figures.tables import read_map

SIGNIFICANT_SD = 1.96
SIGNIFICANT_P = 0.05


def draw_maps(results: Path, *, settings: StyleSettings) -> Figure:
    """GPP and NEE of the pair of years, one scale for each flux."""
    years = {
        year: read_map(results, f"maps/{year}.zarr", variables=["gpp", "nee"])
        for year in settings.pair
    }
    scales = {
        "gpp": (cm.bamako_r, sequential(*(d["gpp"] for d in years.values())), "max"),
        "nee": (cm.vik, centred(*(d["nee"] for d in years.values())), "both"),
    }
    labels = {"gpp": f"GPP ({FLUX_UNIT})", "nee": f"NEE ({FLUX_UNIT}; {UPTAKE})"}
    figure = new_figure(settings, height_mm=120)
    grid = figure.add_gridspec(2, 2)
    panels = []
    for row, (flux, (cmap, norm, extend)) in enumerate(scales.items()):
        axes = []
        for column, (year, dataset) in enumerate(years.items()):
            ax = world_axes(figure, grid[row, column], settings=settings)
            image = draw_raster(ax, dataset[flux], cmap=cmap, norm=norm)
            ax.set_title(f"{flux.upper()} {year}")
            axes.append(ax)
        bar = {"location": "bottom", "aspect": 50, "pad": 0.02, "shrink": 0.6}
        figure.colorbar(image, ax=axes, extend=extend, label=labels[flux], **bar)
        panels += axes
    letter(panels)
    return figure


def draw_uncertainty(results: Path, *, settings: StyleSettings) -> Figure:
    """Width of the intervals and the share of missing input, second year."""
    year = settings.pair[1]
    names = ["gpp_lower", "gpp_upper", "nee_lower", "nee_upper", "gap_fraction"]
    dataset = read_map(results, f"maps/{year}.zarr", variables=names)
    layers = {}
    for flux in ("gpp", "nee"):
        width = dataset[f"{flux}_upper"] - dataset[f"{flux}_lower"]
        label = f"width of the interval\n({FLUX_UNIT})"
        layers[f"{flux.upper()} {year}"] = (width, label)
    gaps = 100 * dataset["gap_fraction"].where(dataset["gpp_upper"].notnull())
    layers[f"gaps {year}"] = (gaps, "missing share\nof the inputs (%)")
    figure = new_figure(settings, height_mm=62)
    grid = figure.add_gridspec(1, len(layers))
    panels = []
    for column, (title, (layer, label)) in enumerate(layers.items()):
        ax = world_axes(figure, grid[0, column], settings=settings)
        image = draw_raster(ax, layer, cmap=cm.lapaz_r, norm=sequential(layer))
        ax.set_title(title)
        bar = {"location": "bottom", "label": label, "aspect": 25, "pad": 0.02}
        figure.colorbar(image, ax=ax, extend="max", **bar)
        panels.append(ax)
    letter(panels)
    return figure


def draw_change(results: Path, *, settings: StyleSettings) -> Figure:
    """Difference of the pair and slope of the series; dots where not significant."""
    parts = ("difference", "difference_sd", "slope", "p")
    names = [f"{flux}_{part}" for flux in ("gpp", "nee") for part in parts]
    dataset = read_map(results, "change/change.zarr", variables=names)
    first, second = settings.pair
    titles = {
        "difference": f"{second} minus {first}",
        "slope": "slope of the annual series",
    }
    units = {"difference": FLUX_UNIT, "slope": SLOPE_UNIT}
    figure = new_figure(settings, height_mm=125)
    grid = figure.add_gridspec(2, 2)
    panels = []
    for row, flux in enumerate(("gpp", "nee")):
        for column, part in enumerate(titles):
            layer = dataset[f"{flux}_{part}"]
            ax = world_axes(figure, grid[row, column], settings=settings)
            # uptake has one colour everywhere: more GPP and a lower NEE are both blue
            cmap = cm.vik_r if flux == "gpp" else cm.vik
            image = draw_raster(ax, layer, cmap=cmap, norm=centred(layer))
            stipple(ax, insignificant(dataset, flux, part))
            ax.set_title(f"{flux.upper()}, {titles[part]}")
            meaning = "" if flux == "gpp" else "; negative: more uptake"
            bar = {"location": "bottom", "aspect": 30, "pad": 0.02, "shrink": 0.9}
            label = f"{part} of {flux.upper()} ({units[part]}{meaning})"
            figure.colorbar(image, ax=ax, extend="both", label=label, **bar)
            panels.append(ax)
    letter(panels)
    return figure


def insignificant(dataset: xr.Dataset, flux: str, part: str) -> xr.DataArray:
    """Cells (y, x) whose change could be chance."""
    if part == "slope":
        return dataset[f"{flux}_p"] >= SIGNIFICANT_P
    limit = SIGNIFICANT_SD * dataset[f"{flux}_difference_sd"]
    return abs(dataset[f"{flux}_difference"]) < limit
