"""Sums over forests: by latitude, through the years, and what changed by stratum."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.change.change_schemas import PAIR, TOTALS, ZONAL
from forestflux.core.names import TARGET_FLUXES
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.world_maps import NORTH, SOUTH
from forestflux.pages.labels_and_colours import (
    FLUX_UNIT,
    NEUTRAL,
    OTHER_COLOURS,
    TYPE_COLOURS,
    UPTAKE,
    subset_label,
)
from forestflux.pages.shown_totals import (
    find_run_unit,
    raise_exponents,
    scale_totals,
)

KINDS = {"all": "all forests", "type": "by forest type", "band": "by latitude band"}
PAIR_COLOURS = ("#0072B2", "#D55E00")
# Fewer zones than these have a mark each: one alone is no line.
FEW_ZONES = 20
# The latitudes of a region that reaches over fewer degrees are shown alone.
WIDEST_REGION_DEG = 60.0


def draw_zonal(results: Path, *, settings: StyleSettings) -> Figure:
    """Mean and total of GPP and NEE by latitude in both years of the pair."""
    unit = find_run_unit(results)
    table = scale_totals(ZONAL.read(results), ZONAL, unit)
    names = {"mean": "mean", "total": "total of a zone"}
    units = {"mean": FLUX_UNIT, "total": raise_exponents(unit.total)}
    figure, axes = four_panels(settings, height_mm=95)
    panels = [(flux, measure) for flux in TARGET_FLUXES for measure in units]
    for ax, (flux, measure) in zip(axes.flat, panels, strict=True):
        rows = table[table["variable"] == flux]
        for year, colour in zip(settings.pair, PAIR_COLOURS, strict=True):
            line = rows[rows["year"] == year].sort_values("latitude")
            style = {"color": colour, "marker": "o" if len(line) < FEW_ZONES else ""}
            ax.plot(
                line[measure], line["latitude"], label=str(year), markersize=3, **style
            )
        ax.axvline(0, color=NEUTRAL, linewidth=0.6)
        ax.set_title(f"{flux.upper()}, {names[measure]}")
        ax.set_xlabel(f"{flux.upper()} ({units[measure]})")
        ax.grid()
    axes[0, 0].set_ylim(choose_latitudes(table["latitude"]))
    for ax in axes[:, 0]:
        ax.set_ylabel("latitude (degrees north)")
    letter_panels(axes.flat)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def choose_latitudes(latitudes: pd.Series) -> tuple[float, float]:
    """Limits of an axis of latitude: of the globe's forests, or close around those of a region."""
    south, north = latitudes.min(), latitudes.max()
    if north - south > WIDEST_REGION_DEG:
        return SOUTH, NORTH
    margin = 0.05 * (north - south) + 0.5
    return south - margin, north + margin


def draw_series(results: Path, *, settings: StyleSettings) -> Figure:
    """Annual totals of GPP and NEE with their interval: all, by type, by band."""
    unit = find_run_unit(results)
    words = raise_exponents(unit.total)
    table = drop_empty(scale_totals(TOTALS.read(results), TOTALS, unit))
    kinds = [kind for kind in KINDS if kind in set(table["kind"])]
    figure = new_figure(settings, height_mm=115)
    axes = figure.subplots(len(TARGET_FLUXES), len(kinds), sharex=True, squeeze=False)
    for row, flux in zip(axes, TARGET_FLUXES, strict=True):
        for ax, kind in zip(row, kinds, strict=True):
            rows = table[(table["variable"] == flux) & (table["kind"] == kind)]
            draw_lines(ax, rows)
            for year in settings.pair:
                ax.axvline(year, color=NEUTRAL, linewidth=0.6, linestyle=":", zorder=0)
            ax.set_title(f"{flux.upper()}, {KINDS[kind]}")
            ax.locator_params(axis="x", integer=True, nbins=5)
            ax.grid(axis="y")
        row[0].set_ylabel(f"{flux.upper()} ({words})")
    axes[1, 0].set_ylabel(f"NEE ({words})\n{UPTAKE}")
    for ax in axes[1]:
        ax.set_xlabel("year")
        handles, labels = ax.get_legend_handles_labels()
        short = max(map(len, labels)) < 8
        style = {"ncols": 3 if short else 2, "columnspacing": 0.8, "handlelength": 1.2}
        place = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.24)}
        ax.legend(handles, labels, **place, **style)
    letter_panels(axes.ravel())
    return figure


