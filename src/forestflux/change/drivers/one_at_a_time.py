"""Counterfactual: runs that swap one input's year at a time say what drove a change."""

from typing import Protocol

import numpy as np
import xarray as xr

from forestflux.core.errors import InputError
from forestflux.core.names import FLUX_UNIT, VARIABLES
from forestflux.prepare.masked_series import forest_series

INTERACTION = "interaction"
# `type` is the forest type; `interaction` is what the single swaps leave.
DRIVERS = (*VARIABLES, "type", INTERACTION)
Pair = tuple[xr.Dataset, xr.Dataset]


class Ensemble(Protocol):
    """What the runs need of a trained ensemble."""

    def predict_arrays(
        self, series: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """GPP and RECO (member, sample) from series (sample, variable, step)."""


def counterfactual(masked: Pair, inferred: Pair, model: Ensemble) -> xr.Dataset:
    """Effect of each input's year on GPP and RECO, member by member.

    The effect of an input is the mean of two runs: what it changes when it alone takes
    its second year (all others hold the first), and when it alone goes last (all others
    hold the second already). Of the orders in which the inputs may change these are
    the two ends; the Shapley value averages all of them, at 64 runs instead of 12. What
    the effects leave of the difference of the years is the interaction, so that the
    drivers sum to it exactly. A series is swapped with its gaps.

    Parameters
    ----------
    masked : the place's mask stores of the first and the second year
    inferred : its infer stores of the same years
    model : the ensemble that gave them

    Returns
    -------
    gpp_effect, reco_effect : float32 (driver, member, y, x), gC m-2 yr-1, NaN where one
        of the years has no forest

    Raises
    ------
    InputError : the model gives no finite flux
    """
    cells = forest_in_both(inferred)
    known = np.stack([fluxes(dataset, cells) for dataset in inferred])
    types = [dataset["forest_type"].values[cells].astype(int) for dataset in masked]
    lat = np.broadcast_to(masked[0]["y"].values[:, None], cells.shape)[cells]
    series = [forest_series(dataset, cells) for dataset in masked]

    def run(kinds: list[np.ndarray], where: np.ndarray | slice) -> np.ndarray:
        """Fluxes (year, flux, member, sample) of both years' inputs as they are now."""
        both = zip(series, kinds, strict=True)
        return np.stack(
            [model.predict_arrays(m[where], lat[where], k[where]) for m, k in both]
        )

    effect = np.zeros((len(DRIVERS), *known.shape[1:]))
    for position in range(len(VARIABLES)):
        swap(series, position)
        effect[position] = mean_effect(known, run(types, slice(None)))
        swap(series, position)
    turned = types[0] != types[1]
    if turned.any():
        swapped = run(types[::-1], turned)
        effect[len(VARIABLES)][..., turned] = mean_effect(known[..., turned], swapped)
    effect[-1] = known[1] - known[0] - effect[:-1].sum(axis=0)
    if not np.isfinite(effect).all():
        raise InputError(
            masked[0].encoding.get("source", "masked tile"),
            variable="fluxes",
            expected="finite ones from the model when the year of an input is swapped",
            found="others",
        )
    return on_tile(effect, cells, masked[0])


def forest_in_both(inferred: Pair) -> np.ndarray:
    """Cells (y, x) that are estimated in both years, bool."""
    first, second = (np.isfinite(dataset["gpp"].values[0]) for dataset in inferred)
    return first & second


def fluxes(inferred: xr.Dataset, cells: np.ndarray) -> np.ndarray:
    """GPP and RECO (flux, member, sample) of some cells of an infer store, float64."""
    pair = [inferred[name].values[:, cells] for name in ("gpp", "reco")]
    return np.stack(pair).astype(float)


def swap(series: list[np.ndarray], position: int) -> None:
    """Exchange one variable of two years in place; twice is as before."""
    first = series[0][:, position].copy()
    series[0][:, position] = series[1][:, position]
    series[1][:, position] = first


def mean_effect(known: np.ndarray, swapped: np.ndarray) -> np.ndarray:
    """Mean over both directions of what one input's second year adds.

    Parameters
    ----------
    known : fluxes of the years as they were (year, ...)
    swapped : the same with one input of the other year
    """
    return ((swapped[0] - known[0]) + (known[1] - swapped[1])) / 2


def on_tile(effect: np.ndarray, cells: np.ndarray, masked: xr.Dataset) -> xr.Dataset:
    """Effects (driver, flux, member, sample) put back on the tile, as a store."""
    result = xr.Dataset(
        coords={
            "driver": list(DRIVERS),
            "member": np.arange(effect.shape[2]),
            "y": masked["y"].copy(),
            "x": masked["x"].copy(),
        }
    )
    for flux, name in enumerate(("gpp", "reco")):
        tile = np.full((*effect[:, flux].shape[:2], *cells.shape), np.nan, "float32")
        tile[:, :, cells] = effect[:, flux]
        attrs = {
            "units": FLUX_UNIT,
            "long_name": f"part of the change of {name.upper()} that a driver makes",
        }
        result[f"{name}_effect"] = ("driver", "member", "y", "x"), tile, attrs
    for variable in result.variables.values():
        # A store's fill value is read as an attribute and would be refused as one.
        variable.attrs.pop("_FillValue", None)
    return result
