"""The grid: cells, tiles and their areas."""

import time

import numpy as np
import pytest

from forestflux.core.grids.cell_centres import find_shortest_arc, wrap_longitudes
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.input_errors import InputError


def test_rows_run_north_to_south_and_columns_eastward():
    grid = Grid(resolution_deg=0.05, tile_cells=400)
    assert grid.shape == (3600, 7200)
    assert grid.latitudes()[0] == pytest.approx(89.975)
    assert grid.latitudes()[-1] == pytest.approx(-89.975)
    assert grid.longitudes()[0] == pytest.approx(-179.975)


def test_tiles_cover_every_cell_once_even_when_they_do_not_divide_the_globe():
    grid = Grid(resolution_deg=2.0, tile_cells=28)
    seen = np.zeros(grid.shape, int)
    for tile in grid.tiles():
        seen[tile.rows, tile.columns] += 1
    assert (seen == 1).all()
    assert grid.tiles()[-1].shape == (90 - 3 * 28, 180 - 6 * 28)


def test_a_tile_is_found_by_its_name():
    grid = Grid(resolution_deg=1.0, tile_cells=60)
    for tile in grid.tiles():
        assert grid.tile(tile.name) == tile
    with pytest.raises(InputError, match="r03c00"):
        grid.tile("r03c00")
    with pytest.raises(InputError, match="north"):
        grid.tile("north")


def test_a_choice_of_tiles_is_in_the_order_of_the_grid():
    grid = Grid(resolution_deg=1.0, tile_cells=60, only=["r02c05", "r00c01"])
    assert [tile.name for tile in grid.tiles()] == ["r00c01", "r02c05"]
    assert grid.tile("r01c01").shape == (60, 60)


def test_a_choice_of_tiles_has_the_arrays_of_the_window_around_it():
    grid, globe = Grid(1.0, 60, only=("r01c02", "r02c04")), Grid(1.0, 60)
    assert grid.shape == (120, 180)
    assert grid.bounds == (-60, -90, 120, 30)
    np.testing.assert_array_equal(grid.latitudes(), globe.latitudes()[60:])
    np.testing.assert_array_equal(grid.longitudes(), globe.longitudes()[120:300])
    for tile in grid.tiles():
        place = tile.rows, tile.columns
        np.testing.assert_array_equal(grid.latitudes()[place[0]], tile.latitudes())
        np.testing.assert_array_equal(grid.longitudes()[place[1]], tile.longitudes())
    assert not grid.covers_globe


def test_all_tiles_by_name_are_the_globe():
    globe = Grid(2.0, 28)
    named = Grid(2.0, 28, only=tuple(tile.name for tile in globe.tiles()))
    assert named.covers_globe
    assert named.bounds == globe.bounds == (-180, -90, 180, 90)
    np.testing.assert_array_equal(named.longitudes(), globe.longitudes())


@pytest.mark.parametrize("tile_cells", [60, 50])
def test_a_window_across_180_degrees_goes_on_eastward(tile_cells):
    globe = Grid(1.0, tile_cells)
    last = globe.tiles_across()[1] - 1
    grid = Grid(1.0, tile_cells, only=("r01c00", f"r00c{last:02d}"))
    longitudes = grid.longitudes()
    assert (np.diff(longitudes) == 1).all()
    assert grid.shape == (2 * tile_cells, len(longitudes))
    assert grid.bounds[2] == -180 + 360 + tile_cells
    assert abs(wrap_longitudes(longitudes)).max() < 180
    seen = np.zeros(grid.shape, int)
    for tile in grid.tiles():
        seen[tile.rows, tile.columns] += 1
        np.testing.assert_array_equal(
            wrap_longitudes(longitudes[tile.columns]), tile.longitudes()
        )
    assert seen.sum() == sum(np.prod(tile.shape) for tile in grid.tiles())
    assert seen[:, [0, -1]].any(axis=0).all()  # no longer than it must be


@pytest.mark.parametrize(
    ("columns", "ends"),
    [
        ([3], (3, 3)),
        ([0, 9], (9, 0)),
        ([0, 1, 5], (0, 5)),
        ([0, 5], (0, 5)),  # equally far both ways
        ([1, 4, 8], (8, 4)),
        (list(range(10)), (0, 9)),
    ],
)
def test_the_shortest_arc_leaves_out_the_widest_gap(columns, ends):
    assert find_shortest_arc(columns, 10) == ends


def test_a_name_that_is_no_tile_is_refused_wherever_it_stands():
    with pytest.raises(InputError, match="r03c00"):
        Grid(1.0, 60, only=("r00c00", "r03c00")).latitudes()


def test_a_region_of_a_fine_globe_is_listed_at_once():
    grid = Grid(0.005, 100, only=("r50c200", "r51c201"))
    started = time.perf_counter()
    assert [tile.shape for tile in grid.tiles()] == [(100, 100)] * 2
    assert grid.shape == (200, 200)
    assert len(grid.longitudes()) == 200
    assert time.perf_counter() - started < 0.1


def test_a_resolution_that_leaves_part_of_the_globe_is_refused():
    with pytest.raises(InputError, match=r"grid.resolution_deg.*found 0.7"):
        Grid(resolution_deg=0.7, tile_cells=60)


def test_cells_sum_to_the_ellipsoid():
    grid = Grid(resolution_deg=0.5, tile_cells=60)
    total = cell_area(grid.latitudes(), 0.5).sum() * grid.shape[1]
    # Surface of WGS 84 from the closed formula of an oblate ellipsoid, m2.
    a, b = 6378137.0, 6356752.314245
    e = np.sqrt(1 - (b / a) ** 2)
    surface = 2 * np.pi * a**2 * (1 + (1 - e**2) / e * np.arctanh(e))
    assert total == pytest.approx(surface, rel=1e-9)


def test_a_cell_agrees_with_a_numeric_integral():
    a, e2 = 6378137.0, 0.0066943799901413165
    latitude = np.radians(np.linspace(59.5, 60.5, 200001))
    s = np.sin(latitude)
    meridian = a * (1 - e2) / (1 - e2 * s**2) ** 1.5
    parallel = a * np.cos(latitude) / np.sqrt(1 - e2 * s**2)
    area = np.trapezoid(meridian * parallel, latitude) * np.radians(1.0)
    assert cell_area(np.array([60.0]), 1.0)[0] == pytest.approx(area, rel=1e-9)
