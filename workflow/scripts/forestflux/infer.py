"""Infer: GPP and RECO of the forest cells of one place and year, member by member."""

from typing import Protocol

import numpy as np
import xarray as xr
from tqdm import tqdm

from forestflux import calendar
from forestflux.errors import InputError
from forestflux.layers import LAYERS
from forestflux.names import FLUX_UNIT, FOREST_TYPES, UNITS, VARIABLES

NEEDED = ("gap_fraction", "forest_fraction", "forest_type")


class Ensemble(Protocol):
    """What the mapping needs of a trained ensemble."""

    def predict_maps(
        self, maps: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """GPP and RECO (member, sample) from maps (sample, variable, step)."""

    def dissimilarity(
        self, maps: np.ndarray, lat: np.ndarray, forest_type: np.ndarray
    ) -> np.ndarray:
        """Dissimilarity index (sample,) from the same."""


def infer_year(
    masked: xr.Dataset,
    model: Ensemble,
    *,
    min_forest_fraction: float,
    batch_cells: int,
) -> xr.Dataset:
    """GPP and RECO (member, y, x) and dissimilarity (y, x) of a masked tile and year.

    All are NaN outside forest.

    Only forest cells reach the model, at most `batch_cells` at a time, so that its
    working memory does not grow with the tile. A forest cell without a single valid
    value is estimated too (its `gap_fraction` is 1): leaving it out would drop its
    carbon from every total.

    Parameters
    ----------
    masked : a tile's mask store (time, y, x), in memory or lazy
    model : the trained ensemble
    min_forest_fraction : smallest forest share of a cell (1) that is estimated
    batch_cells : cells per call of the model

    Returns
    -------
    gpp, reco : float32 (member, y, x), gC m-2 yr-1
    dissimilarity : float32 (y, x), see `forestflux.dissimilarity`
    forest_fraction, forest_type : (y, x), as they are
    gap_fraction : (y, x), mean over variables
    attribute `year`

    Raises
    ------
    InputError : a layer is missing, not on the calendar or in another unit; the model
        gives no finite flux
    """
    source = masked.encoding.get("source", "masked tile")
    check_masked(masked, source)
    forest = forest_cells(masked, min_forest_fraction=min_forest_fraction)
    types = masked["forest_type"].values[forest].astype(int)
    lat = np.broadcast_to(masked["y"].values[:, None], forest.shape)[forest]
    maps = forest_maps(masked, forest)
    estimated = predict(
        model, maps, lat=lat, types=types, batch_cells=batch_cells, source=source
    )
    return inferred(masked, forest, *estimated)


def forest_cells(masked: xr.Dataset, *, min_forest_fraction: float) -> np.ndarray:
    """Cells (y, x) that are estimated, bool: a forest type and enough forest."""
    fraction = masked["forest_fraction"].values
    known = (fraction > 0) & (fraction >= min_forest_fraction)
    return known & (masked["forest_type"].values > 0)


def forest_maps(masked: xr.Dataset, forest: np.ndarray) -> np.ndarray:
    """Series of the forest cells, float32 (sample, variable, step), in row order.

    One variable at a time, so that ocean and grassland are never all in memory.
    """
    maps = np.empty((forest.sum(), len(VARIABLES), calendar.STEPS), "float32")
    if len(maps):
        for position, variable in enumerate(VARIABLES):
            maps[:, position] = masked[variable].values[:, forest].T
    return maps


def predict(
    model: Ensemble,
    maps: np.ndarray,
    *,
    lat: np.ndarray,
    types: np.ndarray,
    batch_cells: int,
    source: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """GPP and RECO (member, sample), dissimilarity (sample,), float32, batch by batch."""
    gpp, reco, index = [], [], []
    # A place without forest is one empty batch, which still tells how many members.
    starts = range(0, max(len(maps), 1), batch_cells)
    for start in tqdm(starts, desc="infer", disable=None):
        part = slice(start, start + batch_cells)
        batch = maps[part], lat[part], types[part]
        pair = model.predict_maps(*batch)
        for name, values, parts in zip(("gpp", "reco"), pair, (gpp, reco), strict=True):
            if not np.isfinite(values).all():
                raise InputError(
                    source,
                    variable=name,
                    expected="finite fluxes from the model",
                    found=f"{(~np.isfinite(values)).any(axis=0).sum()} without one",
                )
            parts.append(values.astype("float32"))
        index.append(model.dissimilarity(*batch).astype("float32"))
    fluxes = (np.concatenate(parts, axis=1) for parts in (gpp, reco))
    return *fluxes, np.concatenate(index)


def inferred(
    masked: xr.Dataset,
    forest: np.ndarray,
    gpp: np.ndarray,
    reco: np.ndarray,
    dissimilarity: np.ndarray,
) -> xr.Dataset:
    """The infer store: member fluxes put back on the tile, with the mask's layers."""

    def on_tile(flux: np.ndarray, name: str) -> tuple:
        tile = np.full((len(flux), *forest.shape), np.nan, "float32")
        tile[:, forest] = flux
        attrs = {"units": FLUX_UNIT, "long_name": f"{name} of each ensemble member"}
        return ("member", "y", "x"), tile, attrs

    index = np.full(forest.shape, np.nan, "float32")
    index[forest] = dissimilarity
    gaps = masked["gap_fraction"].mean("variable").astype("float32")
    gaps.attrs = {
        "units": "1",
        "long_name": "share of the year's values that are gaps, mean over variables",
    }
    result = xr.Dataset(
        {
            "gpp": on_tile(gpp, "GPP"),
            "reco": on_tile(reco, "RECO"),
            "dissimilarity": (("y", "x"), index, LAYERS["dissimilarity"].attributes()),
            "forest_fraction": masked["forest_fraction"].copy(),
            "forest_type": masked["forest_type"].copy(),
            "gap_fraction": gaps,
        },
        coords={
            "member": np.arange(len(gpp)),
            "y": masked["y"].copy(),
            "x": masked["x"].copy(),
        },
        attrs={"year": int(masked["time"].dt.year.values[0])},
    )
    for variable in result.variables.values():
        # A store's fill value is read as an attribute and would be refused as one.
        variable.attrs.pop("_FillValue", None)
    return result


def check_masked(masked: xr.Dataset, source: str) -> None:
    """Refuse a mask store that the model would misread."""
    for name in (*VARIABLES, *NEEDED):
        if name not in masked:
            raise InputError(
                source,
                variable=name,
                expected="a layer of a masked tile",
                found=f"only {', '.join(map(str, masked.data_vars))}",
            )
    for name in VARIABLES:
        unit = masked[name].attrs.get("units")
        if unit != UNITS[name]:
            raise InputError(
                source, variable=name, expected=f"units {UNITS[name]}", found=str(unit)
            )
    if masked["time"].size != calendar.STEPS:
        raise InputError(
            source,
            variable="time",
            expected=f"{calendar.STEPS} steps",
            found=str(masked["time"].size),
        )
    types = masked["forest_type"].values
    if types.max(initial=0) > len(FOREST_TYPES):
        raise InputError(
            source,
            variable="forest_type",
            expected=f"codes 0-{len(FOREST_TYPES)}",
            found=str(types.max()),
        )
