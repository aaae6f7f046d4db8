"""Drivers: parts of every stratum that sum to the mapped change, and their maps."""

import numpy as np
import pytest
import xarray as xr

from forestflux.change.drivers.driver_maps import (
    collect_drivers,
    find_dominant,
    table_drivers,
)
from forestflux.change.drivers.one_at_a_time import driver_names
from forestflux.core.grid import Grid, cell_area
from forestflux.core.names import FOREST_TYPES
from forestflux.jobs.settings.change_settings import LatitudeBandSettings
from forestflux.jobs.store import load_store, write_store
from tests.builders.inputs import VARIABLES

DRIVERS = driver_names(VARIABLES)
TABLE_DRIVERS = table_drivers(DRIVERS)
GRID = Grid(10.0, 9)
BANDS = (
    LatitudeBandSettings(name="south", south=-90, north=0),
    LatitudeBandSettings(name="north", south=0, north=90),
)
MEMBERS = 3


def tile_stores(tile, folder, rng):
    """Random infer stores of two years and effects that sum to their difference."""
    shape = (MEMBERS, *tile.shape)
    types = rng.integers(0, 6, tile.shape).astype("uint8")
    fraction = np.where(types > 0, rng.uniform(0.1, 0.9, tile.shape), 0)
    years, paths = [], []
    for year in (2003, 2018):
        cut = rng.random(tile.shape) < 0.1
        forest = (types > 0) & ~cut
        flux = {
            name: np.where(forest, rng.normal(level, 200, shape), np.nan)
            for name, level in (("gpp", 1500), ("reco", 1200))
        }
        store = xr.Dataset(
            {
                **{
                    n: (("member", "y", "x"), v.astype("float32"))
                    for n, v in flux.items()
                },
                "forest_fraction": (("y", "x"), fraction.astype("float32")),
                "forest_type": (("y", "x"), types),
            },
            {"y": tile.latitudes(), "x": tile.longitudes()},
        )
        fraction = fraction * rng.uniform(0.7, 1.1, tile.shape)
        years.append(store)
        paths.append(folder / f"infer/{tile.name}/{year}.zarr")
        write_store(store.copy(), paths[-1])
    part = rng.dirichlet(np.ones(len(DRIVERS)))[:, None, None, None]
    effects = xr.Dataset(
        {
            f"{n}_effect": (
                ("driver", "member", "y", "x"),
                (part * (years[1][n] - years[0][n]).values).astype("float32"),
            )
            for n in ("gpp", "reco")
        },
        {"driver": list(DRIVERS)},
    )
    path = folder / f"counterfactual/{tile.name}.zarr"
    write_store(effects, path)
    return tile, path, tuple(paths)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drivers")
    rng = np.random.default_rng(4)
    return [tile_stores(tile, folder, rng) for tile in GRID.tiles()]


@pytest.fixture(scope="module")
def collected(stores):
    return collect_drivers(stores, GRID, pair=(2003, 2018), bands=BANDS, level=0.9)


def mapped_change(stores, flux, of_kind):
    """Change of the total (member,), PgC yr-1, cell by cell, of the cells of a stratum."""
    total = np.zeros(MEMBERS)
    for tile, _, paths in stores:
        first, second = map(load_store, paths)
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
def test_parts_sum_to_the_change_of_the_total(stores, collected, stratum, flux):
    """Effects of the drivers sum to the change, for each flux and stratum."""
    _, table = collected
    rows = table[(table["stratum"] == stratum) & (table["flux"] == flux)]
    effect = rows.set_index("driver")["effect"]
    assert list(effect.index) == [*TABLE_DRIVERS, "change"]
    assert effect[list(TABLE_DRIVERS)].sum() == pytest.approx(
        effect["change"], rel=1e-9
    )
    wanted = mapped_change(stores, flux, STRATA[stratum]).mean()
    assert effect["change"] == pytest.approx(wanted, rel=1e-5)


def test_nee_closes_in_every_row(collected):
    _, table = collected
    wide = table.pivot_table(
        index=["driver", "stratum", "kind"], columns="flux", values="effect"
    )
    np.testing.assert_allclose(wide["nee"], wide["reco"] - wide["gpp"], atol=1e-12)


def test_area_is_the_mean_flux_on_the_area_that_moved(stores, collected):
    _, table = collected
    wanted = 0.0
    for tile, _, paths in stores:
        first, second = map(load_store, paths)
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
    assert (table["effect_lower"] < table["effect_upper"]).all()


def test_maps_hold_the_mean_effects_of_their_tile(stores, collected):
    maps, _ = collected
    for tile, path, _ in stores:
        effects = load_store(path)
        mean = effects["gpp_effect"].mean("member").values
        here = maps["gpp_effect"].values[:, tile.rows, tile.columns]
        np.testing.assert_allclose(here, mean, rtol=1e-5)
    nee = maps["nee_effect"].values
    forest = np.isfinite(nee[0])
    code = maps["nee_driver"].values
    assert (code[~forest] == 0).all()
    assert (code[forest] == np.abs(nee[:, forest]).argmax(axis=0) + 1).all()
    assert maps["nee_driver"].attrs["flag_meanings"].split()[0] == "none"


def test_the_dominant_driver_worked_by_hand():
    effect = np.array([[[1.0, 0.0, np.nan]], [[-3.0, 0.0, np.nan]]])
    code, share = find_dominant(effect)
    assert code.tolist() == [[2, 0, 0]]
    assert share[0, 0] == 0.75
    assert np.isnan(share[0, 1:]).all()
