"""One table of layers: formats, STAC and dictionary say the same, and CF knows the names."""

import json
import re
import socket
from pathlib import Path

import numpy as np
import pystac
import pytest
import rasterio
import shapely
import xarray as xr
from cf_units import Unit
from compliance_checker.cf.util import StandardNameTable

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.layers import LAYERS
from forestflux.jobs.settings.map_settings import PublishSettings
from forestflux.publish.data_dictionary import data_dictionary
from forestflux.publish.geotiff import BANDS
from forestflux.publish.stac import build_collection, write_stac
from tests.builders.year_products import LEVEL, make_map, publish

GRID = Grid(resolution_deg=15.0, tile_cells=12)
STEM = "forestflux_test_2003"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(make_map(GRID), GRID, tmp_path_factory.mktemp("product"))


def of_dataset(dataset: xr.Dataset) -> dict[str, tuple]:
    """Stored type, unit and words of each layer of a Zarr or NetCDF file."""
    return {
        name: (
            str(dataset[name].encoding["dtype"]),
            dataset[name].attrs.get("units", ""),
            dataset[name].attrs["long_name"],
            dataset[name].attrs.get("standard_name", ""),
            np.atleast_1d(dataset[name].attrs.get("flag_values", [])).tolist(),
            dataset[name].attrs.get("flag_meanings", ""),
        )
        for name in LAYERS
    }


def test_all_formats_agree(product: Path) -> None:
    with xr.open_zarr(product / f"{STEM}.zarr") as zarr:
        words = of_dataset(zarr)
    with xr.open_dataset(product / f"{STEM}.nc") as netcdf:
        assert of_dataset(netcdf) == words
    assets = json.loads((product / "item.json").read_text())["assets"]
    for asset in ("zarr", "netcdf", *BANDS):
        bands = {band["name"]: band for band in assets[asset]["bands"]}
        assert list(bands) == list(BANDS.get(asset, LAYERS))
        for name, band in bands.items():
            dtype, units, long_name, *_ = words[name]
            if (asset, name) == ("fluxes", "cell_area"):
                dtype = "float32"  # a GeoTIFF has one number type
            assert (band["data_type"], band.get("unit", "")) == (dtype, units)
            assert band["description"].startswith(long_name)
    for kind, names in BANDS.items():
        with rasterio.open(product / f"{STEM}_{kind}.tif") as file:
            for band, name in enumerate(names, start=1):
                dtype, units, long_name, _, values, meanings = words[name]
                assert file.dtypes[band - 1] == (
                    "float32" if kind == "fluxes" else dtype
                )
                assert (file.units[band - 1] or "") == units
                assert file.tags(band)["long_name"] == long_name
                pairs = zip(values, meanings.split(), strict=True)
                flags = ", ".join(f"{value} {word}" for value, word in pairs)
                assert file.tags(band).get("flags", "") == flags
    assert sorted(sum(BANDS.values(), ())) == sorted(LAYERS)


def test_the_dictionary_says_what_the_files_say(product: Path) -> None:
    text = data_dictionary(level=LEVEL)
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.M)
    assert [name for name, _ in rows] == list(LAYERS)
    with xr.open_dataset(product / f"{STEM}.nc") as netcdf:
        words = of_dataset(netcdf)
        for name, row in rows:
            dtype, units, long_name, standard_name, place = row.split(" | ")
            assert (dtype, units, long_name, standard_name) == words[name][:4]
            kind, _, band = place.partition(", ")
            assert BANDS[kind][int(band) - 1] == name
            comment = netcdf[name].attrs.get("comment")
            assert comment is None or comment in text
    assert "90% interval of NEE" in text


@pytest.fixture(scope="module")
def cf_table() -> StandardNameTable:
    """The table of standard names that the CF checker ships."""
    return StandardNameTable()


def test_standard_names_are_in_the_cf_table_with_a_unit_of_that_kind(
    cf_table: StandardNameTable,
) -> None:
    named = {n: layer for n, layer in LAYERS.items() if layer.standard_name}
    assert set(named) == {"gpp", "quality", "cell_area"}
    for layer in named.values():
        canonical = cf_table[layer.standard_name].canonical_units
        if not layer.flags:
            assert Unit(layer.units).is_convertible(canonical)


