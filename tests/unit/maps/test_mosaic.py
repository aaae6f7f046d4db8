"""Tiles to one map: seams, closure, area, attributes, and tiles that do not fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from pyproj import CRS

from forestflux.core.grids.grid import Grid, Tile
from forestflux.core.input_errors import InputError
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.maps.mosaic import map_year
from forestflux.maps.tile_years import TileYear
from tests.builders.tile_stores import no_response, write_tile_years

# 9 x 18 cells in 2 x 4 tiles; the last row and column of tiles are smaller.
GRID = Grid(resolution_deg=20.0, tile_cells=5)
LAYERS = ("forest_fraction", "forest_type", "gap_fraction", "dissimilarity")


class Trained(Calibration):
    """A calibration with an area of applicability: what the map needs of a model."""

    def applicable(self, dissimilarity: np.ndarray, forest: np.ndarray) -> np.ndarray:
        return np.where(forest, dissimilarity <= 0.5, 255).astype("uint8")


MODEL = Trained(
    level=0.9,
    half_width={"gpp": {"all": 400.0, "EBF": 900.0}, "nee": {"all": 300.0}},
)


def mapped(tiles: list, grid: Grid, model: Trained, *, year: int) -> xr.Dataset:
    """The map with its chunks put together in memory."""
    made = map_year(tiles, grid, model, year=year)
    whole = made.template.load().copy(deep=True)
    for variable in whole.data_vars.values():
        variable[:] = 77
    for where, values in made.parts:
        assert set(values) == set(whole.data_vars)
        for name, part in values.items():
            assert part.dtype == whole[name].dtype
            whole[name][where] = part
    return whole


def world(members: int = 3) -> dict[str, np.ndarray]:
    """Random global layers, some cells without forest; fluxes are whole numbers."""
    rng = np.random.default_rng(1)
    shape = GRID.shape
    kind = rng.integers(0, 6, shape).astype("uint8")
    fluxes = rng.integers(100, 3000, (2, members, *shape)).astype("float32")
    fluxes[:, :, kind == 0] = np.nan
    return {
        "gpp": fluxes[0],
        "reco": fluxes[1],
        "forest_type": kind,
        "forest_fraction": np.where(kind > 0, rng.random(shape), 0).astype("float32"),
        "gap_fraction": rng.random(shape).astype("float32"),
        "hidden_series": rng.integers(0, 3, shape).astype("uint8"),
        "dissimilarity": np.where(kind > 0, rng.random(shape), np.nan).astype(
            "float32"
        ),
    }


def write_part(tiles: list[Tile], folder: Path) -> list[tuple[Tile, TileYear]]:
    """Tiles of a region, each cell with some share in it."""
    globe = Grid(GRID.resolution_deg, GRID.tile_cells)
    share = np.random.default_rng(4).random(GRID.shape).astype("float32")
    layers = world() | {"region_share": share}
    written = [write_tile(layers, globe.tile(t.name), folder) for t in tiles]
    return [(t, fluxes) for t, (_, fluxes) in zip(tiles, written, strict=True)]


def write_tile(
    layers: dict[str, np.ndarray], tile: Tile, folder: Path, *, year: int = 2003
) -> tuple[Tile, TileYear]:
    """One tile, cut from global layers, with a level of their fluxes and no response.

    The networks gave 64 more than the level in this year, and 64 less in the next one.
    """
    parts = {
        name: array[..., tile.rows, tile.columns] for name, array in layers.items()
    }
    inferred = {}
    for own, more in ((year, 64), (year + 1, -64)):
        moved = parts | {flux: parts[flux] + more for flux in ("gpp", "reco")}
        inferred[own] = xr.Dataset(
            {
                name: (("member", "y", "x")[3 - array.ndim :], array)
                for name, array in moved.items()
            },
            coords={
                "member": np.arange(len(layers["gpp"])),
                "y": tile.latitudes(),
                "x": tile.longitudes(),
            },
            attrs={"year": own},
        )
    departure = np.random.default_rng(2).normal(0, 1, (2, 3, *tile.shape))
    response = no_response(len(layers["gpp"]), 3)
    years = write_tile_years(folder / tile.name, inferred, departure, response=response)
    return tile, years[year]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Tile, TileYear]]:
    folder, layers = tmp_path_factory.mktemp("tiles"), world()
    return [write_tile(layers, tile, folder) for tile in GRID.tiles()]


@pytest.fixture
def tiles(stores: list[tuple[Tile, TileYear]]) -> list[tuple[Tile, TileYear]]:
    return list(stores)


def test_tiles_join_without_a_seam_in_any_order(tiles: list) -> None:
    result = mapped(tiles[::-1], GRID, MODEL, year=2003)
    expected = world()
    np.testing.assert_array_equal(result["gpp_member"], expected["gpp"])
    np.testing.assert_array_equal(result["reco_member"], expected["reco"])
    for name in LAYERS:
        np.testing.assert_array_equal(result[name], expected[name])
    np.testing.assert_array_equal(result["y"], np.arange(80, -81, -20))
    np.testing.assert_array_equal(result["x"], np.arange(-170, 171, 20))


def test_tiles_that_are_not_mapped_stay_empty(tiles: list, tmp_path: Path) -> None:
    part = replace(GRID, only=("r00c01", "r01c03"))
    chosen = write_part(part.tiles(), tmp_path)
    result, whole = mapped(chosen, part, MODEL, year=2003), world()
    inside = np.zeros(part.shape, bool)
    for tile, _ in chosen:
        inside[tile.rows, tile.columns] = True
        np.testing.assert_array_equal(
            result["gpp_member"].values[:, tile.rows, tile.columns],
            whole["gpp"][:, tile.globe_rows, tile.globe_columns],
        )
    assert part.shape == (9, 13)  # without the first column of tiles
    np.testing.assert_array_equal(result["x"], part.longitudes())
    assert np.isnan(result["gpp"].values[~inside]).all()
    assert np.isnan(result["forest_fraction"].values[~inside]).all()
    assert (result["forest_type"].values[~inside] == 0).all()
    with pytest.raises(InputError, match="missing: r01c03"):
        mapped(chosen[:1], part, MODEL, year=2003)
    assert (result["region_share"].values[~inside] == 0).all()
    assert (result["region_share"].values[inside] > 0).all()
    without = [(part.tile(t.name), each) for t, each in tiles if t.name in part.only]
    with pytest.raises(InputError, match="region_share: expected a variable of the st"):
        mapped(without, part, MODEL, year=2003)


def test_a_map_without_any_forest_is_one_line(tmp_path: Path) -> None:
    layers = world() | {"region_share": np.ones(GRID.shape, "float32")}
    for name in ("gpp", "reco"):
        layers[name][:] = np.nan
    part = replace(GRID, only=("r00c01",))
    _, fluxes = write_tile(layers, GRID.tile("r00c01"), tmp_path)
    with pytest.raises(InputError, match="map: forest_fraction: expected some cell wi"):
        mapped([(part.tile("r00c01"), fluxes)], part, MODEL, year=2003)


def test_a_map_across_180_degrees_is_one_rectangle(tmp_path: Path) -> None:
    part = replace(GRID, only=("r01c00", "r01c03"))
    chosen = write_part(part.tiles(), tmp_path)
    result, whole = mapped(chosen, part, MODEL, year=2003), world()
    np.testing.assert_array_equal(result["x"], np.arange(130, 271, 20))
    np.testing.assert_array_equal(
        result["gpp_member"], np.roll(whole["gpp"], 3, axis=2)[:, 5:, :8]
    )
    corner = result["spatial_ref"].attrs["GeoTransform"]
    assert corner == "120 20.0 0 -10 0 -20.0"


def test_means_close_and_the_interval_surrounds_them(tiles: list) -> None:
    result = mapped(tiles, GRID, MODEL, year=2003)
    layers = world()
    forest = layers["forest_type"] > 0
    np.testing.assert_allclose(result["gpp"], layers["gpp"].mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(result["nee"], result["reco"] - result["gpp"])
    half = np.where(layers["forest_type"] == 2, 900, 400)
    gpp, nee = (result[name].values for name in ("gpp", "nee"))
    expected = {
        "gpp_lower": np.maximum(gpp - half, 0),
        "gpp_upper": gpp + half,
        "nee_lower": nee - 300,
        "nee_upper": nee + 300,
    }
    for name, bound in expected.items():
        np.testing.assert_allclose(result[name], bound, atol=1e-3)
        assert np.isfinite(result[name].values[forest]).all()
        assert np.isnan(result[name].values[~forest]).all()
    assert (result["gpp_lower"] == 0).any()
    assert result["gpp_lower"].attrs["level"] == 0.9
    assert "90%" in result["nee_upper"].attrs["long_name"]


def test_applicability_is_what_the_model_says_of_the_stored_index(tiles: list) -> None:
    result = mapped(tiles, GRID, MODEL, year=2003)
    layers = world()
    inside, index = result["applicable"].values, layers["dissimilarity"]
    assert inside.dtype == np.uint8
    np.testing.assert_array_equal(inside == 255, layers["forest_type"] == 0)
    np.testing.assert_array_equal(inside == 1, index <= 0.5)
    attrs = result["applicable"].attrs
    assert attrs["flag_values"] == [0, 1, 255]
    assert attrs["flag_meanings"] == "outside inside no_forest"
    assert result["dissimilarity"].attrs["units"] == "1"


def test_cell_areas_sum_to_the_ellipsoid(tiles: list) -> None:
    area = mapped(tiles, GRID, MODEL, year=2003)["cell_area"]
    assert area.dtype == np.float64
    assert float(area.sum()) == pytest.approx(510_065_621.724e6, rel=1e-9)


def test_attributes_say_unit_sign_and_place(tiles: list) -> None:
    result = mapped(tiles, GRID, MODEL, year=2003)
    assert result["y"].attrs["standard_name"] == "latitude"
    assert result["x"].attrs["units"] == "degrees_east"
    assert CRS.from_cf(result["spatial_ref"].attrs) == CRS.from_epsg(4326)
    assert result["spatial_ref"].attrs["GeoTransform"] == "-180 20.0 0 90 0 -20.0"
    for name in ("gpp", "reco", "nee", "gpp_lower", "nee_upper", "gpp_member"):
        attrs = result[name].attrs
        assert attrs["units"] == "gC m-2 yr-1"
        assert attrs["grid_mapping"] == "spatial_ref"
    assert "negative is uptake" in result["nee"].attrs["long_name"]
    assert "Negative is uptake" in result["nee"].attrs["comment"]
    names = {n: v.attrs.get("standard_name") for n, v in result.data_vars.items()}
    assert names["gpp"] == "gross_primary_productivity_of_biomass_expressed_as_carbon"
    assert names["nee"] is names["reco"] is None
    for name in result["gpp"].attrs["ancillary_variables"].split():
        assert name in result


def test_the_stored_map_is_the_map(tiles: list, tmp_path: Path) -> None:
    result = mapped(tiles, GRID, MODEL, year=2003)
    write_store(result, tmp_path / "maps" / "2003.zarr")
    stored = load_store(tmp_path / "maps" / "2003.zarr")
    assert set(stored.data_vars) == {
        *("gpp", "reco", "nee", "gpp_lower", "gpp_upper", "nee_lower", "nee_upper"),
        *("gpp_member", "reco_member", *LAYERS, "applicable", "cell_area"),
    }
    xr.testing.assert_equal(stored, result)
    assert stored["spatial_ref"].attrs["grid_mapping_name"] == "latitude_longitude"
    assert stored.attrs["year"] == 2003


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda tiles: tiles[1:], r"missing: r00c00 \(1 in all\)"),
        (lambda tiles: [*tiles, tiles[2]], "twice: r00c02"),
        (lambda tiles: [(Tile(GRID, 7, 0), tiles[0][1]), *tiles], "unknown: r07c00"),
        (
            lambda tiles: [(Tile(Grid(10.0, 5), 0, 0), tiles[0][1]), *tiles[1:]],
            "not of the grid: r00c00",
        ),
    ],
)
def test_tiles_must_cover_the_grid_once(tiles: list, change, found: str) -> None:
    with pytest.raises(InputError, match=found):
        mapped(change(tiles), GRID, MODEL, year=2003)


def test_a_tile_of_another_shape_place_year_or_ensemble(
    tiles: list, tmp_path: Path
) -> None:
    layers = world()
    place = GRID.tile("r01c03")
    stores = {tile.name: (tile, fluxes) for tile, fluxes in tiles}

    def with_tile(fluxes: TileYear) -> list:
        return list({**stores, "r01c03": (place, fluxes)}.values())

    neighbour = write_tile(layers, GRID.tile("r00c03"), tmp_path / "a")
    moved = write_tile(layers, GRID.tile("r01c02"), tmp_path / "b")
    late = write_tile(layers, place, tmp_path / "c", year=2004)
    few = write_tile(world(members=2), place, tmp_path / "d")
    for (_, fluxes), message in (
        (neighbour, "y: expected the 4 cell centres of tile r01c03"),
        (moved, "x: expected the 3 cell centres of tile r01c03"),
        (late, "year: expected 2003, found 2004"),
        (few, "member: expected 3 members"),
    ):
        with pytest.raises(InputError, match=message):
            mapped(with_tile(fluxes), GRID, MODEL, year=2003)


@pytest.mark.parametrize("store", ["inferred", "departures", "level"])
def test_a_missing_store(tiles: list, tmp_path: Path, store: str) -> None:
    tile, fluxes = tiles[3]
    tiles[3] = tile, replace(fluxes, **{store: tmp_path / "nothing.zarr"})
    with pytest.raises(InputError, match="expected a Zarr store, found nothing"):
        mapped(tiles, GRID, MODEL, year=2003)
