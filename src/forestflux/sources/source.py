"""What every source of satellite layers does."""

from typing import Protocol

import xarray as xr

from forestflux.core.places import Place


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
        """Native values of one place and year (`docs/reference/stores.md`, extract).

        Parameters
        ----------
        products : the `extract` section of the product table by variable, for this
        place's variant
        """
