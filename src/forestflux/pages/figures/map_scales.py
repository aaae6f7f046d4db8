"""Colour scales of maps: the numbers at their ends, and the bar below a map."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from cartopy.mpl.geoaxes import GeoAxes
from cmcrameri import cm
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.image import AxesImage

COLOURS = {"gpp": cm.bamako_r, "nee": cm.vik}
# Share of the strongest value below which the weakest one lies far from it.
CLOSE = 0.5


@dataclass(frozen=True)
class Scale:
    """Colours of a map.

    Attributes
    ----------
    colours : from the lowest to the highest value
    ends : those values
    extend : ends with values beyond them, as `draw_bar` takes it
    """

    colours: Colormap
    ends: Normalize
    extend: str


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


def scale_fluxes(flux: str, *values: xr.DataArray) -> Scale:
    """One scale for maps of a flux, which holds zero unless the flux differs little.

    In a small region all cells may lie close together, far from zero. The scale then spans
    what there is, but for 2 % of cells at each end.
    """
    every = np.concatenate([v.to_numpy().ravel() for v in values])
    low, top = (float(np.nanquantile(every, share)) for share in (0.02, 0.98))
    weak, strong = sorted(map(abs, (low, top)))
    is_close = low * top > 0 and CLOSE * strong < weak < strong
    signed = flux == "nee"
    if not is_close:
        ends = centred(*values) if signed else sequential(*values)
        return Scale(COLOURS[flux], ends, "both" if signed else "max")
    colours = COLOURS[flux]
    if signed:
        side = np.linspace(0, 0.5, 256) if top < 0 else np.linspace(0.5, 1, 256)
        colours = ListedColormap(colours(side))
    return Scale(colours, Normalize(low, top), "both")


def sequential(*values: xr.DataArray) -> Normalize:
    """One scale for several maps, from zero to the highest 2 % of cells."""
    top = np.nanquantile(np.concatenate([v.to_numpy().ravel() for v in values]), 0.98)
    return Normalize(0, float(top) if top > 0 else 1.0)


def centred(*values: xr.DataArray) -> Normalize:
    """One scale for several maps, zero in its middle, to the strongest 2 % of cells."""
    every = np.abs(np.concatenate([v.to_numpy().ravel() for v in values]))
    limit = float(np.nanquantile(every, 0.98)) or 1.0
    return Normalize(-limit, limit)
