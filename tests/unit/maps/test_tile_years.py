"""Level and response of a tile: they close over the years, and bad stores are one line."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.maps.tile_years import average_fluxes, load_years
from forestflux.models.years.co2 import weigh_years
from tests.builders.inputs import VARIABLES
from tests.builders.tile_stores import (
    make_members,
    no_response,
    write_departures,
    write_tile_years,
)

YEARS = (2003, 2004, 2005, 2006)
MEMBERS, SHAPE = 3, (5, 4)
COUNT = 2  # variables
BARE, SOMETIMES, ONCE = (0, 1), (2, 2), (4, 0)  # cells
RESPONSE = make_members(
    np.random.default_rng(1).normal(0, 60, (MEMBERS, 2, COUNT)), scale=2.0
)


def build_inferred(rng, *, least=2000.0):
    """Infer stores: a cell is bare, one is forest in two years, one in a single year."""
    result = {}
    for number, year in enumerate(YEARS):
        forest = np.ones(SHAPE, bool)
        forest[BARE] = False
        forest[SOMETIMES] = number in (1, 2)
        forest[ONCE] = number == 3
        layers = {
            name: (
                ("member", "y", "x"),
                np.where(
                    forest, rng.uniform(least, least + 900, (MEMBERS, *SHAPE)), np.nan
                ).astype("float32"),
            )
            for name in ("gpp", "reco")
        }
        layers["forest_type"] = ("y", "x"), np.where(forest, number + 1, 0).astype("u1")
        result[year] = xr.Dataset(
            layers,
            {
                "member": np.arange(MEMBERS),
                "y": 50.0 - np.arange(SHAPE[0]),
                "x": 7.0 + np.arange(SHAPE[1]),
            },
            {"year": year},
        )
    return result


@pytest.fixture(scope="module")
def inferred():
    return build_inferred(np.random.default_rng(0))


@pytest.fixture(scope="module")
def departure():
    """Departures (year, variable, y, x) that sum to zero, as the stage makes them."""
    values = np.random.default_rng(2).normal(0, 2, (len(YEARS), COUNT, *SHAPE))
    return values - values.mean(axis=0)


@pytest.fixture(scope="module")
def years(inferred, departure, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tile")
    return write_tile_years(folder, inferred, departure, response=RESPONSE)


def stack(years, flux):
    """A flux (year, member, y, x) of all years, float64."""
    return np.stack([year.load()[flux].values for year in years.values()]).astype(float)


def test_level_worked_by_hand(tmp_path):
    """Means over the years in which a cell is estimated, of its departures too."""
    gap = np.nan
    fluxes = {2003: [[10, gap], [20, gap]], 2004: [[12, 4], [30, 8]]}
    stores = {}
    for year, (gpp, reco) in fluxes.items():
        layers = {
            name: (("member", "y", "x"), np.array([[values]], "float32"))
            for name, values in (("gpp", gpp), ("reco", reco))
        }
        coords = {"member": [0], "y": [1.0], "x": [5.0, 6.0]}
        stores[year] = xr.Dataset(layers, coords)
        write_store(stores[year].copy(), tmp_path / f"{year}.zarr")
    departure = np.array([[-1.0, -2.0], [1.0, 2.0]])[:, None, None]
    moved = write_departures(tmp_path / "departures.zarr", departure, stores)
    level = average_fluxes({y: tmp_path / f"{y}.zarr" for y in stores}, moved)
    assert level["gpp"].values.ravel().tolist() == [11, 4]
    assert level["reco"].values.ravel().tolist() == [25, 8]
    assert level["departure"].values.ravel().tolist() == [0, 2]
    assert level["departure"].dims == ("variable", "y", "x")
    assert {layer.dtype for layer in level.values()} == {np.dtype("float32")}


def test_a_flux_is_level_plus_response(years, inferred, departure):
    """Of each member, at a cell that is forest in all years."""
    cell = (1, 3)
    for number, (year, tile) in enumerate(years.items()):
        found = tile.load()
        slope = RESPONSE.members @ departure[number][:, *cell] / 2.0
        for name, change in (("gpp", slope[:, 0]), ("reco", slope.sum(axis=1))):
            level = np.mean(
                [store[name].values[:, *cell] for store in inferred.values()], axis=0
            )
            np.testing.assert_allclose(
                found[name].values[:, *cell], level + change, rtol=1e-6
            )
        own = inferred[year]["forest_type"]
        np.testing.assert_array_equal(found["forest_type"], own)
        assert found.attrs["year"] == year


def test_mean_over_the_years_is_the_level(years, inferred):
    """Of each member within float32, hence of the ensemble mean, whatever the response."""
    for name in ("gpp", "reco"):
        networks = np.stack([store[name].values for store in inferred.values()])
        known = np.isfinite(networks)
        wanted = np.where(known, networks, 0).sum(axis=0, dtype=float)
        count = known.sum(axis=0)
        wanted = np.divide(
            wanted, count, where=count > 0, out=np.full(wanted.shape, np.nan)
        )
        mapped = stack(years, name)
        np.testing.assert_array_equal(np.isfinite(mapped), known)
        assert (np.ptp(mapped[:, :, 0, 0], axis=0) > 20).all()
        mean = np.nansum(mapped, axis=0) / np.where(count > 0, count, np.nan)
        np.testing.assert_allclose(mean, wanted, rtol=3e-7)
        np.testing.assert_allclose(mean.mean(axis=0), wanted.mean(axis=0), rtol=2e-7)


def test_mean_of_the_members_responds_as_the_coefficients_say(years):
    """The ensemble mean moves between years as the response itself does."""
    gpp, reco = (stack(years, flux).mean(axis=1) for flux in ("gpp", "reco"))
    moved = np.stack([year.load()["departure"].values for year in years.values()])
    common = np.isfinite(gpp).all(axis=0)
    step = (moved[3] - moved[0])[:, common].T
    change = RESPONSE.predict(step)
    np.testing.assert_allclose((gpp[3] - gpp[0])[common], change[0], atol=1e-3)
    nee = (reco - gpp)[3] - (reco - gpp)[0]
    np.testing.assert_allclose(nee[common], change[1], atol=1e-3)


def test_a_cell_that_is_forest_only_in_some_years(years, inferred, departure):
    """Its departures are from the mean of those years, so that its level stays its level."""
    second, third = (years[year] for year in (2004, 2005))
    half = (departure[1] - departure[2])[:, *SOMETIMES] / 2
    np.testing.assert_allclose(
        second.load()["departure"].values[:, *SOMETIMES], half, atol=1e-6
    )
    gpp = [tile.load()["gpp"].values[:, *SOMETIMES] for tile in (second, third)]
    slope = RESPONSE.members[:, 0] @ half / 2.0
    networks = [inferred[y]["gpp"].values[:, *SOMETIMES] for y in (2004, 2005)]
    level = np.mean(networks, axis=0)
    np.testing.assert_allclose(gpp, [level + slope, level - slope], rtol=1e-6)
    for year in (2003, 2006):
        assert np.isnan(years[year].load()["gpp"].values[:, *SOMETIMES]).all()


def test_a_cell_with_one_year_keeps_what_the_networks_gave(years, inferred):
    found = years[2006].load()
    for name in ("gpp", "reco"):
        wanted = inferred[2006][name].values[:, *ONCE]
        np.testing.assert_array_equal(found[name].values[:, *ONCE], wanted)
    level = load_store(years[2003].level)
    for layer in level.values():
        assert np.isnan(layer.values[..., *BARE]).all()


def test_without_a_response_every_year_is_the_level(inferred, departure, tmp_path):
    years = write_tile_years(
        tmp_path, inferred, departure, response=no_response(MEMBERS, COUNT)
    )
    level = load_store(years[2003].level)
    for year, tile in years.items():
        there = np.isfinite(inferred[year]["gpp"].values)
        for name in ("gpp", "reco"):
            wanted = np.where(there, level[name].values, np.nan)
            np.testing.assert_array_equal(tile.load()[name].values, wanted)


def test_years_that_differ_like_places_are_what_the_networks_gave(years, inferred):
    """Of a model that has no response."""
    tile = replace(years[2004], response=None)
    xr.testing.assert_identical(tile.load(), inferred[2004])
    layers = tile.load(["gpp", "reco"], rows=slice(1, 3))
    xr.testing.assert_identical(
        layers, inferred[2004][["gpp", "reco"]].isel(y=slice(1, 3))
    )


def test_fluxes_are_never_negative(departure, tmp_path):
    """Where level plus response is below zero the flux is zero, and only there."""
    low = build_inferred(np.random.default_rng(5), least=-400.0)
    years = write_tile_years(tmp_path, low, departure, response=RESPONSE)
    level = load_store(years[2003].level)
    clipped = 0
    for tile in years.values():
        found = tile.load()
        there = np.isfinite(found["gpp"].values[0])
        change = RESPONSE.predict_members(tile.load()["departure"].values[:, there].T)
        for name, moved in (("gpp", change[:, 0]), ("reco", change.sum(axis=1))):
            free = level[name].values[:, there] + moved
            values = found[name].values[:, there]
            assert (values >= 0).all()
            np.testing.assert_allclose(values, np.maximum(free, 0), atol=1e-3)
            clipped += (free < 0).sum()
    assert clipped > 20


@pytest.mark.parametrize("rows", [slice(0, 1), slice(1, 4), slice(3, 5), slice(2, 2)])
def test_rows_change_nothing(years, rows):
    """Neither of the fluxes nor of the departures."""
    for tile in years.values():
        whole, part = tile.load(), tile.load(["reco", "gpp"], rows=rows)
        assert list(part) == ["reco", "gpp"]
        xr.testing.assert_identical(part, whole[["reco", "gpp"]].isel(y=rows))
        moved = tile.load(rows=rows)["departure"]
        xr.testing.assert_identical(moved, tile.load()["departure"].isel(y=rows))


def test_departures_of_a_year(years, departure):
    found = load_years(years[2003].departures, [2005], rows=slice(1, 3))[0]
    assert found["variable"].values.tolist() == list(VARIABLES[:COUNT])
    np.testing.assert_array_equal(found, departure[2, :, 1:3].astype("float32"))


def test_a_year_that_is_missing_is_one_line(years):
    tile = years[2004]
    late = replace(tile, year=2011)
    with pytest.raises(InputError) as caught:
        late.load()
    assert str(caught.value) == (
        f"{tile.departures}: year: expected 2011, found only {list(YEARS)}"
    )
    with pytest.raises(InputError, match="year: expected 2011, found only"):
        average_fluxes({2011: tile.inferred}, tile.departures)


@pytest.mark.parametrize(
    ("store", "name"),
    [
        ("infer/2004", "reco"),
        ("departures", "departure"),
        ("level", "gpp"),
        ("level", "departure"),
    ],
)
def test_a_missing_chunk_is_not_read_as_no_forest(
    inferred, departure, tmp_path, store, name
):
    """Missing chunks would read as NaN: the map would have holes that nobody notices."""
    years = write_tile_years(tmp_path, inferred, departure, response=RESPONSE)
    years[2004].load()
    chunks = [
        p for p in (tmp_path / f"{store}.zarr/{name}/c").rglob("*") if p.is_file()
    ]
    chunks[0].unlink()
    with pytest.raises(
        InputError, match=rf"zarr: {name}: expected {len(chunks)} chunks"
    ):
        years[2004].load()


def test_co2_multiplies_the_level_and_keeps_its_mean(years, inferred):
    """Cells have temperatures from -5 to 25 degrees C."""
    plain = {year: tile.load() for year, tile in years.items()}
    with_co2 = {
        year: replace(tile, co2="theory").load() for year, tile in years.items()
    }
    temperature = np.linspace(-5, 25, SHAPE[0] * SHAPE[1], dtype="float32")
    factors = weigh_years("theory", YEARS, temperature.reshape(SHAPE))
    for number, year in enumerate(YEARS):
        for flux in ("gpp", "reco"):
            level = np.mean([store[flux].values for store in inferred.values()], axis=0)
            added = level * (factors[number] - 1)
            found = with_co2[year][flux].values - plain[year][flux].values
            always = np.isfinite(added)
            np.testing.assert_allclose(found[always], added[always], atol=1e-3)
            np.testing.assert_allclose(
                with_co2[year][f"{flux}_co2"].values[always],
                added[always],
                rtol=1e-4,
                atol=1e-5,
            )
    assert "gpp_co2" not in plain[2003]
    cell = (1, 3)
    rise = [
        with_co2[year]["gpp"].values[:, *cell] - plain[year]["gpp"].values[:, *cell]
        for year in YEARS
    ]
    np.testing.assert_allclose(np.sum(rise, axis=0), 0, atol=1e-3)
    assert (rise[-1] > rise[0]).all()
