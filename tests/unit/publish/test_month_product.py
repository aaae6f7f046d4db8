"""Months as files: they add up to the year, pass the CF checker, and ILAMB can read them."""

import json

import numpy as np
import pystac
import pytest
import rasterio
import xarray as xr
from compliance_checker.runner import CheckSuite, ComplianceChecker
from rio_cogeo.cogeo import cog_validate

import forestflux
from forestflux.core.calendars.months import month_lengths
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES
from forestflux.jobs.settings.map_settings import PublishSettings
from forestflux.publish.data_dictionary import data_dictionary
from forestflux.publish.months.month_dataset import build_month_dataset
from forestflux.publish.months.month_geotiff import write_month_geotiff
from forestflux.publish.object_storage import upload, year_files
from forestflux.publish.provenance import verify_checksums
from forestflux.publish.published_dataset import ProductSettings
from forestflux.publish.stac import build_collection, write_stac
from tests.builders.month_products import make_months, publish_made_months
from tests.builders.year_products import make_map, publish

GRID = Grid(resolution_deg=6.0, tile_cells=30)
YEAR = 2004
STEM = f"forestflux_test_months_{YEAR}"


@pytest.fixture(scope="module")
def mapped():
    return make_map(GRID, year=YEAR)


@pytest.fixture(scope="module")
def months(mapped):
    return make_months(mapped, GRID)


@pytest.fixture(scope="module")
def product(mapped, months, tmp_path_factory):
    folder = tmp_path_factory.mktemp("months")
    return publish_made_months(mapped, months, GRID, folder, ilamb=True)


def open_format(product, kind):
    if kind == "zarr":
        return xr.open_zarr(product / f"{STEM}.zarr")
    return xr.open_dataset(product / f"{STEM}.{kind}", chunks={})


both = pytest.mark.parametrize("kind", ["zarr", "nc"])


def test_the_folder_has_these_files(product):
    names = {path.name for path in product.iterdir()}
    data = {f"{STEM}.zarr", f"{STEM}.nc", f"{STEM}_ilamb.nc"}
    data |= {f"{STEM}_{flux}.{kind}" for flux in FLUXES for kind in ("tif", "qml")}
    assert names == data | {"item.json", "provenance.json", "checksums.sha256"}
    verify_checksums(product)


def test_a_file_for_ilamb_is_written_only_where_it_is_asked_for(
    mapped, months, tmp_path
):
    product = publish_made_months(mapped, months, GRID, tmp_path)
    assert not list(product.glob("*_ilamb.nc"))
    assert "ilamb" not in json.loads((product / "item.json").read_text())["assets"]


@both
def test_every_layer_is_that_of_the_months(product, months, kind):
    with open_format(product, kind) as found:
        for name in months.data_vars:
            assert found[name].dims == ("time", "latitude", "longitude")
            assert found[name].dtype == "float32"
            np.testing.assert_array_equal(found[name], months[name])


def test_months_of_a_region_hold_the_share_of_each_cell_in_it(mapped, months, tmp_path):
    share = np.full(mapped["gpp"].shape, 0.25, "float32")
    of_region = mapped.assign(region_share=(mapped["gpp"].dims, share))
    product = publish_made_months(of_region, months, GRID, tmp_path)
    for kind in ("zarr", "nc"):
        with open_format(product, kind) as found:
            np.testing.assert_array_equal(found["region_share"], share)
    assert "region_share" not in open_format(
        publish_made_months(mapped, months, GRID, tmp_path / "globe"), "nc"
    )


@both
def test_months_add_up_to_the_year_and_close(product, mapped, kind):
    with open_format(product, kind) as found:
        for flux in ("gpp", "reco"):
            added = found[flux].values.sum(axis=0, dtype=float).astype("float32")
            np.testing.assert_array_equal(added, mapped[flux].values)
        np.testing.assert_array_equal(found["nee"], found["reco"] - found["gpp"])


@both
def test_time_is_the_middle_of_each_month_with_its_bounds(product, kind):
    with open_format(product, kind) as found:
        first, last = found["time_bounds"].values.astype("datetime64[D]").T
        assert (last - first).astype(int).tolist() == month_lengths(YEAR).tolist()
        assert first[0] == np.datetime64(f"{YEAR}-01-01")
        assert last[-1] == np.datetime64(f"{YEAR + 1}-01-01")
        middles = found["time"].values.astype("datetime64[D]")
        assert ((middles > first) & (middles < last)).all()


def test_ilamb_has_mean_rates_in_its_units(product, mapped):
    with xr.open_dataset(product / f"{STEM}_ilamb.nc") as rates:
        assert set(FLUXES) <= set(rates.data_vars)
        assert not [name for name in rates.data_vars if "width" in name]
        seconds = month_lengths(YEAR)[:, None, None] * 86400.0
        for flux in FLUXES:
            assert rates[flux].attrs["units"] == "kg m-2 s-1"
            assert rates[flux].attrs["cell_methods"] == "time: mean"
            grams = (rates[flux].values * seconds * 1000).sum(axis=0)
            np.testing.assert_allclose(grams, mapped[flux].values, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("flux", FLUXES)
def test_a_geotiff_has_a_band_for_each_month(product, months, flux):
    path = product / f"{STEM}_{flux}.tif"
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(), months[flux])
        assert file.dtypes == ("float32",) * 12
        assert np.isnan(file.nodata)
        assert file.crs.to_epsg() == 4326
        assert tuple(file.bounds) == (-180, -90, 180, 90)
        assert file.descriptions[1] == f"{flux}_2004_02"
        assert set(file.units) == {"g m-2"}
        tags = file.tags(2)
        assert tags["month"] == "2004-02"
        assert tags["long_name"].endswith("sum of the month")
        assert "Sum over the calendar month" in tags["comment"]
        assert "Monthly GPP, RECO and NEE" in file.tags()["title"]
    assert cog_validate(path, strict=True) == (True, [], [])