def test_nee_has_no_name_of_its_own_in_the_cf_table(
    cf_table: StandardNameTable,
) -> None:
    # When one comes, NEE should carry it; the one for NEP has the other sign.
    assert "net_ecosystem_production_expressed_as_carbon_per_unit_area" in cf_table
    assert not [name for name in cf_table._names if "net_ecosystem_exchange" in name]


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("offline")
def test_item_and_collection_are_valid_and_find_each_other(product: Path) -> None:
    folder = product.parent
    content = build_collection("test", [2003], GRID, title="Test", license="CC-BY-4.0")
    write_stac(content, folder / "collection.json")
    item = pystac.Item.from_file(product / "item.json")
    assert item.validate()
    found = pystac.Collection.from_file(folder / "collection.json")
    assert found.validate()
    (child,) = found.get_items()
    assert child.id == item.id == STEM
    assert item.get_collection().id == found.id == item.collection_id
    for asset in item.assets.values():
        assert (product / asset.href).exists()
    start, end = found.extent.temporal.intervals[0]
    assert (start.year, end.year, end.month) == (2003, 2003, 12)


@pytest.mark.usefixtures("offline")
def test_the_place_of_a_region_across_180_degrees_is_cut_there(tmp_path: Path) -> None:
    grid = Grid(resolution_deg=15.0, tile_cells=4, only=("r00c00", "r00c05"))
    product = publish(make_map(grid), grid, tmp_path)
    content = build_collection("test", [2003], grid, title="Test", license="CC-BY-4.0")
    write_stac(content, product.parent / "collection.json")
    item = pystac.Item.from_file(product / "item.json")
    assert item.validate()
    assert item.bbox == [120, 30, -120, 90]
    place = shapely.geometry.shape(item.geometry)
    assert place.equals(
        shapely.union(shapely.box(120, 30, 180, 90), shapely.box(-180, 30, -120, 90))
    )
    for name in ("fluxes", "netcdf", "zarr"):
        bands = [band["name"] for band in item.assets[name].extra_fields["bands"]]
        assert bands[-1] == "region_share"
    with xr.open_dataset(product / f"{STEM}.nc") as netcdf:
        assert netcdf["region_share"].attrs["units"] == "1"
        assert "of a region of the world" in netcdf.attrs["title"]
    assert "x `region_share`" in data_dictionary(level=LEVEL, region=True)
    assert "region" not in data_dictionary(level=LEVEL)
    assert content.extent.spatial.bboxes == [item.bbox]
    with rasterio.open(product / f"{STEM}_fluxes.tif") as file:
        assert file.shape == (4, 8)
        assert file.descriptions[-1] == "region_share"
        assert tuple(file.bounds) == (120, 30, 240, 90)


@pytest.mark.usefixtures("offline")
def test_what_is_not_chosen_stands_in_what_is_shared(tmp_path: Path) -> None:
    open_choices = PublishSettings().to_choose()
    assert len(open_choices) == 2
    assert PublishSettings(license="CC0-1.0", institution="us").to_choose() == ()
    content = build_collection(
        "test", [2003], GRID, title="Test", license="other", to_choose=open_choices
    )
    write_stac(content, tmp_path / "collection.json")
    shared = json.loads((tmp_path / "collection.json").read_text())["description"]
    dictionary = data_dictionary(level=LEVEL, to_choose=open_choices)
    for sentence in open_choices:
        assert sentence in shared
        assert sentence in dictionary
    assert "Before you share" not in data_dictionary(level=LEVEL)


@pytest.mark.usefixtures("offline")
def test_a_licence_that_stac_does_not_know_is_one_line(tmp_path: Path) -> None:
    content = build_collection("test", [2003], GRID, title="Test", license="ask us")
    with pytest.raises(InputError, match="forestflux_test: expected STAC 1") as caught:
        write_stac(content, tmp_path / "collection.json")
    assert "ask us" in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("offline")
def test_a_broken_item_would_not_be_valid(product: Path) -> None:
    content = json.loads((product / "item.json").read_text())
    content["geometry"]["coordinates"] = [[-180, -90], [180, 90]]
    with pytest.raises(pystac.STACValidationError):
        pystac.Item.from_dict(content).validate()


def test_a_simulated_planet_says_so_everywhere(tmp_path: Path) -> None:
    product = publish(make_map(GRID), GRID, tmp_path, source="simulated")
    with xr.open_dataset(product / f"{STEM}.nc") as netcdf:
        assert "simulated planet, not the Earth" in netcdf.attrs["title"]
    item = json.loads((product / "item.json").read_text())
    assert "simulated planet, not the Earth" in item["properties"]["title"]
    with rasterio.open(product / f"{STEM}_fluxes.tif") as file:
        assert "simulated planet" in file.tags()["title"]
