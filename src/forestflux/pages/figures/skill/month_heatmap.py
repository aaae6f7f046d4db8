"""A heat map of rows by month, with dots where the members of the ensemble disagree."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import Colormap, Normalize

MONTHS = range(1, 13)


def draw_month_heatmap(
    ax: Axes,
    table: pd.DataFrame,
    column: str,
    *,
    index: str,
    names: Sequence[str],
    labels: Sequence[str],
    cmap: Colormap,
    norm: Normalize,
    dots_from: float = 0.0,
) -> QuadMesh:
    """The mesh of one column; dots where a value is less than twice its spread.

    Parameters
    ----------
    table : columns `index`, `month`, the column, and `{column}_sd`, its spread between
        members
    column : that is drawn
    index : column whose values make the rows
    names, labels : of the rows, from above
    cmap, norm : colours
    dots_from : the smallest absolute value that may get a dot; what is too faint to be seen
        as a colour needs none
    """

    def pivot(name: str) -> np.ndarray:
        wide = table.pivot_table(index=index, columns="month", values=name)
        return wide.reindex(index=list(names), columns=list(MONTHS)).to_numpy(float)

    months, rows = np.array(MONTHS), np.arange(len(names))
    values, spread = pivot(column), pivot(f"{column}_sd")
    # Edges, not middles: a single row has a height too.
    edges = np.append(months, len(months) + 1) - 0.5, np.arange(len(rows) + 1) - 0.5
    mesh = ax.pcolormesh(*edges, values, cmap=cmap, norm=norm, rasterized=True)
    size = np.abs(values)
    row, month = np.nonzero((size < 2 * spread) & ~(size < dots_from))
    ax.scatter(months[month], row, s=2, color="black", linewidths=0)
    ax.set_xticks(months, list("JFMAMJJASOND"))
    ax.set_yticks(rows, list(labels))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return mesh
