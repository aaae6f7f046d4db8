"""What the emulator computes, against numpy, PROJ and numbers worked by hand."""

import ee
import numpy as np
import pytest
from pyproj import Transformer

from forestflux.core.calendars.eight_day import STEP_DAYS, STEPS
from tests.earthengine.asking import grid, pixels, window
from tests.earthengine.emulator.archives.catalogue import SCHEDULES
from tests.earthengine.emulator.archives.formulas import hidden, stored
from tests.earthengine.emulator.archives.rain import spread_over_days
from tests.earthengine.emulator.evaluation.grids import GEOGRAPHIC, SINUSOIDAL, moved
from tests.earthengine.emulator.evaluation.reducers import modes

LST = "MODIS/061/MOD11A2"
ROW, COLUMN, SHAPE = 3400, 23000, (6, 7)


@pytest.fixture
def where(products):
    """A window of 1 km pixels."""
    return window(products.variables["lst_day"].tower, ROW, COLUMN, SHAPE)


def lst(day="2003_01_01"):
    return ee.Image(f"{LST}/{day}").select("LST_Day_1km")


def known(day="2003-01-01", band=0):
    """Numbers and mask of the window by the formula."""
    row, column = np.mgrid[ROW : ROW + SHAPE[0], COLUMN : COLUMN + SHAPE[1]]
    ordinal = np.datetime64(day).astype(object).toordinal()
    values = stored(row, column, band=band, day=ordinal)
    return values, ~hidden(row, column, day=ordinal)


