import numpy as np
import pytest

from forestflux.jobs.settings.training_settings import Distillation
from forestflux.models.distillation import draw_pairs, make_mixtures
from forestflux.prepare.sample_table import Samples
from tests.builders.small_training import make_samples

SETTINGS = Distillation(teachers=("svr",), mixtures=300, offset_noise=0.0)


def test_mixtures_lie_between_training_rows_and_have_the_gaps_of_one() -> None:
    samples = make_samples()
    mixtures = make_mixtures(samples, SETTINGS, rng=np.random.default_rng(1))
    assert mixtures.series.shape == (300, 6, 46)
    summer = slice(18, 28)
    green = np.nanmean(mixtures.series[:, 0, summer], axis=1)
    lat = samples.table["lat"].to_numpy()
    turned = np.where(
        lat[:, None] < 0, np.roll(samples.series[:, 0], 23, 1), samples.series[:, 0]
    )
    known = np.nanmean(turned[:, summer], axis=1)
    assert known.min() - 0.1 < green.min() < green.max() < known.max() + 0.1
    assert 0.05 < np.isnan(mixtures.series).mean() < 0.15
    assert set(mixtures.table["igbp"]) <= set(samples.table["igbp"])
    assert mixtures.table["forest"].all()
    assert (mixtures.table["lat"] > 0).all()


def test_teacher_predictions_follow_what_the_rows_show() -> None:
    mixtures = make_mixtures(make_samples(), SETTINGS, rng=np.random.default_rng(1))
    green = np.nanmean(mixtures.series[:, 0, 18:28], axis=1)
    assert np.corrcoef(green, mixtures.table["gpp"])[0, 1] > 0.7
    closed = mixtures.table["reco"] - mixtures.table["gpp"]
    assert np.allclose(mixtures.table["nee"], closed)


def test_fluxes_of_rows_that_are_not_given_play_no_part() -> None:
    samples = make_samples()
    part = samples.take(np.arange(40))
    other = samples.table.assign(
        gpp=samples.table["gpp"].where(samples.table.index < 40, 9e3)
    )
    again = Samples(samples.series, other, samples.variables).take(np.arange(40))
    first, second = (
        make_mixtures(rows, SETTINGS, rng=np.random.default_rng(1))
        for rows in (part, again)
    )
    assert first.table.equals(second.table)
    assert np.array_equal(first.series, second.series, equal_nan=True)


def test_towers_are_equally_likely_whatever_their_years() -> None:
    table = make_samples(63).table
    long = table["site"].eq(table["site"].iloc[0])
    table["site"] = np.where(table.index < 40, table["site"].iloc[0], table["site"])
    assert long.any()
    first, second, share = draw_pairs(table, 20_000, rng=np.random.default_rng(0))
    drawn = (
        table["site"].iloc[np.concatenate([first, second])].value_counts(normalize=True)
    )
    assert drawn.max() == pytest.approx(1 / len(drawn), rel=0.1)
    assert table["forest"].to_numpy()[first].all()
    assert 0 < share.min() < share.max() < 1
