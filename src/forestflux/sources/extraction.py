"""Extract: native values and quality bands of one place and year, checked on arrival."""

import logging
from collections.abc import Iterator

import numpy as np
import xarray as xr

from forestflux.core.errors import InputError
from forestflux.core.names import IGBP_CLASSES
from forestflux.core.places import Place, TowerPlace
from forestflux.core.products import native_shape, sections_of
from forestflux.sources.source import Source

log = logging.getLogger(__name__)


def extract(source: Source, products: dict, place: Place, *, year: int) -> xr.Dataset:
    """Native values of one place and year (see docs/reference/stores.md, extract).

    Each variable carries the name of the column of the product table that its numbers
    follow as its attribute `variant`.

    Parameters
    ----------
    products : {variable: {"extract": section}} of the variables that the source has

    Raises
    ------
    InputError : the source answers with another shape, type or day than asked for
    """
    sections = sections_of(products)
    native = source.fetch(sections, place, year)
    for variable, section in sections.items():
        if "classes" not in section:
            check_arrival(native, variable, section, place, year)
            native[variable].attrs["variant"] = source.variant(place, variable)
    if isinstance(place, TowerPlace) and "landcover" in native:
        for line in other_classes(native["landcover"].values, place):
            log.info("%d: %s", year, line)
    return native


def other_classes(classes: np.ndarray, place: TowerPlace) -> Iterator[str]:
    """A line for each tower around which another class is commoner than its own.

    Parameters
    ----------
    classes : IGBP codes of the towers' windows (1, row, column), 0 where there is none
    """
    windows = classes.reshape(len(place.sites), -1)
    for site, window in zip(place.sites.itertuples(index=False), windows, strict=True):
        counts = np.bincount(window, minlength=2)[1:]
        found = IGBP_CLASSES[counts.argmax()]
        if counts.any() and found != site.igbp:
            yield (
                f"{site.site} is {site.igbp} in the table of towers, but land cover is"
                f" {found} in {counts.max()} of {window.size} pixels"
            )


def variants_held(source: Source, place: Place, products: dict) -> dict[str, str]:
    """Column of the product table of each variable that the source has for a place.

    Parameters
    ----------
    products : by column of the product table what `forestflux.core.products.select` gives
    """
    variables = {name for column in products.values() for name in column}
    held = {name: source.variant(place, name) for name in sorted(variables)}
    return {name: variant for name, variant in held.items() if variant is not None}


def check_arrival(
    native: xr.Dataset, variable: str, section: dict, place: Place, year: int
) -> None:
    """Refuse an array whose dims, size, type or days are not what was asked for."""
    source = f"{place.name} {year}"
    dims = (f"time_{variable}", f"y_{variable}", f"x_{variable}")
    names = [variable] + [f"{variable}_quality"] * ("quality_band" in section)
    dtypes = [section["dtype"], section.get("quality_dtype")]
    for name, dtype in zip(names, dtypes, strict=False):
        array = native.get(name)
        found = "nothing" if array is None else f"{array.dtype} {array.dims}"
        expected_shape = native_shape(section, place.shape)
        if array is None or array.dims != dims or str(array.dtype) != dtype:
            raise InputError(
                source, variable=name, expected=f"{dtype} {dims}", found=found
            )
        if array.shape[1:] != expected_shape:
            raise InputError(
                source,
                variable=name,
                expected=f"{expected_shape} pixels",
                found=str(array.shape[1:]),
            )
    days = native[dims[0]].values.astype("datetime64[D]")
    if np.any(np.diff(days).astype(int) <= 0):
        raise InputError(
            source, variable=dims[0], expected="rising days", found="others"
        )