def test_every_pixel_is_that_of_the_formula_and_masked_ones_are_0(client, products):
    where = window(products.variables["lst_day"].tower, ROW, COLUMN, (60, 60))
    found = pixels(lst(), where)["LST_Day_1km"]
    row, column = np.mgrid[ROW : ROW + 60, COLUMN : COLUMN + 60]
    day = np.datetime64("2003-01-01").astype(object).toordinal()
    masked = hidden(row, column, day=day)
    expected = np.where(masked, 0, stored(row, column, band=0, day=day))
    assert masked.any()
    np.testing.assert_array_equal(found, expected)
    filled = pixels(lst().unmask(1, False), where)["LST_Day_1km"]
    np.testing.assert_array_equal(filled == 1, masked)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda i: i.add(5), lambda v: v + 5),
        (lambda i: i.subtract(9000), lambda v: v - 9000),
        (lambda i: i.multiply(70000), lambda v: v * 70000),
        (lambda i: i.divide(3), lambda v: v / 3),
        (lambda i: i.divide(4).round(), lambda v: np.floor(v / 4 + 0.5)),
        (lambda i: i.bitwiseAnd(12).rightShift(2), lambda v: (v & 12) >> 2),
        (lambda i: i.gte(4000).And(i.lt(6000)), lambda v: (v >= 4000) & (v < 6000)),
        (lambda i: i.gt(5000).Or(i.eq(0)).Not(), lambda v: v <= 5000),
        (lambda i: i.multiply(9).toInt16(), lambda v: np.minimum(v * 9, 32767)),
        (lambda i: i.divide(7).toUint8(), lambda v: np.minimum(v // 7, 255)),
        (lambda i: i.multiply(-1).toInt8(), lambda v: np.maximum(-v, -128)),
        (lambda i: i.divide(-7).toInt32(), lambda v: -(v // 7)),
        (lambda i: i.updateMask(i.gt(5000)), lambda v: np.where(v > 5000, v, 0)),
        (lambda i: i.remap([1, 2], [7, 8], 9), lambda v: np.full(v.shape, 9)),
    ],
)  # fmt: skip
def test_arithmetic_is_that_of_numpy(client, where, make, expected):
    values, mask = known()
    found = pixels(make(lst().rename("a")).rename("a"), where)["a"]
    np.testing.assert_array_equal(found, np.where(mask, expected(values), 0))


def test_bands_of_a_series_are_named_after_image_and_band(client, where):
    series = ee.ImageCollection(LST).filterDate("2003-01-01", "2003-01-17")
    image = series.select(["LST_Day_1km", "QC_Day"]).toBands()
    names = ["2003_01_01_LST_Day_1km", "2003_01_01_QC_Day"]
    names += ["2003_01_09_LST_Day_1km", "2003_01_09_QC_Day"]  # the end is not included
    found = pixels(image, where)
    assert list(found.dtype.names) == names
    values, mask = known("2003-01-09")
    np.testing.assert_array_equal(found[names[2]], np.where(mask, values, 0))


def test_joined_collections_keep_their_parts_apart(client):
    first = ee.ImageCollection(LST).filterDate("2003-01-01", "2003-01-09")
    joined = first.merge(first)
    assert joined.aggregate_array("system:index").getInfo() == [
        "1_2003_01_01",
        "2_2003_01_01",
    ]
    counted = ee.ImageCollection([joined.first(), joined.first()])
    assert counted.aggregate_array("system:index").getInfo() == ["0", "1"]


def test_sums_of_images_count_what_is_there(client, where):
    series = ee.ImageCollection(LST).select("LST_Day_1km")
    series = series.filterDate("2003-01-01", "2003-01-17")
    image = series.sum().addBands(series.reduce(ee.Reducer.mean()))
    image = image.addBands(series.count().rename("n"))
    found = pixels(image, where)
    (a, mask_a), (b, mask_b) = known("2003-01-01"), known("2003-01-09")
    total, count = a * mask_a + b * mask_b, mask_a + mask_b.astype(int)
    np.testing.assert_array_equal(found["LST_Day_1km"], total)
    np.testing.assert_array_equal(found["LST_Day_1km_mean"], total / count)
    np.testing.assert_array_equal(found["n"], count)


def test_an_average_of_aligned_pixels_is_their_mean(client, products, where):
    """Twice the native pixel, on the same corner: four pixels under each."""
    coarse = {
        **where,
        "dimensions": {"width": 3, "height": 3},
        "affineTransform": where["affineTransform"]
        | {name: 2 * where["affineTransform"][name] for name in ("scaleX", "scaleY")},
    }
    reducer = ee.Reducer.mean().combine(ee.Reducer.count(), None, True)
    found = pixels(lst().reduceResolution(reducer, False, 4), coarse)
    values, mask = (part[:6, :6].reshape(3, 2, 3, 2) for part in known())
    count = mask.sum(axis=(1, 3))
    mean = (values * mask).sum(axis=(1, 3)) / count
    np.testing.assert_array_equal(found["LST_Day_1km_mean"], mean)
    np.testing.assert_array_equal(found["LST_Day_1km_count"], count)
    with pytest.raises(ee.EEException, match="4 > maxPixels=3"):
        pixels(lst().reduceResolution(reducer, False, 3), coarse)


def test_the_mode_is_the_commonest_and_of_equals_the_smallest():
    values = np.array([5, 3, 3, 9, 9, 2, 7])
    cell = np.array([0, 0, 0, 1, 1, 1, 3])
    np.testing.assert_array_equal(modes(values, cell, 5), [3, 9, 0, 7, 0])
    np.testing.assert_array_equal(modes(np.array([4, 1]), np.array([0, 0]), 1), [1])


def test_reprojected_pixels_are_the_nearest(client):
    target = ee.Projection("EPSG:4326", [0.004, 0, 24, 0, -0.004, 62])
    image = lst().reproject(target).unmask(-1, False)
    same = pixels(image, grid("EPSG:4326", 0.004, (24, 62), (4, 4)))
    finer = pixels(image, grid("EPSG:4326", 0.002, (24, 62), (8, 8)))
    repeated = same["LST_Day_1km"].repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(finer["LST_Day_1km"], repeated)
    with pytest.raises(ee.EEException, match="coarser"):
        pixels(image, grid("EPSG:4326", 0.008, (24, 62), (2, 2)))


def test_steps_of_eight_days_by_dates_and_numbers(client):
    def images(number):
        start = ee.Date("2003-01-01").advance(ee.Number(number).multiply(8), "day")
        series = ee.ImageCollection("ECMWF/ERA5_LAND/DAILY_AGGR")
        days = series.filterDate(start, start.advance(8, "day"))
        return days.sum().set("system:time_start", start.millis())

    steps = ee.ImageCollection(ee.List.sequence(0, 2).map(images))
    times = steps.aggregate_array("system:time_start").getInfo()
    assert np.diff(times).tolist() == [8 * 86_400_000] * 2


def test_what_a_function_uses_twice_is_computed_once_a_call(client):
    def doubled(number):
        number = ee.Number(number)
        for _ in range(50):  # 2 ** 50 additions, if each were computed anew
            number = number.add(number)
        return number

    found = ee.List.sequence(1, 3).map(doubled).getInfo()
    assert found == [2**50, 2 * 2**50, 3 * 2**50]


def test_places_are_those_of_proj():
    rng = np.random.default_rng(3)
    longitude, latitude = rng.uniform(-180, 180, 500), rng.uniform(-89, 89, 500)
    sphere = "+proj=sinu +lon_0=0 +R=6371007.181 +units=m +no_defs"
    change = Transformer.from_crs("EPSG:4326", sphere, always_xy=True)
    expected = change.transform(longitude, latitude)
    x, y = moved(longitude, latitude, GEOGRAPHIC, SINUSOIDAL)
    np.testing.assert_allclose([x, y], expected, atol=1e-3)
    np.testing.assert_allclose(
        moved(x, y, SINUSOIDAL, GEOGRAPHIC), [longitude, latitude], atol=1e-9
    )
    beside = moved(np.array([2e7]), np.array([6e6]), SINUSOIDAL, GEOGRAPHIC)
    assert np.isnan(beside).all()


def test_days_of_precipitation_add_up_without_rounding():
    rng = np.random.default_rng(5)
    totals = rng.gamma(0.5, 0.02, (STEPS, 300)).astype("float32")
    totals[3, 7], totals[4, 8] = 0, np.nan
    days = spread_over_days(totals, year=2004)
    assert days.shape == (366, 300)
    assert not np.any(days < 0)
    starts = STEP_DAYS * np.arange(STEPS)
    for dtype in ("float32", "float64"):
        sums = np.add.reduceat(days.astype(dtype), starts, axis=0)
        np.testing.assert_array_equal(sums.astype("float32"), totals)
    assert np.median(np.std(days[:8] / totals[0], axis=0)) > 0.05


@pytest.mark.parametrize(
    ("id", "year", "count"),
    [
        ("MODIS/061/MOD13A1", 2003, 23),
        (
            "MODIS/061/MOD13A1",
            2001,
            22,
        ),  # Terra was silent in two steps, one of them its
        ("MODIS/061/MYD13A1", 2002, 12),  # from July on
        ("MODIS/061/MOD11A2", 2001, 44),
        ("MODIS/061/MOD16A2", 2003, 0),
        ("ECMWF/ERA5_LAND/DAILY_AGGR", 2004, 366),
        ("MODIS/061/MCD12C1", 2003, 1),
    ],
)
def test_collections_have_the_images_of_the_archive(id, year, count):
    assert len(SCHEDULES[id].days(year)) == count
