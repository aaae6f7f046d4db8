"""Totals of the continents or of the run's regions through the years, each with its slope."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.change.change_schemas import REGION_CHANGES, REGIONS
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.labels_and_colours import (
    NEUTRAL,
    UPTAKE,
)
from forestflux.pages.number_text import format_p_value
from forestflux.pages.shown_totals import (
    find_run_unit,
    raise_exponents,
    scale_totals,
)

FLUX_COLOURS = {"gpp": "#2F6B2F", "nee": "#1D5C8F"}
PANELS_PER_ROW = 3
MOST_REGIONS = 9  # the largest; continents are fewer


def draw_regions(results: Path, *, settings: StyleSettings) -> Figure:
    """Small panels: GPP of each place, then NEE, with their interval and slope."""
    unit = find_run_unit(results)
    series = scale_totals(REGIONS.read(results), REGIONS, unit)
    slopes = scale_totals(REGION_CHANGES.read(results), REGION_CHANGES, unit)
    kind, names = choose_places(series)
    series, slopes = (t[t["kind"] == kind] for t in (series, slopes))
    columns = min(2 if settings.in_column else PANELS_PER_ROW, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(settings, height_mm=14 + 27 * 2 * rows)
    axes = figure.subplots(2 * rows, columns, sharex=True, squeeze=False)
    shown = []
    for block, flux in enumerate(FLUX_COLOURS):
        places = axes[block * rows : (block + 1) * rows].ravel()
        for ax, name in zip(places, names, strict=False):
            chosen = (series["stratum"] == name) & (series["variable"] == flux)
            draw_region(ax, series[chosen], FLUX_COLOURS[flux], settings=settings)
            chosen = (slopes["stratum"] == name) & (slopes["variable"] == flux)
            title = f"{flux.upper()}, {name}\nslope {slope_text(slopes[chosen])}"
            ax.set_title(title, fontsize=settings.small_pt, x=settings.title_start)
            shown.append(ax)
        for ax in places[len(names) :]:
            ax.axis("off")
        for ax in axes[block * rows : (block + 1) * rows, 0]:
            label = settings.join(
                flux.upper(), f"({raise_exponents(unit.total)})", mark=" "
            )
            ax.set_ylabel(label)
    letter_panels(shown)
    slope_words = f"slopes in {raise_exponents(unit.slope)}"
    words = settings.join(f"NEE, {UPTAKE}", slope_words, mark="; ")
    figure.supxlabel(words, fontsize=settings.small_pt)
    return figure


def choose_places(series: pd.DataFrame) -> tuple[str, list[str]]:
    """Kind and names of the places that are drawn, the largest first; none is `none`.

    The continents; the run's regions where it has some and lies on one continent.
    """
    gpp = series[(series["variable"] == "gpp") & (series["stratum"] != "none")]
    means = gpp.groupby(["kind", "stratum"])["total"].mean().dropna()
    means = means[means > 0].sort_values(ascending=False, kind="stable")
    by_kind = {
        kind: [name for found, name in means.index if found == kind]
        for kind in ("continent", "region")
    }
    lone = len(by_kind["continent"]) < 2
    kind = "region" if lone and by_kind["region"] else "continent"
    return kind, by_kind[kind][:MOST_REGIONS]


def draw_region(
    ax: Axes, rows: pd.DataFrame, colour: str, *, settings: StyleSettings
) -> None:
    """One line with its interval, the pair of years marked."""
    rows = rows.sort_values("year")
    bounds = rows["total_lower"], rows["total_upper"]
    ax.fill_between(rows["year"], *bounds, color=colour, alpha=0.2, linewidth=0)
    ax.plot(rows["year"], rows["total"], color=colour)
    for year in settings.pair:
        ax.axvline(year, color=NEUTRAL, linewidth=0.6, linestyle=":", zorder=0)
    ax.locator_params(axis="x", integer=True, nbins=4)
    ax.locator_params(axis="y", nbins=4)
    ax.tick_params(labelbottom=True)
    ax.grid(axis="y")


def slope_text(rows: pd.DataFrame) -> str:
    """Slope and its p-value, which is adjusted over the places of its kind."""
    row = rows.iloc[0]
    if pd.isna(row["slope"]):
        return "not known"
    slope = f"{row['slope']:+.3f}".replace("-", "\N{MINUS SIGN}")
    return f"{slope} (p {format_p_value(row['slope_p_adjusted'])})"
