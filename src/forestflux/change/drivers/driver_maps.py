"""The attribution of all tiles together, as maps and a table."""

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from tqdm import tqdm

from forestflux.change.drivers.departure_effects import (
    INTERACTION,
    attribute_change,
    driver_names,
    find_common_forest,
    measure_shift,
)
from forestflux.change.strata.latitude_bands import check_latitude_bands
from forestflux.change.strata.totals import divide_map
from forestflux.core.grids.forest_area import measure_forest_area
from forestflux.core.grids.grid import Grid, Tile, cell_area
from forestflux.core.names import FLUX_UNIT, FLUXES, PG_PER_G, TARGET_FLUXES
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.stores.store import open_store
from forestflux.maps.mosaic import coordinates
from forestflux.maps.tile_years import TileYear
from forestflux.models.years.response import Response

TOTAL_CHANGE = "change"
TilePair = tuple[Tile, Sequence[TileYear]]


def collect_drivers(
    tiles: Iterable[TilePair],
    grid: Grid,
    *,
    response: Response,
    pair: tuple[int, int],
    bands: Sequence[LatitudeBandSettings],
    level: float,
) -> tuple[xr.Dataset, pd.DataFrame]:
    """The store and the table of the drivers of the change (docs/reference/tables.md).

    One tile is in memory at a time, beside the layers of the store. The total of
    a cell is flux x area: its change is the change of the flux on the mean area, which
    the drivers of the cell share, and the change of the area at the mean flux, which is
    the driver `area`. The parts sum to the change of the total exactly.

    Parameters
    ----------
    tiles : every tile with its fluxes of both years
    grid : of the maps
    response : how fluxes follow departures
    pair : first and second year
    bands : latitude bands
    level : probability of the interval of an effect

    Raises
    ------
    InputError : the latitude bands do not cover the globe once; a store is damaged
    """
    check_latitude_bands(bands)
    tiles = list(tiles)
    some = tiles[0][1][0]
    inputs = open_store(some.departures)["variable"].values.tolist()
    drivers = driver_names(inputs, co2=some.co2 != "none")
    maps = {
        f"{flux}_effect": np.full((len(drivers), *grid.shape), np.nan, "float32")
        for flux in TARGET_FLUXES
    }
    sums, shift = np.zeros(()), np.zeros(())
    for tile, years in tqdm(tiles, desc="drivers", disable=None):
        inferred = years[0].load(), years[1].load()
        effects = attribute_change(inferred, response)
        cells = find_common_forest(inferred)
        divisions = divide_map(inferred[0], bands)
        labels = [(label[cells], len(names)) for _, names, label in divisions]
        areas = forest_areas(inferred, cells, tile)
        sums = sums + sum_strata(
            split_tile_change(effects, inferred, cells, areas), labels
        )
        departure = measure_shift(inferred, response, cells)
        shift = shift + sum_strata(departure * areas.mean(axis=0), labels)
        for flux, values in mean_effects(effects).items():
            maps[flux][:, tile.rows, tile.columns] = values
    strata = [(name, kind) for kind, names, _ in divisions for name in names]
    table = tabulate_drivers(
        sums * PG_PER_G,
        effect_sd(shift * PG_PER_G, response),
        strata,
        parts=table_drivers(drivers),
        level=level,
    )
    return build_driver_store(maps, grid, pair=pair, drivers=drivers), table


def table_drivers(drivers: Sequence[str]) -> tuple[str, ...]:
    """Rows of the table: the drivers of a cell, forest area, and last what is left over."""
    return (*drivers[:-1], "area", INTERACTION)


def forest_areas(
    inferred: tuple[xr.Dataset, xr.Dataset], cells: np.ndarray, tile: Tile
) -> np.ndarray:
    """Forest area of the cells in both years (year, cell), m2."""
    row_area = cell_area(tile.latitudes(), tile.grid.resolution_deg)
    area = ("y", "x"), np.broadcast_to(row_area[:, None], cells.shape)
    years = [each.assign(cell_area=area) for each in inferred]
    return np.stack([measure_forest_area(each)[cells] for each in years])


def effect_sd(shift: np.ndarray, response: Response) -> np.ndarray:
    """Standard deviation (flux, driver, stratum) of the error of the effect of each series.

    Parameters
    ----------
    shift : change of departures times forest area (driver, stratum)
    response : whose coefficients are uncertain
    """
    own = [np.diag(response.flux_covariance(flux)) for flux in FLUXES]
    return np.sqrt(np.stack(own))[..., None] * np.abs(shift)


