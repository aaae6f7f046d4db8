"""What every source of satellite layers does, and the choice of one by name."""

import importlib
from typing import Protocol

import xarray as xr

from forestflux.places import Place


class Source(Protocol):
    """Gives native values and quality bands; downstream cannot tell which source ran."""

    def variant(self, place: Place, variable: str) -> str | None:
        """Column of the product table that a variable's numbers follow: tile, tower or table.

        None for a variable that the source does not have: it is a gap, `not_acquired`.
        """

    def prepare(self, products: dict[str, dict], work: list[tuple[Place, int]]) -> None:
        """Told once, before the first `fetch`, which places and years a job still lacks.

        A source that waits for a network asks for all of them at once.
        """

    def fetch(self, products: dict[str, dict], place: Place, year: int) -> xr.Dataset:
        """Native values of one place and year, laid out as `docs/contracts.md`, extract, says.

        Parameters
        ----------
        products : the `extract` section of the product table by variable, for this
        place's variant
        """


def open_source(name: str, settings: dict) -> Source:
    """The source of a name.

    Modules are imported by name, so that only the one in use counts as code of a run.

    Parameters
    ----------
    name : simulated, files or earthengine
    settings : what sources use: seed, planet, towers, and of Earth Engine access,
    forest_only and the years of the job
    """
    return importlib.import_module(f"forestflux.sources.{name}").open_source(settings)
