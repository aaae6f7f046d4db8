"""Estimates of forest cells put back on the grid of the dataset that they were made from."""

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.core.layers import LAYERS, NOT_FOREST
from forestflux.core.names import FLUX_UNIT, FLUXES
from forestflux.ensemble.masked_dataset import ForestCells

LONG_NAMES = {
    "gpp": "gross primary production of forest ground",
    "reco": "ecosystem respiration of forest ground",
    "nee": "net ecosystem exchange of forest ground",
}
NEE_COMMENT = "nee = reco - gpp; negative is uptake of carbon by the forest"
# Beside the fluxes, with the value outside forest; attributes are those of the maps.
BESIDE = {"gap_fraction": np.nan, "dissimilarity": np.nan, "applicable": NOT_FOREST}


def put_on_grid(
    estimates: pd.DataFrame, cells: ForestCells, *, level: float
) -> xr.Dataset:
    """Fluxes, bounds and what is beside them, with the dimensions of the dataset.

    Parameters
    ----------
    estimates : of the forest cells in their order, as
        `forestflux.ensemble.trained_ensemble.Ensemble.predict_series` gives them
    cells : the forest cells of the dataset
    level : nominal coverage of the intervals, 0-1
    """
    result = xr.Dataset(coords=cells.like.coords)
    for name in estimates.columns.drop(list(BESIDE)):
        grid = np.full(cells.forest.shape, np.nan, "float32")
        grid[cells.forest] = estimates[name]
        result[name] = ("y", "x"), grid, describe_flux(name, level=level)
    for name, outside in BESIDE.items():
        dtype = "uint8" if outside == NOT_FOREST else "float32"
        grid = np.full(cells.forest.shape, outside, dtype)
        grid[cells.forest] = estimates[name]
        result[name] = ("y", "x"), grid, LAYERS[name].attributes()
    return cells.restore(result)


def describe_flux(name: str, *, level: float) -> dict[str, str]:
    """Attributes of a flux, or of an end of its interval such as `gpp_lower`."""
    flux, _, end = name.partition("_")
    text = LONG_NAMES[flux]
    if name not in FLUXES:
        text = f"{end} end of the {level:.0%} interval of {text}"
    comment = {"comment": NEE_COMMENT} if flux == "nee" else {}
    return {"units": FLUX_UNIT, "long_name": text, **comment}
