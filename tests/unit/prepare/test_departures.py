"""Departures of years from their mean year: worked by hand, weighted with light, of places."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.calendars.eight_day import STEPS, step_starts
from forestflux.core.calendars.radiation import radiation
from forestflux.core.input_errors import InputError
from forestflux.jobs.stores.chunked import CHUNKS
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.prepare.departures import (
    measure_departures,
    measure_place,
    share_light,
)
from forestflux.prepare.mean_years import average_years

YEARS = [2003, 2004, 2007]
NAMES = ("heat", "dry")
LATITUDES = [80.0, 45.0, -5.0, -60.0]
LONGITUDES = [1.0, 2.0, 3.0]


def masked(year, rng, *, names=NAMES, lat=LATITUDES, gaps=0.3):
    """Random series of a small tile; one cell has no value at all, as at sea."""
    shape = (STEPS, len(lat), len(LONGITUDES))
    arrays = {}
    for name in names:
        values = rng.normal(280, 5, shape).astype("float32")
        values[rng.random(shape) < gaps] = np.nan
        values[:, -1, -1] = np.nan
        arrays[name] = (("time", "y", "x"), values)
    coords = {"time": step_starts(year), "y": lat, "x": LONGITUDES}
    return xr.Dataset(arrays, coords, {"variables": list(names)})


def write_masks(folder, masks, *, chunks=None):
    paths = [folder / f"{year}.zarr" for year in YEARS]
    for mask, path in zip(masks, paths, strict=True):
        write_store(mask.copy(), path, chunks=chunks)
    return paths


def measure(folder, masks, *, chunks=None):
    """The departures store of a place, read again."""
    paths = write_masks(folder / "mask", masks, chunks=chunks)
    path = folder / "departures.zarr"
    write_store(measure_place(paths, YEARS), path, chunks=CHUNKS | {"year": 1})
    return load_store(path)


@pytest.fixture(scope="module")
def masks():
    rng = np.random.default_rng(3)
    return [masked(year, rng) for year in YEARS]


@pytest.fixture(scope="module")
def departures(masks, tmp_path_factory):
    return measure(tmp_path_factory.mktemp("departures"), masks)


def stack_cells(masks):
    """Series (year, cell, variable, step) of all cells, and latitudes (cell,)."""
    series = np.stack(
        [
            np.stack([m[name].values for name in NAMES]).reshape(2, STEPS, -1)
            for m in masks
        ]
    )
    return series.transpose(0, 3, 1, 2), np.repeat(LATITUDES, len(LONGITUDES))


def test_mean_year_worked_by_hand():
    gap = np.nan
    years = np.array([[1, 2, gap, gap], [3, gap, gap, 5], [8, 4, gap, gap]], "float32")
    mean = average_years(years)
    np.testing.assert_array_equal(mean, [4, 3, gap, 5])
    assert mean.dtype == np.float32


def test_mean_of_large_numbers_keeps_their_digits():
    """In float32 alone the sum of thousands of values of 300 K would lose them."""
    years = np.full((5000, 3), 300.01, "float32")
    np.testing.assert_array_equal(average_years(years), years[0])


def test_light_is_a_share_of_the_year():
    lat = np.array([70.0, 0.0, -40.0, 70.0])
    share = share_light(lat)
    np.testing.assert_allclose(share.sum(axis=1), 1)
    np.testing.assert_array_equal(share[0], share[3])
    light = radiation(lat)
    np.testing.assert_allclose(share[2, 0] / share[2, 20], light[2, 0] / light[2, 20])
    assert share[0].argmax() in (20, 21)  # about 21 June
    assert share[2].argmax() in (0, 44, 45)


def test_departure_worked_by_hand():
    """Two degrees more in three steps: two times their share of the light."""
    lat, steps = np.array([50.0]), [10, 11, 30]
    series = np.full((1, 1, STEPS), 285, "float32")
    mean = series.copy()
    series[0, 0, steps] += 2
    light = radiation(lat)[0]
    found = measure_departures(series, mean, lat)
    assert found.dtype == np.float64
    assert found.item() == pytest.approx(2 * light[steps].sum() / light.sum())
    assert measure_departures(series + 3, mean, lat).item() == pytest.approx(
        found.item() + 3
    )


def test_polar_night_has_no_weight(masks, tmp_path):
    """What the year is like when there is no light does not move anything."""
    night = np.flatnonzero(radiation(np.array([80.0]))[0] == 0)
    assert 10 < len(night) < 25
    moved = [mask.copy(deep=True) for mask in masks]
    moved[0]["heat"][night, 0] += 40
    moved[1]["dry"][night, 0] = np.nan
    before = measure(tmp_path / "before", masks)["departure"]
    after = measure(tmp_path / "after", moved)["departure"]
    np.testing.assert_allclose(after, before, atol=1e-6)
    moved[0]["heat"][night, 1] += 40  # at 45 N there is light in these steps
    after = measure(tmp_path / "south", moved)["departure"]
    here = {"variable": "heat", "year": 2003}
    assert (after.sel(here)[1] - before.sel(here)[1] > 1).all()


def test_gaps_count_as_normal():
    """A gap takes its step out of the year's departure, and is none where all years lack it."""
    lat = np.array([10.0])
    light = share_light(lat)[0]
    years = np.full((2, 1, STEPS), 1, "float32")
    years[1] = 3
    years[1, 0, :20] = np.nan
    years[:, 0, 40:] = np.nan
    mean = average_years(years)
    np.testing.assert_array_equal(mean[0, :20], 1)  # of the one year that has them
    found = [measure_departures(year[None], mean[None], lat).item() for year in years]
    step = light[20:40].sum()
    np.testing.assert_allclose(found, [-step, step])
    empty = np.full((1, 1, STEPS), np.nan, "float32")
    assert measure_departures(empty, mean[None], lat).item() == 0
    assert measure_departures(years[:1], empty, lat).item() == 0


