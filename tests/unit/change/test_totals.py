"""Totals worked by hand on six cells, and what must hold on any map."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from forestflux.change.block_years import sum_year
from forestflux.change.change_tables import collect_totals
from forestflux.change.errors.total_errors import TotalErrors
from forestflux.change.map_cells import select_cells
from forestflux.change.strata.divisions import divide_grid, group_cells, list_strata
from forestflux.change.strata.latitude_bands import (
    check_latitude_bands,
    label_bands,
    label_zones,
    tabulate_zones,
    zone_width,
)
from forestflux.change.strata.totals import tabulate_years
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.input_errors import InputError
from forestflux.core.layers import NOT_FOREST
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from tests.builders.error_models import make_error_model

BANDS = (
    LatitudeBandSettings(name="north", south=23.5, north=90),
    LatitudeBandSettings(name="tropics", south=-23.5, north=23.5),
    LatitudeBandSettings(name="south", south=-90, north=-23.5),
)


def inside(kind: np.ndarray) -> np.ndarray:
    """The layer `applicable`: forest of type 1 is outside."""
    return np.select([kind == 0, kind == 1], [NOT_FOREST, 0], 1).astype("uint8")


def dataset_of(
    gpp: np.ndarray,
    reco: np.ndarray,
    *,
    area: np.ndarray,
    fraction: np.ndarray,
    kind: np.ndarray,
    y: np.ndarray,
) -> xr.Dataset:
    """The layers of a map that totals read; fluxes (member, y, x)."""
    cells = ("y", "x")
    return xr.Dataset(
        {
            "gpp_member": (("member", *cells), gpp),
            "reco_member": (("member", *cells), reco),
            "gpp": (cells, gpp.mean(axis=0)),
            "reco": (cells, reco.mean(axis=0)),
            "nee": (cells, (reco - gpp).mean(axis=0)),
            "cell_area": (cells, area),
            "forest_fraction": (cells, fraction),
            "forest_type": (cells, kind),
            "applicable": (cells, inside(kind)),
        },
        coords={"y": y},
    )


@pytest.fixture
def six_cells() -> xr.Dataset:
    """Two members, two rows of 2e12 and 4e12 m2 a cell; the last cell has no forest."""
    nan = np.nan
    return dataset_of(
        np.array([[[1000, 2000, nan], [3000, 500, nan]]] * 2)
        * np.array([1.0, 1.2])[:, None, None],
        np.array([[[900, 1500, nan], [3100, 400, nan]]] * 2),
        area=np.array([[2e12] * 3, [4e12] * 3]),
        fraction=np.array([[0.5, 1.0, 0.01], [0.25, 0.5, 0.0]]),
        kind=np.array([[1, 4, 4], [2, 2, 0]], "uint8"),
        y=np.array([40.0, 10.0]),
    )


def sums_of(dataset: xr.Dataset, width_deg: float = 1.0) -> tuple[dict, list]:
    """Sums of one map by stratum and zone, and the strata."""
    latitudes = dataset["y"].values
    columns = dataset.sizes["x"]
    longitudes = -180 + (np.arange(columns) + 0.5) * 360 / columns
    divisions = divide_grid(latitudes, longitudes, bands=BANDS)
    rows = slice(0, len(latitudes))
    change = np.zeros(len(latitudes) * columns, int)
    groups = group_cells(divisions, rows, change)
    zones = label_zones(latitudes, width=zone_width(360 / columns, width_deg))
    sums = sum_year(select_cells(dataset, "map"), groups, zones, rows)
    return sums, list_strata(divisions)


def year_totals(dataset: xr.Dataset) -> xr.Dataset:
    """Totals of one map; strata of all, type and band."""
    sums, strata = sums_of(dataset)
    none = {"part": sums["total"][None], "cells": np.zeros(len(strata))}
    sums = {name: values[None] for name, values in sums.items()} | none
    totals = collect_totals(sums, strata, years=[2003], on_grid=none["cells"])
    return totals.isel(stratum=totals["kind"].isin(["all", "type", "band"]).values)


def tabulate_totals(dataset: xr.Dataset) -> pd.DataFrame:
    """The series of one map without errors."""
    totals = year_totals(dataset)
    count = totals.sizes["stratum"]
    errors = TotalErrors(
        model=make_error_model(Grid(5.0, 60)),
        years=totals["year"].values,
        area=totals["area"].values,
        departures=np.zeros((1, 0, count)),
        level=np.zeros((3, count)),
        single=np.zeros((3, count)),
    )
    return tabulate_years(totals, errors, level=0.9)


def whole_earth(members: int = 4, seed: int = 5) -> xr.Dataset:
    grid = Grid(resolution_deg=5.0, tile_cells=60)
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 6, grid.shape).astype("uint8")
    gpp, reco = rng.uniform(0, 3000, (2, members, *grid.shape)).astype("float32")
    gpp[:, kind == 0] = reco[:, kind == 0] = np.nan
    area = cell_area(grid.latitudes(), grid.resolution_deg)
    return dataset_of(
        gpp,
        reco,
        area=np.repeat(area[:, None], grid.shape[1], axis=1),
        fraction=np.where(kind > 0, rng.random(grid.shape), 0).astype("float32"),
        kind=kind,
        y=grid.latitudes(),
    )


def test_totals_of_six_cells_by_hand(six_cells: xr.Dataset) -> None:
    totals = year_totals(six_cells).isel(year=0)
    # Forest: 1e12, 2e12 above, 1e12, 2e12 below. GPP of the first member in PgC:
    # 1000 x 1e12 + 2000 x 2e12 + 3000 x 1e12 + 500 x 2e12 = 9e15 g.
    everything = totals.sel(stratum="all")
    np.testing.assert_allclose(everything["area"], 6e12)
    np.testing.assert_allclose(everything["total"].sel(variable="gpp"), [9, 10.8])
    np.testing.assert_allclose(everything["total"].sel(variable="reco"), [7.8, 7.8])
    np.testing.assert_allclose(everything["total"].sel(variable="nee"), [-1.2, -3.0])
    first = totals["total"].sel(variable="gpp", member=0)
    expected = {"ENF": 1, "EBF": 4, "DNF": 0, "DBF": 4, "MF": 0}
    expected |= {"north": 5, "tropics": 4, "south": 0}
    for stratum, total in expected.items():
        assert float(first.sel(stratum=stratum)) == pytest.approx(total), stratum
    kinds = totals["kind"].values.tolist()
    assert kinds == ["all"] + ["type"] * 5 + ["band"] * 3


def test_summary_of_six_cells_by_hand(six_cells: xr.Dataset) -> None:
    rows = tabulate_totals(six_cells)
    assert list(rows.columns) == [
        "year",
        "stratum",
        "kind",
        "code",
        "area",
        "applicable",
        "variable",
        "mean",
        "mean_lower",
        "mean_upper",
        "total",
        "total_lower",
        "total_upper",
        "total_sd",
        "member_sd",
        "total_tg",
        "total_tg_lower",
        "total_tg_upper",
        "level",
    ]
    assert len(rows) == 3 * 9
    row = rows[(rows["stratum"] == "all") & (rows["variable"] == "gpp")].iloc[0]
    assert row["total"] == pytest.approx(9.9)
    assert row["total_tg"] == pytest.approx(9900)
    assert row["level"] == 0.9
    # All but the cell of type 1, which has 1e12 of the 6e12 m2.
    assert row["applicable"] == pytest.approx(5 / 6)
    assert row["mean"] == pytest.approx(9.9e15 / 6e12)
    assert row["member_sd"] == pytest.approx(1.8 / np.sqrt(2))
    # Of the model's errors: none here.
    bounds = row[["total_lower", "total_upper"]].astype(float)
    np.testing.assert_allclose(bounds, row["total"])
    bounds = row[["mean_lower", "mean_upper"]].astype(float)
    np.testing.assert_allclose(bounds, row["mean"])
    empty = rows[(rows["stratum"] == "DNF") & (rows["variable"] == "nee")].iloc[0]
    assert (empty["area"], empty["total"]) == (0, 0)
    assert np.isnan(empty["mean"])
    assert np.isnan(empty["applicable"])


def test_parts_sum_to_the_whole_for_every_member() -> None:
    totals = year_totals(whole_earth())
    whole = totals.sel(stratum="all")
    for kind in ("type", "band"):
        parts = totals.isel(stratum=totals["kind"].values == kind).sum("stratum")
        np.testing.assert_allclose(parts["total"], whole["total"], rtol=1e-12)
        np.testing.assert_allclose(parts["area"], whole["area"], rtol=1e-12)


def test_total_is_that_of_the_stored_mean() -> None:
    dataset = whole_earth()
    totals = year_totals(dataset)["total"].sel(stratum="all")
    weight = dataset["cell_area"] * dataset["forest_fraction"] * 1e-15
    for flux in ("gpp", "reco", "nee"):
        expected = float((dataset[flux].astype(float) * weight).sum())
        assert float(totals.sel(variable=flux).mean()) == pytest.approx(expected, 1e-6)


def test_one_gram_everywhere_is_the_area_of_the_ellipsoid() -> None:
    dataset = whole_earth()
    dataset["forest_fraction"][:] = 1
    dataset["forest_type"][:] = 2
    for name in ("gpp", "gpp_member"):
        dataset[name][:] = 1
    dataset["reco_member"][:] = 0
    total = year_totals(dataset)["total"].sel(stratum="all")
    np.testing.assert_allclose(total.sel(variable="gpp"), 0.510065621724, rtol=1e-9)
    np.testing.assert_allclose(total.sel(variable="nee"), -0.510065621724, rtol=1e-9)


def test_members_that_are_wrong_everywhere_alike_do_not_average_out() -> None:
    dataset = whole_earth(members=3)
    scale = np.array([0.9, 1.0, 1.1])
    dataset["gpp_member"][:] = dataset["gpp"].values * scale[:, None, None]
    rows = tabulate_totals(dataset)
    gpp = rows[(rows["variable"] == "gpp") & (rows["area"] > 0)]
    np.testing.assert_allclose(gpp["member_sd"] / gpp["total"], 0.1, rtol=1e-5)


def test_one_member_has_no_spread(six_cells: xr.Dataset) -> None:
    rows = tabulate_totals(six_cells.isel(member=[0]))
    assert np.isfinite(rows[["total", "total_lower", "total_upper"]]).all(axis=None)
    assert rows["member_sd"].isna().all()


def test_a_centre_on_an_edge_belongs_to_the_band_near_the_equator() -> None:
    grid = Grid(resolution_deg=1.0, tile_cells=60)
    labels = label_bands(grid.latitudes(), BANDS)
    tropics = labels == 1
    assert tropics.sum() == 48
    np.testing.assert_array_equal(tropics, tropics[::-1])
    assert labels[0] == 0
    assert labels[-1] == 2


@pytest.mark.parametrize(
    "edges",
    [
        [("a", -90, 0), ("b", 10, 90)],
        [("a", -90, 20), ("b", 10, 90)],
        [("a", -90, 0), ("a", 0, 90)],
        [("a", -90, 80)],
        [("a", 90, -90)],
        [],
    ],
)
def test_bands_must_cover_the_globe_once(edges: list) -> None:
    bands = [LatitudeBandSettings(name=n, south=s, north=e) for n, s, e in edges]
    with pytest.raises(InputError, match=r"change.bands: expected bands"):
        check_latitude_bands(bands)


def test_bands_may_come_in_any_order() -> None:
    check_latitude_bands(BANDS)
    check_latitude_bands(BANDS[::-1])


def zones(dataset: xr.Dataset, width_deg: float) -> pd.DataFrame:
    """The zonal table of one map."""
    sums, _ = sums_of(dataset, width_deg)
    return tabulate_zones(
        [2018],
        sums["zone_area"][None],
        sums["zone_total"][None],
        width=zone_width(360 / dataset.sizes["x"], width_deg),
    )


def test_zones_by_hand_and_their_sum() -> None:
    dataset = whole_earth()
    totals = year_totals(dataset)["total"].sel(stratum="all")
    for width in (1.0, 5.0, 10.0):
        rows = zones(dataset, width)
        assert list(rows.columns) == ["year", "latitude", "variable", "mean", "total"]
        rows = rows[rows["variable"] == "nee"]
        assert len(rows) == (36 if width <= 5 else 18)
        assert rows["latitude"].iloc[0] == 90 - max(width, 5) / 2
        expected = float(totals.sel(variable="nee").mean())
        assert rows["total"].sum() == pytest.approx(expected, rel=1e-6)
    north = dataset.isel(y=[0, 1])
    weight = (north["cell_area"] * north["forest_fraction"]).values
    expected = np.nansum(north["nee"] * weight) / weight.sum()
    rows = zones(dataset, 10.0)
    first = rows[(rows["variable"] == "nee")].iloc[0]
    assert first["mean"] == pytest.approx(expected, rel=1e-6)


def test_a_member_without_a_flux_is_one_line(six_cells: xr.Dataset) -> None:
    six_cells["gpp_member"][1, 0, 1] = np.nan
    with pytest.raises(InputError, match=r"2007.zarr: gpp_member: .* found 1 cells"):
        select_cells(six_cells, "maps/2007.zarr")
