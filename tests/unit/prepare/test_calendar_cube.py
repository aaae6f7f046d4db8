"""The cube keeps native values and puts every product on one calendar and grid."""

import numpy as np
import xarray as xr

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.product_tables.product_table import read_products
from forestflux.prepare.calendar_cube import build_cube
from tests.builders.paths import PRODUCTS

TILE = read_products(PRODUCTS).column("tile")
YEAR = 2004


def native_tile():
    """A tile of 3 x 5 cells with NDVI of one satellite and coarser precipitation."""
    rng = np.random.default_rng(1)
    starts = step_starts(YEAR)
    ndvi = rng.integers(-2000, 10000, (23, 3, 5)).astype("int16")
    quality = rng.integers(0, 4, (23, 3, 5)).astype("int8")
    rain = rng.random((46, 2, 3)).astype("float32")
    dims = ("time_ndvi", "y_ndvi", "x_ndvi")
    return xr.Dataset(
        {
            "ndvi": (dims, ndvi),
            "ndvi_quality": (dims, quality),
            "precip": (("time_precip", "y_precip", "x_precip"), rain),
            "forest_percent": (("igbp", "y", "x"), np.full((5, 3, 5), 7, "uint8")),
        },
        coords={
            "time_ndvi": starts[0::2],
            "time_precip": starts,
            "y": [2.5, 1.5, 0.5],
            "x": np.arange(5) + 0.5,
        },
    )


def test_integers_and_bits_stay_what_they_were():
    native = native_tile()
    cube = build_cube(native, TILE, year=YEAR)
    assert cube["ndvi"].dtype == np.int16
    np.testing.assert_array_equal(cube["ndvi"].values[0::2], native["ndvi"].values)
    assert (cube["ndvi"].values[1::2] == -32768).all()
    np.testing.assert_array_equal(
        cube["ndvi_quality"].values[0::2], native["ndvi_quality"].values
    )
    assert (cube["ndvi_quality"].values[1::2] == -1).all()


def test_a_coarser_product_is_repeated_onto_the_cells_from_half_a_pixel_before():
    native = native_tile()
    cube = build_cube(native, TILE, year=YEAR)
    rain = native["precip"].values
    assert cube["precip"].shape == (46, 3, 5)
    for row in range(3):
        for column in range(5):
            np.testing.assert_array_equal(
                cube["precip"].values[:, row, column],
                rain[:, (row + 1) // 2, (column + 1) // 2],
            )


def test_land_cover_and_coordinates_come_along():
    cube = build_cube(native_tile(), TILE, year=YEAR)
    assert list(cube["y"].values) == [2.5, 1.5, 0.5]
    assert str(cube["time"].values[-1])[:10] == "2004-12-26"
    assert (cube["forest_percent"].values == 7).all()
