"""Drivers: parts of every stratum that sum to the mapped change, and their maps."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from forestflux.change.drivers.departure_effects import driver_names
from forestflux.change.drivers.driver_maps import (
    collect_drivers,
    find_dominant,
    table_drivers,
)
from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.names import FOREST_TYPES
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from tests.builders.inputs import VARIABLES
from tests.builders.tile_stores import make_members, write_tile_years

DRIVERS = driver_names(VARIABLES)
TABLE_DRIVERS = table_drivers(DRIVERS)
GRID = Grid(10.0, 9)
BANDS = (
    LatitudeBandSettings(name="south", south=-90, north=0),
    LatitudeBandSettings(name="north", south=0, north=90),
)
PAIR = (2003, 2018)
MEMBERS = 3
# Some fluxes of the pair would fall below zero, so that something is left over.
RESPONSE = make_members(
    np.random.default_rng(7).normal(30, 90, (MEMBERS, 2, len(VARIABLES))), scale=0.5
)


def tile_years(tile, folder, rng):
    """A tile in the pair of years, of random fluxes, departures and forest."""
    shape = (MEMBERS, *tile.shape)
    types = rng.integers(0, 6, tile.shape).astype("uint8")
    fraction = np.where(types > 0, rng.uniform(0.1, 0.9, tile.shape), 0)
    inferred = {}
    for year in PAIR:
        forest = (types > 0) & (rng.random(tile.shape) > 0.1)
        layers = {
            name: np.where(forest, rng.uniform(0, most, shape), np.nan).astype("f4")
            for name, most in (("gpp", 2500), ("reco", 2000))
        }
        inferred[year] = xr.Dataset(
            {
                **{n: (("member", "y", "x"), values) for n, values in layers.items()},
                "forest_fraction": (("y", "x"), fraction.astype("float32")),
                "forest_type": (("y", "x"), types),
            },
            {
                "member": np.arange(MEMBERS),
                "y": tile.latitudes(),
                "x": tile.longitudes(),
            },
            {"year": year},
        )
        fraction = fraction * rng.uniform(0.7, 1.1, tile.shape)
    departure = rng.normal(0, 0.5, (2, len(VARIABLES), *tile.shape))
    years = write_tile_years(folder / tile.name, inferred, departure, response=RESPONSE)
    return tile, [years[year] for year in PAIR]


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drivers")
    rng = np.random.default_rng(4)
    return [tile_years(tile, folder, rng) for tile in GRID.tiles()]


@pytest.fixture(scope="module")
def collected(tiles):
    return collect_drivers(
        tiles, GRID, response=RESPONSE, pair=PAIR, bands=BANDS, level=0.9
    )


def mapped_change(tiles, flux, of_kind):
    """Change of the total (member,), PgC yr-1, cell by cell, of the cells of a stratum."""
    total = np.zeros(MEMBERS)
    for tile, years in tiles:
        first, second = (year.load() for year in years)
        area = cell_area(tile.latitudes(), 10.0)[:, None]
        both = np.isfinite(first["gpp"][0]) & np.isfinite(second["gpp"][0])
        chosen = both.values & of_kind(first)
        for sign, store in ((-1, first), (1, second)):
            gpp, reco = (store[n].values.astype(float) for n in ("gpp", "reco"))
            values = {"gpp": gpp, "reco": reco, "nee": reco - gpp}[flux]
            weight = area * store["forest_fraction"].values
            total += sign * (values * weight)[:, chosen].sum(axis=1) * 1e-15
    return total


STRATA = {
    "all": lambda store: np.ones(store["forest_type"].shape, bool),
    **{
        name: (lambda store, code=code: store["forest_type"].values == code)
        for code, name in enumerate(FOREST_TYPES, start=1)
    },
    "south": lambda store: np.broadcast_to(
        store["y"].values[:, None] < 0, store["forest_type"].shape
    ),
}


@pytest.mark.parametrize("stratum", STRATA)
@pytest.mark.parametrize("flux", ["gpp", "reco", "nee"])
def test_parts_sum_to_the_change_of_the_total(tiles, collected, stratum, flux):
    """Effects of the drivers sum to the change, for each flux and stratum."""
    _, table = collected
    rows = table[(table["stratum"] == stratum) & (table["flux"] == flux)]
    effect = rows.set_index("driver")["effect"]
    assert list(effect.index) == [*TABLE_DRIVERS, "change"]
    assert effect[list(TABLE_DRIVERS)].sum() == pytest.approx(
        effect["change"], rel=1e-9
    )
    wanted = mapped_change(tiles, flux, STRATA[stratum]).mean()
    assert effect["change"] == pytest.approx(wanted, rel=1e-5)


def test_nee_closes_in_every_row(collected):
    _, table = collected
    wide = table.pivot_table(
        index=["driver", "stratum", "kind"], columns="flux", values="effect"
    )
    np.testing.assert_allclose(wide["nee"], wide["reco"] - wide["gpp"], atol=1e-12)


def test_area_is_the_mean_flux_on_the_area_that_moved(tiles, collected):
    _, table = collected
    wanted = 0.0
    for tile, years in tiles:
        first, second = (year.load() for year in years)
        flux = (first["gpp"] + second["gpp"]).astype(float).mean("member") / 2
        moved = (second["forest_fraction"] - first["forest_fraction"]).astype(float)
        area = cell_area(tile.latitudes(), 10.0)[:, None]
        wanted += float((flux * moved * area).sum()) * 1e-15
    row = table.query("driver == 'area' and flux == 'gpp' and stratum == 'all'")
    assert row["effect"].item() == pytest.approx(wanted, rel=1e-5)


def test_shares_and_intervals(collected):
    _, table = collected
    parts = table[table["driver"] != "change"]
    sums = parts["share"].abs().groupby([parts["flux"], parts["stratum"]]).sum()
    np.testing.assert_allclose(sums, 1)
    assert (np.sign(parts["share"]) == np.sign(parts["effect"])).all()
    assert table.loc[table["driver"] == "change", "share"].isna().all()
    series = ~table["driver"].isin(["area", "interaction", "change"])
    bounds = table[["effect_lower", "effect_upper"]]
    assert bounds[~series].isna().all(axis=None)
    assert (bounds["effect_lower"] < bounds["effect_upper"])[series].all()


def test_maps_hold_the_mean_effects_of_their_tile(tiles, collected):
    """Of cells that are forest in both years; the response is to the step between them."""
    maps, _ = collected
    for tile, years in tiles:
        first, second = (year.load()["departure"].values for year in years)
        both = np.isfinite(years[0].load()["gpp"][0] + years[1].load()["gpp"][0])
        slope = RESPONSE.coefficients[0] / RESPONSE.scale
        wanted = slope[:, None, None] * (second - first)
        here = maps["gpp_effect"].values[:-1, tile.rows, tile.columns]
        np.testing.assert_array_equal(
            np.isfinite(here), np.broadcast_to(both, here.shape)
        )
        np.testing.assert_allclose(here, np.where(both, wanted, np.nan), rtol=1e-4)
    nee = maps["nee_effect"].values
    forest = np.isfinite(nee[0])
    code = maps["nee_driver"].values
    assert (code[~forest] == 0).all()
    assert (np.abs(nee[-1, forest]) > 1).any()
    assert (code[forest] == np.abs(nee[:, forest]).argmax(axis=0) + 1).all()
    assert maps["nee_driver"].attrs["flag_meanings"].split()[0] == "none"


def test_the_dominant_driver_worked_by_hand():
    effect = np.array([[[1.0, 0.0, np.nan]], [[-3.0, 0.0, np.nan]]])
    code, share = find_dominant(effect)
    assert code.tolist() == [[2, 0, 0]]
    assert share[0, 0] == 0.75
    assert np.isnan(share[0, 1:]).all()


def test_co2_is_a_driver_where_it_is_added(tiles):
    with_co2 = [
        (tile, [replace(year, co2="towers") for year in years]) for tile, years in tiles
    ]
    store, table = collect_drivers(
        with_co2, GRID, response=RESPONSE, pair=PAIR, bands=BANDS, level=0.9
    )
    rows = table.query("flux == 'gpp' and stratum == 'all'").set_index("driver")
    drivers = rows.index.drop("change")
    assert list(drivers) == [*VARIABLES, "co2", "area", "interaction"]
    assert rows.loc["co2", "effect"] > 0
    wanted = mapped_change(with_co2, "gpp", STRATA["all"]).mean()
    assert rows.loc["change", "effect"] == pytest.approx(wanted, rel=1e-5)
    assert rows.loc[drivers, "effect"].sum() == pytest.approx(wanted, rel=1e-5)
    assert "co2" in store["driver"].values
