"""The truth of the simulated planet: what a perfect map would show."""

import numpy as np
import xarray as xr

from forestflux.core.grids.cell_centres import wrap_longitudes
from forestflux.core.grids.grid import Grid
from forestflux.core.grids.land import is_land
from forestflux.core.names import FLUX_UNIT
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.sources.simulated.carbon import carbon_year
from forestflux.sources.simulated.vegetation import forest_cells

# Land cells that are computed at once; each (cell, step) array then takes 6 MB.
BLOCK_CELLS = 16_384

LAYERS = {
    "gpp": ("float32", np.nan, {"units": FLUX_UNIT, "long_name": "true GPP"}),
    "reco": ("float32", np.nan, {"units": FLUX_UNIT, "long_name": "true RECO"}),
    "nee": (
        "float32",
        np.nan,
        {
            "units": FLUX_UNIT,
            "long_name": "true NEE, negative is uptake by the forest",
        },
    ),
    "forest_fraction": (
        "float32",
        0,
        {"units": "1", "long_name": "share of the cell that is forest"},
    ),
    "forest_type": (
        "uint8",
        0,
        {"long_name": "forest type with the largest share, IGBP, 0 none"},
    ),
    "disturbed": (
        "uint8",
        0,
        {"long_name": "1 in and after the year of a planted disturbance"},
    ),
    "planted_slope": (
        "float32",
        np.nan,
        {
            "units": "gC m-2 yr-2",
            "long_name": "planted trend of GPP from 2001 to 2020 in mean weather",
        },
    ),
}


def true_year(
    grid: Grid,
    year: int,
    *,
    seed: int,
    planet: PlanetSettings,
) -> xr.Dataset:
    """True fluxes and vegetation of a grid in one year (docs/reference/stores.md, truth).

    Fluxes are those of the cell's commonest forest type, or of open land where there is
    no forest; they are NaN on the sea.

    Parameters
    ----------
    grid : of the maps
    planet : settings of the planet
    """
    latitudes = np.repeat(grid.latitudes(), grid.shape[1])
    longitudes = np.tile(wrap_longitudes(grid.longitudes()), grid.shape[0])
    land = np.flatnonzero(is_land(latitudes, longitudes))
    layers = {
        name: np.full(latitudes.size, empty, dtype)
        for name, (dtype, empty, _) in LAYERS.items()
    }
    for start in range(0, len(land), BLOCK_CELLS):
        block = land[start : start + BLOCK_CELLS]
        cells, percent = forest_cells(latitudes[block], longitudes[block], seed=seed)
        carbon = carbon_year(cells, year, seed=seed, planet=planet)
        layers["forest_fraction"][block] = percent.sum(axis=0) / 100
        layers["forest_type"][block] = cells.kind
        for name in ("gpp", "reco", "disturbed", "planted_slope"):
            layers[name][block] = getattr(carbon, name)
    layers["nee"] = layers["reco"] - layers["gpp"]
    return xr.Dataset(
        {
            name: (("y", "x"), layers[name].reshape(grid.shape), attributes)
            for name, (_, _, attributes) in LAYERS.items()
        },
        coords={
            "y": ("y", grid.latitudes(), {"units": "degrees_north"}),
            "x": ("x", grid.longitudes(), {"units": "degrees_east"}),
        },
        attrs={"year": year},
    )
