"""The months of a year on the grid of the maps: the map of the year times shares of the months."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.core.calendars.months import MONTH_FLUX_UNIT, MONTHS
from forestflux.core.grids.grid import Grid, Tile
from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, TARGET_FLUXES
from forestflux.jobs.stores.chunked import ChunkedDataset, Where, blocks, template_array
from forestflux.jobs.stores.store import load_part, open_store
from forestflux.maps.mosaic import axis, check_part, check_tiles, spatial_reference
from forestflux.models.flux_model import Fluxes
from forestflux.models.seasons.shares import (
    SHARED_FLUXES,
    MonthIntervals,
    divide_fluxes,
)

# Most rows of a chunk: all months and layers of a band of the globe must fit into memory.
BAND = 50
# Layers of the map of the year that months are made of.
ANNUAL = ("gpp", "reco", "forest_type")


def map_months(
    tiles: Sequence[tuple[Tile, Path]],
    mapped: Path,
    grid: Grid,
    intervals: MonthIntervals,
    *,
    year: int,
) -> ChunkedDataset:
    """The months of a year (see docs/reference/stores.md, months), band by band.

    The months of GPP and RECO of a cell add up to those of the map, NEE = RECO - GPP.

    Parameters
    ----------
    tiles : every tile of the grid with its season store
    mapped : the map of the year
    grid : of the map
    intervals : of a month
    year : the year that the stores must be of

    Raises
    ------
    InputError : a tile is missing or doubled, of another grid or year; a cell of the map without
        shares
    """
    check_tiles([tile for tile, _ in tiles], grid, year)
    for tile, path in tiles:
        check_part(open_store(path), tile, path, year=year)
    shape = (MONTHS, *grid.shape)
    layers = {
        name: (("month", "y", "x"), template_array(shape, "float32"), attrs)
        for name, attrs in describe_layers(intervals.level).items()
    }
    whole = xr.Dataset(
        layers, coords=make_coordinates(grid), attrs={"year": year, "source": "months"}
    )
    return ChunkedDataset(whole, month_bands(tiles, mapped, grid, intervals))


def describe_layers(level: float) -> dict[str, dict[str, object]]:
    """Attributes of the layers by name: fluxes of a month, half-widths of their intervals."""
    shared: dict[str, object] = {
        "units": MONTH_FLUX_UNIT,
        "grid_mapping": "spatial_ref",
    }
    layers: dict[str, dict[str, object]] = {
        flux: shared | {"long_name": f"{flux.upper()} of the month"} for flux in FLUXES
    }
    for flux in TARGET_FLUXES:
        text = f"half-width of the {level:.0%} interval of {flux.upper()} of the month"
        layers[f"{flux}_half_width"] = shared | {
            "long_name": text,
            "level": level,
        }
    return layers


def make_coordinates(grid: Grid) -> dict[str, tuple]:
    """Coordinates of the months of a year on the grid of the map."""
    return {
        "month": (
            "month",
            np.arange(1, MONTHS + 1),
            {"long_name": "calendar month"},
        ),
        "y": ("y", grid.latitudes(), axis("latitude", "degrees_north", "Y")),
        "x": ("x", grid.longitudes(), axis("longitude", "degrees_east", "X")),
        "spatial_ref": ((), np.int32(4326), spatial_reference(grid)),
    }


def month_chunks(grid: Grid) -> dict[str, int]:
    """Length of a chunk: all months of some rows."""
    return {"y": min(grid.tile_cells, BAND)}


def month_bands(
    tiles: Sequence[tuple[Tile, Path]],
    mapped: Path,
    grid: Grid,
    intervals: MonthIntervals,
) -> Iterator[tuple[Where, dict[str, np.ndarray]]]:
    """Rows of the map from the north, as many as a chunk has, and their layers."""
    annual_map = open_store(mapped)
    for where in blocks({"y": grid.shape[0]}, month_chunks(grid)):
        rows = where["y"]
        annual = load_part(annual_map, ANNUAL, y=rows)
        forest = np.isfinite(annual["gpp"].values)
        shares = collect_shares(tiles, grid, rows=rows)[:, :, forest]
        if np.isnan(shares).any():
            raise InputError(
                mapped,
                variable="gpp",
                expected="shares of the months of each cell",
                found=f"none in {np.isnan(shares).any(axis=(0, 1)).sum()} cells",
            )
        year = Fluxes(annual["gpp"].values[forest], annual["reco"].values[forest])
        months = divide_fluxes(year, shares.transpose(0, 2, 1))
        lat = np.broadcast_to(grid.latitudes()[rows][:, None], forest.shape)[forest]
        widths = intervals.widths(annual["forest_type"].values[forest], lat)
        values = {flux: getattr(months, flux) for flux in FLUXES}
        values |= {f"{flux}_half_width": width for flux, width in widths.items()}
        yield where, {name: on_rows(part, forest) for name, part in values.items()}


def on_rows(values: np.ndarray, forest: np.ndarray) -> np.ndarray:
    """Values of the forest cells (sample, month) as a layer (month, y, x), NaN elsewhere."""
    layer = np.full((MONTHS, *forest.shape), np.nan, "float32")
    layer[:, forest] = values.T
    return layer


def collect_shares(
    tiles: Sequence[tuple[Tile, Path]], grid: Grid, *, rows: slice
) -> np.ndarray:
    """Shares of some rows of the grid (flux, month, y, x), NaN where no tile is."""
    shape = (len(SHARED_FLUXES), MONTHS, rows.stop - rows.start, grid.shape[1])
    whole = np.full(shape, np.nan, "float32")
    names = [f"{flux}_share" for flux in SHARED_FLUXES]
    for tile, path in tiles:
        start, stop = max(rows.start, tile.rows.start), min(rows.stop, tile.rows.stop)
        if start >= stop:
            continue
        own = slice(start - tile.rows.start, stop - tile.rows.start)
        part = load_part(open_store(path), names, y=own)
        here = slice(start - rows.start, stop - rows.start)
        for flux, name in enumerate(names):
            whole[flux, :, here, tile.columns] = part[name].values
    return whole
