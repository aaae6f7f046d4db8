"""Cube: every product on the calendar of 46 steps and on the place's cells, native values kept."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from forestflux.core.calendars import eight_day
from forestflux.core.layers import REGION_SHARE
from forestflux.core.product_tables.products import Product

KEPT_COORDINATES = ("y", "x", "igbp", "site", "lat", "lon")


def build_cube(
    native: xr.Dataset, products: Mapping[str, Product], *, year: int
) -> xr.Dataset:
    """One place and year on one calendar (see docs/reference/stores.md, cube).

    Parameters
    ----------
    native : the extract store
    products : by variable, those that the store's numbers follow
    """
    cells = cell_shape(native)
    arrays = {}
    for variable, product in products.items():
        if variable not in native or product.cube is None:
            continue  # land cover has one image a year and no place on the calendar
        days = native[f"time_{variable}"].values.astype("datetime64[D]")
        dims = ("time", f"y_{variable}", f"x_{variable}")
        for name, absent in bands(variable, product):
            values = native[name].values
            if product.cube.daily:
                placed = eight_day.average_days(values, days, year=year)
            else:
                placed = eight_day.place_composites(
                    values, days, year=year, absent=absent
                )
            pixels = repeat_pixels(placed, product, cells)
            arrays[name] = (dims, pixels, native[name].attrs)
    cube = xr.Dataset(arrays)
    kept = [name for name in ("forest_percent", REGION_SHARE) if name in native]
    return cube.assign(native[kept]).assign_coords(
        {
            "time": eight_day.step_starts(year).astype("datetime64[ns]"),
            **{name: native[name] for name in KEPT_COORDINATES if name in native},
        }
    )


def bands(variable: str, product: Product) -> list[tuple[str, float]]:
    """The value band of a variable and its quality band, with what each holds where nothing is."""
    names = [(variable, product.extract.absent)]
    if product.has_quality:
        names.append((f"{variable}_quality", product.extract.quality_absent))
    return names


def cell_shape(dataset: xr.Dataset) -> tuple[int, int]:
    """Rows and columns of the place in cells; a tower group has one column."""
    if "site" in dataset:
        return dataset.sizes["y"], 1
    return dataset.sizes["y"], dataset.sizes["x"]


def repeat_pixels(
    values: np.ndarray, product: Product, cells: tuple[int, int]
) -> np.ndarray:
    """Pixels of a product coarser than the grid repeated onto its cells; others as they are.

    Nearest neighbour, because a stored integer and its quality bits have no average.
    """
    factor, first = product.extract.cells_per_pixel, product.cells_before
    if factor == 1:
        return values
    repeated = values.repeat(factor, axis=1).repeat(factor, axis=2)
    return repeated[:, first : first + cells[0], first : first + cells[1]]
