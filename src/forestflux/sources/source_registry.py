"""The sources by name. Nothing heavy is imported: the workflow asks this table when it plans."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings

if TYPE_CHECKING:
    from forestflux.sources.source import Source

# Where each source is defined. The rule extract makes the module in use part of its code.
SOURCES = {
    "simulated": "forestflux.sources.simulated.simulated_source",
    "files": "forestflux.sources.tower_files",
    "earthengine": "forestflux.sources.earthengine.earthengine_source",
}


def open_source(
    name: str,
    settings: SourceSettings,
    *,
    years: Sequence[int] = (),
    runtime: EarthEngineSettings | None = None,
    subsets: Path | None = None,
) -> "Source":
    """The source of a name.

    Modules are imported by name, so that only the one in use counts as code of a run.

    Parameters
    ----------
    name : simulated, files or earthengine
    settings : what its numbers depend on
    years : all years of the job; a tower's request to Earth Engine holds several
    runtime : how Earth Engine is reached; changes no number
    subsets : manifest of the stage of that name, where the run has one
    """
    module = importlib.import_module(SOURCES[name])
    return module.open_source(settings, years=years, runtime=runtime, subsets=subsets)
