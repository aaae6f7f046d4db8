"""The sources by name. Nothing heavy is imported: the workflow asks this table when it plans."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forestflux.sources.source import Source

# Where each source is defined. The rule extract makes the module in use part of its code.
SOURCES = {
    "simulated": "forestflux.sources.simulated.simulated_source",
    "files": "forestflux.sources.tower_files",
    "earthengine": "forestflux.sources.earthengine.earthengine_source",
}


def open_source(name: str, settings: dict) -> "Source":
    """The source of a name.

    Modules are imported by name, so that only the one in use counts as code of a run.

    Parameters
    ----------
    name : simulated, files or earthengine
    settings : what sources use: seed, planet, towers, and of Earth Engine access,
    forest_only and the years of the job
    """
    return importlib.import_module(SOURCES[name]).open_source(settings)
