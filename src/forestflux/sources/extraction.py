"""Extract: native values and quality bands of one place and year, checked on arrival."""

import logging
from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from forestflux.core.grids.places import Place, TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.names import IGBP_CLASSES
from forestflux.core.product_tables.product_table import ProductTable
from forestflux.core.product_tables.products import Product
from forestflux.sources.region_cut import cut_to_region
from forestflux.sources.source import Source

log = logging.getLogger(__name__)


def extract(
    source: Source, products: Mapping[str, Product], place: Place, *, year: int
) -> xr.Dataset:
    """Native values of one place and year (see docs/reference/stores.md, extract).

    The attribute `column` of each variable names the column of the product table that
    its numbers follow.

    Parameters
    ----------
    products : by variable, those that the source has

    Raises
    ------
    InputError : the source answers with another shape, type or day than asked for
    """
    native = source.fetch(products, place, year)
    for variable, product in products.items():
        if not product.is_class_cover:
            check_arrival(native, variable, product, place, year)
            native[variable].attrs["column"] = source.column(place, variable)
    if isinstance(place, TilePlace) and place.share is not None:
        return cut_to_region(native, products, place)
    if isinstance(place, TowerPlace) and "landcover" in native:
        for line in other_classes(native["landcover"].values, place):
            log.info("%d: %s", year, line)
    return native


def other_classes(classes: np.ndarray, place: TowerPlace) -> Iterator[str]:
    """A line for each tower around which another class is commoner than its own.

    Parameters
    ----------
    classes : IGBP codes of the towers' windows (1, row, column); 0 and what is no code where there
        is none
    """
    windows = classes.reshape(len(place.sites), -1)
    for site, window in zip(place.sites.itertuples(index=False), windows, strict=True):
        last = len(IGBP_CLASSES)  # the archive's fill, 255, is no class
        counts = np.bincount(window, minlength=last + 1)[1 : last + 1]
        found = IGBP_CLASSES[counts.argmax()]
        if counts.any() and found != site.igbp:
            yield (
                f"{site.site} is {site.igbp} in the table of towers, but land cover is"
                f" {found} in {counts.max()} of {window.size} pixels"
            )


def available_columns(
    source: Source, place: Place, table: ProductTable
) -> dict[str, str]:
    """Column of the product table of each variable that the source has for a place."""
    columns = {name: source.column(place, name) for name in table.variables}
    return {name: column for name, column in columns.items() if column is not None}


def check_arrival(
    native: xr.Dataset, variable: str, product: Product, place: Place, year: int
) -> None:
    """Refuse an array whose dims, size, type or days are not what was asked for."""
    source = f"{place.name} {year}"
    dims = (f"time_{variable}", f"y_{variable}", f"x_{variable}")
    dtypes = {variable: product.extract.dtype}
    if product.extract.quality_dtype is not None:
        dtypes[f"{variable}_quality"] = product.extract.quality_dtype
    shape = product.native_shape(place.shape)
    for name, dtype in dtypes.items():
        array = native.get(name)
        found = "nothing" if array is None else f"{array.dtype} {array.dims}"
        if array is None or array.dims != dims or str(array.dtype) != dtype:
            raise InputError(
                source, variable=name, expected=f"{dtype} {dims}", found=found
            )
        if array.shape[1:] != shape:
            raise InputError(
                source,
                variable=name,
                expected=f"{shape} pixels",
                found=str(array.shape[1:]),
            )
    days = native[dims[0]].values.astype("datetime64[D]")
    if np.any(np.diff(days).astype(int) <= 0):
        raise InputError(
            source, variable=dims[0], expected="rising days", found="others"
        )
