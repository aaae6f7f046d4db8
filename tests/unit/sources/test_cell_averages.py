"""Pixels on cells: by the area that they share, compared with overlaps drawn on the sphere."""

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.map_resolution import fit_resolution
from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.grids.places import TilePlace
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.pixel_rules import Average, QualityRule
from forestflux.core.product_tables.product_table import read_products
from forestflux.sources.cell_averages import (
    CellEdges,
    average_pixels,
    measure_cover,
    share_areas,
)
from forestflux.sources.earthengine.pixel_arrays import cell_bands
from forestflux.sources.earthengine.pixel_windows import split_place
from tests.builders.paths import PRODUCTS
from tests.builders.products import with_extract

SPHERE = "+proj=longlat +R=6371007.181 +no_defs"
SINUSOIDAL = "+proj=sinu +lon_0=0 +R=6371007.181 +units=m +no_defs"
PROJECT = Transformer.from_crs(SPHERE, SINUSOIDAL, always_xy=True)
# 0.01 degree on the grid's sphere, m.
HUNDREDTH_M = 6371007.181 * np.radians(0.01)


def cell_outline(south, north, west, east):
    """A cell on the plane of the projection, its meridians drawn in fine steps."""
    up, down = np.linspace(south, north, 300), np.linspace(north, south, 300)
    lon = np.r_[np.full(300, west), np.full(300, east)]
    return shapely.Polygon(np.column_stack(PROJECT.transform(lon, np.r_[up, down])))


def pixel_outlines(window):
    """Every pixel of a window, row by row."""
    row, column = np.mgrid[: window.shape[0], : window.shape[1]].reshape(2, -1)
    west, north = window.west + column * window.pixel, window.north - row * window.pixel
    return shapely.box(west, north - window.pixel, west + window.pixel, north)


@pytest.mark.parametrize("resolution", [0.01, 0.005])
@pytest.mark.parametrize("variable", ["ndvi", "lst_day"])
@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        *((0.01, 25.0), (45.0, 7.0), (65.0, 120.0), (-45.0, 170.0)),
        *((66.5, 179.999), (66.5, -179.999), (-16.5, 179.999)),
    ],
    ids=str,
)
def test_shares_are_the_overlaps_on_the_sphere(resolution, variable, lat, lon):
    """At the equator, in the middle, far north, and on both sides of the date line."""
    grid = Grid(resolution, 4)
    row = int((90 - lat) / resolution / 4)
    column = int((lon + 180) / resolution / 4)
    place = TilePlace(grid.tile(f"r{row:02d}c{column:02d}"))
    products = fit_resolution(read_products(PRODUCTS), resolution).column(place.column)
    (part,) = split_place(products[variable], place)
    window = part.window
    corner = window.west, window.north
    pixels = PixelGrid(crs=window.crs, pixel=window.pixel, corner=corner)
    shares = share_areas(part.edges, pixels, window.shape).toarray()
    outlines, half = pixel_outlines(window), resolution / 2
    for y, centre in enumerate(place.tile.latitudes()):
        for x, middle in enumerate(place.tile.longitudes()):
            cell = cell_outline(
                centre - half, centre + half, middle - half, middle + half
            )
            wanted = shapely.area(shapely.intersection(outlines, cell)) / cell.area
            np.testing.assert_allclose(shares[4 * y + x], wanted, atol=1e-4)
    # Whatever lies across the cells is in the window, and nothing counts beyond the globe.
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)


RULES = Average(
    valid=(0, 100),
    fill=(50,),
    quality=(QualityRule(bits=(0, 0), values=(1,), reason="cloud"),),
    pixel_quality_absent=0,
)


def half_and_half():
    """Two cells on the equator and three pixels as large, half a cell further to the west."""
    cells = CellEdges(np.array([0.01, 0.0]), np.array([0.0, 0.01, 0.02]))
    corner = (-HUNDREDTH_M / 2, HUNDREDTH_M)
    pixels = PixelGrid(crs="SR-ORG:6974", pixel=HUNDREDTH_M, corner=corner)
    return share_areas(cells, pixels, (1, 3))


def test_a_pixel_half_in_a_cell_counts_half():
    shares = half_and_half()
    np.testing.assert_allclose(
        shares.toarray(), [[0.5, 0.5, 0], [0, 0.5, 0.5]], atol=1e-6
    )
    values = np.array([[10, 20, 40], [10, 20, 40], [10, 50, -1], [-1, -1, 7]])
    quality = np.array([[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
    found = average_pixels(values, quality, RULES, shares=shares, absent=-1)
    np.testing.assert_array_equal(
        found["mean"], [[15, 30], [20, 30], [10, -1], [-1, 7]]
    )
    np.testing.assert_array_equal(
        found["valid"], [[100, 100], [50, 100], [50, 0], [0, 50]]
    )
    np.testing.assert_array_equal(found["fill"], [[0, 0], [0, 0], [50, 50], [0, 0]])
    np.testing.assert_array_equal(found["cloud"], [[0, 0], [50, 0], [0, 0], [0, 0]])
    # What is left of 100 percent was not acquired.
    assert found["out_of_range"].sum() == 0


def test_cover_is_the_share_of_the_area_under_a_class():
    shares = half_and_half()
    first, second = measure_cover(
        np.array([[1, 1, 4], [1, 255, 255]]), (1, 4), shares=shares, absent=255
    )
    np.testing.assert_array_equal(first, [[100, 50], [50, 255]])
    np.testing.assert_array_equal(second, [[0, 50], [0, 255]])


def test_scaled_numbers_of_an_archive_are_averaged_as_stored_ones():
    """Fill values and valid ranges of the rules are those of stored numbers."""
    place = TilePlace(Grid(0.01, 4).tile("r700c5100"))
    product = fit_resolution(read_products(PRODUCTS), 0.01).column("fine_tile")["ndvi"]
    (part,) = split_place(product, place)
    draw = np.random.default_rng(0)
    values = draw.integers(-3000, 10000, (2, *part.window.shape)).astype("int16")
    values[:, ::3] = -3000
    quality = draw.integers(0, 4, values.shape).astype("int8")
    wanted = cell_bands(product, [values, quality], part, "r700c5100 2003")
    scaled = with_extract(product, archive={"dtype": "float32", "multiply": 10000})
    arrays = [(values / 10000).astype("float32"), quality]
    found = cell_bands(scaled, arrays, part, "r700c5100 2003")
    np.testing.assert_array_equal(found, wanted)
    assert 0 < wanted[1].max() <= 100
    with pytest.raises(
        InputError, match=r"NDVI: expected scaled numbers in the archive"
    ):
        cell_bands(scaled, [values.astype("float32"), quality], part, "r700c5100 2003")
