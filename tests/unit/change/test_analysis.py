"""Change: signs, errors that cancel, noise of single years, tables, bad series."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import xarray as xr

from forestflux.change.analysis import analyse_change
from forestflux.change.strata.decomposition import CHANGE_PARTS
from forestflux.change.trends.interannual import (
    autocorrelation,
    detrended_sd,
    kendall_variance_factor,
    year_sd,
)
from forestflux.change.trends.t_tests import t_test_p
from forestflux.change.trends.theil_sen import mann_kendall, theil_sen
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.input_errors import InputError
from forestflux.core.layers import NOT_FOREST
from forestflux.core.regions.country_names import find_country
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.run_region import measure_share
from forestflux.ensemble.errors.correlogram import LENGTHS_KM, Correlogram
from forestflux.ensemble.errors.error_components import ErrorComponents
from forestflux.jobs.configuration import read_configuration
from forestflux.jobs.manifests import JobManifest, write_manifest
from forestflux.jobs.settings.change_settings import (
    ChangeSettings,
    LatitudeBandSettings,
)
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.jobs.stores.store_checks import read_store_manifest
from tests.builders.error_models import make_components, make_error_model
from tests.builders.model_records import build_model_record
from workflow.scripts.change.change import Settings as ChangeJob
from workflow.scripts.change.change import main as write_change

GRID = Grid(resolution_deg=30.0, tile_cells=12)
YEARS = np.arange(2003, 2015)
CELLS = ("y", "x")
SETTINGS = ChangeSettings(
    pair=(2003, 2014),
    windows=((2001, 2005), (2012, 2016)),
    bands=(
        LatitudeBandSettings(name="north", south=0, north=90),
        LatitudeBandSettings(name="south", south=-90, north=0),
    ),
    alpha=0.05,
    fdr_alpha=0.1,
    stable_within=0.05,
    zone_width_deg=1.0,
)


def forest_types() -> np.ndarray:
    """Forest types (y, x); the last column has no forest."""
    kind = np.random.default_rng(0).integers(1, 6, GRID.shape).astype("uint8")
    kind[:, -1] = 0
    return kind


def write_maps(
    folder: Path,
    gpp: np.ndarray,
    reco: np.ndarray,
    *,
    grid: Grid = GRID,
    years: np.ndarray = YEARS,
    model: str = "one",
    fractions: dict[int, np.ndarray] | None = None,
    kinds: dict[int, np.ndarray] | None = None,
    rows: int = 3,
) -> dict[int, Path]:
    """One map store a year, the layers that are read; fluxes (year, member, y, x).

    Forest fractions (y, x) of some years, else one half; forest types of some years.
    """
    usual = forest_types() if grid == GRID else np.ones(grid.shape, "uint8")
    area = cell_area(grid.latitudes(), grid.resolution_deg)[:, None]
    maps = {}
    for year, *fluxes in zip(years.tolist(), gpp, reco, strict=True):
        kind = (kinds or {}).get(year, usual)
        fraction = (fractions or {}).get(year, np.where(kind > 0, 0.5, 0.0))
        member = [np.where(kind > 0, flux, np.nan).astype("f4") for flux in fluxes]
        mean = [flux.mean(axis=0) for flux in member]
        variables = {
            "gpp": (CELLS, mean[0]),
            "reco": (CELLS, mean[1]),
            "nee": (CELLS, mean[1] - mean[0]),
            "gpp_member": (("member", *CELLS), member[0]),
            "reco_member": (("member", *CELLS), member[1]),
            "forest_type": (CELLS, kind),
            "forest_fraction": (CELLS, fraction.astype("f4")),
            "applicable": (CELLS, np.where(kind > 0, 1, NOT_FOREST).astype("uint8")),
            "cell_area": (CELLS, np.broadcast_to(area, grid.shape)),
        }
        coords = {"y": grid.latitudes(), "x": grid.longitudes()}
        attrs = {"year": year, "model": model, "Conventions": "CF-1.11"}
        maps[year] = folder / f"{year}.zarr"
        dataset = xr.Dataset(variables, coords, attrs)
        write_store(dataset, maps[year], chunks={"member": 1, "y": rows})
    return maps


def run(
    maps: dict[int, Path],
    settings: ChangeSettings = SETTINGS,
    years: np.ndarray | None = None,
    regions: Path | None = None,
    components: ErrorComponents | None = None,
    grid: Grid = GRID,
    areas: Sequence[NamedArea] = (),
) -> tuple[xr.Dataset, dict[str, pd.DataFrame]]:
    """The analysis of all maps, which have no errors but those of the components."""
    years = list(maps) if years is None else years
    errors = make_error_model(grid, components=components)
    return analyse_change(
        maps,
        settings,
        errors,
        years=years,
        level=0.9,
        regions=regions,
        areas=areas,
    )


def fields(*series: np.ndarray) -> np.ndarray:
    """Fluxes (year, member, y, x), alike everywhere, from one series per member."""
    members = np.stack(series, axis=1)[:, :, None, None]
    return np.broadcast_to(members, (*members.shape[:2], *GRID.shape)).astype(float)


def rising(slope: float, start: float = 1500.0) -> np.ndarray:
    return start + slope * (YEARS - YEARS[0])


def row_of(
    table: pd.DataFrame, stratum: str, variable: str, kind: str = ""
) -> pd.Series:
    rows = table[(table["stratum"] == stratum) & (table["variable"] == variable)]
    if kind:
        rows = rows[rows["kind"] == kind]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.fixture
def noisy() -> tuple[np.ndarray, np.ndarray]:
    """Random GPP and RECO of three members, (year, member, y, x)."""
    rng = np.random.default_rng(7)
    fluxes = rng.normal(1500, 100, (2, len(YEARS), 3, *GRID.shape))
    return fluxes[0], fluxes[1] - 300


def test_difference_is_second_minus_first(tmp_path: Path) -> None:
    gpp, reco = fields(rising(10), rising(10)), fields(rising(4), rising(4))
    change, tables = run(write_maps(tmp_path, gpp, reco))
    forest = forest_types() > 0
    np.testing.assert_allclose(change["gpp_difference"].values[forest], 110, rtol=1e-5)
    np.testing.assert_allclose(change["nee_difference"].values[forest], -66, rtol=1e-5)
    np.testing.assert_allclose(change["gpp_slope"].values[forest], 10, rtol=1e-4)
    np.testing.assert_allclose(change["nee_slope"].values[forest], -6, rtol=1e-4)
    # Windows 2003-2005 and 2012-2014: nine years from middle to middle.
    windows = change["nee_window_difference"].values
    np.testing.assert_allclose(windows[forest], -54, rtol=1e-4)
    assert np.isnan(change["nee_difference"].values[~forest]).all()
    assert (change["gpp_p"].values[forest] < 0.001).all()
    whole = tables["totals"][tables["totals"]["year"] == 2003]
    area = row_of(whole, "all", "gpp")["area"] * 1e-15
    pair = row_of(tables["pair"], "all", "nee")
    assert pair["change"] == pytest.approx(-66 * area, rel=1e-5)
    assert pair["slope"] == pytest.approx(-6 * area, rel=1e-4)
    assert pair["change"] == pytest.approx(pair["total_second"] - pair["total_first"])
    window = row_of(tables["windows"], "all", "nee")
    assert window["change"] == pytest.approx(-54 * area, rel=1e-4)
    assert window["first_years"] == "2003-2005"
    assert window["second_years"] == "2012-2014"
    assert window["status"] == "cut"


def test_errors_of_the_level_widen_a_total_and_cancel_in_a_change(
    tmp_path: Path,
) -> None:
    gpp = fields(rising(10, 1000), rising(10, 2000))
    components = make_components(level_sd=100.0, type_sd=50.0)
    change, tables = run(write_maps(tmp_path, gpp, gpp * 0.5), components=components)
    for name in ("difference_sd", "window_difference_sd", "slope_sd"):
        assert np.nanmax(change[f"gpp_{name}"]) == 0
    totals = tables["totals"][tables["totals"]["year"] == 2014]
    kinds = [row_of(totals, name, "gpp") for name in ("ENF", "EBF", "DNF", "DBF", "MF")]
    shared = 50 * np.array([row["area"] for row in kinds]) * 1e-15
    whole = row_of(totals, "all", "gpp")
    # What a type has in common does not average out over its cells.
    assert whole["total_sd"] > np.sqrt((shared**2).sum())
    half = 1.6449 * whole["total_sd"]
    assert whole["total_upper"] - whole["total"] == pytest.approx(half, rel=1e-3)
    for name in ("pair", "windows"):
        row = row_of(tables[name], "all", "gpp")
        assert row["change_lower"] == pytest.approx(row["change"], rel=1e-6)


@pytest.mark.slow
def test_errors_of_years_and_an_unseen_trend_widen_a_change(tmp_path: Path) -> None:
    gpp = fields(rising(10), rising(10))
    components = make_components(year_sd=11.0, trend_sd=2.0)
    change, tables = run(write_maps(tmp_path, gpp, gpp * 0), components=components)
    time = YEARS - YEARS.mean()
    for name, expected in {
        "difference_sd": np.hypot(np.sqrt(2) * 11, 2 * 11),
        # Windows of three years each, nine years apart.
        "window_difference_sd": np.hypot(np.sqrt(2 / 3) * 11, 2 * 9),
        "slope_sd": np.hypot(11 / np.sqrt((time**2).sum()), 2),
    }.items():
        sd = change[f"gpp_{name}"].values
        np.testing.assert_allclose(sd[np.isfinite(sd)], expected, rtol=1e-5)
    # The trend is common to all forest; single years average out over it.
    area = row_of(tables["totals"].query("year == 2003"), "all", "gpp")["area"] * 1e-15
    pair = row_of(tables["pair"], "all", "gpp")
    for name, trend in (("change", 22), ("slope", 2)):
        half = pair[f"{name}_upper"] - pair[name]
        assert 1 < half / (1.6449 * trend * area) < 1.05


@pytest.mark.slow
def test_layers_of_cells_are_those_of_their_series(
    tmp_path: Path, noisy: tuple
) -> None:
    gpp, _ = noisy
    alike = np.repeat(gpp[:, :1], 3, axis=1).astype("float32").astype(float)
    change, tables = run(write_maps(tmp_path, alike, alike * 0))
    series = alike[:, 0]
    slope = theil_sen(series, YEARS)
    rho = autocorrelation(series, YEARS, slope)
    weather = year_sd(detrended_sd(series, YEARS, slope), rho, len(YEARS))
    p = mann_kendall(series, factor=kendall_variance_factor(rho, len(YEARS)))
    forest = forest_types() > 0
    for name, expected in {
        "slope": slope,
        "difference_p": t_test_p(series[-1] - series[0], np.sqrt(2) * weather, 10),
        "p": p,
        "p_independent": mann_kendall(series),
    }.items():
        found = change[f"gpp_{name}"].values[forest]
        np.testing.assert_allclose(found, expected[forest], rtol=2e-3, atol=1e-4)
    independent = change["gpp_p_independent"].values[forest]
    assert (change["gpp_p"].values[forest] >= independent * (1 - 1e-6)).all()
    flags = change["gpp_slope_significance"].values
    np.testing.assert_array_equal(flags > 0, forest)
    np.testing.assert_array_equal((flags & 2 > 0)[forest], (p <= 0.05)[forest])
    shares = tables["significance"].set_index(["variable", "test"])["share"]
    assert 0 < shares["gpp", "slope"] <= shares["gpp", "slope_independent"]


@pytest.mark.slow
def test_tables_hold_every_stratum_and_year_and_add_up(
    tmp_path: Path, noisy: tuple
) -> None:
    _, tables = run(write_maps(tmp_path, *noisy))
    columns = "year stratum kind area variable mean total total_lower total_upper"
    columns += " total_sd member_sd"
    assert list(tables["totals"].columns) == columns.split()
    columns = "stratum kind variable total_first total_second change change_lower"
    columns += " change_upper slope slope_lower slope_upper slope_p"
    assert list(tables["pair"].columns) == columns.split()
    columns = ["year", "latitude", "variable", "mean", "total"]
    assert list(tables["zonal"].columns) == columns
    assert len(tables["totals"]) == len(YEARS) * 3 * (1 + 5 + 2)
    assert len(tables["pair"]) == 3 * (1 + 5 + 2)
    kinds = ["type", "band", "climate", "continent", "country", "forest_change"]
    for name in ("region_changes", "windows", "decomposition"):
        table = tables[name]
        assert list(table["kind"].unique()) == ["all", *kinds]
        sums = table.groupby(["variable", "kind"])["change"].sum().unstack()
        for kind in kinds:
            np.testing.assert_allclose(sums[kind], sums["all"], rtol=1e-9)
    series = tables["regions"].groupby(["year", "variable", "kind"])["total"].sum()
    series = series.unstack()
    for kind in kinds:
        np.testing.assert_allclose(series[kind], series["all"], rtol=1e-9)
    zones = tables["zonal"].groupby(["year", "variable"])["total"].sum()
    totals = tables["totals"].query("kind == 'all'")
    totals = totals.set_index(["year", "variable"])["total"]
    np.testing.assert_allclose(zones, totals.loc[zones.index], rtol=1e-5)


@pytest.mark.slow
def test_blocks_of_rows_change_nothing(tmp_path: Path, noisy: tuple) -> None:
    change, tables = run(write_maps(tmp_path / "blocks", *noisy, rows=1))
    whole, expected = run(write_maps(tmp_path / "whole", *noisy, rows=6))
    xr.testing.assert_equal(change, whole)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(table, expected[name])


@pytest.mark.slow
def test_noise_is_significant_by_itself_but_not_adjusted(
    tmp_path: Path, noisy: tuple
) -> None:
    _, tables = run(write_maps(tmp_path, *noisy))
    table = tables["significance"]
    assert set(table["cells"]) == {66}
    assert (table["share"] > 0).any()
    assert (table["share"] < 0.2).all()
    assert (table[["share_adjusted", "share_two_stage"]] == 0).all(axis=None)
    gpp = fields(rising(10), rising(11))
    rise = run(write_maps(tmp_path, gpp, gpp * 0))[1]["significance"]
    found = rise.query("test == 'slope'")[["share_adjusted", "share_two_stage"]]
    assert (found == 1).all(axis=None)


@pytest.mark.slow
def test_cells_that_are_forest_in_one_year_only_have_no_change(
    tmp_path: Path, noisy: tuple
) -> None:
    gpp, reco = noisy
    gpp[0, :, 2, 3] = reco[0, :, 2, 3] = np.nan
    gpp[3:9, :, 2, 4] = reco[3:9, :, 2, 4] = np.nan
    gpp[2:9, :, 2, 5] = reco[2:9, :, 2, 5] = np.nan
    gpp[1:3, :, 2, 6] = reco[1:3, :, 2, 6] = np.nan
    change, _ = run(write_maps(tmp_path, gpp, reco))
    cells = change.isel(y=2, x=[3, 4, 5, 6])
    there = {name: np.isfinite(cells[name]).values.tolist() for name in cells}
    assert there["gpp_difference"] == [False, True, True, True]
    # Half of the twelve years are needed for a slope, ten for its test.
    assert there["gpp_slope"] == [False, True, False, True]
    assert there["nee_p"] == [False, False, False, True]
    assert there["nee_p_independent"] == [False, True, False, True]
    # Half of a window's three years are needed: one is not enough.
    assert there["gpp_window_difference"] == [False, True, True, False]
    assert cells["forest_change"].values.tolist() == [3, 1, 1, 1]


def fraction(of: float) -> np.ndarray:
    return np.where(forest_types() > 0, of, 0.0)


def test_strata_and_parts_by_hand(tmp_path: Path) -> None:
    nan = np.nan
    gpp = fields(rising(0, 1000), rising(0, 1100))
    gpp[-1] += 100
    gpp[-1, :, 2, 2] = nan
    gpp[0, :, 2, 3] = nan
    fractions = {2003: fraction(0.5), 2014: fraction(0.5)}
    fractions[2014][2, 4:8] = [0.56, 0.44, 0.54, 0.46]
    maps = write_maps(tmp_path, gpp, 0 * gpp, fractions=fractions)
    change, tables = run(maps)
    found = change["forest_change"].isel(y=2).values
    assert found[:8].tolist() == [1, 1, 2, 3, 3, 2, 1, 1]
    area = cell_area(GRID.latitudes(), 30.0)[2] * 1e-15
    gain = row_of(tables["decomposition"], "gain", "gpp", "forest_change")
    # Members 1000 and 1100, second year 1100 and 1200: mean 1050 and 1150.
    assert gain["intensity"] == pytest.approx(100 * 0.5 * area)
    assert gain["area_effect"] == pytest.approx((1150 * 0.5 + 1050 * 0.06) * area)
    assert gain["interaction"] == pytest.approx(100 * 0.06 * area)
    loss = row_of(tables["decomposition"], "loss", "gpp", "forest_change")
    assert loss["area_effect"] == pytest.approx(-(1050 * 0.5 + 1050 * 0.06) * area)
    assert (
        row_of(tables["region_changes"], "loss", "gpp", "forest_change")["cells"] == 2
    )
    assert (
        row_of(tables["region_changes"], "stable", "gpp", "forest_change")["cells"]
        == 62
    )


@pytest.mark.slow
def test_parts_sum_to_the_change_exactly(tmp_path: Path, noisy: tuple) -> None:
    gpp, reco = noisy
    rng = np.random.default_rng(4)
    for flux in (gpp, reco):
        flux[0, :, 0, :3] = np.nan
        flux[-1, :, 5, :4] = np.nan
    kind = forest_types()
    later = np.where(rng.random(kind.shape) < 0.3, kind % 5 + 1, kind)
    later[kind == 0] = 0
    fractions = {
        year: np.where(kind > 0, rng.uniform(0.1, 1, kind.shape), 0)
        for year in (2003, 2014)
    }
    kinds = {2014: later.astype("uint8")}
    maps = write_maps(tmp_path, gpp, reco, fractions=fractions, kinds=kinds)
    tables = run(maps)[1]
    parts, regions = tables["decomposition"], tables["region_changes"]
    whole = parts[list(CHANGE_PARTS)].sum(axis=1)
    scale = regions["total_first"].abs().max()
    np.testing.assert_allclose(parts["change"], whole, atol=1e-12 * scale)
    np.testing.assert_allclose(parts["change"], regions["change"], atol=1e-12 * scale)
    assert (parts.query("kind == 'type'")[list(CHANGE_PARTS)].abs() > 0).all(axis=None)
    # Each part of the whole is the sum of the parts of the countries.
    sums = parts.groupby(["variable", "kind"])[list(CHANGE_PARTS)].sum()
    for variable in ("gpp", "reco", "nee"):
        np.testing.assert_allclose(
            sums.loc[variable, "country"], sums.loc[variable, "all"], atol=1e-12 * scale
        )


@pytest.mark.slow
def test_the_series_is_that_of_all_mapped_years(tmp_path: Path, noisy: tuple) -> None:
    maps = write_maps(tmp_path, *noisy)
    inner, _ = run(maps, SETTINGS.model_copy(update={"pair": (2004, 2013)}))
    outer, _ = run(maps)
    forest = forest_types() > 0
    np.testing.assert_array_equal(
        inner["gpp_slope"].values[forest], outer["gpp_slope"].values[forest]
    )
    assert (inner["gpp_difference"] != outer["gpp_difference"]).values[forest].all()
    assert inner.attrs["pair"] == [2004, 2013]
    assert inner.attrs["years"] == YEARS.tolist()


def test_the_pair_alone_has_a_difference_and_says_what_is_missing(
    tmp_path: Path, noisy: tuple
) -> None:
    gpp, reco = (flux[[0, -1]] for flux in noisy)
    maps = write_maps(tmp_path, gpp, reco, years=YEARS[[0, -1]])
    change, tables = run(maps)
    forest = forest_types() > 0
    for flux in ("gpp", "nee"):
        assert np.isfinite(change[f"{flux}_difference"].values[forest]).all()
        assert np.isfinite(change[f"{flux}_difference_sd"].values[forest]).all()
        rest = ("difference_p", "slope", "slope_sd", "p", "p_independent")
        windows = ("window_difference", "window_difference_sd", "window_difference_p")
        for name in (*rest, *windows):
            assert np.isnan(change[f"{flux}_{name}"]).all()
        for name in ("difference", "window_difference", "slope"):
            assert (change[f"{flux}_{name}_significance"] == 0).all()
    assert change.attrs["first_window"] == []
    assert tables["significance"]["share"].isna().all()
    regions = tables["region_changes"].query("status == 'mapped'")
    assert regions[["change", "change_lower"]].notna().all(axis=None)
    empty = ["change_p", "change_p_adjusted", "slope", "slope_lower"]
    assert regions[[*empty, "slope_p"]].isna().all(axis=None)
    assert tables["pair"]["slope_p"].isna().all()
    windows = tables["windows"]
    assert set(windows["status"]) == {"missing"}
    assert set(windows["first_years"]) == set(windows["second_years"]) == {""}
    assert windows[["total_first", "change", "change_p"]].isna().all(axis=None)
    assert tables["decomposition"]["intensity_member_sd"].notna().all()


@pytest.mark.slow
def test_years_with_a_hole_have_windows_but_no_slope(
    tmp_path: Path, noisy: tuple
) -> None:
    listed = [0, 1, 2, 9, 10, 11]
    gpp, reco = (flux[listed] for flux in noisy)
    change, tables = run(write_maps(tmp_path, gpp, reco, years=YEARS[listed]))
    assert np.isfinite(change["gpp_window_difference"]).any()
    assert np.isnan(change["gpp_slope"]).all()
    assert np.isnan(change["gpp_p_independent"]).all()
    assert set(tables["windows"]["status"]) == {"cut"}
    assert tables["windows"]["change"].notna().all()
    assert tables["pair"][["slope", "slope_p"]].isna().all(axis=None)


@pytest.mark.slow
def test_one_member_has_no_spread(tmp_path: Path, noisy: tuple) -> None:
    gpp, reco = (flux[:, :1] for flux in noisy)
    change, tables = run(write_maps(tmp_path, gpp, reco))
    assert np.isfinite(change["gpp_p"]).any()
    pair = tables["pair"].query("stratum == 'all'")
    numbers = ["change", "change_lower", "slope_upper", "slope_p"]
    assert pair[numbers].notna().all(axis=None)
    assert tables["totals"]["member_sd"].isna().all()
    assert tables["decomposition"]["intensity_member_sd"].isna().all()


@pytest.mark.slow
def test_the_store_says_what_it_holds(tmp_path: Path, noisy: tuple) -> None:
    change, _ = run(write_maps(tmp_path, *noisy))
    assert change.chunksizes["y"] == (3, 3)
    write_store(change, tmp_path / "change.zarr", chunks={"y": 3})
    stored = load_store(tmp_path / "change.zarr")
    xr.testing.assert_equal(stored, change)
    names = "difference difference_sd difference_p window_difference"
    names += " window_difference_sd window_difference_p slope slope_sd p p_independent"
    names += " difference_significance window_difference_significance"
    names += " slope_significance"
    layers = {f"{flux}_{name}" for flux in ("gpp", "nee") for name in names.split()}
    layers |= {"forest_fraction", "cell_area", "forest_change"}
    assert set(stored.data_vars) == layers
    for name in ("gpp_slope", "nee_slope_sd"):
        assert stored[name].attrs["units"] == "gC m-2 yr-2"
    assert stored["gpp_window_difference_p"].attrs["units"] == "1"
    assert "2014 minus NEE of 2003" in stored["nee_difference"].attrs["long_name"]
    text = stored["nee_window_difference"].attrs["long_name"]
    assert "mean of 2012-2014 minus mean of 2003-2005" in text
    assert "Negative is more uptake" in stored["nee_difference"].attrs["comment"]
    flags = stored["gpp_slope_significance"]
    assert flags.dtype == np.uint8
    assert list(flags.attrs["flag_masks"]) == [1, 2, 4, 8]
    assert stored["forest_change"].attrs["flag_meanings"] == "none stable loss gain"


def square(west: float, south: float, east: float, north: float) -> list:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def write_regions(path: Path, shapes: dict[str, list]) -> Path:
    """A GeoJSON file of named rectangles."""
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": shape},
        }
        for name, shape in shapes.items()
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


@pytest.mark.slow
def test_regions_of_the_user_get_rows(tmp_path: Path, noisy: tuple) -> None:
    shapes = {
        "east": square(0, -90, 180, 90),
        "covered": square(1, 1, 2, 2),
        "part": square(-30, -30, -15, 30),
    }
    file = write_regions(tmp_path / "regions.geojson", shapes)
    maps = write_maps(tmp_path, *noisy)
    _, tables = run(maps, regions=file)
    rows = tables["region_changes"].query("kind == 'region' and variable == 'gpp'")
    assert rows["stratum"].tolist() == ["east", "covered", "part", "none"]
    assert rows["status"].tolist() == ["mapped", "lost", "mapped", "mapped"]
    # Half of two cells, which count in the rest as well.
    assert rows["cells"].tolist() == [30, 0, 2, 36]
    assert rows["change_p_adjusted"].notna().tolist() == [True, False, True, False]
    whole = row_of(tables["region_changes"], "all", "gpp")["total_first"]
    assert rows["total_first"].sum() == pytest.approx(whole)


@pytest.mark.slow
def test_regions_without_forest_are_one_line(tmp_path: Path, noisy: tuple) -> None:
    maps = write_maps(tmp_path, *noisy)
    # The last column has cells, but no forest.
    bare = write_regions(tmp_path / "bare.json", {"bare": square(150, -90, 180, 90)})
    with pytest.raises(
        InputError, match=r"bare.json: regions: .* mapped forest, found none in 1"
    ):
        run(maps, regions=bare)


def test_series_with_holes_and_maps_that_do_not_fit(
    tmp_path: Path, noisy: tuple
) -> None:
    maps = write_maps(tmp_path, *noisy)
    cut = {year: path for year, path in maps.items() if year not in (2005, 2006)}
    with pytest.raises(InputError, match="no map of 2005, 2006"):
        run(cut, years=YEARS)
    with pytest.raises(InputError, match="no map of any year"):
        run({})
    for pair in ((2003, 2018), (2014, 2003), (2003, 2003)):
        with pytest.raises(
            InputError, match=r"change.pair: expected two years in order"
        ):
            run(maps, SETTINGS.model_copy(update={"pair": pair}))
    with pytest.raises(InputError, match=r"year: expected 2004, found 2003"):
        run(maps | {2004: maps[2003]})
    one = slice(1, 2)
    few = write_maps(
        tmp_path / "few", *(flux[one, :2] for flux in noisy), years=YEARS[one]
    )
    with pytest.raises(InputError, match=r"member: expected 3 members.* found 2"):
        run(maps | few)
    grid = Grid(resolution_deg=20.0, tile_cells=18)
    fluxes = np.ones((1, 3, *grid.shape))
    fine = write_maps(tmp_path / "fine", fluxes, fluxes, grid=grid, years=YEARS[one])
    with pytest.raises(InputError, match=r"y: expected 6 values .* found 9 values"):
        run(maps | fine)
    other = write_maps(
        tmp_path / "other", *(flux[one] for flux in noisy), years=YEARS[one], model="b"
    )
    with pytest.raises(InputError, match=r"model: expected model one.* found model b"):
        run(maps | other)


def test_a_window_across_180_degrees_gives_the_numbers_of_the_globe(
    tmp_path: Path,
) -> None:
    globe = Grid(10.0, 6)
    window = Grid(10.0, 6, only=("r01c00", "r01c05", "r02c05"))
    inside = np.zeros(globe.shape, bool)
    for tile in window.tiles():
        inside[tile.globe_rows, tile.globe_columns] = True
    rng = np.random.default_rng(3)
    shape = (len(YEARS), 3, *globe.shape)
    gpp, reco = np.where(inside, rng.normal(1500, 100, (2, *shape)), np.nan)
    kinds = dict.fromkeys(YEARS.tolist(), inside.astype("uint8"))

    def cut(values: np.ndarray) -> np.ndarray:
        turned = np.roll(values, -window.window.columns.start, axis=-1)
        return turned[..., window.window.rows, : window.shape[1]]

    weights = tuple(np.full(len(LENGTHS_KM), 0.9 / len(LENGTHS_KM)))
    components = make_components(level_sd=90.0, correlogram=Correlogram(weights))
    whole = write_maps(tmp_path / "globe", gpp, reco, grid=globe, kinds=kinds)
    part = write_maps(
        tmp_path / "window",
        cut(gpp),
        cut(reco),
        grid=window,
        kinds={year: cut(kind) for year, kind in kinds.items()},
    )
    change, tables = run(part, components=components, grid=window)
    change_globe, tables_globe = run(whole, components=components, grid=globe)
    np.testing.assert_array_equal(
        change["gpp_slope"], cut(change_globe["gpp_slope"].values)
    )
    for name in ("regions", "pair", "zonal", "decomposition"):
        pd.testing.assert_frame_equal(tables[name], tables_globe[name], rtol=1e-9)


def test_forest_outside_of_the_region_counts_in_no_total(
    tmp_path: Path, noisy: tuple
) -> None:
    share = np.random.default_rng(2).random(GRID.shape)
    parts = {}
    for name, fraction in (("share", 0.5), ("fraction", 0.5 * share)):
        fractions = dict.fromkeys(YEARS.tolist(), np.broadcast_to(fraction, GRID.shape))
        parts[name] = write_maps(tmp_path / name, *noisy, fractions=fractions)
    for path in parts["share"].values():
        dataset = load_store(path)
        dataset["region_share"] = CELLS, share
        write_store(dataset, path, chunks={"member": 1, "y": 3})
    (store, tables), (_, wanted) = (run(maps) for maps in parts.values())
    for name in ("regions", "pair", "region_changes", "zonal", "decomposition"):
        pd.testing.assert_frame_equal(tables[name], wanted[name], rtol=1e-6)
    np.testing.assert_allclose(store["region_share"], share)


def test_strata_of_a_run_with_a_region_have_shares_of_what_lies_in_it(
    tmp_path: Path,
) -> None:
    grid = Grid(2.0, 10, only=("r01c09", "r01c10"))  # 0-40 E, 50-70 N
    boxes = {"west": (15.3, 58, 24.1, 66.7), "east": (24.1, 58, 31, 66.7)}
    areas = [NamedArea(name, "", shapely.box(*box)) for name, box in boxes.items()]
    share = measure_share(areas, grid.latitudes(), grid.longitudes())
    fluxes = np.full((len(YEARS), 2, *grid.shape), 900.0)
    fluxes[..., share == 0] = np.nan
    kinds = dict.fromkeys(YEARS.tolist(), (share > 0).astype("uint8"))
    maps = write_maps(tmp_path, fluxes, fluxes, grid=grid, kinds=kinds)
    for path in maps.values():
        dataset = load_store(path)
        dataset["region_share"] = CELLS, share
        write_store(dataset, path, chunks={"member": 1, "y": 3})
    _, tables = run(maps, grid=grid, areas=areas)
    series = tables["regions"]
    area = series[(series["year"] == 2003) & (series["variable"] == "gpp")]
    area = area.set_index(["kind", "stratum"])["area"]
    cells = cell_area(grid.latitudes(), 2.0)[:, None]
    for one in areas:
        own = measure_share([one], grid.latitudes(), grid.longitudes())
        assert area["region", one.name] == pytest.approx(
            (own * cells).sum() / 2, rel=1e-9
        )
    whole = area["all", "all"]
    assert whole == pytest.approx((share * cells).sum() / 2, rel=1e-12)
    for kind in ("region", "country", "continent"):
        assert area[kind].sum() == pytest.approx(whole, rel=1e-9)
    # Of Norway only the part that the box holds.
    norway = find_country("Norway").shape
    held = shapely.intersection(norway, shapely.union_all([a.shape for a in areas]))
    own = measure_share(
        [NamedArea("Norway", "", held)], grid.latitudes(), grid.longitudes()
    )
    assert area["country", "Norway"] == pytest.approx((own * cells).sum() / 2, rel=1e-9)


def test_a_map_without_any_flux_is_one_line(tmp_path: Path, noisy: tuple) -> None:
    gpp, reco = noisy
    gpp[4] = np.nan
    with pytest.raises(
        InputError, match=r"2007.zarr: gpp: expected a flux .* found NaN in all"
    ):
        run(write_maps(tmp_path, gpp, reco))


def test_the_job_writes_all_of_it_or_nothing(tmp_path: Path, noisy: tuple) -> None:
    maps = write_maps(tmp_path / "maps", *noisy)
    tables = "totals regions pair region_changes windows decomposition zonal"
    tables += " significance co2"
    config = {"run": "test", "seed": 1, "years": [2003, 2014]}
    config |= {"change": {"pair": [2003, 2014]}}
    settings = {
        "change": read_configuration(config).change,
        "grid": {"resolution_deg": 30.0, "tile_cells": 12},
        "level": 0.9,
        "co2": "none",
    }
    write_manifest(tmp_path / "model.json", build_model_record())
    job = {
        "years": list(maps),
        "maps": [tmp_path / "maps/all.json"],
        "model": tmp_path / "model.json",
        "departures": [],
        "settings": ChangeJob(**settings),
        "code": "none",
        "tables": [tmp_path / f"change/{name}.csv" for name in tables.split()],
        "manifest": tmp_path / "change/change.json",
    }
    file = write_regions(tmp_path / "far.json", {"far": square(150, -90, 180, 90)})
    stores = {str(y): read_store_manifest(path).checksum for y, path in maps.items()}
    write_manifest(job["maps"][0], JobManifest(stores=stores))
    with pytest.raises(InputError, match=r"far.json: regions: expected polygons"):
        write_change(**job, regions=[file])
    known = stores.pop("2007")
    write_manifest(job["maps"][0], JobManifest(stores=stores))
    with pytest.raises(InputError, match="no map of 2007"):
        write_change(**job, regions=[])
    assert not job["manifest"].parent.exists()
    write_manifest(job["maps"][0], JobManifest(stores=stores | {"2007": known}))
    write_change(**job, regions=[])
    files = {f"{name}.csv{end}" for name in tables.split() for end in ("", ".json")}
    files |= {"change.json", "change.zarr", "change.zarr.json"}
    assert {path.name for path in job["manifest"].parent.iterdir()} == files
