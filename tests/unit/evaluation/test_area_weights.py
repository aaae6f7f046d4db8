"""Means over cells of another grid: integrals are kept, values come back exactly."""

import numpy as np
import pytest

from forestflux.core.grids.grid import Grid, cell_area, ellipsoid_area
from forestflux.evaluation.compare.area_weights import (
    share_lengths,
    snap_edges,
    weigh_areas,
)
from forestflux.evaluation.compare.compared_product import cell_areas
from forestflux.evaluation.compare.product_axes import Axis

MAP = Grid(6.0, 30)
ROWS = np.append(MAP.latitudes() + 3, -90.0)
COLUMNS = np.append(MAP.longitudes() - 3, 180.0)
AREA = cell_area(MAP.latitudes(), 6.0)[:, None]


def globe(height, width, *, west=-180.0):
    """Edges of a product's rows and columns."""
    return (
        np.linspace(-90, 90, round(180 / height) + 1),
        west + np.linspace(0, 360, round(360 / width) + 1),
    )


def average(values, edges, weights=None):
    weighed = weigh_areas(
        ROWS, COLUMNS, product_rows=edges[0], product_columns=edges[1]
    )
    return weighed.average(values, weights)


@pytest.mark.parametrize(
    ("height", "width", "west"),
    [(0.9, 1.25, -180), (7.5, 10.0, -180), (4.0, 5.0, -177.5), (2.0, 3.6, 0)],
)
def test_the_integral_over_the_globe_is_kept(height, width, west):
    edges = globe(height, width, west=west)
    shape = len(edges[0]) - 1, len(edges[1]) - 1
    values = np.random.default_rng(5).uniform(-500, 3000, shape)
    rows, columns = (Axis(n, e, False) for n, e in zip("yx", edges, strict=True))
    own = np.sum(values * cell_areas((rows, columns), slice(None)))
    assert np.sum(average(values, edges) * AREA) == pytest.approx(own, rel=1e-9)


def test_areas_of_cells_of_any_size_fill_the_ellipsoid():
    rows, columns = (
        Axis(n, e, False) for n, e in zip("yx", globe(2, 2.5), strict=True)
    )
    whole = cell_areas((rows, columns), slice(None)).sum()
    assert whole == pytest.approx(ellipsoid_area(), rel=1e-12)


def test_a_mean_by_hand():
    """A cell of 6 degrees, half of it 100 and half 300, by the area of the halves."""
    edges = globe(3, 6)
    values = np.full((60, 60), 100.0)
    values[1::2] = 300.0  # the northern half of each cell
    north, south = (cell_area(np.array([c]), 3.0)[0] for c in (88.5, 85.5))
    expected = (300 * north + 100 * south) / (north + south)
    assert average(values, edges)[0, 0] == pytest.approx(expected, rel=1e-12)


def test_the_same_grid_gives_the_same_numbers_whatever_its_precision():
    values = np.random.default_rng(1).uniform(0, 3000, (30, 60))
    for noise in (0.0, 1e-5):
        edges = ROWS[::-1] + noise, (COLUMNS - noise).astype("float32").astype(float)
        again = average(values[::-1], edges)
        assert np.allclose(again, values, rtol=1e-13, atol=0)


def test_half_a_cell_with_values_is_enough_and_less_is_not():
    edges = globe(6, 2)
    values = np.full((30, 180), np.nan)
    values[:, 0:2] = 7.0  # two thirds of the first column of cells
    values[:, 3:4] = 7.0  # a third of the second
    mean = average(values, edges)
    assert np.allclose(mean[:, 0], 7.0)
    assert np.isnan(mean[:, 1:]).all()


def test_cells_weigh_by_their_land():
    edges = globe(6, 3)
    values = np.tile([100.0, 300.0], (30, 60))
    land = np.tile([1.0, 0.25], (30, 60))
    expected = (100 + 0.25 * 300) / 1.25
    assert np.allclose(average(values, edges, land), expected)
    dry = np.where(np.arange(120) < 2, 0.0, land)
    assert np.isnan(average(values, edges, dry)[:, 0]).all()


def test_lengths_of_intervals_that_do_not_meet_are_none():
    shared = share_lengths(np.array([0.0, 1, 2]), np.array([5.0, 6, 7])).toarray()
    assert not shared.any()
    shared = share_lengths(np.array([5.0, 6]), np.array([0.0, 1, 2])).toarray()
    assert not shared.any()


def test_only_edges_that_differ_by_rounding_are_set():
    edges = snap_edges(np.array([0.0001, 0.9, 2.0]), onto=np.array([0.0, 1.0, 2.0]))
    assert edges.tolist() == [0.0, 0.9, 2.0]
