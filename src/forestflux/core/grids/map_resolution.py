"""The resolution of the maps: which column of the product table their cells follow."""

from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import Column, ProductTable, Variable
from forestflux.core.product_tables.products import Extract

# Sides of cells for which the table has the column `fine_tile`, degrees. At 0.005, about 500 m,
# a cell is as large as the smallest pixels that the products have.
FINE_RESOLUTIONS_DEG = (0.01, 0.005)
EXACT = 1e-9


def map_column(resolution_deg: float) -> Column:
    """The column of cells of a side: that of the 0.05 degree products, or of finer ones.

    The simulated planet has cells of any side; all but the fine ones are recorded as the
    products of 0.05 degree are.
    """
    fine = any(abs(resolution_deg - side) < EXACT for side in FINE_RESOLUTIONS_DEG)
    return "fine_tile" if fine else "tile"


def name_fine_resolutions() -> str:
    """The sides of fine cells in words, degrees."""
    return " or ".join(f"{side:g}" for side in FINE_RESOLUTIONS_DEG)


def fit_resolution(table: ProductTable, resolution_deg: float) -> ProductTable:
    """The table for maps of a resolution: how many cells a coarser pixel has is filled in.

    Only the column `fine_tile` serves several resolutions; the others stay as they are.

    Raises
    ------
    InputError : the maps are fine and a variable has no product for them, or one whose pixels
        are no whole number of cells
    """
    if map_column(resolution_deg) == "tile":
        return table
    fitted = {
        name: fit_variable(name, variable, resolution_deg)
        for name, variable in table.variables.items()
    }
    return ProductTable(variables=fitted)


def fit_variable(name: str, variable: Variable, resolution_deg: float) -> Variable:
    """A variable whose product of fine cells knows how many of them a pixel has.

    Raises
    ------
    InputError : as `fit_resolution`
    """
    product = variable.fine_tile
    if product is None:
        raise InputError(
            "product table",
            variable=f"{name}.fine_tile",
            expected=f"a product for cells of {resolution_deg:g} degree",
            found="nothing",
        )

    def fit(extract: Extract) -> Extract:
        cells = count_cells(name, extract, resolution_deg)
        return extract.model_copy(update={"cells_per_pixel": cells})

    return variable.model_copy(update={"fine_tile": product.change_extract(fit)})


def count_cells(name: str, extract: Extract, resolution_deg: float) -> int:
    """Cells along the side of a pixel; 1 where pixels lie across cells.

    Raises
    ------
    InputError : they are no whole number
    """
    grid = extract.grid
    if grid is None or not grid.is_geographic:
        return 1
    cells = grid.pixel / resolution_deg
    if round(cells) < 1 or abs(cells - round(cells)) > EXACT * cells:
        raise InputError(
            "product table",
            variable=f"{name}.fine_tile.extract.grid.pixel",
            expected=f"a multiple of the cells of {resolution_deg:g} degree",
            found=f"{grid.pixel:g}",
        )
    return round(cells)
