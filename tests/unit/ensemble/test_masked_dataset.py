"""Datasets of users through the trained model: every shape, and nothing that it would misread."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.input_errors import InputError
from forestflux.core.layers import NOT_FOREST
from forestflux.ensemble.applicability_fitting import fit_applicability
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.models.network_training import train_network
from forestflux.prepare.sample_table import Samples
from tests.builders.inputs import RANGES, UNITS, VARIABLES
from tests.builders.small_training import make_ensemble, make_samples, settings

WIDTHS = {"gpp": {"all": 400.0}, "nee": {"all": 300.0}}
LATITUDES = [50.0, -20.0]


@pytest.fixture(scope="module")
def model() -> Ensemble:
    """A model whose training rows are what the variables can be."""
    drawn = make_samples()
    ends = np.array([RANGES[name] for name in VARIABLES])[:, :, None]
    series = np.clip(drawn.series, ends[:, 0], ends[:, 1]).astype("float32")
    samples = Samples(series, drawn.table, drawn.variables)
    member = train_network(samples, settings=settings(), seed=1)
    return make_ensemble(
        [member],
        calibration=Calibration(0.9, WIDTHS),
        applicability=fit_applicability([member], samples, quantile=1.0, seed=1),
    )


def dataset() -> xr.Dataset:
    """Two rows and three columns; the third column has no forest, and fill values."""
    series = make_samples(6).series.reshape(2, 3, len(VARIABLES), 46)
    arrays = {}
    for i, (name, unit) in enumerate(UNITS.items()):
        values = np.clip(series[:, :, i].transpose(2, 0, 1), *RANGES[name])
        values[:, :, 2] = -9999.0
        arrays[name] = (("time", "y", "x"), values, {"units": unit})
    types = np.array([[1, 4, 0], [5, 2, 0]], "uint8")
    return xr.Dataset(
        {**arrays, "forest_type": (("y", "x"), types)},
        coords={
            "time": step_starts(2004).astype("datetime64[ns]"),
            "y": LATITUDES,
            "x": [1.0, 2.0, 3.0],
        },
    )


def test_the_coordinates_of_products_do_as_well(model: Ensemble) -> None:
    usual = model.predict(dataset())
    found = model.predict(dataset().rename(y="latitude", x="longitude"))
    assert found["gpp"].dims == ("latitude", "longitude")
    xr.testing.assert_identical(found.rename(latitude="y", longitude="x"), usual)
    turned = dataset().rename(y="latitude").transpose("latitude", "x", "time")
    xr.testing.assert_identical(model.predict(turned).rename(latitude="y"), usual)


def test_towers_in_a_row_need_no_columns(model: Ensemble) -> None:
    row = dataset().isel(x=1, drop=True)
    usual = model.predict(dataset()).isel(x=1, drop=True)
    xr.testing.assert_identical(model.predict(row), usual)
    site = row.drop_vars("y").assign(lat=("y", LATITUDES))
    xr.testing.assert_identical(model.predict(site), usual.drop_vars("y"))


@pytest.mark.parametrize("name", ["y", "lat", "latitude"])
def test_one_site_needs_neither_dimension(model: Ensemble, name: str) -> None:
    """Its latitude stands in a variable or in a coordinate without a dimension."""
    usual = model.predict(dataset()).isel(y=1, x=0, drop=True)
    site = dataset().isel(y=1, x=0, drop=True)
    assert set(site.dims) == {"time"}
    for placed in (site.assign_coords({name: -20.0}), site.assign({name: -20.0})):
        found = model.predict(placed)
        assert found.sizes == {}
        xr.testing.assert_equal(found.drop_vars(name, errors="ignore"), usual)


def test_a_part_of_a_grid_stays_a_part(model: Ensemble) -> None:
    """What xarray leaves of a grid when one place is chosen, scalar coordinates and all."""
    usual = model.predict(dataset())
    chosen = dataset().isel(y=1, x=0)
    assert float(model.predict(chosen)["gpp"]) == float(usual["gpp"][1, 0])
    column = dataset().isel(x=0)
    np.testing.assert_array_equal(model.predict(column)["nee"], usual["nee"][:, 0])


def test_gaps_are_nan_and_other_land_may_hold_anything(model: Ensemble) -> None:
    found = model.predict(dataset())
    assert np.isnan(found["gpp"][:, 2]).all()
    assert (found["applicable"][:, 2] == NOT_FOREST).all()
    assert np.isfinite(found["gpp"][:, :2]).all()


def scaled(data: xr.Dataset) -> xr.Dataset:
    return data.assign(ndvi=(data["ndvi"] * 10_000).assign_attrs(units="1"))


def celsius(data: xr.Dataset) -> xr.Dataset:
    return data.assign(lst_day=(data["lst_day"] - 273.15).assign_attrs(units="K"))


def filled(data: xr.Dataset) -> xr.Dataset:
    data["et"][3, 0, 0] = -9999.0
    return data


def infinite(data: xr.Dataset) -> xr.Dataset:
    data["precip"][3, 0, 0] = np.inf
    return data


BAD = {
    "stored integers": (
        scaled,
        r"ndvi: expected values from -0\.2 to 1 1, found .* \(scaled by 10,000\?\)",
    ),
    "Celsius": (
        celsius,
        r"lst_day: expected values from 180 to 345 K, found .* \(in Celsius or scaled\?\)",
    ),
    "a fill value": (
        filled,
        r"et: expected values from -1 to 20 mm.*found -9999 and 0 more .* \(a fill value\?",
    ),
    "infinite": (infinite, r"precip: expected values from 0 to 500 mm"),
    "no latitude": (
        lambda data: data.drop_vars("y"),
        "lat: expected a latitude as lat, latitude, y",
    ),
    "metres": (
        lambda data: data.assign_coords(y=[5.5e6, -2.2e6]),
        r"y: expected degrees north from -90 to 90, found 5\.5e\+06",
    ),
    "a latitude that is no number": (
        lambda data: data.assign(lat=("y", [np.nan, 1.0])),
        "lat: expected degrees north from -90 to 90, found nan",
    ),
    "a latitude for each step": (
        lambda data: data.assign(lat=("time", np.zeros(46))),
        "lat: expected one latitude for each row or cell, found dimensions time",
    ),
    "another dimension": (
        lambda data: data.assign(et=data["et"].expand_dims(band=2)),
        "et: expected dimensions time, y, x \\(rows are called y or latitude, columns"
        " x or longitude\\), found band, time, y, x",
    ),
    "a variable without steps": (
        lambda data: data.assign(et=data["et"].isel(time=0, drop=True)),
        "et: expected dimensions time, y, x \\(rows are called y or latitude, columns"
        " x or longitude\\), found y, x",
    ),
    "types of each step": (
        lambda data: data.assign(forest_type=data["forest_type"].expand_dims(time=46)),
        "forest_type: expected dimensions y, x",
    ),
    "an unknown type": (
        lambda data: data.assign(forest_type=data["forest_type"] + 3),
        "forest_type: expected codes 0-5, found 3 to 8",
    ),
    "a type between two": (
        lambda data: data.assign(forest_type=data["forest_type"] + 0.5),
        "forest_type: expected codes 0-5",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_would_be_misread_is_one_line(model: Ensemble, case: str) -> None:
    spoil, message = BAD[case]
    with pytest.raises(InputError, match=message) as caught:
        model.predict(spoil(dataset()))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["ndvi", "lst_night", "precip"])
def test_values_at_the_ends_of_a_range_are_taken(model: Ensemble, name: str) -> None:
    """Rounded to float32, such an end may lie outside of what the table says."""
    data = dataset()
    for step, end in enumerate(RANGES[name]):
        data[name][step, 0, 0] = np.float32(end)
    assert np.isfinite(model.predict(data)["gpp"][0, 0])


@pytest.mark.parametrize("name", VARIABLES)
def test_a_series_of_gaps_is_never_inside(model: Ensemble, name: str) -> None:
    """Nothing says that a cell is like the training where a whole input is not known."""
    data = dataset()
    whole = model.predict(data)["applicable"].values
    data[name][:, 0, 0] = np.nan
    found = model.predict(data)
    assert found["applicable"].values[0, 0] == 0 <= whole[0, 0]
    assert np.isfinite(found["gpp"][0, 0])
    np.testing.assert_array_equal(
        found["applicable"].values.ravel()[1:], whole.ravel()[1:]
    )
