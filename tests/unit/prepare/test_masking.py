"""Quality rules and reasons on stored integers written by hand."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.input_errors import InputError
from forestflux.core.names import REASONS
from forestflux.core.product_tables.pixel_quality import pack_average
from forestflux.core.product_tables.product_table import read_products
from forestflux.prepare.masking import mask_cube, reduce_windows
from tests.builders.inputs import VARIABLES
from tests.builders.paths import ROOT

YEAR = 2003


@pytest.fixture(scope="module")
def products():
    """Rules of pixels: those of tiles where a cell is a pixel, else those of towers."""
    table = read_products(ROOT / "config" / "products.yaml")
    tower = table.column("tower")
    pixels = {name: tower[name] for name in ("et", "lst_day", "lst_night")}
    return table.column("tile") | pixels


@pytest.fixture(scope="module")
def averages():
    """Rules of tiles, where ET and LST are averages."""
    return read_products(ROOT / "config" / "products.yaml").column("tile")


def cube_with(products, **cells):
    """A cube of one cell: plausible values everywhere, given ones in step 0, 1, 2, ..."""
    good = {
        "ndvi": (5000, 0),
        "evi": (3000, 0),
        "et": (160, 0),
        "lst_day": (15000, 0),
        "lst_night": (14000, 0),
        "precip": (0.008, None),
    }
    arrays = {}
    for variable, (value, quality) in good.items():
        extract = products[variable].extract
        dims = ("time", f"y_{variable}", f"x_{variable}")
        stored = np.full((46, 1, 1), value, extract.dtype)
        whole = 100 if products[variable].is_average else quality or 0
        bits = np.full((46, 1, 1), whole, extract.quality_dtype or "uint8")
        for step, (v, q) in enumerate(cells.get(variable, [])):
            stored[step, 0, 0] = v
            bits[step, 0, 0] = q
        arrays[variable] = (dims, stored)
        if quality is not None:
            arrays[f"{variable}_quality"] = (dims, bits)
    percent = np.array([30, 0, 0, 25, 0], "uint8").reshape(5, 1, 1)
    arrays["forest_percent"] = (("igbp", "y", "x"), percent)
    coordinates = {"time": step_starts(YEAR), "y": [50.0], "x": [10.0]}
    return xr.Dataset(arrays, coords=coordinates)


def reasons_of(masked, variable):
    codes = masked["reason"].values[VARIABLES.index(variable), :, 0, 0]
    return [REASONS[code] for code in codes]


def test_vegetation_index_rules(products):
    ndvi = [(7000, 0), (7000, 1), (7000, 2), (7000, 3), (-3000, 0), (-32768, -1)]
    ndvi += [(10001, 0), (-2001, 0)]
    masked = mask_cube(
        cube_with(products, ndvi=ndvi), products, year=YEAR, min_valid_share=0.5
    )
    assert reasons_of(masked, "ndvi")[:8] == [
        "valid",
        "valid",
        "snow",
        "cloud",
        "fill",
        "not_acquired",
        "out_of_range",
        "out_of_range",
    ]
    values = masked["ndvi"].values[:, 0, 0]
    assert values[0] == pytest.approx(0.7)
    assert np.isnan(values[2:8]).all()
    assert masked["gap_fraction"].values[0, 0, 0] == pytest.approx(6 / 46)


def test_land_surface_temperature_rules(products):
    # Bits 0-1: 0 good, 1 other, 2 cloud, 3 other cause; bits 6-7: error <= 1, 2, 3, > 3
    # K.
    lst = [(15000, 0b00000000), (15000, 0b01000001), (15000, 0b10000001)]
    lst += [(15000, 0b11000001), (0, 0b00000010), (0, 0b00000011), (0, 0), (1, 0)]
    lst += [(7499, 0), (17300, 0)]
    masked = mask_cube(
        cube_with(products, lst_day=lst), products, year=YEAR, min_valid_share=0.5
    )
    assert reasons_of(masked, "lst_day")[:10] == [
        "valid",
        "valid",
        "low_quality",
        "low_quality",
        "cloud",
        "low_quality",
        "fill",
        "not_acquired",
        "out_of_range",
        "out_of_range",  # 346 K
    ]
    assert masked["lst_day"].values[0, 0, 0] == pytest.approx(300.0)


def test_a_pixel_masked_in_the_archive_keeps_its_cause(products):
    masked = mask_cube(
        cube_with(products, lst_day=[(1, 0b10)]),
        products,
        year=YEAR,
        min_valid_share=0.5,
    )
    assert reasons_of(masked, "lst_day")[0] == "cloud"


def test_evapotranspiration_is_divided_by_the_days_of_its_composite(products):
    fills = [(code, 0) for code in range(32761, 32768)]
    masked = mask_cube(
        cube_with(products, et=fills), products, year=YEAR, min_valid_share=0.5
    )
    assert reasons_of(masked, "et")[:7] == ["fill"] * 7
    values = masked["et"].values[:, 0, 0]
    assert values[10] == pytest.approx(16.0 / 8)
    assert values[45] == pytest.approx(16.0 / 5)


def test_precipitation_comes_in_mm_per_day_and_packing_artefacts_are_zero(products):
    cube = cube_with(products, precip=[(-1e-9, 0), (np.nan, 0), (0.04, 0)])
    masked = mask_cube(cube, products, year=YEAR, min_valid_share=0.5)
    values = masked["precip"].values[:, 0, 0]
    assert values[0] == 0
    assert reasons_of(masked, "precip")[1] == "not_acquired"
    assert values[2] == pytest.approx(5.0)
    assert values[45] == pytest.approx(8.0 / 5)


def test_an_average_counts_when_enough_of_the_cell_is_valid(averages):
    cloud, low, fill = (REASONS.index(r) << 7 for r in ("cloud", "low_quality", "fill"))
    lst = [(15000, 100), (15000, 30 | cloud), (15000, 29 | cloud), (15000, 10 | low)]
    lst += [(1, 0 | cloud), (1, 0 | fill), (1, 65535)]
    masked = mask_cube(
        cube_with(averages, lst_day=lst, et=[(-32768, 65535), (160, 29 | fill)]),
        averages,
        year=YEAR,
        min_valid_share=0.3,
    )
    assert reasons_of(masked, "lst_day")[:7] == [
        "valid",
        "valid",
        "cloud",
        "low_quality",
        "cloud",
        "fill",
        "not_acquired",
    ]
    assert masked["lst_day"].values[1, 0, 0] == pytest.approx(300.0)
    assert reasons_of(masked, "et")[:2] == ["not_acquired", "fill"]


def test_an_average_without_a_valid_pixel_keeps_its_reason_whatever_share_is_asked(
    averages,
):
    cloud = REASONS.index("cloud") << 7
    masked = mask_cube(
        cube_with(averages, lst_day=[(1, cloud), (15000, 1 | cloud)]),
        averages,
        year=YEAR,
        min_valid_share=0.0,
    )
    assert reasons_of(masked, "lst_day")[:2] == ["cloud", "valid"]


def test_the_quality_of_an_average_names_the_commonest_reason_of_the_rest():
    percents = {
        "valid": np.array([100, 60, 20, 0, 99, 0]),
        "fill": np.array([0, 0, 45, 0, 1, 0]),
        "cloud": np.array([0, 30, 30, 40, 0, 0]),
        "low_quality": np.array([0, 10, 5, 60, 0, 0]),
    }
    packed = pack_average(percents)
    assert packed.dtype == np.uint16
    np.testing.assert_array_equal(packed & 127, percents["valid"])
    named = [REASONS[code] for code in packed >> 7]
    assert named == ["valid", "cloud", "fill", "low_quality", "fill", "not_acquired"]


def test_forest_layers(products):
    masked = mask_cube(cube_with(products), products, year=YEAR, min_valid_share=0.5)
    assert masked["forest_fraction"].values[0, 0] == pytest.approx(0.55)
    assert masked["forest_type"].values[0, 0] == 1


def test_no_value_without_trust_and_no_trust_without_value(products):
    rng = np.random.default_rng(0)
    cells = {
        "ndvi": [
            (int(v), int(q))
            for v, q in zip(
                rng.integers(-4000, 12000, 46), rng.integers(-1, 4, 46), strict=True
            )
        ]
    }
    masked = mask_cube(
        cube_with(products, **cells), products, year=YEAR, min_valid_share=0.5
    )
    for index, variable in enumerate(VARIABLES):
        trusted = masked["reason"].values[index] == 0
        assert (np.isfinite(masked[variable].values) == trusted).all()


def test_a_variable_that_the_cube_lacks_is_a_gap(products):
    cube = cube_with(products).drop_vars(["evi", "evi_quality"])
    masked = mask_cube(cube, products, year=YEAR, min_valid_share=0.5)
    assert set(reasons_of(masked, "evi")) == {"not_acquired"}


def test_a_year_of_45_steps_is_refused(products):
    with pytest.raises(InputError, match="time: expected 46 steps, found 45"):
        mask_cube(
            cube_with(products).isel(time=slice(45)),
            products,
            year=YEAR,
            min_valid_share=0.5,
        )


def test_windows_give_the_mean_of_valid_pixels_and_the_commonest_reason():
    physical = np.arange(16, dtype=float).reshape(1, 4, 4)
    reason = np.zeros((1, 4, 4), "uint8")
    reason[0, 0, 0] = reason[0, 2, 0] = reason[0, 2, 1] = 3
    reason[0, 3, 0] = 4
    physical[reason != 0] = np.nan
    mean, why = reduce_windows(physical, reason, (2, 2), min_valid_share=0.5)
    assert mean[0, 0, 0] == pytest.approx((1 + 4 + 5) / 3)
    assert mean[0, 0, 1] == pytest.approx((2 + 3 + 6 + 7) / 4)
    assert np.isnan(mean[0, 1, 0])  # one valid pixel of four
    assert why[0, 1, 0] == 3
    assert why[0, 0, 0] == 0
