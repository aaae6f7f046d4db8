"""Products that cannot be compared: one line with file, variable, expected and found."""

import datetime
import re

import cftime
import numpy as np
import pytest
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.evaluation.compare.compared_files import (
    list_compared_files,
    list_content,
    list_watched_files,
)
from forestflux.evaluation.compare.comparison_store import compare_product
from forestflux.evaluation.compare.flux_units import parse_flux_unit
from forestflux.evaluation.compare.product_times import Stamp, divide_steps
from forestflux.jobs.settings.compare_settings import ComparedSettings
from forestflux.jobs.stores.store import write_store
from tests.builders.compared_products import field, land, write_maps

LATITUDES, LONGITUDES = np.arange(-88.5, 90, 3), np.arange(-178.5, 180, 3)


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    everywhere = np.linspace(-400, 50, 60)[None] * np.ones((30, 1))
    return write_maps(folder, nee=everywhere)


def product(*, years=(2003, 2004), name="GPP", factor=1.0, units="gC m-2 yr-1"):
    """A yearly product on three degrees, without values over water."""
    flux = np.stack([field(LATITUDES, LONGITUDES, year) for year in years])
    ground = land(LATITUDES, LONGITUDES)
    moments = [cftime.datetime(year, 1, 1) for year in years]
    time = cftime.date2num(moments, "days since 2000-01-01")
    return xr.Dataset(
        {
            name: (
                ("time", "lat", "lon"),
                np.where(ground, factor * flux, np.nan),
                {"units": units},
            )
        },
        {
            "time": ("time", time, {"units": "days since 2000-01-01"}),
            "lat": LATITUDES,
            "lon": LONGITUDES,
        },
    )


def compare(path, maps, **keys):
    settings = ComparedSettings(files=(str(path),), **keys)
    made = compare_product("other", settings, maps, windows=(), zone_width_deg=1.0)
    write_store(made, path.parent / "made.zarr")


def found_line(dataset, maps, folder, **keys):
    path = folder / "product.nc"
    dataset.to_netcdf(path)
    with pytest.raises(InputError) as caught:
        compare(path, maps, **keys)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(str(path))
    return line


def test_the_product_by_itself_is_compared(maps, tmp_path):
    product().to_netcdf(tmp_path / "product.nc")
    compare(tmp_path / "product.nc", maps)


# What is done to the product, and what the line says.
FAULTS = {
    "no such unit": (
        lambda: product(units="K"),
        "GPP, units: expected a unit of a carbon flux, .* found 'K'",
    ),
    "no unit": (lambda: product(units=""), "GPP, units: expected .* found none"),
    "another unit": (
        lambda: product(units="kgC m-2 yr-1"),
        r"GPP, units: expected GPP of 20 to 8000 .* \(compare.other.unit says",
    ),
    "negative gpp": (
        lambda: product(factor=-1),
        "GPP, sign: expected positive GPP, found a mean of -",
    ),
    "no calendar": (
        lambda: with_time(calendar="lunar"),
        "time: expected days .* since a date, .* found .*calendar 'lunar'",
    ),
    "no units of time": (
        lambda: with_time(units="whatever"),
        "time: expected days .* since a date, .* found 'whatever'",
    ),
    "another distance of steps": (
        lambda: with_time(values=[0.0, 100.0]),
        "time: expected hours, days, .* found steps of 100 days",
    ),
    "a step twice": (
        lambda: xr.concat([product(), product(years=(2004,))], "time"),
        "time: expected each step once, found 2004-01-01 again",
    ),
    "no common year": (
        lambda: product(years=(1990, 1991)),
        "time: expected whole years among the mapped ones, 2003-2006, found 1990-1991",
    ),
    "no common place": (
        lambda: product().isel(lat=slice(0, 9)),
        "latitude and longitude: expected cells of the mapped forest, .* found -90 to -63",
    ),
    "no variable": (
        lambda: product(name="heat"),
        "compare.other.variable: expected one flux, .* found variables heat",
    ),
    "several fluxes": (
        lambda: product().assign(NEE=product(name="NEE")["NEE"]),
        r"compare.other.flux: expected one flux, .* found several, GPP \(gpp\), NEE",
    ),
    "upside down": (
        lambda: only_north(),
        "GPP, latitude: expected values on the mapped forest .* found values on",
    ),
    "latitudes in disorder": (
        lambda: product().isel(lat=np.r_[1, 0, 2 : len(LATITUDES)]),
        "lat: expected two or more degrees that only rise or only fall",
    ),
    "rows left out": (
        lambda: product().isel(lat=[10, 11, 12, 15, 19, 30]),
        "lat: expected steps that grow or shrink slowly, or bounds of the cells, found s",
    ),
    "bounds with a gap": (
        lambda: with_bounds(product().isel(lat=[10, 11, 12, 15, 19, 30])),
        "lat: expected cells without gap or overlap, found others in its bounds",
    ),
    "metres": (
        lambda: product().assign_coords(lat=LATITUDES * 1e5),
        "lat: expected latitudes from -90 to 90 degrees",
    ),
    "a second turn of the globe": (
        lambda: product().assign_coords(lon=np.linspace(-180, 360, len(LONGITUDES))),
        "lon: expected longitudes in degrees that go round the globe once",
    ),
    "latitudes of two dimensions": (
        lambda: (
            product()
            .rename(lat="j", lon="i")
            .drop_vars(["i", "j"])
            .assign(latitude=(("j", "i"), np.zeros((60, 120))))
        ),
        "latitude: expected a coordinate of one dimension .* latitude of 2 dimensions",
    ),
    "members": (
        lambda: product().expand_dims(member=3),
        "GPP: expected the dimensions time, latitude and longitude, found member of length",
    ),
    "no value on forest": (
        lambda: product() * np.nan,
        "GPP, values: expected a flux of some mapped forest, found none of it in 2003",
    ),
}


