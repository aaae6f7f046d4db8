"""What a region leaves of a tile: nothing outside, whole pixels on its border."""

from dataclasses import replace

import numpy as np
import pytest

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace
from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.settings.source_settings import PlanetSettings
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.sources.extraction import extract
from forestflux.sources.region_cut import find_pixels_outside
from forestflux.sources.simulated.simulated_source import SimulatedSource
from tests.builders.paths import PRODUCTS

TILE = read_products(PRODUCTS).column("tile")
SOURCE = SimulatedSource(seed=1, planet=PlanetSettings())
PLACE = TilePlace(Grid(1.0, 10).tile("r02c20"))  # Finland and beyond
YEAR = 2003


@pytest.fixture(scope="module")
def share() -> np.ndarray:
    """Half of the tile is outside; the cells beside it are partly inside."""
    share = np.zeros(PLACE.shape)
    share[:, 5], share[:, 6:] = 0.25, 1
    return share


def masked(place: TilePlace):
    native = extract(SOURCE, TILE, place, year=YEAR)
    cube = build_cube(native, TILE, year=YEAR)
    return native, mask_cube(cube, TILE, year=YEAR, min_valid_share=0.5)


def test_outside_there_is_nothing_and_inside_nothing_changes(share):
    native, cut = masked(replace(PLACE, share=share))
    whole_native, whole = masked(PLACE)
    assert "region_share" not in whole_native
    assert "region_share" not in whole
    np.testing.assert_array_equal(cut["region_share"], share.astype("float32"))
    outside = share == 0
    assert (native["forest_percent"].values[:, outside] == 0).all()
    assert (cut["forest_fraction"].values[outside] == 0).all()
    assert (whole["forest_fraction"].values[outside] > 0).any()
    for name in ("ndvi", "et", "lst_day"):
        assert np.isnan(cut[name].values[:, outside]).all()
    for name in ("ndvi", "et", "lst_day", "precip", "forest_fraction", "forest_type"):
        np.testing.assert_array_equal(
            cut[name].values[..., ~outside], whole[name].values[..., ~outside]
        )
    reasons = cut["reason"].attrs["flag_meanings"].split()
    found = cut["reason"].values[0][:, outside]
    assert (found == reasons.index("not_acquired")).all()


def test_a_coarse_pixel_stays_where_any_of_its_cells_is_inside():
    product = TILE["precip"]
    factor, before = product.extract.cells_per_pixel, product.cells_before
    assert (factor, before) == (2, 1)  # pixels begin one cell before the tile
    outside = np.ones((6, 6), bool)
    outside[0, 0] = outside[3, 4] = False
    found = find_pixels_outside(outside, product)
    assert found.shape == product.native_shape((6, 6)) == (4, 4)
    assert list(zip(*np.nonzero(~found), strict=True)) == [(0, 0), (2, 2)]
