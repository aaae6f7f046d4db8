"""Any figure from the results of a finished run.

The registry of figures and their captions are not imported here: an entry or a caption more
must not draw every figure again.
"""

import importlib
from pathlib import Path

from matplotlib.figure import Figure

from forestflux.pages.figures.figure_style import (
    StyleSettings,
    apply_style,
    mark_simulated,
)


def draw_figure(
    function: str, results: Path, *, style_settings: StyleSettings
) -> Figure:
    """A figure, drawn from finished tables and maps only.

    Parameters
    ----------
    function : full name of what draws it, `Entry.full_function` of the registry
    results : folder of the run, `results/demo`
    style_settings : size, text, projection, pair of years

    Raises
    ------
    InputError : a file that it needs is missing or not right
    """
    # Imported by name, so that a figure's checksum of code holds its own module and not every
    # other's. Rule `figure` therefore names the module itself, see figures.smk.
    module, _, name = function.rpartition(".")
    draw = getattr(importlib.import_module(module), name)
    with apply_style(style_settings):
        figure = draw(results, settings=style_settings)
        if style_settings.simulated:
            mark_simulated(figure)
    return figure
