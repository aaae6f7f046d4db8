"""The season network in the model's folder: written, read, refused where it is damaged."""

import numpy as np
import pytest
import xarray as xr

from forestflux.core.input_errors import InputError
from forestflux.ensemble.fast.fast_season import CELLS, FastSeason
from forestflux.ensemble.intervals.month_intervals import MonthCalibration
from forestflux.ensemble.season_folder import (
    SEASON_RECORD,
    SEASON_WEIGHTS,
    load_season,
    save_season,
)
from forestflux.ensemble.trained_season import TrainedSeason
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.models.flux_model import Fluxes
from forestflux.models.seasons.season_training import train_season
from tests.builders.inputs import UNITS
from tests.builders.masked_tiles import make_masked
from tests.builders.season_samples import build_season_samples
from tests.builders.small_training import settings


@pytest.fixture(scope="module")
def towers():
    return build_season_samples(seed=4)


@pytest.fixture(scope="module")
def season(towers):
    small = SeasonSettings(channels=4, epochs=2)
    network = train_season(*towers, settings=small, train=settings(), seed=3)
    widths = {"all": tuple(range(1, 13)), "ENF": (5.0,) * 11 + (np.inf,)}
    calibration = MonthCalibration(0.9, {"gpp": widths, "nee": widths})
    return TrainedSeason(network, calibration, UNITS)


@pytest.fixture
def folder(season, tmp_path):
    save_season(tmp_path, season, samples={"samples": "0a"}, site_years=9, sites=3)
    return tmp_path


def test_what_is_read_gives_the_same_months(towers, season, folder):
    samples, _ = towers
    annual = Fluxes(samples.table["gpp"].to_numpy(), samples.table["reco"].to_numpy())
    place = (annual, samples.series, samples.lat, samples.forest_type)
    made = season.divide(*place, year=2004)
    read = load_season(folder).divide(*place, year=2004)
    assert list(read) == [
        *("gpp", "reco", "nee"),
        *("gpp_lower", "gpp_upper", "nee_lower", "nee_upper"),
    ]
    for name, values in made.items():
        np.testing.assert_array_equal(read[name], values)
        assert values.dtype == "float32"
    added = made["gpp"].sum(axis=1, dtype=float).astype("float32")
    np.testing.assert_array_equal(added, annual.gpp.astype("float32"))
    np.testing.assert_array_equal(made["nee"], made["reco"] - made["gpp"])
    assert (made["gpp_lower"] >= 0).all()


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("workers", [1, 3])
def test_the_fast_season_gives_the_same_shares(towers, kernel, workers):
    """More rows than go through at once, whole years of gaps, both hemispheres, a leap year."""
    samples, _ = towers
    small = SeasonSettings(channels=4, epochs=2, kernel=kernel)
    network = train_season(*towers, settings=small, train=settings(), seed=3)
    rows = np.arange(2 * CELLS + 5) % len(samples)
    series = samples.series[rows].copy()
    series[7] = np.nan
    place = (series, samples.lat[rows], samples.forest_type[rows])
    years = np.where(rows % 2, 2003, 2004)
    found = FastSeason(network, workers=workers).predict_shares(*place, years=years)
    np.testing.assert_allclose(
        found, network.predict_shares(*place, years=years), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(found.sum(axis=-1), 1, rtol=1e-12)


def test_rows_of_one_year_and_hemisphere_have_the_shares_that_they_have_among_others(
    towers,
):
    """A tile has one calendar for all of its cells; a tower's rows have several."""
    samples, _ = towers
    small = SeasonSettings(channels=4, epochs=2)
    network = FastSeason(
        train_season(*towers, settings=small, train=settings(), seed=3), workers=1
    )
    north = np.flatnonzero(samples.lat > 0)
    mixed = np.arange(len(samples))
    among, alone = (
        network.predict_shares(
            samples.series[rows],
            samples.lat[rows],
            samples.forest_type[rows],
            years=np.full(len(rows), 2004),
        )
        for rows in (mixed, north)
    )
    np.testing.assert_allclose(alone, among[:, north], rtol=1e-6)


def test_a_dataset_has_months_on_its_own_rows_and_columns(season):
    dataset = make_masked()
    forest = dataset["forest_type"].values > 0
    annual = xr.Dataset(
        {
            flux: (("y", "x"), np.where(forest, total, np.nan).astype("float32"))
            for flux, total in (("gpp", 1200.0), ("reco", 900.0))
        }
    )
    months = season.predict(dataset, annual)
    assert months["gpp"].dims == ("month", "y", "x")
    np.testing.assert_array_equal(months["y"], dataset["y"])
    added = months["gpp"].values.sum(axis=0, dtype=float).astype("float32")
    np.testing.assert_array_equal(added[forest], annual["gpp"].values[forest])
    assert np.isnan(months["nee"].values[:, ~forest]).all()
    site = season.predict(dataset.isel(y=0, x=0), annual.isel(y=0, x=0))
    assert site["gpp"].dims == ("month",)
    np.testing.assert_allclose(site["gpp"], months["gpp"][:, 0, 0], rtol=1e-5)


def test_no_cell_at_all_gives_no_months(season):
    nothing = np.empty((0, 6, 46), "float32")
    none = np.empty(0)
    months = season.divide(
        Fluxes(none, none), nothing, none, none.astype(int), year=2003
    )
    assert months["gpp_upper"].shape == (0, 12)


def test_a_folder_without_a_season_says_how_to_get_one(tmp_path):
    with pytest.raises(InputError, match=r"fluxes\.months: true, found no such"):
        load_season(tmp_path)


def test_damaged_weights_are_refused(folder):
    path = folder / SEASON_WEIGHTS
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="checksum"):
        load_season(folder)


def test_an_edited_record_is_refused(folder):
    path = folder / SEASON_RECORD
    path.write_text(path.read_text().replace('"sites": 3', '"sites": 4'))
    with pytest.raises(InputError, match="seal"):
        load_season(folder)
