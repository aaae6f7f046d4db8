"""Attribution of a change: how far the departure of each input from its mean year made it.

The response of a place to its years is linear in the departures, so the effects of the inputs
sum to the change of the fluxes, whatever their order. What is left over is where a flux would
fall below zero.
"""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from forestflux.core.names import FLUX_UNIT
from forestflux.models.years.response import Response

CO2 = "co2"
INTERACTION = "interaction"
Pair = tuple[xr.Dataset, xr.Dataset]


def driver_names(inputs: Sequence[str], *, co2: bool = False) -> tuple[str, ...]:
    """The drivers: each input series, CO2 if it is added, and what they leave of the change."""
    return (*inputs, *((CO2,) if co2 else ()), INTERACTION)


def find_common_forest(years: Pair) -> np.ndarray:
    """Cells (y, x) that are estimated in both years, bool."""
    first, second = (np.isfinite(dataset["gpp"].values[0]) for dataset in years)
    return first & second


def measure_shift(years: Pair, response: Response, cells: np.ndarray) -> np.ndarray:
    """Change of the departures of some cells (variable, cell), in the response's scale.

    Parameters
    ----------
    years : a tile in the first and the second year, as `TileYear` loads it
    response : gives the scale
    cells : bool (y, x)
    """
    first, second = (y["departure"].values[:, cells].astype(float) for y in years)
    return (second - first) / response.scale[:, None]


def attribute_change(years: Pair, response: Response) -> xr.Dataset:
    """Effect of each input's departures on GPP and RECO, member by member.

    Parameters
    ----------
    years : a tile in the first and the second year, as `TileYear` loads it
    response : how fluxes follow departures

    Returns
    -------
    gpp_effect, reco_effect : float32 (driver, member, y, x), gC m-2 yr-1, NaN where one
        of the years has no forest
    """
    cells = find_common_forest(years)
    shift = measure_shift(years, response, cells)
    # (member, target, variable, 1) x (variable, cell): an effect of each variable alone.
    gpp, nee = (response.members[..., None] * shift).transpose(1, 2, 0, 3)
    inputs = years[0]["variable"].values.tolist()
    with_co2 = "gpp_co2" in years[0]
    result = xr.Dataset(
        coords={
            "driver": list(driver_names(inputs, co2=with_co2)),
            "member": years[0]["member"].copy(),
            "y": years[0]["y"].copy(),
            "x": years[0]["x"].copy(),
        }
    )
    for name, effect in (("gpp", gpp), ("reco", gpp + nee)):
        if with_co2:
            added = [y[f"{name}_co2"].values[:, cells].astype(float) for y in years]
            effect = np.concatenate([effect, (added[1] - added[0])[None]])
        before, after = (year[name].values[:, cells].astype(float) for year in years)
        left = (after - before) - effect.sum(axis=0)
        tile = np.full((len(effect) + 1, *years[0][name].shape), np.nan, "float32")
        tile[:, :, cells] = np.concatenate([effect, left[None]])
        result[f"{name}_effect"] = (
            ("driver", "member", "y", "x"),
            tile,
            {
                "units": FLUX_UNIT,
                "long_name": f"part of the change of {name.upper()} that a driver makes",
            },
        )
    return result
