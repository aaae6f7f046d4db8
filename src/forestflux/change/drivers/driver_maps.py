"""Drivers: what the counterfactual runs of all tiles add up to, as maps and a table."""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from tqdm import tqdm

from forestflux.change.drivers.one_at_a_time import (
    DRIVERS,
    INTERACTION,
    forest_in_both,
)
from forestflux.change.strata.totals import PG_PER_G, Band, member_half_width, strata
from forestflux.core.grid import Grid, Tile, cell_area
from forestflux.core.names import FLUX_UNIT, FLUXES, TARGET_FLUXES
from forestflux.jobs.store import load_store
from forestflux.maps.mosaic import coordinates

# Rows of the table: the drivers of a cell, forest area, and last what is left over.
PARTS = (*DRIVERS[:-1], "area", INTERACTION)
WHOLE = "change"
TileStores = tuple[Tile, Path, tuple[Path, Path]]


def collect(
    tiles: Iterable[TileStores],
    grid: Grid,
    *,
    pair: tuple[int, int],
    bands: Sequence[Band],
    level: float,
) -> tuple[xr.Dataset, pd.DataFrame]:
    """The store and the table of what drove the change (docs/reference/stores.md).

    One tile is in memory at a time, beside 18 global layers of the store. The total of
    a cell is flux x area: its change is the change of the flux on the mean area, which
    the drivers of the cell share, and the change of the area at the mean flux, which is
    the driver `area`. The parts sum to the change of the total exactly.

    Parameters
    ----------
    tiles : every tile with its counterfactual store and its two infer stores
    grid : the global grid
    pair : first and second year
    bands : latitude bands
    level : probability of the members' interval
    """
    maps = {
        f"{flux}_effect": np.full((len(DRIVERS), *grid.shape), np.nan, "float32")
        for flux in TARGET_FLUXES
    }
    sums = 0.0
    for tile, path, years in tqdm(list(tiles), desc="drivers", disable=None):
        effects, inferred = load_store(path), tuple(map(load_store, years))
        cells = forest_in_both(inferred)
        ways = strata(inferred[0], bands)
        labels = [(label[cells], len(of_kind)) for _, of_kind, label in ways]
        sums = sums + stratum_sums(tile_parts(effects, inferred, cells, tile), labels)
        for flux, values in mean_effects(effects).items():
            maps[flux][:, tile.rows, tile.columns] = values
    names = [(name, kind) for kind, of_kind, _ in ways for name in of_kind]
    table = driver_table(sums * PG_PER_G, names, level=level)
    return driver_store(maps, grid, pair=pair), table


def tile_parts(
    effects: xr.Dataset,
    inferred: tuple[xr.Dataset, xr.Dataset],
    cells: np.ndarray,
    tile: Tile,
) -> np.ndarray:
    """Parts of the change of the cells' totals (part, flux, member, cell), gC yr-1."""
    row_area = cell_area(tile.latitudes(), tile.grid.resolution_deg)
    area = np.broadcast_to(row_area[:, None], cells.shape)[cells]
    areas = [area * dataset["forest_fraction"].values[cells] for dataset in inferred]
    of_cell, middle = [], []
    for name in ("gpp", "reco"):
        of_cell.append(effects[f"{name}_effect"].values[:, :, cells].astype(float))
        years = [dataset[name].values[:, cells].astype(float) for dataset in inferred]
        middle.append((years[0] + years[1]) / 2)
    drivers = np.stack(of_cell, axis=1) * (areas[0] + areas[1]) / 2
    moved = np.stack(middle)[None] * (areas[1] - areas[0])
    pair = np.concatenate([drivers[:-1], moved, drivers[-1:]])
    return np.concatenate([pair, pair[:, 1:] - pair[:, :1]], axis=1)


def stratum_sums(parts: np.ndarray, labels: list[tuple[np.ndarray, int]]) -> np.ndarray:
    """Sums (part, flux, member, stratum) of parts (..., cell).

    Parameters
    ----------
    labels : for each way to divide the forest the label of each cell and their number
    """

    def of_row(row: np.ndarray) -> np.ndarray:
        sums = [np.bincount(label, row, count) for label, count in labels]
        return np.concatenate(sums)

    return np.apply_along_axis(of_row, -1, parts)


