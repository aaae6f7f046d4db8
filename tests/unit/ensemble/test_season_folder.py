"""The season network in the model's folder: written, read, refused where it is damaged."""

import numpy as np
import pytest

from forestflux.core.errors import InputError
from forestflux.ensemble.season_folder import (
    SEASON_RECORD,
    SEASON_WEIGHTS,
    load_season,
    save_season,
)
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.models.seasons.season_training import train_season
from tests.builders.season_samples import build_season_samples
from tests.builders.small_training import settings


@pytest.fixture(scope="module")
def towers():
    return build_season_samples(seed=4)


@pytest.fixture(scope="module")
def network(towers):
    small = SeasonSettings(channels=4, epochs=2)
    return train_season(*towers, settings=small, train=settings(), seed=3)


@pytest.fixture
def folder(network, tmp_path):
    save_season(tmp_path, network, samples={"samples": "0a"}, site_years=9, sites=3)
    return tmp_path


def test_what_is_read_gives_the_same_shares(towers, network, folder):
    samples, _ = towers
    place = (samples.series, samples.lat, samples.forest_type)
    np.testing.assert_array_equal(
        load_season(folder).predict_shares(*place), network.predict_shares(*place)
    )


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
