"""What every source of satellite layers does."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import xarray as xr

from forestflux.core.grids.places import Place
from forestflux.core.product_tables.products import Product


class Source(Protocol):
    """Gives native values and quality bands; later stages cannot tell which source ran."""

    def column(self, place: Place, variable: str) -> str | None:
        """Column of the product table that a variable's numbers follow.

        None for a variable that the source does not have. It is a gap then, `not_acquired`.
        """

    def prepare(
        self, products: Mapping[str, Product], work: Sequence[tuple[Place, int]]
    ) -> None:
        """Take note, before the first `fetch`, of the places and years that a job lacks.

        A source that waits for a network asks for all of them at once.
        """

    def fetch(
        self, products: Mapping[str, Product], place: Place, year: int
    ) -> xr.Dataset:
        """Native values of one place and year, laid out as in `docs/reference/stores.md`, extract.

        Parameters
        ----------
        products : by variable, those of the columns that the place's numbers follow
        """
