"""What a tile has outside of the run's region: nothing, as where the archive has nothing."""

from collections.abc import Mapping

import numpy as np
import xarray as xr

from forestflux.core.grids.places import TilePlace
from forestflux.core.layers import REGION_LAYERS, REGION_SHARE
from forestflux.core.product_tables.products import Product


def cut_to_region(
    native: xr.Dataset, products: Mapping[str, Product], place: TilePlace
) -> xr.Dataset:
    """The native values of a tile without those outside of the region, and `region_share`.

    A pixel of which some cell is inside stays. Cells outside have no forest.

    Parameters
    ----------
    native : as a source gives it
    products : by variable
    place : a tile with its share in the region
    """
    assert place.share is not None  # the caller asked
    outside = place.share == 0
    changed: dict[str, tuple] = {}
    for variable, product in products.items():
        if product.is_class_cover:
            continue
        empty = find_pixels_outside(outside, product)
        absent = {variable: product.extract.absent}
        if product.extract.quality_dtype is not None:
            absent[f"{variable}_quality"] = product.extract.quality_absent
        for name, number in absent.items():
            values = native[name].values.copy()
            values[:, empty] = number
            changed[name] = (native[name].dims, values, native[name].attrs)
    if "forest_percent" in native:
        percent = native["forest_percent"]
        none = np.where(outside, 0, percent.values).astype(percent.dtype)
        changed["forest_percent"] = (percent.dims, none, percent.attrs)
    attributes = REGION_LAYERS[REGION_SHARE].attributes()
    share = (("y", "x"), place.share.astype("float32"), attributes)
    return native.assign(changed | {REGION_SHARE: share})


def find_pixels_outside(outside: np.ndarray, product: Product) -> np.ndarray:
    """Native pixels (row, column) of a tile all of whose cells lie outside, bool.

    Parameters
    ----------
    outside : cells (y, x)
    """
    window, factor = product.extract.window, product.extract.cells_per_pixel
    first = product.cells_before
    rows, columns = product.native_shape(outside.shape)
    fine = outside.repeat(window, axis=0).repeat(window, axis=1)
    whole = np.ones((rows * factor, columns * factor), bool)
    place = (slice(first, first + length) for length in fine.shape)
    whole[tuple(place)] = fine
    pixels = whole.reshape(rows, factor, columns, factor)
    return np.asarray(pixels.all(axis=(1, 3)))
