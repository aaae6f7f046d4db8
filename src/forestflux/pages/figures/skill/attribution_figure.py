"""What a variable in a month adds to the estimate, by forest type, with its sign."""

from pathlib import Path

import numpy as np
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from forestflux.core.names import FOREST_TYPES
from forestflux.jobs.tables import read_table
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.labels_and_colours import FLUX_UNIT, TYPE_NAMES, VARIABLE_LABELS

COLUMNS = ("igbp", "variable", "month", "gpp", "nee", "gpp_sd", "nee_sd")
MONTHS = range(1, 13)
# Green or blue is what a growing forest does: more GPP, more uptake.
TARGETS = {"gpp": cm.bam, "nee": cm.vik}


def draw_attributions(results: Path, *, settings: StyleSettings) -> Figure:
    """Heat maps, variable by month: what one typical departure upwards adds."""
    table = read_table(results / "explain/attributions.csv", columns=COLUMNS)
    types = [name for name in FOREST_TYPES if name in set(table["igbp"])]
    variables = list(dict.fromkeys(table["variable"]))
    figure = new_figure(settings, height_mm=24 + 34 * len(types))
    axes = figure.subplots(len(types), 2, sharex=True, sharey=True, squeeze=False)
    for column, (target, colours) in zip(axes.T, TARGETS.items(), strict=True):
        top = float(table[target].abs().max()) or 1.0
        norm = Normalize(-top, top)
        for ax, name in zip(column, types, strict=True):
            part = table[table["igbp"] == name]
            mesh = draw_signed(ax, part, target, variables, cmap=colours, norm=norm)
            ax.set_title(f"{target.upper()}, {name} {TYPE_NAMES[name]}")
        column[-1].set_xlabel("month of the season")
        sign = "; negative: more uptake" if target == "nee" else ""
        figure.colorbar(
            mesh,
            ax=list(column),
            location="bottom",
            aspect=40,
            shrink=0.9,
            pad=0.01,
            label=f"added to {target.upper()} ({FLUX_UNIT}){sign}",
        )
    axes[0, 0].invert_yaxis()
    letter_panels(axes.ravel())
    return figure


def draw_signed(
    ax: Axes,
    table: pd.DataFrame,
    target: str,
    variables: list[str],
    *,
    cmap: object,
    norm: Normalize,
) -> QuadMesh:
    """The mesh of one forest type; dots where members disagree on what is worth colour."""

    def grid(column: str) -> np.ndarray:
        wide = table.pivot_table(index="variable", columns="month", values=column)
        return wide.reindex(index=variables, columns=MONTHS).to_numpy(float)

    months, rows = np.array(MONTHS), np.arange(len(variables))
    values, spread = grid(target), grid(f"{target}_sd")
    mesh = ax.pcolormesh(months, rows, values, cmap=cmap, norm=norm, rasterized=True)
    faint = np.abs(values) < 0.05 * norm.vmax
    row, column = np.nonzero((np.abs(values) < 2 * spread) & ~faint)
    ax.scatter(months[column], row, s=2, color="black", linewidths=0)
    ax.set_xticks(months, list("JFMAMJJASOND"))
    ax.set_yticks(rows, [VARIABLE_LABELS.get(name, name) for name in variables])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return mesh
