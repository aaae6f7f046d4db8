"""Change: signs, pairing of members, noise of single years, tables, bad series."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.change import analyse
from forestflux.errors import InputError
from forestflux.grid import Grid, cell_area
from forestflux.store import load_store, write_store
from forestflux.totals import Band
from forestflux.trend import detrended_sd, theil_sen

GRID = Grid(resolution_deg=30.0, tile_cells=12)
YEARS = np.arange(2003, 2011)
CELLS = ("y", "x")
SETTINGS = {
    "pair": (2003, 2010),
    "bands": (Band("north", 0, 90), Band("south", -90, 0)),
    "level": 0.9,
    "fdr_alpha": 0.1,
    "zone_width_deg": 1.0,
}


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
) -> dict[int, Path]:
    """One map store a year, the layers that are read; fluxes (year, member, y, x)."""
    kind = forest_types() if grid == GRID else np.ones(grid.shape, "uint8")
    area = cell_area(grid.latitudes(), grid.resolution_deg)[:, None]
    maps = {}
    for year, *fluxes in zip(years.tolist(), gpp, reco, strict=True):
        member = [np.where(kind > 0, flux, np.nan).astype("f4") for flux in fluxes]
        mean = [flux.mean(axis=0) for flux in member]
        variables = {
            "gpp": (CELLS, mean[0]),
            "reco": (CELLS, mean[1]),
            "nee": (CELLS, mean[1] - mean[0]),
            "gpp_member": (("member", *CELLS), member[0]),
            "reco_member": (("member", *CELLS), member[1]),
            "forest_type": (CELLS, kind),
            "forest_fraction": (CELLS, np.where(kind > 0, 0.5, 0.0)),
            "cell_area": (CELLS, np.broadcast_to(area, grid.shape)),
        }
        coords = {"y": grid.latitudes(), "x": grid.longitudes()}
        attrs = {"year": year, "Conventions": "CF-1.11"}
        maps[year] = folder / f"{year}.zarr"
        write_store(xr.Dataset(variables, coords, attrs), maps[year])
    return maps


def fields(*series: np.ndarray) -> np.ndarray:
    """Fluxes (year, member, y, x), alike everywhere, from one series per member."""
    members = np.stack(series, axis=1)[:, :, None, None]
    return np.broadcast_to(members, (*members.shape[:2], *GRID.shape)).astype(float)


def rising(slope: float, start: float = 1500.0) -> np.ndarray:
    return start + slope * (YEARS - YEARS[0])


def row_of(table: pd.DataFrame, stratum: str, variable: str) -> pd.Series:
    rows = table[(table["stratum"] == stratum) & (table["variable"] == variable)]
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
    change, tables = analyse(write_maps(tmp_path, gpp, reco), **SETTINGS)
    forest = forest_types() > 0
    np.testing.assert_allclose(change["gpp_difference"].values[forest], 70, rtol=1e-5)
    np.testing.assert_allclose(change["nee_difference"].values[forest], -42, rtol=1e-5)
    np.testing.assert_allclose(change["gpp_slope"].values[forest], 10, rtol=1e-4)
    np.testing.assert_allclose(change["nee_slope"].values[forest], -6, rtol=1e-4)
    assert np.isnan(change["nee_difference"].values[~forest]).all()
    assert (change["gpp_p"].values[forest] < 0.001).all()
    area = row_of(tables["totals"][tables["totals"]["year"] == 2003], "all", "gpp")[
        "area"
    ]
    pair = row_of(tables["pair"], "all", "nee")
    assert pair["change"] == pytest.approx(-42 * area * 1e-15, rel=1e-5)
    assert pair["slope"] == pytest.approx(-6 * area * 1e-15, rel=1e-4)
    assert pair["change"] == pytest.approx(pair["total_second"] - pair["total_first"])


def test_what_a_member_gets_wrong_in_both_years_cancels(tmp_path: Path) -> None:
    gpp = fields(rising(10, 1000), rising(10, 1500), rising(10, 2300))
    change, tables = analyse(write_maps(tmp_path, gpp, gpp * 0.5), **SETTINGS)
    np.testing.assert_allclose(np.nanmax(change["gpp_difference_sd"]), 0, atol=1e-3)
    total = row_of(tables["totals"][tables["totals"]["year"] == 2010], "all", "gpp")
    pair = row_of(tables["pair"], "all", "gpp")
    assert total["total_upper"] - total["total_lower"] > total["total"]
    assert pair["change_upper"] - pair["change_lower"] < 1e-3 * pair["change"]


def test_members_that_disagree_on_the_change_widen_it(tmp_path: Path) -> None:
    gpp = fields(rising(10), rising(11), rising(12))
    change, tables = analyse(write_maps(tmp_path, gpp, gpp * 0), **SETTINGS)
    # Changes 70, 77, 84: standard deviation 7, and nothing from year to year.
    sd = change["gpp_difference_sd"].values
    np.testing.assert_allclose(sd[np.isfinite(sd)], 7, rtol=1e-3)
    pair = row_of(tables["pair"], "all", "gpp")
    area = row_of(tables["totals"][tables["totals"]["year"] == 2003], "all", "gpp")[
        "area"
    ]
    # t of two degrees of freedom at 0.95 is 2.91999; one more of three: sqrt(4 / 3).
    half = 2.91999 * 7 * np.sqrt(4 / 3) * area * 1e-15
    assert pair["change_upper"] - pair["change"] == pytest.approx(half, rel=1e-3)
    slope_half = half / 7
    assert pair["slope"] - pair["slope_lower"] == pytest.approx(slope_half, rel=1e-3)


def test_weather_of_single_years_widens_the_difference(
    tmp_path: Path, noisy: tuple
) -> None:
    gpp, _ = noisy
    alike = np.repeat(gpp[:, :1], 3, axis=1)
    change, _ = analyse(write_maps(tmp_path, alike, alike * 0), **SETTINGS)
    series = alike[:, 0]
    weather = detrended_sd(series, YEARS, theil_sen(series, YEARS))
    forest = forest_types() > 0
    np.testing.assert_allclose(
        change["gpp_difference_sd"].values[forest],
        np.sqrt(2) * weather[forest],
        rtol=1e-4,
    )


def test_tables_hold_every_stratum_and_year_and_add_up(
    tmp_path: Path, noisy: tuple
) -> None:
    _, tables = analyse(write_maps(tmp_path, *noisy), **SETTINGS)
    assert list(tables["totals"].columns) == [
        "year",
        "stratum",
        "kind",
        "area",
        "variable",
        "mean",
        "total",
        "total_lower",
        "total_upper",
        "total_sd",
    ]
    assert list(tables["pair"].columns) == [
        "stratum",
        "kind",
        "variable",
        "total_first",
        "total_second",
        "change",
        "change_lower",
        "change_upper",
        "slope",
        "slope_lower",
        "slope_upper",
        "p_value",
    ]
    assert list(tables["zonal"].columns) == [
        "year",
        "latitude",
        "variable",
        "mean",
        "total",
    ]
    assert len(tables["totals"]) == len(YEARS) * 3 * (1 + 5 + 2)
    assert len(tables["pair"]) == 3 * (1 + 5 + 2)
    sums = tables["pair"].groupby(["variable", "kind"])["change"].sum().unstack()
    np.testing.assert_allclose(sums["type"], sums["all"])
    np.testing.assert_allclose(sums["band"], sums["all"])
    zones = tables["zonal"].groupby(["year", "variable"])["total"].sum()
    totals = tables["totals"].query("kind == 'all'")
    totals = totals.set_index(["year", "variable"])["total"]
    np.testing.assert_allclose(zones, totals.loc[zones.index], rtol=1e-5)


def test_noise_is_significant_by_itself_but_not_adjusted(
    tmp_path: Path, noisy: tuple
) -> None:
    _, tables = analyse(write_maps(tmp_path, *noisy), **SETTINGS)
    table = tables["significance"]
    slopes = table[table["test"] == "slope"]
    assert (slopes["cells"] == 66).all()
    assert (slopes["share"] > 0).all()
    assert (slopes["share_adjusted"] == 0).all()
    gpp = fields(rising(10), rising(11))
    rise = analyse(write_maps(tmp_path, gpp, gpp * 0), **SETTINGS)[1]["significance"]
    assert (rise.query("test == 'slope'")["share_adjusted"] == 1).all()


def test_cells_that_are_forest_in_one_year_only_have_no_change(
    tmp_path: Path, noisy: tuple
) -> None:
    gpp, reco = noisy
    gpp[0, :, 2, 3] = reco[0, :, 2, 3] = np.nan
    gpp[3:7, :, 2, 4] = reco[3:7, :, 2, 4] = np.nan
    gpp[2:7, :, 2, 5] = reco[2:7, :, 2, 5] = np.nan
    change, _ = analyse(write_maps(tmp_path, gpp, reco), **SETTINGS)
    cells = change.isel(y=2, x=[3, 4, 5])
    assert np.isfinite(cells["gpp_difference"]).values.tolist() == [False, True, True]
    # Half of the eight years are needed for a slope, three are too few.
    assert np.isfinite(cells["gpp_slope"]).values.tolist() == [False, True, False]
    assert np.isfinite(cells["nee_p"]).values.tolist() == [False, True, False]


def test_years_outside_the_pair_are_in_the_totals_only(
    tmp_path: Path, noisy: tuple
) -> None:
    maps = write_maps(tmp_path, *noisy)
    inner = SETTINGS | {"pair": (2004, 2009)}
    change, tables = analyse(maps, **inner)
    cut = {year: maps[year] for year in range(2004, 2010)}
    alone, _ = analyse(cut, **inner)
    xr.testing.assert_identical(change, alone)
    assert sorted(tables["totals"]["year"].unique()) == YEARS.tolist()


def test_two_years_alone_have_a_difference_and_no_significance(
    tmp_path: Path, noisy: tuple
) -> None:
    gpp, reco = (flux[:2] for flux in noisy)
    maps = write_maps(tmp_path, gpp, reco, years=YEARS[:2])
    change, tables = analyse(maps, **SETTINGS | {"pair": (2003, 2004)})
    assert np.isfinite(change["gpp_difference"]).any()
    for name in ("difference_sd", "slope", "p"):
        assert np.isnan(change[f"gpp_{name}"]).all()
    assert tables["significance"]["share_adjusted"].isna().all()
    assert tables["pair"]["p_value"].isna().all()


def test_the_store_says_what_it_holds(tmp_path: Path, noisy: tuple) -> None:
    change, _ = analyse(write_maps(tmp_path, *noisy), **SETTINGS)
    write_store(change, tmp_path / "change.zarr")
    stored = load_store(tmp_path / "change.zarr")
    xr.testing.assert_equal(stored, change)
    layers = {
        f"{flux}_{layer}"
        for flux in ("gpp", "nee")
        for layer in ("difference", "difference_sd", "slope", "p")
    }
    assert set(stored.data_vars) == layers | {"forest_fraction", "cell_area"}
    assert stored["gpp_slope"].attrs["units"] == "gC m-2 yr-2"
    assert "2010 minus NEE of 2003" in stored["nee_difference"].attrs["long_name"]
    assert "Negative is more uptake" in stored["nee_difference"].attrs["comment"]


def test_series_with_holes_and_maps_that_do_not_fit(
    tmp_path: Path, noisy: tuple
) -> None:
    maps = write_maps(tmp_path, *noisy)
    cut = {year: path for year, path in maps.items() if year not in (2005, 2006)}
    with pytest.raises(InputError, match="no map of 2005, 2006"):
        analyse(cut, **SETTINGS)
    with pytest.raises(InputError, match="no map of any year"):
        analyse({}, **SETTINGS)
    for pair in ((2003, 2018), (2010, 2003), (2003, 2003)):
        with pytest.raises(
            InputError, match=r"change.pair: expected two years in order"
        ):
            analyse(maps, **SETTINGS | {"pair": pair})
    with pytest.raises(InputError, match=r"year: expected 2004, found 2003"):
        analyse(maps | {2004: maps[2003]}, **SETTINGS)
    one = slice(1, 2)
    few = write_maps(
        tmp_path / "few", *(flux[one, :2] for flux in noisy), years=YEARS[one]
    )
    with pytest.raises(InputError, match="member: expected 3 members, found 2 members"):
        analyse(maps | few, **SETTINGS)
    grid = Grid(resolution_deg=20.0, tile_cells=18)
    fluxes = np.ones((1, 3, *grid.shape))
    fine = write_maps(tmp_path / "fine", fluxes, fluxes, grid=grid, years=YEARS[one])
    with pytest.raises(InputError, match=r"y: expected 6 values .* found 9 values"):
        analyse(maps | fine, **SETTINGS)
