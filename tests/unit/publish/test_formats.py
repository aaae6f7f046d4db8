"""Each format, opened with its ordinary library, holds the numbers of the map."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
import xarray as xr
from cf_units import Unit
from compliance_checker.runner import CheckSuite, ComplianceChecker
from rasterio.enums import ColorInterp
from rio_cogeo.cogeo import cog_validate

from forestflux.core.grids.grid import Grid
from forestflux.core.layers import BIAS, CARBON, LAYERS, NOT_FOREST, SIGN
from forestflux.publish.geotiff import BANDS
from forestflux.publish.qgis_style import FLAG_COLOURS
from tests.builders.year_products import LEVEL, SETTINGS, make_map, publish

GRID = Grid(resolution_deg=2.0, tile_cells=45)
# Large enough that its GeoTIFFs have overviews.
LARGE = Grid(resolution_deg=0.3, tile_cells=360)


@pytest.fixture(scope="module")
def mapped() -> xr.Dataset:
    return make_map(GRID)


@pytest.fixture(scope="module")
def product(mapped: xr.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(mapped, GRID, tmp_path_factory.mktemp("product"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[xr.Dataset, Path]:
    dataset = make_map(LARGE)
    return dataset, publish(dataset, LARGE, tmp_path_factory.mktemp("large"))


def open_format(product: Path, kind: str) -> xr.Dataset:
    """The Zarr or NetCDF file as a reader opens it."""
    stem = product / "forestflux_test_2003"
    if kind == "zarr":
        return xr.open_zarr(f"{stem}.zarr")
    return xr.open_dataset(f"{stem}.nc", chunks={})


both = pytest.mark.parametrize("kind", ["zarr", "nc"])


@both
def test_every_layer_is_that_of_the_map(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    with open_format(product, kind) as found:
        for name in set(LAYERS) - {"quality"}:
            layer = found[name].squeeze("time") if name != "cell_area" else found[name]
            assert layer.dims == ("latitude", "longitude")
            if LAYERS[name].missing is None:
                assert layer.dtype == mapped[name].dtype
            # A flag that cells without forest lack is NaN to whoever reads it.
            wanted = mapped[name].where(mapped[name] != LAYERS[name].missing)
            np.testing.assert_array_equal(layer, wanted)
        np.testing.assert_array_equal(found["latitude"], mapped["y"])
        np.testing.assert_array_equal(found["longitude"], mapped["x"])


@both
def test_a_place_has_the_value_of_its_cell(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    # 3 S, 61 W lies in row 46 from the north and column 59 from 180 W.
    with open_format(product, kind) as found:
        place = found.sel(
            latitude=-3, longitude=-61, time="2003-07-02", method="nearest"
        )
        np.testing.assert_array_equal(place["nee"], mapped["nee"].values[46, 59])
        assert found["latitude"].values[0] == 89
        assert found["longitude"].values[0] == -179


@both
def test_layers_are_lazy_until_asked_for(product: Path, kind: str) -> None:
    with open_format(product, kind) as found:
        assert found["gpp"].chunks is not None
        assert found.sizes == {
            **{"time": 1, "latitude": 90, "longitude": 180, "bound": 2}
        }


@both
def test_axes_have_bounds_and_time_is_the_year(product: Path, kind: str) -> None:
    with open_format(product, kind) as found:
        start, end = found["time_bounds"].values[0]
        assert start == np.datetime64("2003-01-01")
        assert end == np.datetime64("2004-01-01")
        assert found["time"].values[0] == np.datetime64("2003-07-02T12:00")
        latitude, longitude = found["latitude_bounds"], found["longitude_bounds"]
        np.testing.assert_array_equal(latitude.mean("bound"), found["latitude"])
        np.testing.assert_array_equal(longitude.mean("bound"), found["longitude"])
        np.testing.assert_array_equal(latitude[1:, 0], latitude[:-1, 1])
        assert (latitude.values[0, 0], latitude.values[-1, 1]) == (90, -90)
        assert (longitude.values[0, 0], longitude.values[-1, 1]) == (-180, 180)


@both
def test_what_a_layer_refers_to_is_there(product: Path, kind: str) -> None:
    with open_format(product, kind) as found:
        assert found.attrs["Conventions"] == "CF-1.11"
        assert found["spatial_ref"].attrs["grid_mapping_name"] == "latitude_longitude"
        for name in ("gpp", "reco", "nee"):
            attrs = found[name].attrs | found[name].encoding
            assert attrs["grid_mapping"] == "spatial_ref"
            beside = found[name].attrs["ancillary_variables"].split()
            assert {"quality", "applicable", "gap_fraction"} < set(beside)
            assert all(other in found for other in beside)
        assert "nee_lower" in found["nee"].attrs["ancillary_variables"]
        assert "grid_mapping" not in found["cell_area"].attrs
        filled = {n for n in found.variables if "_FillValue" in found[n].encoding}
        assert filled - {"cell_area"} >= set(LAYERS) - {"cell_area", "forest_type"}
        assert filled.isdisjoint({"forest_type", "latitude", "longitude", "time"})
        missing = found["nee"].encoding["_FillValue"]
        assert np.isnan(missing) if kind == "zarr" else missing == np.float32(1e20)


@both
def test_a_mean_of_flags_leaves_cells_without_forest_out(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    with open_format(product, kind) as found:
        for name in ("applicable", "quality"):
            assert found[name].encoding["_FillValue"] == NOT_FOREST
            assert found[name].encoding["dtype"] == "uint8"
            assert NOT_FOREST not in found[name].attrs["flag_values"]
        share = float(found["applicable"].mean())
    flags = mapped["applicable"].values
    assert share == pytest.approx((flags == 1).sum() / (flags != NOT_FOREST).sum())


@both
def test_the_sign_and_the_bias_of_nee_are_said(product: Path, kind: str) -> None:
    with open_format(product, kind) as found:
        attrs = found["nee"].attrs
        assert attrs["comment"] == SIGN + BIAS + CARBON
        assert attrs["long_name"] == LAYERS["nee"].long_name
        assert "standard_name" not in attrs
        # Whoever opens the file without looking at a layer reads both as well.
        assert found.attrs["comment"] == SIGN + BIAS


@both
def test_quality_follows_from_gaps_and_applicability(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    gaps = mapped["gap_fraction"].values > 0.7
    outside = mapped["applicable"].values == 0
    with open_format(product, kind) as found:
        quality = found["quality"].values[0]
        meanings = found["quality"].attrs["flag_meanings"].split()
        by_word = dict(
            zip(meanings, found["quality"].attrs["flag_values"], strict=True)
        )
    forest = mapped["forest_type"].values > 0
    np.testing.assert_array_equal(np.isnan(quality), ~forest)
    for word, where in {
        "good": ~gaps & ~outside,
        "gaps": gaps & ~outside,
        "outside": ~gaps & outside,
        "gaps_and_outside": gaps & outside,
    }.items():
        assert (where & forest).any()
        np.testing.assert_array_equal(quality == by_word[word], where & forest)


@both
def test_totals_are_those_of_the_map(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    with open_format(product, kind) as found:
        area = found["forest_fraction"] * found["cell_area"]
        for flux in ("gpp", "nee"):
            total = float((found[flux].astype(float) * area).sum())
            grams = mapped[flux].astype(float) * mapped["cell_area"]
            assert total == pytest.approx(
                float((grams * mapped["forest_fraction"]).sum()), rel=1e-12
            )
        # Upside down, the same sum has other areas beside other fluxes.
        flipped = found["gpp"].values[:, ::-1] * area.values
        assert abs(np.nansum(flipped) / float((found["gpp"] * area).sum()) - 1) > 1e-4


def test_zarr_is_version_3_consolidated_and_in_small_chunks(large: tuple) -> None:
    store = large[1] / "forestflux_test_2003.zarr"
    group = json.loads((store / "zarr.json").read_text())
    assert group["zarr_format"] == 3
    known = group["consolidated_metadata"]["metadata"]
    assert set(LAYERS) < set(known)
    shape = known["gpp"]["chunk_grid"]["configuration"]["chunk_shape"]
    assert shape == [1, 600, 600]
    assert not list(store.parent.glob("*.zarr.json"))


def test_zarr_of_version_2_means_the_same(
    product: Path, mapped: xr.Dataset, tmp_path: Path
) -> None:
    chosen = SETTINGS["publish"] | {"zarr_format": 2}
    older = publish(mapped, GRID, tmp_path, publish=chosen)
    store = older / "forestflux_test_2003.zarr"
    known = json.loads((store / ".zmetadata").read_text())["metadata"]
    arrays = {name: known[f"{name}/.zarray"] for name in LAYERS}
    assert {array["zarr_format"] for array in arrays.values()} == {2}
    # No codec that zarr-python 2 or GDAL lack.
    assert {array["compressor"]["id"] for array in arrays.values()} == {"blosc"}
    assert not [array for array in arrays.values() if array["filters"]]
    item = json.loads((older / "item.json").read_text())
    assert item["assets"]["zarr"]["type"] == "application/vnd.zarr; version=2"
    with open_format(older, "zarr") as found, open_format(product, "zarr") as usual:
        xr.testing.assert_identical(found.load(), usual.load())


def test_the_cf_checker_finds_nothing(product: Path, tmp_path: Path) -> None:
    CheckSuite.load_all_available_checkers()
    report = tmp_path / "report.json"
    ComplianceChecker.run_checker(
        str(product / "forestflux_test_2003.nc"),
        ["cf:1.11"],
        verbose=1,
        criteria="strict",
        output_filename=str(report),
        output_format="json",
    )
    found = json.loads(report.read_text())["cf:1.11"]
    for priority in ("high", "medium", "low"):
        rows = found[f"{priority}_priorities"]
        assert not [row for row in rows if row["value"][0] < row["value"][1]]
    assert found["possible_points"] > 100
    assert found["scored_points"] == found["possible_points"]


def test_the_cf_checker_would_find_a_wrong_unit(product: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.nc"
    with xr.open_dataset(product / "forestflux_test_2003.nc", decode_cf=False) as found:
        found["gpp"].attrs["units"] = "gC m-2 yr-1"
        found.to_netcdf(bad)
    CheckSuite.load_all_available_checkers()
    report = tmp_path / "report.json"
    options = {"verbose": 1, "criteria": "strict", "output_format": "json"}
    ComplianceChecker.run_checker(
        str(bad), ["cf:1.11"], output_filename=str(report), **options
    )
    assert "gC m-2 yr-1" in report.read_text()


def test_fluxes_are_convertible_as_benchmarks_need_it(product: Path) -> None:
    with open_format(product, "nc") as found:
        for name in ("gpp", "reco", "nee"):
            unit = Unit(found[name].attrs["units"])
            rate = unit.convert(1000.0, "kg m-2 s-1")
            assert rate == pytest.approx(1 / (365 * 86400), rel=0.002)


def test_years_join_along_time(
    product: Path, tmp_path: Path, mapped: xr.Dataset
) -> None:
    later = publish(make_map(GRID, year=2004, seed=2), GRID, tmp_path, year=2004)
    files = [
        product / "forestflux_test_2003.nc",
        later / "forestflux_test_2004.nc",
    ]
    with xr.open_mfdataset(
        files, data_vars="minimal", coords="minimal", compat="override", join="exact"
    ) as series:
        assert series["gpp"].sizes["time"] == 2
        np.testing.assert_array_equal(series["gpp"][0], mapped["gpp"])
        length = series["time_bounds"].diff("bound").dt.days.values
        assert length.tolist() == [[365], [366]]
    with xr.open_dataset(files[0]) as one:
        assert one.encoding["unlimited_dims"] == {"time"}


@pytest.mark.parametrize("kind", BANDS)
def test_geotiff_bands_are_the_layers(
    product: Path, mapped: xr.Dataset, kind: str
) -> None:
    path = product / f"forestflux_test_2003_{kind}.tif"
    with rasterio.open(path) as file:
        assert file.descriptions == BANDS[kind]
        assert file.crs.to_epsg() == 4326
        assert tuple(file.bounds) == (-180, -90, 180, 90)
        assert file.transform.e < 0
        for band, name in enumerate(BANDS[kind], start=1):
            if name != "quality":
                wanted = mapped[name].astype(file.dtypes[0])
                np.testing.assert_array_equal(file.read(band), wanted)
            attrs = LAYERS[name].attributes(level=LEVEL)
            assert (file.units[band - 1] or "") == attrs.get("units", "")
            assert file.tags(band)["long_name"] == attrs["long_name"]
        place = next(file.sample([(-61, -3)]))
        for value, name in zip(place, BANDS[kind], strict=True):
            if name != "quality":
                cell = mapped[name].values[46, 59].astype(file.dtypes[0])
                np.testing.assert_array_equal(value, cell)
        assert file.tags()["comment"] == SIGN + BIAS
        nodata = file.nodata
    if kind == "fluxes":
        assert np.isnan(nodata)
    else:
        assert nodata == LAYERS[kind].missing


@pytest.mark.parametrize("kind", FLAG_COLOURS)
def test_flags_have_colours_and_names(product: Path, kind: str) -> None:
    path = product / f"forestflux_test_2003_{kind}.tif"
    names = list(LAYERS[kind].flags.values())
    with rasterio.open(path) as file:
        assert file.colorinterp == (ColorInterp.palette,)
        table = file.colormap(1)
        flags = np.unique(file.read(1))
    assert set(FLAG_COLOURS[kind]) == set(LAYERS[kind].flags)
    shown = set(map(int, flags)) - {NOT_FOREST}
    assert shown == set(FLAG_COLOURS[kind])
    assert len({table[value] for value in shown}) == len(shown)
    assert all(any(table[value][:3]) and table[value][3] == 255 for value in shown)
    assert LAYERS[kind].missing is None or table[NOT_FOREST][3] == 0
    found = ElementTree.parse(f"{path}.aux.xml").iter("Category")
    assert [element.text for element in found] == names


@pytest.mark.parametrize("kind", FLAG_COLOURS)
def test_the_style_of_a_flag_has_its_values_and_no_other(
    product: Path, kind: str
) -> None:
    style = ElementTree.parse(product / f"forestflux_test_2003_{kind}.qml")
    entries = [dict(entry.items()) for entry in style.iter("paletteEntry")]
    assert {int(entry["value"]): entry["label"] for entry in entries} == LAYERS[
        kind
    ].flags
    assert [entry["color"] for entry in entries] == list(FLAG_COLOURS[kind].values())


@pytest.mark.parametrize("kind", BANDS)
def test_geotiffs_are_cloud_optimized(large: tuple, kind: str) -> None:
    path = large[1] / f"forestflux_test_2003_{kind}.tif"
    valid, errors, warnings = cog_validate(path, strict=True)
    assert (valid, errors, warnings) == (True, [], [])


def test_overviews_are_means_of_numbers_and_modes_of_flags(large: tuple) -> None:
    dataset, product = large
    with rasterio.open(product / "forestflux_test_2003_fluxes.tif") as file:
        assert file.overviews(1) == [2, 4]
    with rasterio.open(
        product / "forestflux_test_2003_fluxes.tif", overview_level=0
    ) as file:
        found = file.read(1)
    block = dataset["gpp"].values.reshape(300, 2, 600, 2)
    known = np.isfinite(block)
    total = np.where(known, block, 0).sum((1, 3))
    count = known.sum((1, 3))
    wanted = np.divide(total, count, where=count > 0, out=np.full(count.shape, np.nan))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    with rasterio.open(
        product / "forestflux_test_2003_forest_type.tif", overview_level=0
    ) as file:
        found = file.read(1)
    types = dataset["forest_type"].values.reshape(300, 2, 600, 2)
    counts = np.stack([(types == value).sum((1, 3)) for value in range(6)])
    chosen = np.take_along_axis(counts, found[None].astype(int), axis=0)[0]
    np.testing.assert_array_equal(chosen, counts.max(axis=0))
