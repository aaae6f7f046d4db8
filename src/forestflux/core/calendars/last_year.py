"""The last year of a run whose years have an open end: the last that every product covers."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

from forestflux.core.product_tables.products import Product


class LastYear(NamedTuple):
    """The last year that every product covers.

    Attributes
    ----------
    year : the year
    ending : variables whose products end there, each with its collection
    """

    year: int
    ending: tuple[str, ...]

    @property
    def line(self) -> str:
        """What the planning says of it."""
        return (
            f"the last year is {self.year}, the last that every product covers;"
            f" {', '.join(self.ending)} ends there"
        )


def this_day() -> date:
    """Today, the same everywhere on Earth."""
    return datetime.now(UTC).date()


def find_last_year(products: Iterable[tuple[str, Product]], *, today: date) -> LastYear:
    """The last year that every product of a run covers.

    Parameters
    ----------
    products : that the run reads, each with its variable
    today : a product that still grows covers every year that is over
    """
    ends = [
        (product.last_year(today), f"{name} ({product.last_collection})")
        for name, product in products
    ]
    last = min(year for year, _ in ends)
    ending = dict.fromkeys(text for year, text in ends if year == last)
    return LastYear(last, tuple(ending))
