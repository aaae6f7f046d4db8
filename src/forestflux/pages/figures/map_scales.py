"""Colour scales of maps: the numbers at their ends, and the bar below a map."""

from typing import Any

import numpy as np
import xarray as xr
from cartopy.mpl.geoaxes import GeoAxes
from matplotlib.colors import Normalize
from matplotlib.image import AxesImage


def draw_bar(
    image: AxesImage,
    axes: GeoAxes | list[GeoAxes],
    label: str,
    *,
    extend: str,
    aspect: float = 30,
    shrink: float = 0.9,
) -> None:
    """The scale of an image below the maps that share it.

    Parameters
    ----------
    extend : ends with values beyond them: `max`, `min`, `both` or `neither`
    aspect : length over height
    shrink : share of the width of the maps
    """
    figure = image.get_figure(root=True)
    assert figure is not None  # an image that is drawn has one
    place: dict[str, Any] = {
        "location": "bottom",
        "aspect": aspect,
        "pad": 0.02,
        "shrink": shrink,
    }
    figure.colorbar(image, ax=axes, extend=extend, label=label, **place)


def sequential(*values: xr.DataArray) -> Normalize:
    """One scale for several maps, from zero to the highest 2 % of cells."""
    top = np.nanquantile(np.concatenate([v.to_numpy().ravel() for v in values]), 0.98)
    return Normalize(0, float(top) if top > 0 else 1.0)


def centred(*values: xr.DataArray) -> Normalize:
    """One scale for several maps, zero in its middle, to the strongest 2 % of cells."""
    every = np.abs(np.concatenate([v.to_numpy().ravel() for v in values]))
    limit = float(np.nanquantile(every, 0.98)) or 1.0
    return Normalize(-limit, limit)
