"""The product table: every variable with its products, read once from `config/products.yaml`.

A variable has a product in each column: `tile` for cells of the grid of the maps, `fine_tile`
for cells finer than 0.05 degree, `tower` for windows of native pixels around a tower, `table`
for physical values in a table of the user.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.product_entries import add_units, choose_products
from forestflux.core.product_tables.products import Extract, InputSeries, Part, Product
from forestflux.core.reading.typed_input import FrozenModel
from forestflux.core.reading.yaml_files import read_yaml

Column = Literal["tile", "fine_tile", "tower", "table"]
COLUMNS: tuple[Column, ...] = get_args(Column)


class Variable(FrozenModel):
    """A variable with its product in each column that has one."""

    units: str
    """Unit of the physical value, as UDUNITS reads it."""
    tile: Product | None = None
    fine_tile: Product | None = None
    tower: Product | None = None
    table: Product | None = None

    def product(self, column: str) -> Product | None:
        """The product of a column."""
        products: dict[str, Product | None] = {
            "tile": self.tile,
            "fine_tile": self.fine_tile,
            "tower": self.tower,
            "table": self.table,
        }
        return products[column]

    def physical_range(self) -> tuple[float, float] | None:
        """Least and greatest physical value, whatever product gives it; None if not known."""
        masks = [product.mask for product in self.products()]
        ends = [mask.physical for mask in masks if mask is not None]
        if not ends or len(ends) < len(masks):
            return None
        return min(low for low, _ in ends), max(high for _, high in ends)

    def change(
        self,
        change: Callable[[Product], Product],
        columns: Collection[str] = COLUMNS,
    ) -> "Variable":
        """The variable with other products in these columns, and without the other columns."""
        kept = {
            name: change(product)
            for name in COLUMNS
            if name in columns and (product := self.product(name)) is not None
        }
        return Variable(units=self.units, **kept)

    def products(self, columns: Collection[str] = COLUMNS) -> Iterator[Product]:
        """The products of these columns, where they have one."""
        every = (self.product(name) for name in COLUMNS if name in columns)
        return (product for product in every if product is not None)


class ProductTable(FrozenModel):
    """Every variable by its name, in the order of the table."""

    variables: dict[str, Variable]

    def every(
        self, columns: Collection[str] = COLUMNS
    ) -> Iterator[tuple[str, Product]]:
        """Every product of these columns with its variable."""
        for name, variable in self.variables.items():
            yield from ((name, product) for product in variable.products(columns))

    def column(self, column: Column) -> dict[str, Product]:
        """The products of one column by variable."""
        products = {name: v.product(column) for name, v in self.variables.items()}
        return {name: p for name, p in products.items() if p is not None}

    def follow(self, columns: Mapping[str, str]) -> dict[str, Product]:
        """The product of each variable whose column is given; towers may mix columns."""
        products = {
            name: variable.product(columns[name])
            for name, variable in self.variables.items()
            if name in columns
        }
        return {name: p for name, p in products.items() if p is not None}

    def inputs(self, columns: Mapping[str, str]) -> dict[str, Product]:
        """The product of every input series, as `follow` chooses it.

        A series whose column is not given is lacking in the store that names the columns. It
        becomes a gap, whatever product stands for it here.
        """
        followed = self.follow(columns)
        return {
            name: followed.get(name) or next(variable.products())
            for name, variable in self.variables.items()
            if name != LAND_COVER
        }

    def series(self) -> list[InputSeries]:
        """What models and pages know of each input series, in their order."""
        return [
            InputSeries(name=name, units=v.units)
            for name, v in self.variables.items()
            if name != LAND_COVER
        ]

    def ranges(self) -> dict[str, tuple[float, float] | None]:
        """Least and greatest physical value of each input series; None where not known."""
        return {
            name: variable.physical_range()
            for name, variable in self.variables.items()
            if name != LAND_COVER
        }

    def only(self, columns: Collection[str], *parts: Part) -> "ProductTable":
        """The part of the table that a stage reads for a place.

        Rules pass on only this part, so that an edit of a quality rule leaves the
        extraction as it is.

        Parameters
        ----------
        columns : those that the place's numbers may follow
        parts : beside `extract`, which every stage reads
        """
        return self.change(lambda product: product.only(*parts), columns)

    def choose(self, names: Collection[str]) -> "ProductTable":
        """The part of the table with these variables, as far as it has them."""
        return ProductTable(
            variables={n: v for n, v in self.variables.items() if n in names}
        )

    def in_years(self, *years: int) -> "ProductTable":
        """The table of some years: of each product that ends before them its successor."""
        return self.change(lambda product: product.in_years(years))

    def without_years(self) -> "ProductTable":
        """The table without what years products cover: a year more changes no number."""
        return self.change(
            lambda product: product.change_extract(Extract.without_years)
        )

    def eras(self, years: Iterable[int]) -> list[tuple["ProductTable", list[int]]]:
        """Years that have the same products, with their table, in order."""
        eras: dict[str, tuple[ProductTable, list[int]]] = {}
        for year in sorted(years):
            table = self.in_years(year)
            eras.setdefault(table.to_json(), (table, []))[1].append(year)
        return list(eras.values())

    def change(
        self,
        change: Callable[[Product], Product],
        columns: Collection[str] = COLUMNS,
    ) -> "ProductTable":
        """The table with other products in these columns; variables without any are left out."""
        variables = {n: v.change(change, columns) for n, v in self.variables.items()}
        return ProductTable(
            variables={n: v for n, v in variables.items() if any(v.products())}
        )


def read_products(
    path: Path,
    alternates: Mapping[str, str] | None = None,
    *,
    successors: Mapping[str, int] | None = None,
    inputs: Sequence[str] | None = None,
) -> ProductTable:
    """The checked products of the input series, in their order, and of land cover.

    Parameters
    ----------
    path : the table; other products for a variable lie beside it in `alternates.yaml`
    alternates : variable and name of the product that it takes instead
    successors : variable and first year of the product that its own one names as `successor`
    inputs : variables that are input series of the run; all of the table where not given

    Raises
    ------
    InputError : a file is not YAML, an input is not in the table, a key is not known, a
    rule's reason is not one of ours, there is no such product for a variable
    """
    content = choose_products(
        read_yaml(path),
        path.with_name("alternates.yaml"),
        alternates=alternates or {},
        successors=successors or {},
    )
    known = [name for name in content if name != LAND_COVER]
    chosen = known if inputs is None else inputs
    for name in chosen:
        if name not in known:
            raise InputError(
                "configuration",
                variable="inputs",
                expected=f"variables of {path.name}: {', '.join(known)}",
                found=name,
            )
    wanted = [*chosen, *([LAND_COVER] if LAND_COVER in content else [])]
    table = {name: read_variable(content[name], path, name) for name in wanted}
    return ProductTable(variables=table)


def read_variable(entry: dict, path: Path, name: str) -> Variable:
    """An entry of the table; each of its products gets the unit of the variable.

    Raises
    ------
    InputError : a key is not known or missing, or an input series has no part `cube` or `mask`
    """
    products = {
        column: add_units(entry[column], entry.get("units"))
        for column in COLUMNS
        if isinstance(entry.get(column), dict)
    }
    variable = Variable.read(entry | products, path, within=name)
    for product in variable.products():
        if name != LAND_COVER and None in (product.cube, product.mask):
            raise InputError(
                path,
                variable=f"{name}.{'cube' if product.cube is None else 'mask'}",
                expected="this part in each column of an input series",
                found="nothing",
            )
    return variable


def columns_of(dataset: xr.Dataset) -> dict[str, str]:
    """Column of the product table that each variable of a store follows."""
    arrays = dataset.data_vars.items()
    return {str(n): a.attrs["column"] for n, a in arrays if "column" in a.attrs}
