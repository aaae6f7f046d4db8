"""One-at-a-time attribution: which input's change of year drove the change of the fluxes.

The model runs on counterfactual inputs, in which one input has the other year of the pair.
This is first-order and last-order attribution: the input changes before all others, or after
all others.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import xarray as xr

from forestflux.core.errors import InputError
from forestflux.core.names import FLUX_UNIT
from forestflux.models.flux_model import CalibratedModel
from forestflux.prepare.masked_series import forest_series

INTERACTION = "interaction"
Pair = tuple[xr.Dataset, xr.Dataset]


def driver_names(inputs: Iterable[str]) -> tuple[str, ...]:
    """The drivers: each input series, the forest type, and what the single swaps leave."""
    return (*inputs, "type", INTERACTION)


def attribute_change(
    masked: Pair, inferred: Pair, model: CalibratedModel
) -> xr.Dataset:
    """Effect of each input's year on GPP and RECO, member by member.

    The effect of an input is the mean of two: what its second year changes when it comes
    first (all others still have the first year) and when it comes last (all others have
    the second year already). The Shapley value would average over all orders, at many
    more runs. The interaction is the rest of the difference of the years, so that
    the drivers sum to that difference exactly. A series is swapped with its gaps.

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
    cells = find_common_forest(inferred)
    known = np.stack([read_fluxes(dataset, cells) for dataset in inferred])
    types = [dataset["forest_type"].values[cells].astype(int) for dataset in masked]
    lat = np.broadcast_to(masked[0]["y"].values[:, None], cells.shape)[cells]
    variables = tuple(model.inputs)
    series = [forest_series(each, cells, variables=variables) for each in masked]

    def run(kinds: list[np.ndarray], where: np.ndarray | slice) -> np.ndarray:
        """Fluxes (year, flux, member, sample) of both years' inputs as they are now."""
        both = zip(series, kinds, strict=True)
        return np.stack(
            [model.predict_arrays(m[where], lat[where], k[where]) for m, k in both]
        )

    drivers = driver_names(variables)
    effect = np.zeros((len(drivers), *known.shape[1:]))
    for position in range(len(variables)):
        swap_variable(series, position)
        effect[position] = mean_effect(known, run(types, slice(None)))
        swap_variable(series, position)
    # The forest type is an input too; most cells keep theirs and need no run.
    changed = types[0] != types[1]
    if changed.any():
        swapped = run(types[::-1], changed)
        effect[len(variables)][..., changed] = mean_effect(known[..., changed], swapped)
    effect[-1] = known[1] - known[0] - effect[:-1].sum(axis=0)
    if not np.isfinite(effect).all():
        raise InputError(
            masked[0].encoding.get("source", "masked tile"),
            variable="fluxes",
            expected="finite ones from the model when the year of an input is swapped",
            found="others",
        )
    return place_on_tile(effect, cells, masked[0], drivers=drivers)


def find_common_forest(inferred: Pair) -> np.ndarray:
    """Cells (y, x) that are estimated in both years, bool."""
    first, second = (np.isfinite(dataset["gpp"].values[0]) for dataset in inferred)
    return first & second


def read_fluxes(inferred: xr.Dataset, cells: np.ndarray) -> np.ndarray:
    """GPP and RECO (flux, member, sample) of some cells of an infer store, float64."""
    pair = [inferred[name].values[:, cells] for name in ("gpp", "reco")]
    return np.stack(pair).astype(float)


def swap_variable(series: list[np.ndarray], position: int) -> None:
    """Exchange one variable of two years in place; a second call undoes it."""
    first = series[0][:, position].copy()
    series[0][:, position] = series[1][:, position]
    series[1][:, position] = first


def mean_effect(known: np.ndarray, swapped: np.ndarray) -> np.ndarray:
    """Mean effect of one input's second year, over both orders.

    Parameters
    ----------
    known : fluxes of the years as they were (year, ...)
    swapped : the same with one input of the other year
    """
    return ((swapped[0] - known[0]) + (known[1] - swapped[1])) / 2


def place_on_tile(
    effect: np.ndarray,
    cells: np.ndarray,
    masked: xr.Dataset,
    *,
    drivers: Sequence[str],
) -> xr.Dataset:
    """Effects (driver, flux, member, sample) put back on the tile, as a store."""
    result = xr.Dataset(
        coords={
            "driver": list(drivers),
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
        # Opened unmasked, a store has its fill value as an attribute; xarray refuses to
        # write such an attribute.
        variable.attrs.pop("_FillValue", None)
    return result
