"""Any figure by its name, from the results of a finished run."""

import importlib
from pathlib import Path

from matplotlib.figure import Figure

from forestflux.pages.figures.figure_registry import find, module_of
from forestflux.pages.figures.figure_style import (
    StyleSettings,
    apply_style,
    mark_simulated,
)


def draw_figure(name: str, results: Path, *, style_settings: StyleSettings) -> Figure:
    """The figure of a name, drawn from finished tables and maps only.

    Parameters
    ----------
    name : one of `figure_registry.FIGURES`
    results : folder of the run, `results/demo`
    style_settings : size, text, projection, pair of years

    Raises
    ------
    InputError : no figure of this name; a file that it needs is missing or not right
    """
    entry = find(name)
    # Imported by name, so that a figure's checksum of code holds its own module and not every
    # other's. Rule `figure` therefore names the module itself, see figures.smk.
    module = importlib.import_module(module_of(name))
    with apply_style(style_settings):
        figure = getattr(module, entry.function)(results, settings=style_settings)
        if style_settings.simulated:
            mark_simulated(figure)
    return figure
