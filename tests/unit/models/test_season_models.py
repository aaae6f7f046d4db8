"""Season models: shares that close the year, from every model, on both hemispheres."""

from dataclasses import replace

import numpy as np
import pytest

from forestflux.core.calendars.months import month_lengths
from forestflux.core.input_errors import InputError
from forestflux.core.names import NETWORK
from forestflux.jobs.settings.flux_settings import SeasonSettings
from forestflux.models.flux_model import Fluxes
from forestflux.models.seasons.mean_seasons import MeanSeasons
from forestflux.models.seasons.month_labels import match_months
from forestflux.models.seasons.season_folds import run_season_fold
from forestflux.models.seasons.season_regressor import SeasonRegressor
from forestflux.models.seasons.season_training import train_season
from forestflux.models.seasons.season_trees import SeasonTrees
from forestflux.models.seasons.shares import (
    MEAN_SEASON,
    TREES,
    divide_fluxes,
    measure_shares,
    predict_sample_shares,
)
from tests.builders.season_samples import build_season_samples, list_site_months
from tests.builders.small_training import settings

SETTINGS = SeasonSettings(channels=6, epochs=60)
TRAIN = settings()


@pytest.fixture(scope="module")
def towers():
    return build_season_samples(seed=4)


@pytest.fixture(scope="module")
def network(towers):
    return train_season(*towers, settings=SETTINGS, train=TRAIN, seed=7)


def share_error(shares, months):
    """Mean absolute error of shares (flux, sample, month)."""
    truth = measure_shares(months).transpose(1, 0, 2)
    return np.abs(shares - truth).mean()


def test_a_network_learns_the_season_from_the_series(towers, network):
    samples, months = towers
    shares = predict_sample_shares(network, samples)
    assert shares.shape == (2, len(samples), 12)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-12)
    even = np.full(shares.shape, 1 / 12)
    assert share_error(shares, months) < 0.3 * share_error(even, months)


def test_a_year_without_any_value_still_has_shares(towers, network):
    samples, _ = towers
    gone = replace(samples, series=np.full_like(samples.series, np.nan))
    shares = predict_sample_shares(network, gone)
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-12)


def test_the_same_seed_gives_the_same_weights(towers, network):
    again = train_season(*towers, settings=SETTINGS, train=TRAIN, seed=7)
    for name, weights in network.weights().items():
        np.testing.assert_array_equal(again.weights()[name], weights)


def test_a_network_is_restored_from_its_weights(towers, network, tmp_path):
    samples, _ = towers
    first = samples.take(np.arange(3))
    parts = {"variables": network.variables, "normalisation": network.normalisation}
    weights = network.weights()
    restored = SeasonRegressor.from_weights(
        SETTINGS, TRAIN, **parts, weights=weights, source=tmp_path
    )
    np.testing.assert_array_equal(
        predict_sample_shares(restored, first), predict_sample_shares(network, first)
    )
    with pytest.raises(InputError, match=r"head\.weight: expected float32 of shape"):
        SeasonRegressor.from_weights(
            SETTINGS,
            TRAIN,
            **parts,
            weights=weights | {"head.weight": weights["head.weight"][:1]},
            source=tmp_path,
        )


def test_every_model_gives_closed_shares_of_unseen_rows(towers):
    samples, months = towers
    _, table = run_season_fold(
        samples,
        months,
        split="site",
        fold=0,
        settings=SETTINGS,
        train=TRAIN,
        classical=("extra_trees", "svr"),
        seed=1,
    )
    unseen = (samples.table["fold_site"] == 0) & samples.table["forest"]
    assert set(table["model"]) == {NETWORK, MEAN_SEASON, TREES}
    assert len(table) == 3 * 12 * unseen.sum()
    sums = table.groupby(["model", "site", "year"])[["gpp_share", "reco_share"]].sum()
    np.testing.assert_allclose(sums, 1, rtol=1e-9)
    # January and July change places south of the equator.
    mean = table[table["model"] == MEAN_SEASON].set_index(["site", "year", "month"])
    lat = samples.table.set_index("site")["lat"].groupby("site").first()
    for (site, year), rows in mean.groupby(["site", "year"]):
        july = rows.loc[(site, year, 7), "gpp_share"]
        january = rows.loc[(site, year, 1), "gpp_share"]
        assert (july > january) == (lat[site] > 0)


def test_unseen_rows_do_not_teach(towers):
    """Other months of the held-out towers leave the network of the fold as it is."""
    samples, months = towers
    held = (samples.table["fold_site"] == 0).to_numpy()
    other = np.where(held[:, None, None], 1.0, months)
    given = {"split": "site", "fold": 0, "settings": SETTINGS, "train": TRAIN}
    given |= {"classical": (), "seed": 1}
    first, _ = run_season_fold(samples, months, **given)
    second, _ = run_season_fold(samples, other, **given)
    for name, weights in first.weights().items():
        np.testing.assert_array_equal(second.weights()[name], weights)


