"""Months of the simulated planet: they add up to its year, which stays what it was."""

import numpy as np
import pytest

from forestflux.core.grids.grid import Grid
from forestflux.jobs.settings.source_settings import PlanetSettings, UnseenSettings
from forestflux.jobs.stores.store import load_store, write_store
from forestflux.sources.simulated.carbon import carbon_year
from forestflux.sources.simulated.seasons import (
    simulated_site_months,
    steps_to_shares,
    true_months,
)
from forestflux.sources.simulated.simulated_towers import (
    kinds_of,
    simulated_site_years,
    simulated_sites,
)
from forestflux.sources.simulated.true_fluxes import true_year
from forestflux.sources.simulated.true_months import band_chunks, true_month_year
from forestflux.sources.simulated.vegetation import cells_of_kind
from forestflux.towers.site_months import find_wrong_sums

SEED = 3


@pytest.fixture(scope="module")
def towers():
    return simulated_sites().iloc[::8].reset_index(drop=True)


@pytest.fixture(scope="module")
def cells(towers):
    places = (towers[name].to_numpy(float) for name in ("lat", "lon"))
    return cells_of_kind(*places, kinds_of(towers), seed=SEED)


@pytest.mark.parametrize("buffering", [0.0, 0.5])
def test_true_months_add_up_to_the_true_year(cells, buffering):
    planet = PlanetSettings(unseen=UnseenSettings(buffering=buffering))
    carbon = carbon_year(cells, 2004, seed=SEED, planet=planet)
    gpp, reco = true_months(cells, 2004, carbon=carbon, seed=SEED, planet=planet)
    np.testing.assert_allclose(gpp.sum(axis=1), carbon.gpp, rtol=1e-12)
    np.testing.assert_allclose(reco.sum(axis=1), carbon.reco, rtol=1e-12)
    assert (gpp >= 0).all()
    assert (reco >= 0).all()


def test_true_months_of_the_globe_add_up_to_the_true_year(tmp_path):
    grid, planet = Grid(12.0, 15), PlanetSettings()
    months = true_month_year(grid, 2004, seed=SEED, planet=planet)
    write_store(months, tmp_path / "months.zarr", chunks=band_chunks(grid))
    found = load_store(tmp_path / "months.zarr")
    year = true_year(grid, 2004, seed=SEED, planet=planet)
    for flux in ("gpp", "reco"):
        added = found[flux].values.sum(axis=0, dtype=float)
        np.testing.assert_allclose(added, year[flux].values, rtol=1e-6, atol=1e-4)


def test_summer_is_in_july_in_the_north_and_in_january_in_the_south(cells):
    planet = PlanetSettings()
    carbon = carbon_year(cells, 2003, seed=SEED, planet=planet)
    gpp, _ = true_months(cells, 2003, carbon=carbon, seed=SEED, planet=planet)
    north, south = cells.latitudes > 50, cells.latitudes < -30
    assert np.isin(gpp[north].argmax(axis=1), (4, 5, 6, 7)).all()
    assert np.isin(gpp[south].argmax(axis=1), (9, 10, 11, 0, 1, 2)).all()


def test_a_year_without_any_flux_has_even_shares():
    shares = steps_to_shares(np.zeros((1, 46)), 2003)
    np.testing.assert_allclose(shares, 1 / 12)


def test_measured_months_add_up_to_what_the_tower_measured(towers):
    planet = PlanetSettings()
    years = simulated_site_years(towers, seed=SEED, planet=planet, years=(2003, 2005))
    months = simulated_site_months(towers, years, seed=SEED, planet=planet)
    assert len(months) == 12 * len(years)
    assert find_wrong_sums(months, years).empty
    totals = months.groupby(["site", "year"])[["gpp", "nee"]].sum().reset_index()
    joined = totals.merge(years, on=["site", "year"], suffixes=("_months", ""))
    for flux in ("gpp", "nee"):
        np.testing.assert_allclose(joined[f"{flux}_months"], joined[flux], atol=0.02)
