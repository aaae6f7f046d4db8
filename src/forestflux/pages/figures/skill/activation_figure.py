"""What the convolutional block answers to, by forest type and time of the year."""

from pathlib import Path

from cmcrameri import cm
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from forestflux.core.names import FOREST_TYPES
from forestflux.evaluation.evaluation_schemas import ACTIVATIONS
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    letter_panels,
    new_figure,
)
from forestflux.pages.figures.skill.month_heatmap import draw_month_heatmap
from forestflux.pages.labels_and_colours import TYPE_NAMES, series_label

KINDS = {"variables": "across variables", "joint": "jointly"}


def draw_activations(results: Path, *, settings: StyleSettings) -> Figure:
    """Heat maps, pattern by month: mean absolute activation, a panel for each forest type."""
    table = ACTIVATIONS.read(results)
    types = [name for name in FOREST_TYPES if name in set(table["igbp"])]
    patterns = list(dict.fromkeys(table["pattern"]))
    rows = -(-len(types) // 2)
    figure = new_figure(settings, height_mm=8 + (7 + 3.8 * len(patterns)) * rows)
    axes = figure.subplots(rows, 2, sharex=True, sharey=True, squeeze=False)
    norm = Normalize(0, float(table["activation"].max()) or 1.0)
    for ax, name in zip(axes.flat, types, strict=False):
        mesh = draw_month_heatmap(
            ax,
            table[table["igbp"] == name],
            "activation",
            index="pattern",
            names=patterns,
            labels=[pattern_label(name) for name in patterns],
            cmap=cm.lapaz_r,
            norm=norm,
        )
        ax.tick_params(labelbottom=True)
        ax.set_title(name if settings.in_column else f"{name} {TYPE_NAMES[name]}")
    axes[0, 0].invert_yaxis()
    free = list(axes.flat)[len(types) :]
    for ax in free:
        ax.axis("off")
    label = settings.join("mean absolute", "activation", "(no unit)", mark=" ")
    if free:  # the last place of an odd number of types
        place = free[0].inset_axes([0.05, 0.5, 0.9, 0.07])
        figure.colorbar(mesh, cax=place, orientation="horizontal", label=label)
    else:
        figure.colorbar(mesh, ax=axes, location="bottom", aspect=50, label=label)
    letter_panels(list(axes.flat)[: len(types)])
    return figure


def pattern_label(name: str) -> str:
    """`ndvi` as NDVI, `joint 2` as jointly, block 2."""
    kind, _, block = name.partition(" ")
    if block:
        return f"{KINDS.get(kind, kind)}, block {block}"
    return series_label(name)
