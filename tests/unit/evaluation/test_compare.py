"""The maps beside other products: a known field comes back from every layout."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.evaluation.compare import comparison_plan
from forestflux.evaluation.compare.comparison_schemas import COMPARED_ZONES, COMPARISON
from forestflux.evaluation.compare.comparison_store import compare_product
from forestflux.evaluation.compare.comparison_tables import tabulate_comparison
from forestflux.jobs.settings.compare_settings import ComparedSettings
from forestflux.jobs.stores.store import open_store, write_store
from tests.builders.compared_products import (
    MAP_DEG,
    PRODUCTS,
    YEARS,
    field,
    write_even_product,
    write_maps,
)

WINDOWS = ((2001, 2004), (2005, 2010))


def compare(name, files, maps, folder, **keys):
    """The store of a product and its tables, as the stage makes them."""
    settings = ComparedSettings(files=(files,), **keys)
    made = compare_product(name, settings, maps, windows=WINDOWS, zone_width_deg=1.0)
    write_store(made, folder / f"{name}.zarr")
    store = open_store(folder / f"{name}.zarr")
    tables = tabulate_comparison([store])
    COMPARISON.write(tables["comparison"], folder / "comparison.csv")
    COMPARED_ZONES.write(tables["compared_zones"], folder / "compared_zones.csv")
    return store, tables["comparison"].set_index(["kind", "years"])


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    return write_maps(tmp_path_factory.mktemp("maps"), years=range(2002, 2007))


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_known_field_comes_back_from_every_layout(name, maps, tmp_path):
    write, flux, keys = PRODUCTS[name]
    store, table = compare(name, write(tmp_path), maps, tmp_path, **keys)
    assert store.attrs["flux"] == flux
    assert store.attrs["years"] == list(YEARS)
    whole = table.loc[("all", "2003-2006")]
    size = abs(whole["mean_run"])
    # Integers of products, and single precision.
    assert abs(whole["bias"]) < 2e-4 * size
    assert whole["spatial_r"] > 0.99999
    assert whole["year_r"] > 0.9999
    assert whole["slope_product"] == pytest.approx(whole["slope_run"], rel=0.01)
    assert whole["share"] > 0.9
    assert np.nanmax(np.abs(store["difference"])) < 1e-3 * size
    for year in YEARS:
        row = table.loc[("year", str(year))]
        assert row["total_product"] == pytest.approx(row["total_run"], rel=2e-4)


def test_the_same_map_has_no_bias_and_correlates_wholly(maps, tmp_path):
    latitudes, longitudes = (open_store(maps[2003])[n].values for n in ("y", "x"))
    for year in YEARS:
        gpp = open_store(maps[year])["gpp"].values
        xr.Dataset(
            {"GPP": (("lat", "lon"), gpp, {"units": "gC m-2 yr-1"})},
            {"lat": latitudes, "lon": longitudes},
        ).to_netcdf(tmp_path / f"same_{year}.nc")
    store, table = compare("same", str(tmp_path / "same_*.nc"), maps, tmp_path)
    assert (np.abs(table["bias"]) < 1e-4).all()
    assert table["spatial_r"].to_numpy() == pytest.approx(1, abs=1e-9)
    assert table.loc[("all", "2003-2006"), "share"] == pytest.approx(1)
    assert float(np.nanmax(np.abs(store["difference"]))) < 1e-3


def test_a_product_that_is_the_same_everywhere_has_no_correlation(maps, tmp_path):
    write_even_product(tmp_path / "even.nc", years=YEARS)
    _, table = compare("even", str(tmp_path / "even.nc"), maps, tmp_path)
    assert table["spatial_r"].isna().all()
    assert table["mean_product"].to_numpy() == pytest.approx(1200)


def test_windows_hold_the_common_years(maps, tmp_path):
    write, _, _ = PRODUCTS["fluxcom"]
    _, table = compare("fluxcom", write(tmp_path), maps, tmp_path)
    assert table.loc[("window", "2003-2004"), "year_count"] == 2
    assert table.loc[("window", "2005-2006"), "year_count"] == 2
    years = table.loc["year"]["total_run"]
    window = table.loc[("window", "2003-2004"), "total_run"]
    assert window == pytest.approx(years[["2003", "2004"]].mean())
    assert np.isnan(table.loc[("year", "2003"), "slope_run"])


def test_bands_of_rows_change_no_number(maps, tmp_path, monkeypatch):
    write, _, _ = PRODUCTS["x_base"]
    files = write(tmp_path)
    whole, table = compare("whole", files, maps, tmp_path)
    monkeypatch.setattr(comparison_plan, "BAND_CELLS", 1)
    monkeypatch.setattr(comparison_plan, "PRODUCT_CELLS", 3000)
    banded, again = compare("banded", files, maps, tmp_path)
    xr.testing.assert_allclose(whole.load(), banded.load(), rtol=1e-12)
    numbers = table.select_dtypes("number").columns
    pd.testing.assert_frame_equal(table[numbers], again[numbers], rtol=1e-12)


def test_zones_are_the_means_of_their_forest(maps, tmp_path):
    write, _, _ = PRODUCTS["x_base"]
    compare("x_base", write(tmp_path), maps, tmp_path)
    zones = COMPARED_ZONES.read_file(tmp_path / "compared_zones.csv")
    assert zones["latitude"].is_monotonic_decreasing
    assert zones["latitude"].diff().dropna().to_numpy() == pytest.approx(-MAP_DEG)
    assert zones["mean_product"].to_numpy() == pytest.approx(
        zones["mean_run"].to_numpy(), rel=1e-4
    )


def test_a_flux_of_forest_alone_in_the_cell_is_divided_by_the_forest(maps, tmp_path):
    latitudes, longitudes = (open_store(maps[2003])[n].values for n in ("y", "x"))
    for year in YEARS:
        flux = 0.5 * field(latitudes, longitudes, year)  # forest is half of each cell
        xr.Dataset(
            {"GPP": (("lat", "lon"), flux, {"units": "gC m-2 yr-1"})},
            {"lat": latitudes, "lon": longitudes},
        ).to_netcdf(tmp_path / f"part_{year}.nc")
    files = str(tmp_path / "part_*.nc")
    _, table = compare("part", files, maps, tmp_path, per="forest_in_cell")
    assert (np.abs(table["bias"]) < 0.01).all()
    assert set(table["per"]) == {"forest_in_cell"}
    _, as_land = compare("land", files, maps, tmp_path)
    ratio = as_land["mean_product"] / as_land["mean_run"]
    assert ratio.to_numpy() == pytest.approx(0.5, rel=1e-4)


def test_uptake_that_is_positive_is_turned(maps, tmp_path):
    latitudes, longitudes = (open_store(maps[2003])[n].values for n in ("y", "x"))
    for year in YEARS:
        flux = 0.1 * field(latitudes, longitudes, year)
        xr.Dataset(
            {"NEE": (("lat", "lon"), flux, {"units": "gC m-2 yr-1"})},
            {"lat": latitudes, "lon": longitudes},
        ).to_netcdf(tmp_path / f"sink_{year}.nc")
    files = str(tmp_path / "sink_*.nc")
    _, table = compare("sink", files, maps, tmp_path, uptake="positive")
    assert (np.abs(table["bias"]) < 0.01).all()