def split_tile_change(
    effects: xr.Dataset,
    inferred: tuple[xr.Dataset, xr.Dataset],
    cells: np.ndarray,
    areas: np.ndarray,
) -> np.ndarray:
    """Parts of the change of the cells' totals (part, flux, member, cell), gC yr-1."""
    effect, mean_flux = [], []
    for name in ("gpp", "reco"):
        effect.append(effects[f"{name}_effect"].values[:, :, cells].astype(float))
        years = [dataset[name].values[:, cells].astype(float) for dataset in inferred]
        mean_flux.append((years[0] + years[1]) / 2)
    drivers = np.stack(effect, axis=1) * (areas[0] + areas[1]) / 2
    area_effect = np.stack(mean_flux)[None] * (areas[1] - areas[0])
    parts = np.concatenate([drivers[:-1], area_effect, drivers[-1:]])
    nee = parts[:, 1:] - parts[:, :1]  # NEE = RECO - GPP
    return np.concatenate([parts, nee], axis=1)


def sum_strata(parts: np.ndarray, labels: list[tuple[np.ndarray, int]]) -> np.ndarray:
    """Sums (part, flux, member, stratum) of parts (..., cell).

    Parameters
    ----------
    labels : for each way to divide the forest the label of each cell and their number
    """

    def sum_row(row: np.ndarray) -> np.ndarray:
        sums = [np.bincount(label, row, count) for label, count in labels]
        return np.concatenate(sums)

    return np.apply_along_axis(sum_row, -1, parts)


def tabulate_drivers(
    sums: np.ndarray,
    standard_deviation: np.ndarray,
    names: list[tuple[str, str]],
    *,
    parts: Sequence[str],
    level: float,
) -> pd.DataFrame:
    """`drivers.csv` from sums (part, flux, member, stratum), PgC yr-1.

    Parameters
    ----------
    standard_deviation : of the effects of the series (flux, driver, stratum)
    names : stratum and kind of each place along the strata
    parts : names along the axis `part`
    level : probability of the interval
    """
    whole = np.concatenate([sums, sums.sum(axis=0, keepdims=True)])
    members = whole.transpose(1, 3, 0, 2)  # flux, stratum, part, member
    effect = members.mean(axis=-1)
    half = np.full(effect.shape, np.nan)
    known = standard_deviation.transpose(0, 2, 1)
    half[..., : known.shape[-1]] = stats.norm.ppf((1 + level) / 2) * known
    absolute = np.abs(effect[..., :-1]).sum(axis=-1, keepdims=True)
    share = np.full(effect.shape, np.nan)
    shares = share[..., :-1]
    np.divide(effect[..., :-1], absolute, out=shares, where=absolute > 0)
    keys = product(FLUXES, names, (*parts, TOTAL_CHANGE))
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


def build_driver_store(
    maps: dict[str, np.ndarray],
    grid: Grid,
    *,
    pair: tuple[int, int],
    drivers: Sequence[str],
) -> xr.Dataset:
    """`drivers.zarr` from the effects (driver, y, x)."""
    axes = coordinates(grid, 1)
    axes.pop("member")
    result = xr.Dataset(
        coords={"driver": list(drivers), **axes},
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
        code, share = find_dominant(effect)
        flags = {
            "long_name": f"driver with the largest effect on {name}",
            "flag_values": list(range(len(drivers) + 1)),
            "flag_meanings": " ".join(("none", *drivers)),
        }
        result[f"{flux}_driver"] = ("y", "x"), code, flags | shared
        part = {
            "units": "1",
            "long_name": f"part of the largest effect in all absolute ones on {name}",
        }
        result[f"{flux}_driver_share"] = ("y", "x"), share, part | shared
    return result


def find_dominant(effect: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Code (y, x) of the largest absolute effect, 0 none, and its share of their sum."""
    code = np.zeros(effect.shape[1:], "uint8")
    share = np.full(effect.shape[1:], np.nan, "float32")
    size = np.abs(effect[:, (cells := np.isfinite(effect[0]))])
    whole = size.sum(axis=0)
    any_effect = whole > 0
    code[cells] = np.where(any_effect, size.argmax(axis=0) + 1, 0)
    share[cells] = np.divide(
        size.max(axis=0), whole, out=np.full(whole.shape, np.nan), where=any_effect
    )
    return code, share