def driver_table(
    sums: np.ndarray, names: list[tuple[str, str]], *, level: float
) -> pd.DataFrame:
    """`drivers.csv` from sums (part, flux, member, stratum), PgC yr-1.

    Parameters
    ----------
    names : stratum and kind of each place along the strata
    level : probability of the members' interval
    """
    whole = np.concatenate([sums, sums.sum(axis=0, keepdims=True)])
    members = whole.transpose(1, 3, 0, 2)  # flux, stratum, part, member
    effect = members.mean(axis=-1)
    half = member_half_width(members, level=level)
    absolute = np.abs(effect[..., :-1]).sum(axis=-1, keepdims=True)
    share = np.full(effect.shape, np.nan)
    parts = share[..., :-1]
    np.divide(effect[..., :-1], absolute, out=parts, where=absolute > 0)
    keys = product(FLUXES, names, (*PARTS, WHOLE))
    rows = [(driver, flux, *stratum) for flux, stratum, driver in keys]
    columns = {
        "effect": effect,
        "effect_lower": effect - half,
        "effect_upper": effect + half,
        "share": share,
    }
    table = pd.DataFrame(rows, columns=["driver", "flux", "stratum", "kind"])
    return table.assign(**{name: values.ravel() for name, values in columns.items()})


def mean_effects(effects: xr.Dataset) -> dict[str, np.ndarray]:
    """Ensemble means (driver, y, x) of the mapped fluxes."""
    gpp, reco = (effects[f"{n}_effect"].mean("member").values for n in ("gpp", "reco"))
    return {"gpp_effect": gpp, "nee_effect": reco - gpp}


def driver_store(
    maps: dict[str, np.ndarray], grid: Grid, *, pair: tuple[int, int]
) -> xr.Dataset:
    """`drivers.zarr` from the effects (driver, y, x)."""
    axes = coordinates(grid, 1)
    axes.pop("member")
    result = xr.Dataset(
        coords={"driver": list(DRIVERS), **axes},
        attrs={
            "Conventions": "CF-1.11",
            "title": f"What drove the change of forest GPP and NEE, {pair[0]}-{pair[1]}",
            "pair": list(pair),
        },
    )
    shared = {"grid_mapping": "spatial_ref"}
    for flux in TARGET_FLUXES:
        effect, name = maps[f"{flux}_effect"], flux.upper()
        sign = " Negative is more uptake." if flux == "nee" else ""
        attrs = {
            "units": FLUX_UNIT,
            "long_name": f"part of the change of {name} that a driver makes",
            "comment": f"Per m2 of forest ground.{sign}",
        }
        result[f"{flux}_effect"] = ("driver", "y", "x"), effect, attrs | shared
        code, share = dominant(effect)
        flags = {
            "long_name": f"driver with the largest effect on {name}",
            "flag_values": list(range(len(DRIVERS) + 1)),
            "flag_meanings": " ".join(("none", *DRIVERS)),
        }
        result[f"{flux}_driver"] = ("y", "x"), code, flags | shared
        part = {
            "units": "1",
            "long_name": f"part of the largest effect in all absolute ones on {name}",
        }
        result[f"{flux}_driver_share"] = ("y", "x"), share, part | shared
    return result


def dominant(effect: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Code (y, x) of the largest absolute effect, 0 none, and its share of their sum."""
    code = np.zeros(effect.shape[1:], "uint8")
    share = np.full(effect.shape[1:], np.nan, "float32")
    size = np.abs(effect[:, (cells := np.isfinite(effect[0]))])
    whole = size.sum(axis=0)
    some = whole > 0
    code[cells] = np.where(some, size.argmax(axis=0) + 1, 0)
    share[cells] = np.divide(
        size.max(axis=0), whole, out=np.full(whole.shape, np.nan), where=some
    )
    return code, share
