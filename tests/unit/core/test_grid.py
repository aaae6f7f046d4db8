"""The grid: cells, tiles and their areas."""

import numpy as np
import pytest

from forestflux.core.errors import InputError
from forestflux.core.grid import Grid, cell_area


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
    assert grid.shape == (180, 360)
    assert grid.tile("r01c01").shape == (60, 60)


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
