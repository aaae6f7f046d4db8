"""Layers of flags: which cells carry a meaning of CF `flag_masks`."""

import numpy as np
import xarray as xr


def flagged(layer: xr.DataArray, meaning: str) -> xr.DataArray:
    """Cells whose flags hold a meaning, bool, dimensions as the layer.

    Parameters
    ----------
    layer : sums of its attribute `flag_masks`, named by `flag_meanings`
    meaning : one of the words of `flag_meanings`
    """
    meanings = layer.attrs["flag_meanings"].split()
    mask = np.atleast_1d(layer.attrs["flag_masks"])[meanings.index(meaning)]
    return (layer & np.uint8(mask)) > 0
