"""Handovers: from which year on a successor gives a variable, and in which year both do."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.products import Product


@dataclass(frozen=True)
class Handover:
    """A variable that is of one product up to a year and of its successor from then on.

    Attributes
    ----------
    variable : the variable
    before, after : the products
    first_year : the first year of the successor
    shared_year : a year that both cover, as near to the handover as there is one
    """

    variable: str
    before: Product
    after: Product
    first_year: int
    shared_year: int

    @property
    def line(self) -> str:
        """Where the handover lies, in words."""
        return (
            f"{self.variable}: {name_of(self.before)} up to {self.first_year - 1},"
            f" {name_of(self.after)} from {self.first_year} on"
        )


def name_of(product: Product) -> str:
    """The collections of a product, by their ids."""
    return ", ".join(product.extract.collections)


def find_shared_years(
    products: Mapping[str, Product], years: Collection[int], *, today: date
) -> dict[str, int]:
    """The shared year of each variable with a handover between the years of a run.

    Parameters
    ----------
    products : of one column, by variable
    years : of the run
    today : which years are over

    Raises
    ------
    InputError : no year beside a handover is covered by both products
    """
    found = {}
    for variable, product in products.items():
        after = product.successor
        if after is None or not min(years) < after.first_year <= max(years):
            continue
        before = product.in_years([])
        shared = share_year(before, after.product, after.first_year, today=today)
        if shared is None:
            raise InputError(
                "configuration",
                variable=f"successors.{variable}",
                expected=f"a year that {name_of(before)} and {name_of(after.product)} cover,"
                f" or one after it; the second begins in {after.product.extract.years[0]}",
                found=str(after.first_year),
            )
        found[variable] = shared
    return found


def list_handovers(
    products: Mapping[str, Product], shared_years: Mapping[str, int]
) -> list[Handover]:
    """The handovers of the variables whose shared years are known, in the products' order."""
    return [
        Handover(
            variable,
            product.in_years([]),
            product.successor.product,
            product.successor.first_year,
            shared_years[variable],
        )
        for variable, product in products.items()
        if variable in shared_years and product.successor is not None
    ]


def share_year(
    before: Product, after: Product, first_year: int, *, today: date
) -> int | None:
    """The year before a handover, else the first one after it, if both products cover it."""
    for year in (first_year - 1, first_year):
        covered = (
            extract.years[0] <= year <= extract.last_year(today)
            for extract in (before.extract, after.extract)
        )
        if all(covered):
            return year
    return None
