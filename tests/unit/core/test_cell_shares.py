"""Shares of cells in areas: exact on the ellipsoid, the first area first, nothing counted twice."""

import numpy as np
import pytest
import shapely
from pyproj import Geod

from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.regions.cell_shares import CellShares, share_cells
from forestflux.core.regions.region_cells import NamedArea

GRID = Grid(resolution_deg=2.0, tile_cells=60)
GEOD = Geod(ellps="WGS84")


def share(*shapes: shapely.Geometry, grid: Grid = GRID) -> CellShares:
    """Shares of the cells of a grid in some shapes."""
    areas = [NamedArea(str(number), "", shape) for number, shape in enumerate(shapes)]
    return share_cells(areas, grid.latitudes(), grid.longitudes())


def spread(shares: CellShares) -> np.ndarray:
    """The shares (area, y, x) in full."""
    count = shares.parts.shape[1]
    table = np.concatenate(
        [np.eye(count), np.zeros((1, count)), shares.parts.toarray()]
    )
    return np.moveaxis(table[shares.codes], -1, 0)


def cut_plainly(*shapes: shapely.Geometry) -> np.ndarray:
    """The same, cell by cell, in degrees instead of square metres."""
    result = np.zeros((len(shapes), *GRID.shape))
    for row, north in enumerate(GRID.latitudes() + 1):
        for column, west in enumerate(GRID.longitudes() - 1):
            box = shapely.box(west, north - 2, west + 2, north)
            for number, shape in enumerate(shapes):
                piece = shapely.intersection(box, shape)
                result[number, row, column] = piece.area / 4
                box = shapely.difference(box, piece)
    return result


def test_a_window_across_180_degrees_holds_both_sides() -> None:
    window = Grid(2.0, 15, only=("r01c00", "r01c11", "r02c11"))
    shape = shapely.MultiPolygon(
        [shapely.box(170.5, 30, 180, 47), shapely.box(-180, 30, -171, 41)]
    )
    far = shapely.box(10, 0, 20, 10)  # outside of the window
    near = spread(share(shape, far, grid=window))
    globe = spread(share(shape, far))
    rows, columns = window.window.rows, window.window.columns
    assert window.bounds == (150, 0, 210, 60)
    turned = np.roll(globe, -columns.start, axis=2)[:, rows, : window.shape[1]]
    np.testing.assert_allclose(near, turned, atol=1e-12)
    assert near[0, :, -15:].sum() > 0
    assert near[1].sum() == 0


def test_a_grid_without_any_of_the_areas_has_no_shares() -> None:
    window = Grid(2.0, 15, only=("r00c00",))
    shares = share(shapely.box(10, 0, 20, 10), grid=window)
    assert (shares.codes == 1).all()
    assert shares.parts.shape == (0, 1)


def test_a_box_on_the_edges_of_cells_has_whole_cells() -> None:
    shares = share(shapely.box(0, 0, 10, 20))
    assert (shares.codes == 0).sum() == 50
    assert shares.parts.shape == (0, 1)


@pytest.mark.parametrize("latitude", [0.0, 47.3, -72.0])
def test_the_area_of_a_polygon_is_that_on_the_ellipsoid(latitude: float) -> None:
    shape = shapely.Point(12.3, latitude).buffer(6.7, quad_segs=60)
    hole = shapely.Point(13, latitude + 0.4).buffer(2.1, quad_segs=60)
    shape = shape.difference(hole)
    area = cell_area(GRID.latitudes(), 2.0)[:, None]
    (found,) = spread(share(shape))
    # Edges are straight in degrees, those of the other one are geodesics.
    line = shapely.segmentize(shape, 0.05)
    wanted = abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(line))[0])
    assert (found * area).sum() == pytest.approx(wanted, rel=2e-4)
    assert (found == 1).sum() > 5


def test_where_areas_overlap_the_first_counts() -> None:
    shapes = [
        shapely.Point(1, 1).buffer(7.3),
        shapely.box(-3.5, -9.1, 11.7, 5.3),
        shapely.Point(4, -3).buffer(9.9),
        shapely.Polygon([(-20, -20), (30, 10), (-5, 13)]),
    ]
    found, wanted = spread(share(*shapes)), cut_plainly(*shapes)
    assert found.sum(axis=0).max() == pytest.approx(1)
    assert found.max() <= 1
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    back = spread(share(*shapes[::-1]))[::-1]
    np.testing.assert_allclose(back.sum(axis=0), found.sum(axis=0), atol=1e-4)
    assert np.abs(back - found).max() > 0.9


def test_an_area_that_earlier_ones_cover_has_nothing_left() -> None:
    inner, outer = shapely.box(1.1, 1.1, 1.5, 1.5), shapely.box(0, 0, 4, 4)
    first, second = spread(share(outer, inner))
    assert first.sum() == 4
    assert second.sum() == 0
    first, second = spread(share(inner, outer))
    assert first.sum() == pytest.approx(0.04, rel=1e-3)
    assert first.sum() + second.sum() == pytest.approx(4)


def test_poles_the_date_line_and_islands() -> None:
    cap = shapely.box(-180, 85, 180, 90)
    east = shapely.box(177, 0, 180, 2)
    both = shapely.MultiPolygon([east, shapely.box(-180, 0, -177, 2)])
    first, second = spread(share(cap, both))
    assert (first[:2] == 1).all()
    np.testing.assert_allclose(first[2], first[2, 0])
    assert 0.45 < first[2, 0] < 0.5  # of a cell from 84 to 86 degrees
    assert second.sum() == pytest.approx(3)
    assert second[:, 0].sum() == second[:, -1].sum() == 1


def test_tens_of_thousands_of_areas_keep_their_own_cells() -> None:
    grid = Grid(resolution_deg=0.5, tile_cells=60)
    rows, columns = np.divmod(np.arange(66_000), 720)
    west, north = columns / 2 - 180, 90 - rows / 2
    shapes = shapely.box(west, north - 0.5, west + 0.5, north)
    shares = share(*shapes, grid=grid)
    np.testing.assert_array_equal(shares.codes.ravel()[:66_000], np.arange(66_000))
    assert (shares.codes.ravel()[66_000:] == 66_000).all()
