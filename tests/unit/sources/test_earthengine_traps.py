"""Traps of the products, each held by the product table, the reading or the mask."""

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.core.names import IGBP_CLASSES, REASONS
from forestflux.core.product_tables.pixel_quality import stored_reason
from forestflux.core.product_tables.product_table import read_products
from forestflux.sources.earthengine.layer_groups import groups_of
from forestflux.sources.earthengine.pixel_arrays import (
    Canvas,
    arrays_of,
    average_quality,
    stored,
)
from tests.builders.inputs import VARIABLES
from tests.builders.paths import PRODUCTS

TABLE = read_products(PRODUCTS)
TILE = TABLE.column("tile")
TOWER = TABLE.column("tower")


def reasons(rules, values, quality, absent):
    codes = stored_reason(np.array(values), np.array(quality), rules, absent=absent)
    return [REASONS[code] for code in codes]


def test_temperature_is_valid_by_itself_when_its_quality_is_masked():
    """The archive shows the best QC, 0, as masked: it arrives as 0 and counts as good."""
    for product in (TILE["lst_day"], TILE["lst_night"]):
        rules = product.extract.average
        assert rules.pixel_quality_absent == 0
        assert reasons(rules, [15000, 0, 7499], [0, 0, 0], 1) == [
            "valid",
            "fill",
            "out_of_range",
        ]
    for variable in ("lst_day", "lst_night"):
        assert TOWER[variable].extract.quality_absent == 0


def test_the_number_for_no_temperature_is_neither_fill_nor_value():
    for product in (TILE["lst_day"], TOWER["lst_day"]):
        assert product.extract.absent not in (0, *range(7500, 65536))


def test_evaporation_above_its_range_is_never_a_number():
    rules = TILE["et"].extract.average
    fills = list(range(32761, 32768))
    assert reasons(rules, fills, [0] * 7, -32768) == ["fill"] * 7
    assert max(rules.valid) < min(fills)
    assert TOWER["et"].mask.per_composite
    assert TILE["et"].mask.per_composite


def test_scaled_indices_become_the_integers_that_towers_have():
    sent = np.array([-0.2, 0.0, 0.0001, 0.7123, 1.0, -3.2768], "float32")
    for variable in ("ndvi", "evi"):
        numbers = stored(TILE[variable].extract, sent, "r00c00 2003")
        np.testing.assert_array_equal(numbers, [-2000, 0, 1, 7123, 10000, -32768])
        assert numbers.dtype == TOWER[variable].extract.dtype


def test_indices_that_the_archive_does_not_scale_are_refused():
    sent = np.array([7123.0, -3.2768], "float32")
    with pytest.raises(InputError, match=r"NDVI: expected scaled numbers.*7123"):
        stored(TILE["ndvi"].extract, sent, "r00c00 2003")


def test_missing_precipitation_is_no_number_and_packing_artefacts_stay():
    sent = np.array([-9999.0, -1e-9, 0.004], "float32")
    numbers = stored(TILE["precip"].extract, sent, "r00c00 2003")
    assert np.isnan(numbers[0])
    np.testing.assert_array_equal(numbers[1:], sent[1:])


def test_water_is_data_in_the_land_cover_of_the_grid():
    """MCD12C1 counts water as class 0, MCD12Q1 as 17: forest is 1 to 5 in both."""
    assert TILE["landcover"].extract.classes == (1, 2, 3, 4, 5)
    assert TILE["landcover"].extract.absent == 255
    assert IGBP_CLASSES.index("WAT") + 1 == 17
    assert TOWER["landcover"].extract.absent == 0


def test_the_default_products_are_those_that_last():
    used = {
        name
        for product in (*TILE.values(), *TOWER.values())
        for name in product.extract.collections
    }
    assert not any(name.startswith("MODIS/006/") for name in used)
    assert "MODIS/061/MOD11A2" in used  # MOD21 has more hot outliers
    assert not any("MOD21" in name or "PML" in name for name in used)
    for (
        variable
    ) in VARIABLES:  # the parts of ERA5-Land evapotranspiration are mislabelled
        era5 = any("ERA5" in name for name in TILE[variable].extract.collections)
        assert era5 == (variable == "precip")


def test_reversed_quality_bits_of_mod21():
    table = read_products(PRODUCTS, {"lst_day": "mod21c2"})
    rules = table.column("tile")["lst_day"].mask
    large, small = 0b00000000, 0b11000000
    assert reasons(rules, [15000, 15000], [large, small], 1) == ["low_quality", "valid"]


def test_two_images_of_one_day_are_refused_and_others_are_put_in_order():
    (group,) = groups_of({"ndvi": TILE["ndvi"]})
    band = np.array([2, 1], "float32").reshape(2, 1, 1)
    bands = {"NDVI": band * 0.1, "SummaryQA": band.astype("int8")}
    days = np.array(["2003-01-09", "2003-01-01"], "datetime64[D]")
    canvas = Canvas(days, bands, np.ones((1, 1), bool))
    arrays = arrays_of(group, TILE, canvas, "r00c00 2003")
    assert arrays["ndvi"][1].ravel().tolist() == [1000, 2000]
    assert arrays["ndvi_quality"][1].ravel().tolist() == [1, 2]
    twice = Canvas(days[[0, 0]], bands, canvas.asked)
    with pytest.raises(InputError, match="one image a day"):
        arrays_of(group, TILE, twice, "r00c00 2003")


def test_cells_that_were_not_asked_for_have_no_quality():
    product = TILE["lst_day"]
    bands = {
        "valid": np.array([[[1, 0]]], "uint8"),
        "fill": np.array([[[0, 0]]], "uint8"),
        "cloud": np.array([[[99, 0]]], "uint8"),
        "low_quality": np.array([[[0, 0]]], "uint8"),
        "out_of_range": np.array([[[0, 0]]], "uint8"),
    }
    packed = average_quality(product, bands, np.array([[True, False]]))
    assert packed.ravel().tolist() == [1 + (REASONS.index("cloud") << 7), 65535]