def test_rows_of_a_geotiff_are_written_chunk_by_chunk(mapped, months, tmp_path):
    """Chunks that do not divide the rows leave none out."""
    layer = build_month_dataset(
        months.chunk({"y": 7}),
        mapped,
        year=YEAR,
        settings=ProductSettings("test", "earthengine", GRID, PublishSettings()),
        history="",
    )
    write_month_geotiff(layer, tmp_path / "nee.tif", flux="nee", year=YEAR)
    with rasterio.open(tmp_path / "nee.tif") as file:
        np.testing.assert_array_equal(file.read(), months["nee"])


def test_the_months_are_an_item_of_the_collection(product):
    content = build_collection(
        "test", [YEAR], GRID, title="Test", license="CC-BY-4.0", months=True
    )
    write_stac(content, product.parents[1] / "collection.json")
    item = pystac.Item.from_file(product / "item.json")
    assert item.validate()
    collection = item.get_collection()
    assert collection.id == item.collection_id
    hrefs = [link.href for link in collection.get_links("item")]
    assert hrefs == [f"./{YEAR}/item.json", f"./months/{YEAR}/item.json"]
    assert "months of a year" in collection.description
    for asset in item.assets.values():
        assert (product / asset.href).exists()
    bands = item.assets["nee"].extra_fields["bands"]
    with rasterio.open(product / f"{STEM}_nee.tif") as file:
        assert [band["name"] for band in bands] == list(file.descriptions)
        assert {band["unit"] for band in bands} == set(file.units)
    for kind, suffix in (("netcdf", ".nc"), ("ilamb", "_ilamb.nc")):
        described = item.assets[kind].extra_fields["bands"]
        with xr.open_dataset(product / f"{STEM}{suffix}") as found:
            for band in described:
                assert band["unit"] == found[band["name"]].attrs["units"]
                assert band["data_type"] == found[band["name"]].dtype


def test_months_of_a_region_say_so_in_their_item(tmp_path):
    grid = Grid(resolution_deg=15.0, tile_cells=4, only=("r00c00", "r00c05"))
    mapped = make_map(grid, year=YEAR)
    product = publish_made_months(mapped, make_months(mapped, grid), grid, tmp_path)
    item = json.loads((product / "item.json").read_text())
    assert item["bbox"] == [120, 30, -120, 90]
    assert item["assets"]["zarr"]["bands"][-1]["name"] == "region_share"
    with rasterio.open(product / f"{STEM}_gpp.tif") as file:
        assert file.count == 12
        assert tuple(file.bounds) == (120, 30, 240, 90)


def test_the_dictionary_lists_the_layers_of_months_where_there_are_some():
    words = data_dictionary(level=0.9, months=True)
    assert "| `gpp_half_width` | float32 | g m-2 | half-width of the 90%" in words
    assert "## Months" not in data_dictionary(level=0.9)


@pytest.mark.parametrize("name", [f"{STEM}.nc", f"{STEM}_ilamb.nc"])
def test_netcdf_passes_the_cf_checker(product, name, tmp_path):
    CheckSuite.load_all_available_checkers()
    report = tmp_path / "report.json"
    ComplianceChecker.run_checker(
        str(product / name),
        ["cf:1.11"],
        verbose=1,
        criteria="strict",
        output_filename=str(report),
        output_format="json",
    )
    found = json.loads(report.read_text())["cf:1.11"]
    lost = [
        row["msgs"]
        for priority in ("high", "medium", "low")
        for row in found[f"{priority}_priorities"]
        if row["value"][0] < row["value"][1]
    ]
    assert lost == []


def test_months_of_another_year_are_refused(mapped, months, tmp_path):
    with pytest.raises(InputError, match="year: expected 2004, found 2005"):
        publish_made_months(mapped, months.assign_attrs(year=2005), GRID, tmp_path)


def test_months_are_opened_from_any_folder_above_them(product, months):
    run = product.parents[2]
    for path in (
        run,
        run / "products",
        product.parent,
        product,
        product / f"{STEM}.nc",
    ):
        found = forestflux.open_months(path)
        assert found["gpp"].dims == ("time", "latitude", "longitude")
        assert found.sizes["time"] == 12
        np.testing.assert_array_equal(found["nee"], months["nee"])
    assert forestflux.open_months(run, year=YEAR).sizes["time"] == 12


def test_a_year_or_a_run_without_months_stops_with_one_line(product, tmp_path):
    with pytest.raises(InputError, match="year: expected one of 2004, found 2010"):
        forestflux.open_months(product.parents[2], year=2010)
    with pytest.raises(InputError, match="no such folder"):
        forestflux.open_months(tmp_path / "none")


def test_annual_maps_and_rates_are_never_handed_out_as_months(
    mapped, product, tmp_path
):
    year = publish(mapped, GRID, tmp_path, year=YEAR, run="test")
    whole = {
        tmp_path: "products of years only",
        tmp_path / "products": "products of years only",
        year: "1 with ",
        next(year.glob("*.nc")): "1 with ",
        product / f"{STEM}_ilamb.nc": "12 with ",
    }
    for path, found in whole.items():
        with pytest.raises(InputError, match=f"fluxes.months: true .*found {found}"):
            forestflux.open_months(path)


def test_months_are_copied_below_a_folder_of_their_own(product, tmp_path):
    products = product.parents[1]
    sums = upload(year_files(product), products, f"file://{tmp_path / 'copy'}")
    assert f"months/{YEAR}/checksums.sha256" in sums
    verify_checksums(tmp_path / f"copy/months/{YEAR}")