@pytest.mark.parametrize("gaps", [0.0, 0.5])
def test_departures_of_all_years_sum_to_zero(tmp_path, gaps):
    """Whatever is missing: each step is compared with the years that have it."""
    rng = np.random.default_rng(8)
    masks = [masked(year, rng, gaps=gaps) for year in YEARS]
    found = measure(tmp_path, masks)["departure"]
    assert (np.abs(found.values[:, :, :-1]) > 0.01).any(axis=0).all()
    np.testing.assert_allclose(found.sum("year"), 0, atol=3e-5)


def test_a_place_has_the_numbers_of_its_cells(masks, departures):
    """The same as of samples, cell by cell, in the order of the masks."""
    assert departures["departure"].dims == ("year", "variable", "y", "x")
    assert departures["departure"].dtype == np.float32
    assert departures["year"].values.tolist() == YEARS
    assert departures["variable"].values.tolist() == list(NAMES)
    np.testing.assert_array_equal(departures["y"], LATITUDES)
    np.testing.assert_array_equal(departures["x"], LONGITUDES)
    series, lat = stack_cells(masks)
    mean = average_years(series)
    for year, own in zip(YEARS, series, strict=True):
        wanted = measure_departures(own, mean, lat)
        found = departures["departure"].sel(year=year).values.reshape(2, -1).T
        np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert np.isfinite(departures["departure"]).all()
    sea = departures["departure"].values[..., -1, -1]
    np.testing.assert_array_equal(sea, 0)


@pytest.mark.parametrize("chunks", [{"y": 1}, {"x": 2}, {"y": 3, "x": 1}, {"time": 7}])
def test_chunks_change_nothing(masks, departures, tmp_path, chunks):
    found = measure(tmp_path, masks, chunks=chunks)
    xr.testing.assert_identical(found, departures)


def test_only_one_year_departs_by_nothing(masks, tmp_path):
    path = tmp_path / "2003.zarr"
    write_store(masks[0].copy(), path)
    ((_, values),) = measure_place([path], [2003]).parts
    np.testing.assert_array_equal(values["departure"], 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lat": [80.0, 45.0, -5.0, -61.0]}, "y: expected the 4 cell centres of 2003"),
        ({"lat": LATITUDES[:3]}, "y: expected the 4 cell centres of 2003"),
        ({"names": ("dry", "heat")}, "variables: expected heat, dry as in 2003"),
        ({"names": ("heat",)}, "variables: .*found heat$"),
    ],
)
def test_years_that_do_not_belong_together_are_refused(
    masks, tmp_path, changes, reason
):
    other = masked(2004, np.random.default_rng(1), **changes)
    paths = write_masks(tmp_path, [masks[0], other, masks[2]])
    with pytest.raises(InputError, match=reason) as caught:
        measure_place(paths, YEARS)
    assert str(caught.value).startswith(str(paths[1]))
    assert "\n" not in str(caught.value)


def test_a_missing_chunk_is_not_read_as_gaps(masks, tmp_path):
    paths = write_masks(tmp_path, masks, chunks={"y": 2})
    (paths[1] / "dry/c/0/1/0").unlink()
    with pytest.raises(
        InputError, match=r"2004\.zarr: dry: expected 2 chunks, found 1"
    ):
        measure_place(paths, YEARS)


def test_temperature_is_that_of_the_variables_in_kelvin(masks, tmp_path):
    marked = [mask.copy() for mask in masks]
    for mask in marked:
        mask["heat"].attrs["units"] = "K"
    found = measure(tmp_path, marked)["temperature"]
    assert found.dtype == np.float32
    series = np.stack([mask["heat"].values for mask in marked])
    light = share_light(np.array(LATITUDES))
    mean_year = average_years(series)[:, 1, 2]
    known = np.isfinite(mean_year)
    wanted = np.average(mean_year[known], weights=light[1, known]) - 273.15
    assert found.values[1, 2] == pytest.approx(wanted, abs=1e-3)
    assert np.isnan(found.values[-1, -1])


def test_without_a_temperature_there_is_none(departures):
    assert np.isnan(departures["temperature"]).all()