def with_time(*, values=None, **attributes):
    dataset = product()
    time = dataset["time"]
    values = time.values if values is None else np.array(values)
    return dataset.assign_coords(time=("time", values, {**time.attrs, **attributes}))


def with_bounds(dataset):
    """The dataset with the bounds that its rows had when all of them were there."""
    half = abs(LATITUDES[1] - LATITUDES[0]) / 2
    bounds = np.stack([dataset["lat"] - half, dataset["lat"] + half], axis=1)
    dataset = dataset.assign(lat_bnds=(("lat", "nv"), bounds))
    dataset["lat"].attrs["bounds"] = "lat_bnds"
    return dataset


def only_north():
    """Rows that are stored from the north under latitudes that rise."""
    dataset = product()
    return dataset.assign(GPP=dataset["GPP"][:, ::-1].where(dataset["lat"] < -30))


@pytest.fixture(scope="module")
def northern(tmp_path_factory):
    """Maps with forest in the north alone."""
    folder = tmp_path_factory.mktemp("northern")

    def flux(latitudes, longitudes, year):
        north = np.asarray(latitudes)[:, None] > 30
        return np.where(north, field(latitudes, longitudes, year), np.nan)

    return write_maps(folder, flux=flux)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_on_one_line(name, maps, northern, tmp_path):
    make, line = FAULTS[name]
    chosen = northern if name == "upside down" else maps
    dataset = make()
    if name == "no value on forest":
        dataset["GPP"].attrs = product()["GPP"].attrs
    assert re.search(line, found_line(dataset, chosen, tmp_path))


def test_nee_of_the_other_sign_is_refused_until_it_is_stated(maps, tmp_path):
    years = (2003, 2004)
    dataset = product(name="NEE", years=years)
    uptake = 400 - 450 * (LONGITUDES + 180) / 360  # against the NEE of the maps
    dataset["NEE"][:] = np.where(
        land(LATITUDES, LONGITUDES), np.broadcast_to(uptake, (60, 120)), np.nan
    )
    line = found_line(dataset, maps, tmp_path)
    assert "NEE, sign: expected negative NEE where a forest takes up carbon" in line
    assert "compare.other.uptake" in line
    for sign in ("positive", "negative"):
        compare(tmp_path / "product.nc", maps, uptake=sign)


def test_a_variable_that_is_named_must_be_there(maps, tmp_path):
    line = found_line(product(), maps, tmp_path, variable="heat", flux="gpp")
    assert "heat: expected a variable of the file, found only GPP" in line


