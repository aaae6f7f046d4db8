"""What a variable in a month adds to the estimate, by forest type, with its sign."""

from pathlib import Path

from cmcrameri import cm
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from forestflux.core.names import FOREST_TYPES
from forestflux.evaluation.evaluation_schemas import ATTRIBUTIONS
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.skill.month_heatmap import draw_month_heatmap
from forestflux.pages.labels_and_colours import FLUX_UNIT, TYPE_NAMES, series_label

# Green or blue is what a growing forest does: more GPP, more uptake.
COLOUR_MAPS = {"gpp": cm.bam, "nee": cm.vik}


def draw_attributions(results: Path, *, settings: StyleSettings) -> Figure:
    """Heat maps, variable by month: what one typical departure upwards adds."""
    table = ATTRIBUTIONS.read(results)
    types = [name for name in FOREST_TYPES if name in set(table["igbp"])]
    variables = list(dict.fromkeys(table["variable"]))
    figure = new_figure(
        settings, height_mm=24 + (38 if settings.in_column else 34) * len(types)
    )
    axes = figure.subplots(len(types), 2, sharex=True, sharey=True, squeeze=False)
    for column, (target, colours) in zip(axes.T, COLOUR_MAPS.items(), strict=True):
        top = float(table[target].abs().max()) or 1.0
        norm = Normalize(-top, top)
        for ax, name in zip(column, types, strict=True):
            mesh = draw_month_heatmap(
                ax,
                table[table["igbp"] == name],
                target,
                index="variable",
                names=variables,
                labels=[series_label(name) for name in variables],
                cmap=colours,
                norm=norm,
                dots_from=0.05 * top,
            )
            words = f"{name} {TYPE_NAMES[name]}"
            ax.set_title(settings.join(f"{target.upper()}", words))
        column[-1].set_xlabel("month of the season")
        sign = "negative: more uptake" if target == "nee" else ""
        added = (f"added to {target.upper()}", f"({FLUX_UNIT})")
        figure.colorbar(
            mesh,
            ax=list(column),
            location="bottom",
            aspect=40,
            shrink=0.9,
            pad=0.01,
            label=settings.join(settings.join(*added, mark=" "), sign, mark="; "),
        )
    axes[0, 0].invert_yaxis()
    letter_panels(axes.ravel())
    return figure
