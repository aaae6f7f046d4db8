"""Which input matters in which month, by forest type."""

from pathlib import Path

from cmcrameri import cm
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.evaluation.evaluation_schemas import IMPORTANCE
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.skill.month_heatmap import draw_month_heatmap
from forestflux.pages.labels_and_colours import FLUX_UNIT, TYPE_NAMES, series_label


def draw_importance(results: Path, *, settings: StyleSettings) -> Figure:
    """Heat maps, variable by month: change of the estimate when it is hidden."""
    table = IMPORTANCE.read(results)
    types = [name for name in FOREST_TYPES if name in set(table["igbp"])]
    variables = list(dict.fromkeys(table["variable"]))
    figure = new_figure(
        settings, height_mm=24 + (34 if settings.in_column else 31) * len(types)
    )
    axes = figure.subplots(len(types), 2, sharex=True, sharey=True, squeeze=False)
    for column, target in zip(axes.T, TARGET_FLUXES, strict=True):
        norm = Normalize(0, float(table[target].max()) or 1.0)
        for ax, name in zip(column, types, strict=True):
            mesh = draw_month_heatmap(
                ax,
                table[table["igbp"] == name],
                target,
                index="variable",
                names=variables,
                labels=[series_label(name) for name in variables],
                cmap=cm.lapaz_r,
                norm=norm,
            )
            words = f"{name} {TYPE_NAMES[name]}"
            ax.set_title(settings.join(f"{target.upper()}", words))
        column[-1].set_xlabel("month of the season")
        figure.colorbar(
            mesh,
            ax=list(column),
            location="bottom",
            aspect=40,
            shrink=0.9,
            pad=0.01,
            label=settings.join(
                "mean absolute change", f"of {target.upper()} ({FLUX_UNIT})", mark=" "
            ),
        )
    axes[0, 0].invert_yaxis()
    letter_panels(axes.ravel())
    return figure