def test_files_of_one_product_have_one_grid(maps, tmp_path):
    product(years=(2003,)).to_netcdf(tmp_path / "a_2003.nc")
    product(years=(2004,)).isel(lat=slice(3, None)).to_netcdf(tmp_path / "a_2004.nc")
    with pytest.raises(InputError, match=r"lat: expected the 60 cells of a_2003.nc"):
        compare(tmp_path / "a_*.nc", maps)


@pytest.mark.parametrize("kept", [0, 40, 5000, 0.7])
def test_a_damaged_or_truncated_file_is_told_on_one_line(kept, maps, tmp_path):
    path = tmp_path / "product.nc"
    product().to_netcdf(path, encoding={"GPP": {"zlib": True}})
    content = path.read_bytes()
    size = int(kept * len(content)) if kept < 1 else kept
    path.write_bytes(content[:size])
    with pytest.raises(InputError, match=r"product.nc: .*: expected ") as caught:
        compare(path, maps)
    assert "\n" not in str(caught.value)


def test_files_that_are_missing_or_of_another_kind_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"compare.a.files: .* found nothing"):
        list_compared_files("a", (str(tmp_path / "*.nc"),))
    (tmp_path / "a.tif").touch()
    with pytest.raises(InputError, match=r"ends in .nc, .nc4, .zarr, found .tif"):
        list_compared_files("a", (str(tmp_path / "a.*"),))


def test_a_store_is_watched_by_its_metadata_and_counts_with_all_files(tmp_path):
    path = tmp_path / "a.zarr"
    product().to_zarr(path, zarr_format=2, consolidated=True)
    assert list_watched_files([path]) == [path / ".zmetadata"]
    content = list_content([path])
    assert path / ".zmetadata" in content
    assert any(file.parent.name == "GPP" for file in content)


def factors(moments, unit, **keys):
    stamps = [Stamp(None, i, m, **keys) for i, m in enumerate(moments)]
    return divide_steps(stamps, parse_flux_unit(unit))


def test_a_step_over_new_year_is_divided():
    start, end = datetime.datetime(2003, 12, 27), datetime.datetime(2004, 1, 4)
    parts = divide_steps(
        [Stamp(None, 0, start, bounds=(start, end))], parse_flux_unit("gC m-2 d-1")
    )
    assert [(p.year, p.days, p.factor) for p in parts] == [(2003, 5, 5), (2004, 3, 3)]


@pytest.mark.parametrize(
    ("calendar", "days"), [("standard", 366), ("noleap", 365), ("360_day", 360)]
)
def test_a_year_of_months_has_the_days_of_its_calendar(calendar, days):
    months = [cftime.datetime(2004, m, 15, calendar=calendar) for m in range(1, 13)]
    assert sum(p.factor for p in factors(months, "gC m-2 d-1")) == pytest.approx(days)
    assert sum(p.factor for p in factors(months, "gC m-2 yr-1")) == pytest.approx(1)
    assert sum(p.factor for p in factors(months, "gC m-2 month-1")) == pytest.approx(12)


def test_hours_and_eight_days_fill_a_year():
    start = datetime.datetime(2003, 1, 1)
    hours = [start + datetime.timedelta(hours=3 * n) for n in range(8 * 365)]
    assert sum(p.days for p in factors(hours, "umol m-2 s-1")) == pytest.approx(365)
    eight = [start + datetime.timedelta(days=8 * n) for n in range(46)]
    lengths = [p.days for p in factors(eight, "kgC m-2 8d-1")]
    assert lengths == [8] * 45 + [5]


def test_files_of_two_calendars_are_refused(tmp_path):
    stamps = [
        Stamp(tmp_path / "a.nc", 0, cftime.datetime(2003, 1, 1, calendar="noleap")),
        Stamp(tmp_path / "b.nc", 0, cftime.datetime(2004, 1, 1, calendar="360_day")),
    ]
    with pytest.raises(InputError, match=r"b.nc: time: .*calendar noleap.*360_day"):
        divide_steps(stamps, parse_flux_unit("gC m-2 yr-1"))
