"""The mean season by forest type: towers, the network, and the plain season beside it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from forestflux.core.names import FLUXES, FOREST_TYPES, NETWORK
from forestflux.ensemble.intervals.conformal import MAP_SPLIT
from forestflux.ensemble.intervals.month_intervals import season_month
from forestflux.evaluation.months.month_schemas import MONTH_PREDICTIONS
from forestflux.models.seasons.shares import MEAN_SEASON
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.labels_and_colours import (
    MONTH_UNIT,
    NETWORK_COLOUR,
    NEUTRAL,
    model_label,
)

# Below so good a year its months are not shown, as they are not scored by default.
SHOWN_QUALITY = 0.8
STYLES: dict[str, dict[str, Any]] = {
    "towers": {"color": "#202020", "marker": "o", "markersize": 2.5, "zorder": 4},
    NETWORK: {"color": NETWORK_COLOUR, "zorder": 3},
    MEAN_SEASON: {"color": NEUTRAL, "linestyle": "--", "linewidth": 0.9, "zorder": 2},
}


def draw_seasons(results: Path, *, settings: StyleSettings) -> Figure:
    """Mean GPP, RECO and NEE of each month of the season at towers, by forest type."""
    table = MONTH_PREDICTIONS.read(results)
    table = table[(table["split"] == MAP_SPLIT) & table["gpp_obs"].notna()]
    table = table[table["nee_qc"] >= SHOWN_QUALITY]
    season = season_month(table["month"].to_numpy(int), table["lat"].to_numpy(float))
    table = table.assign(season=season)
    types = [name for name in FOREST_TYPES if name in set(table["igbp"])]
    figure = new_figure(settings, height_mm=30 + 32 * len(FLUXES))
    axes = figure.subplots(
        len(FLUXES), max(len(types), 1), sharex=True, sharey="row", squeeze=False
    )
    for row, flux in zip(axes, FLUXES, strict=True):
        for ax, name in zip(row, types, strict=False):
            draw_type(ax, table[table["igbp"] == name], flux)
        row[0].set_ylabel(f"{flux.upper()} ({MONTH_UNIT})")
    for ax, name in zip(axes[0], types, strict=False):
        sites = table.loc[table["igbp"] == name, "site"].nunique()
        ax.set_title(f"{name}, {sites} towers")
    for ax in axes[-1]:
        ax.set_xticks(range(1, 13, 2), list("JMMJSN"))
    middle = axes[-1, axes.shape[1] // 2]
    middle.set_xlabel("month of the season; southern years are moved by half a year")
    letter_panels(axes.ravel())
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(STYLES))
    return figure


def draw_type(ax: Axes, rows: pd.DataFrame, flux: str) -> None:
    """Lines of one flux and forest type; each site counts once."""
    for name, style in STYLES.items():
        side = "obs" if name == "towers" else "pred"
        own = rows[rows["model"] == (NETWORK if name == "towers" else name)]
        by_site = own.groupby(["site", "season"])[f"{flux}_{side}"].mean()
        mean = by_site.groupby("season").mean().reindex(np.arange(1, 13))
        label = "towers" if name == "towers" else model_label(name)
        ax.plot(mean.index, mean.to_numpy(), label=label, **style)
    ax.axhline(0, color=NEUTRAL, linewidth=0.6)
    ax.grid()