@pytest.mark.parametrize("weight", [1.0, 0.0])
def test_months_of_a_single_tower_cannot_be_judged_and_the_tower_is_named(
    towers, weight
):
    samples, months = towers
    table = samples.table
    site = table.loc[table["fold_site"] == 1, "site"].iloc[0]
    alone = np.where((table["site"] == site).to_numpy()[:, None, None], months, np.nan)
    if weight == 0:
        table = table.assign(weight=table["weight"].where(table["site"] != site, 0.0))
    words = f"months of {site} only" if weight else "months of no tower that trains"
    given = {"settings": SETTINGS, "train": TRAIN, "classical": (), "seed": 1}
    with pytest.raises(InputError, match=rf"fold 1 of the split site.*{words}"):
        run_season_fold(
            replace(samples, table=table), alone, split="site", fold=1, **given
        )


def test_the_plain_season_is_that_of_its_type_and_latitude(towers):
    samples, months = towers
    model = MeanSeasons.of(samples, months)
    shares = predict_sample_shares(model, samples)
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-9)
    even = np.full(shares.shape, 1 / 12)
    assert share_error(shares, months) < share_error(even, months)


@pytest.mark.parametrize("half_year_shift", [True, False])
@pytest.mark.parametrize("year", [2003, 2004])
def test_even_rates_give_each_month_its_days(towers, year, half_year_shift):
    """North and south, in common and leap years, whether southern years are turned or not."""
    samples, months = towers
    train = TRAIN.model_copy(update={"half_year_shift": half_year_shift})
    short = SETTINGS.model_copy(update={"epochs": 1})
    network = train_season(samples, months, settings=short, train=train, seed=1)
    network.network.head.weight.data.zero_()
    shares = network.predict_shares(
        samples.series,
        samples.lat,
        samples.forest_type,
        years=np.full(len(samples), year),
    )
    days = month_lengths(year)
    wanted = np.broadcast_to(days / days.sum(), shares.shape)
    np.testing.assert_allclose(shares, wanted, rtol=1e-6)


@pytest.mark.parametrize("model", [MeanSeasons, SeasonTrees])
def test_plain_seasons_of_common_years_hold_in_leap_years(towers, model):
    """The same flux every day: a model that saw it in years of one kind tells it in the other."""
    samples, _ = towers
    common = replace(samples, table=samples.table.assign(year=2003))
    even = np.broadcast_to(month_lengths(2003), (len(samples), 2, 12)).astype(float)
    given = {} if model is MeanSeasons else {"seed": 1}
    fitted = model.of(common, even, **given)
    leap = replace(samples, table=samples.table.assign(year=2004))
    shares = predict_sample_shares(fitted, leap)
    wanted = np.broadcast_to(month_lengths(2004) / 366, shares.shape)
    np.testing.assert_allclose(shares, wanted, rtol=1e-9)


def test_february_has_a_day_more_in_years_that_are_leap(towers, network):
    samples, _ = towers
    leap = replace(samples, table=samples.table.assign(year=2004))
    common = replace(samples, table=samples.table.assign(year=2003))
    february = predict_sample_shares(network, leap)[:, :, 1]
    assert (february > predict_sample_shares(network, common)[:, :, 1]).all()


def test_months_add_up_to_the_year_in_single_precision():
    rng = np.random.default_rng(2)
    annual = Fluxes(*rng.uniform(0, 4000, (2, 5000)).astype("float32"))
    shares = rng.dirichlet(np.full(12, 0.3), size=(2, 5000))
    shares[:, :50, 3:] = 0
    shares /= shares.sum(axis=-1, keepdims=True)
    months = divide_fluxes(annual, shares)
    for flux, whole in (("gpp", annual.gpp), ("reco", annual.reco)):
        parts = getattr(months, flux)
        assert parts.dtype == "float32"
        assert (parts >= 0).all()
        added = parts.sum(axis=1, dtype=float).astype("float32")
        np.testing.assert_array_equal(added, whole)


def test_a_negative_month_counts_as_none():
    shares = measure_shares(np.array([[-5.0, 20.0, *[0.0] * 9, 60.0], [0.0] * 12]))
    np.testing.assert_allclose(shares[0, [0, 1, 11]], [0, 0.25, 0.75])
    np.testing.assert_allclose(shares[1], 1 / 12)


def test_months_are_matched_to_rows_and_missing_ones_are_gaps(towers):
    samples, months = towers
    listed = list_site_months(samples.table, months)
    first = samples.table["site"].iloc[0]
    found = match_months(samples.table, listed[listed["site"] != first])
    own = (samples.table["site"] == first).to_numpy()
    assert np.isnan(found[own]).all()
    np.testing.assert_allclose(found[~own], months[~own])
    with pytest.raises(InputError, match="expected months of some site-year"):
        match_months(samples.table, listed.head(12).assign(site="none"))
