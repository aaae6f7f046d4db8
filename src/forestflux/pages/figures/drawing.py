"""Any figure by its name, from the results of a finished run."""

import importlib
from pathlib import Path

from matplotlib.figure import Figure

from forestflux.pages.figures.figure_registry import find, module_of
from forestflux.pages.figures.figure_style import StyleSettings, mark_simulated, style


def draw(name: str, results: Path, *, style_settings: StyleSettings) -> Figure:
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
    # by name, so that a figure depends on its own module and not on every other's
    module = importlib.import_module(module_of(name))
    with style(style_settings):
        figure = getattr(module, entry.function)(results, settings=style_settings)
        if style_settings.simulated:
            mark_simulated(figure)
    return figure