def drop_empty(totals: pd.DataFrame) -> pd.DataFrame:
    """The rows of strata with forest in some year: a region lacks most types and bands."""
    area = totals.groupby(["kind", "stratum"])["area"].transform("max")
    return totals[area > 0]


def draw_lines(ax: Axes, rows: pd.DataFrame) -> None:
    """A line with its interval per stratum."""
    colours = stratum_colours(list(dict.fromkeys(rows["stratum"])))
    for name, colour in colours.items():
        line = rows[rows["stratum"] == name].sort_values("year")
        band = line["total_lower"], line["total_upper"]
        ax.fill_between(line["year"], *band, color=colour, alpha=0.2, linewidth=0)
        label = escape_math(subset_label(name))
        ax.plot(line["year"], line["total"], color=colour, label=label, markersize=2.5)


def stratum_colours(strata: list[str]) -> dict[str, str]:
    """Colour of each stratum: types keep theirs, all is dark, others go in order."""
    others = [s for s in strata if s not in TYPE_COLOURS and s != "all"]
    colours = dict(zip(others, OTHER_COLOURS, strict=False))
    colours |= {**TYPE_COLOURS, "all": "#202020"}
    return {name: colours.get(name, NEUTRAL) for name in strata}


def draw_change_table(results: Path, *, settings: StyleSettings) -> Figure:
    """Change between the pair and slope of the series per stratum, with intervals."""
    unit = find_run_unit(results)
    table = scale_totals(PAIR.read(results), PAIR, unit)
    # a stratum without forest in either year has a change of exactly zero
    order = table[(table["variable"] == "gpp") & (table["change"] != 0)]
    order = pd.concat([order[order["kind"] == kind] for kind in KINDS])
    strata = list(dict.fromkeys(order["stratum"]))
    units = {
        "change": raise_exponents(unit.total),
        "slope": raise_exponents(unit.slope),
    }
    first, second = settings.pair
    names = {"change": f"{second} minus {first}", "slope": "slope of the series"}
    figure, axes = four_panels(settings, height_mm=30 + 6.5 * len(strata))
    panels = [(flux, measure) for flux in TARGET_FLUXES for measure in units]
    for ax, (flux, measure) in zip(axes.flat, panels, strict=True):
        rows = table[table["variable"] == flux].set_index("stratum").reindex(strata)
        draw_intervals(ax, rows, measure)
        if rows[measure].isna().all():
            place = {"ha": "center", "va": "center", "transform": ax.transAxes}
            ax.text(0.5, 0.5, "not known:\ntoo few years", **place)
            ax.set_xticks([])
        ax.set_title(f"{flux.upper()},\n{names[measure]}")
        ax.set_xlabel(f"{measure} ({units[measure]})")
    labels = [escape_math(subset_label(name)) for name in strata]
    axes[0, 0].set_yticks(range(len(strata)), labels)
    axes[0, 0].set_ylim(len(strata) - 0.4, -0.6)
    letter_panels(axes.flat)
    return figure


def four_panels(
    settings: StyleSettings, *, height_mm: float
) -> tuple[Figure, np.ndarray]:
    """A figure with four panels (row, column) in one row, in a column in two."""
    rows = 2 if settings.in_column else 1
    height = height_mm if rows == 1 else 10 + 1.7 * height_mm
    figure = new_figure(settings, height_mm=height)
    return figure, figure.subplots(rows, 4 // rows, sharey=True, squeeze=False)


def draw_intervals(ax: Axes, rows: pd.DataFrame, measure: str) -> None:
    """A mark with its interval per stratum; hollow where the interval holds zero."""
    colours = stratum_colours(list(rows.index))
    parts = (rows[f"{measure}{end}"] for end in ("", "_lower", "_upper"))
    for place, (name, value, lower, upper) in enumerate(
        zip(rows.index, *parts, strict=True)
    ):
        clear = lower > 0 or upper < 0
        ax.plot([lower, upper], [place, place], color=colours[name], linewidth=1.2)
        fill = colours[name] if clear else "white"
        ax.plot(
            value,
            place,
            color=colours[name],
            marker="o",
            markersize=4.5,
            markerfacecolor=fill,
        )
    kinds = list(rows["kind"])
    for place in range(1, len(kinds)):
        if kinds[place] != kinds[place - 1]:
            ax.axhline(place - 0.5, color="#B0B0B0", linewidth=0.5)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8, zorder=0)
    ax.locator_params(axis="x", nbins=4)
    ax.grid(axis="x")
