"""Change by stratum: the pair beside windows of years, and what the change is made of."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.change.change_schemas import DECOMPOSITION, REGION_CHANGES, WINDOWS
from forestflux.core.names import TARGET_FLUXES
from forestflux.core.total_units import TotalUnit
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    escape_math,
    letter_panels,
    new_figure,
    spread_marks,
)
from forestflux.pages.labels_and_colours import NEUTRAL, subset_label
from forestflux.pages.shown_totals import (
    find_run_unit,
    raise_exponents,
    scale_totals,
)

KINDS = ("all", "type", "band", "continent", "forest_change")
STYLES = {
    "pair": {"color": "#202020", "marker": "o"},
    "windows": {"color": "#D55E00", "marker": "s"},
}
PARTS = {
    "intensity": ("flux per m2 of forest", "#0072B2"),
    "area_effect": ("forest area", "#E69F00"),
    "interaction": ("both together", "#8C8C8C"),
}
# Share of the largest change below which nothing of a part would be seen.
SMALLEST_PART = 1e-3
BOUNDS = ["change", "change_lower", "change_upper"]


def draw_windows(results: Path, *, settings: StyleSettings) -> Figure:
    """The change of the pair and of the windows by stratum, each with its interval."""
    unit = find_run_unit(results)
    pair = scale_totals(REGION_CHANGES.read(results), REGION_CHANGES, unit)
    windows = scale_totals(WINDOWS.read(results), WINDOWS, unit)
    tables = {"pair": pair, "windows": windows}
    names = {"pair": f"{settings.pair[1]} minus {settings.pair[0]}"}
    known = windows.dropna(subset=["first_years", "second_years", "change"])
    names["windows"] = "windows of years: not mapped"
    if len(known):
        years = known.iloc[0]
        names["windows"] = f"{years['second_years']} minus {years['first_years']}"
    strata = strata_with_forest(pair)
    figure = new_figure(settings, height_mm=22 + 5.2 * len(strata))
    axes = figure.subplots(1, len(TARGET_FLUXES), sharey=True)
    for ax, flux in zip(axes, TARGET_FLUXES, strict=True):
        shifts = spread_marks(len(tables))
        for (name, table), shift in zip(tables.items(), shifts, strict=True):
            draw_marks(ax, pick(table, strata, flux), shift, STYLES[name])
        finish(ax, strata, unit, ticks=4 if settings.in_column else 6)
        ax.set_title(flux_title(flux, settings))
    letter_panels(axes)
    for name, style in STYLES.items():
        axes[0].plot([], [], linestyle="", label=names[name], **style)
    handles, labels = axes[0].get_legend_handles_labels()
    columns = 1 if settings.in_column else 2
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


def draw_decomposition(results: Path, *, settings: StyleSettings) -> Figure:
    """Bars of what the change of each stratum is made of; a mark for their sum."""
    unit = find_run_unit(results)
    table = scale_totals(DECOMPOSITION.read(results), DECOMPOSITION, unit)
    largest = table["change"].abs().max()
    parts = [n for n in PARTS if table[n].abs().max() > SMALLEST_PART * largest]
    strata = strata_with_forest(REGION_CHANGES.read(results))
    figure = new_figure(settings, height_mm=22 + 4.6 * len(strata))
    axes = figure.subplots(1, len(TARGET_FLUXES), sharey=True)
    for ax, flux in zip(axes, TARGET_FLUXES, strict=True):
        rows = pick(table, strata, flux)
        draw_parts(ax, rows, parts)
        mark = {"marker": "D", "markersize": 3.5, "color": "#202020", "zorder": 4}
        places = np.arange(len(strata))
        ax.plot(rows["change"], places, linestyle="", label="change", **mark)
        finish(ax, strata, unit, ticks=4 if settings.in_column else 6)
        ax.set_title(flux_title(flux, settings))
    letter_panels(axes)
    handles, labels = axes[0].get_legend_handles_labels()
    columns = 2 if settings.in_column else 4
    figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure


def flux_title(flux: str, settings: StyleSettings) -> str:
    """Name of the flux, and what its sign means."""
    meaning = "" if flux == "gpp" else "negative: more uptake"
    return settings.join(flux.upper(), meaning, mark="; ")


def strata_with_forest(changes: pd.DataFrame) -> list[tuple[str, str]]:
    """Kind and name of the strata with forest in a year of the pair, in the order of the kinds."""
    forest = changes[["area_first", "area_second"]].max(axis=1) > 0
    known = changes[forest & (changes["stratum"] != "none")]
    known = known[known["variable"] == TARGET_FLUXES[0]]
    return [
        (kind, name)
        for kind in KINDS
        for name in known.loc[known["kind"] == kind, "stratum"]
    ]


def pick(table: pd.DataFrame, strata: list[tuple[str, str]], flux: str) -> pd.DataFrame:
    """Rows of the strata in order; empty where the table has none."""
    rows = table[table["variable"] == flux].set_index(["kind", "stratum"])
    return rows.reindex(pd.MultiIndex.from_tuples(strata))


def draw_marks(ax: Axes, rows: pd.DataFrame, shift: float, style: dict) -> None:
    """A mark with its interval per stratum; hollow where the interval holds zero."""
    parts = (rows[name] for name in BOUNDS)
    for place, (change, lower, upper) in enumerate(zip(*parts, strict=True)):
        clear = lower > 0 or upper < 0
        at = [place + shift, place + shift]
        ax.plot([lower, upper], at, color=style["color"], linewidth=1)
        fill = style["color"] if clear else "white"
        mark = {**style, "markersize": 3.8, "markerfacecolor": fill}
        ax.plot(change, place + shift, linestyle="", **mark)


def draw_parts(ax: Axes, rows: pd.DataFrame, parts: list[str]) -> None:
    """Stacked bars: gains to the right of zero, losses to the left."""
    places = np.arange(len(rows))
    ends = {True: np.zeros(len(rows)), False: np.zeros(len(rows))}
    for part in parts:
        label, colour = PARTS[part]
        values = np.nan_to_num(rows[part].to_numpy(float))
        start = np.where(values > 0, ends[True], ends[False])
        style: dict[str, Any] = {
            "color": colour,
            "height": 0.62,
            "linewidth": 0,
            "label": label,
        }
        ax.barh(places, values, left=start, **style)
        ends[True] += np.maximum(values, 0)
        ends[False] += np.minimum(values, 0)


def finish(
    ax: Axes, strata: list[tuple[str, str]], unit: TotalUnit, *, ticks: int
) -> None:
    """Names of the strata, lines between their kinds, zero."""
    names = [
        escape_math(f"forest {name}" if kind == "forest_change" else subset_label(name))
        for kind, name in strata
    ]
    ax.set_yticks(range(len(strata)), names)
    ax.set_ylim(len(strata) - 0.4, -0.6)
    for place in range(1, len(strata)):
        if strata[place][0] != strata[place - 1][0]:
            ax.axhline(place - 0.5, color="#B0B0B0", linewidth=0.5)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8, zorder=0)
    ax.margins(x=0.06)
    ax.use_sticky_edges = False
    ax.locator_params(axis="x", nbins=ticks)
    ax.set_xlabel(f"change ({raise_exponents(unit.total)})")
    ax.grid(axis="x")
