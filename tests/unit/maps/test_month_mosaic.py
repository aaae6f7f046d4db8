"""Months of maps: shares of tiles, and a year that its months add up to in every cell."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.calendars.months import list_month_lengths
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.maps.month_mosaic import map_months, month_chunks
from forestflux.maps.mosaic import coordinates
from forestflux.maps.season_inference import infer_seasons
from tests.builders.inputs import UNITS
from tests.builders.masked_tiles import make_masked

GRID = Grid(resolution_deg=15.0, tile_cells=12)
YEAR = 2003


class SummerSeason:
    """Shares that rest in July but for a part that follows the latitude."""

    def predict_shares(self, series, lat, forest_type, *, years):
        flat = np.full((2, len(lat), 12), 0.5 / 12)
        flat[:, :, 6] += 0.5 * np.clip(lat, 0, 60) / 60
        return flat / flat.sum(axis=-1, keepdims=True)


class SomeWidths:
    """Half-widths that tell month, hemisphere and type apart."""

    level = 0.9

    def widths(self, forest_type, lat):
        own = np.arange(1, 13) + 100.0 * np.asarray(forest_type)[:, None]
        own = np.where(np.asarray(lat)[:, None] < 0, -own, own)
        return {"gpp": own, "nee": 2 * own}


def write_map(path, grid=GRID):
    rng = np.random.default_rng(3)
    kind = rng.integers(0, len(FOREST_TYPES) + 1, grid.shape).astype("uint8")
    layers = {
        name: (
            ("y", "x"),
            np.where(kind > 0, rng.uniform(0, 3000, grid.shape), np.nan).astype("f4"),
        )
        for name in ("gpp", "reco")
    }
    layers["forest_type"] = (("y", "x"), kind)
    mapped = xr.Dataset(layers, coordinates(grid, 1), {"year": YEAR})
    write_store(mapped, path)
    return mapped


def write_tiles(folder, mapped, *, grid=GRID, year=YEAR, hidden=False):
    """Season stores of all tiles, with shares where the map has a flux."""
    tiles = []
    for tile in grid.tiles():
        part = mapped.isel(y=tile.rows, x=tile.columns)
        forest = np.isfinite(part["gpp"].values)
        forest[0, 0] &= not hidden
        lat = np.broadcast_to(part["y"].values[:, None], forest.shape)[forest]
        values = np.full((2, 12, *forest.shape), np.nan, "float32")
        shares = SummerSeason().predict_shares(None, lat, None, years=None)
        values[:, :, forest] = shares.transpose(0, 2, 1)
        store = xr.Dataset(
            {
                f"{flux}_share": (("month", "y", "x"), one)
                for flux, one in zip(("gpp", "reco"), values, strict=True)
            },
            {"month": np.arange(1, 13), "y": tile.latitudes(), "x": tile.longitudes()},
            {"year": year},
        )
        path = folder / tile.name / f"{year}.zarr"
        write_store(store, path)
        tiles.append((tile, path))
    return tiles


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    folder = tmp_path_factory.mktemp("months")
    mapped = write_map(folder / "map.zarr")
    tiles = write_tiles(folder, mapped)
    made = map_months(tiles, folder / "map.zarr", GRID, SomeWidths(), year=YEAR)
    write_store(made, folder / "months.zarr", chunks=month_chunks(GRID))
    return mapped, load_store(folder / "months.zarr")


@pytest.mark.parametrize("flux", ["gpp", "reco"])
def test_months_add_up_to_the_map_of_the_year(months, flux):
    mapped, made = months
    values = made[flux].values
    assert values.shape == (12, *GRID.shape)
    forest = np.isfinite(mapped[flux].values)
    assert (np.isfinite(values) == forest).all()
    assert (values[:, forest] >= 0).all()
    added = values.sum(axis=0, dtype=float).astype("float32")
    np.testing.assert_array_equal(added[forest], mapped[flux].values[forest])


def test_months_of_a_region_lie_on_its_window_past_180_degrees(tmp_path):
    grid = Grid(resolution_deg=15.0, tile_cells=4, only=("r00c00", "r00c05"))
    assert grid.longitudes()[-1] > 180
    mapped = write_map(tmp_path / "map.zarr", grid)
    tiles = write_tiles(tmp_path, mapped, grid=grid)
    made = map_months(tiles, tmp_path / "map.zarr", grid, SomeWidths(), year=YEAR)
    write_store(made, tmp_path / "months.zarr", chunks=month_chunks(grid))
    with load_store(tmp_path / "months.zarr") as found:
        np.testing.assert_array_equal(found["x"], grid.longitudes())
        added = found["gpp"].values.sum(axis=0, dtype=float).astype("float32")
    forest = np.isfinite(mapped["gpp"].values)
    np.testing.assert_array_equal(added[forest], mapped["gpp"].values[forest])


def test_nee_is_the_difference_in_every_month(months):
    _, made = months
    np.testing.assert_array_equal(made["nee"], made["reco"] - made["gpp"])


def test_half_widths_are_those_of_month_hemisphere_and_type(months):
    mapped, made = months
    kind = mapped["forest_type"].values.astype(float)
    sign = np.where(GRID.latitudes() < 0, -1.0, 1.0)[:, None]
    forest = kind > 0
    for month in (0, 6):
        wanted = (sign * (month + 1 + 100 * kind))[forest]
        np.testing.assert_allclose(made["gpp_half_width"].values[month][forest], wanted)
        np.testing.assert_allclose(
            made["nee_half_width"].values[month][forest], 2 * wanted
        )
    assert made["gpp_half_width"].attrs["level"] == 0.9


def test_a_cell_without_shares_stops_with_one_line(tmp_path):
    mapped = write_map(tmp_path / "map.zarr").load()
    tiles = write_tiles(tmp_path, mapped, hidden=True)
    made = map_months(tiles, tmp_path / "map.zarr", GRID, SomeWidths(), year=YEAR)
    with pytest.raises(InputError, match="expected shares of the months of each cell"):
        list(made.parts)


def test_tiles_of_another_year_are_refused(tmp_path):
    mapped = write_map(tmp_path / "map.zarr")
    tiles = write_tiles(tmp_path, mapped, year=2004)
    with pytest.raises(InputError, match="year: expected 2003, found 2004"):
        map_months(tiles, tmp_path / "map.zarr", GRID, SomeWidths(), year=YEAR)


class CalendarShares:
    """The days of each month of the year that it is asked for."""

    def predict_shares(self, series, lat, forest_type, *, years):
        days = list_month_lengths(years)
        return np.stack([days / days.sum(axis=1, keepdims=True)] * 2)


@pytest.mark.parametrize("year", [2003, 2004])
def test_shares_of_a_tile_are_those_of_its_year(tmp_path, year):
    masked = make_masked().assign_coords(time=step_starts(year))
    write_store(masked, tmp_path / "a.zarr", chunks={"y": 2})
    (made,) = infer_seasons(
        [tmp_path / "a.zarr"], CalendarShares(), inputs=UNITS, min_forest_fraction=0.05
    )
    write_store(made, tmp_path / "season.zarr", chunks={"y": 2})
    with load_store(tmp_path / "season.zarr") as found:
        february = found["reco_share"].values[1, masked["forest_type"].values == 5]
    days = {2003: 28 / 365, 2004: 29 / 366}[year]
    np.testing.assert_allclose(february, days, rtol=1e-6)


def test_shares_of_a_masked_tile_lie_on_its_forest_cells(tmp_path):
    masked = make_masked()
    paths = [tmp_path / "a.zarr", tmp_path / "b.zarr"]
    for path in paths:
        write_store(masked, path, chunks={"y": 2})
    stores = infer_seasons(
        paths, SummerSeason(), inputs=UNITS, min_forest_fraction=0.05
    )
    for number, store in enumerate(stores):
        write_store(store, tmp_path / f"season{number}.zarr", chunks={"y": 2})
    first, second = (load_store(tmp_path / f"season{n}.zarr") for n in range(2))
    xr.testing.assert_identical(first, second)
    forest = (masked["forest_type"] > 0) & (masked["forest_fraction"] >= 0.05)
    shares = first["gpp_share"].values
    assert (np.isfinite(shares) == forest.values).all()
    np.testing.assert_allclose(shares[:, forest.values].sum(axis=0), 1, rtol=1e-6)
    assert first.attrs["year"] == masked["time"].dt.year.values[0]
