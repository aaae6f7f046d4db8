from dataclasses import asdict

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.models.network_inputs import (
    Normalisation,
    Scales,
    add_derived,
    align_season,
    one_hot_types,
    radiation,
    type_positions,
)
from forestflux.models.network_regressor import arrange_series
from forestflux.prepare.sample_table import forest_type_codes
from tests.builders.small_training import settings


def test_southern_year_is_turned_by_23_steps() -> None:
    series = np.arange(2 * 1 * 46, dtype="float32").reshape(2, 1, 46)
    turned = align_season(series, np.array([10.0, -10.0]))
    assert turned[0, 0].tolist() == series[0, 0].tolist()
    assert turned[1, 0, 23] == series[1, 0, 0]
    assert turned[1, 0, 0] == series[1, 0, 23]


def test_no_shift_keeps_the_calendar() -> None:
    series = np.arange(46, dtype="float32").reshape(1, 1, 46)
    south = np.array([-35.0])
    chosen = settings(half_year_shift=False, derived=[])
    assert (arrange_series(series, south, settings=chosen) == series).all()


def test_aligned_twice_is_the_calendar_again() -> None:
    series = np.arange(92).reshape(2, 1, 46)
    lat = np.array([10.0, -10.0])
    assert (align_season(align_season(series, lat), lat) == series).all()


def test_aligning_leaves_its_input_alone_and_keeps_gaps() -> None:
    series = np.ones((1, 2, 46), "float32")
    series[0, 1, 5] = np.nan
    before = series.copy()
    turned = align_season(series, np.array([-35.0]))
    assert np.array_equal(series, before, equal_nan=True)
    assert np.flatnonzero(np.isnan(turned[0, 1])).tolist() == [28]


def test_radiation_matches_the_worked_example_of_fao_56() -> None:
    # FAO 56, example 8: 3 September (day 246), 20 degrees south: 32.2 MJ m-2 day-1. The
    # middles of steps 30 and 31 are days 244.5 and 252.5.
    series = radiation(np.array([-20.0]))[0]
    value = np.interp(246, [244.5, 252.5], series[30:32])
    assert value == pytest.approx(32.2, abs=0.06)


def test_radiation_is_zero_in_the_polar_night_and_largest_in_the_polar_summer() -> None:
    north = radiation(np.array([85.0]))[0]
    assert north[0] == 0
    assert north[-1] == 0
    assert north.argmax() in (20, 21)
    # The sun does not set: 24 h x 60 x 0.082 x distance x sin(lat) sin(declination).
    assert north.max() == pytest.approx(118.08 * 0.967 * 0.9962 * 0.3978, rel=0.01)


def test_derived_radiation_follows_the_season_shift() -> None:
    series = np.zeros((2, 1, 46), "float32")
    lat = np.array([40.0, -40.0])
    whole = align_season(add_derived(series, lat, ["radiation"]), lat)
    assert whole.shape == (2, 2, 46)
    assert abs(int(whole[0, 1].argmax()) - int(whole[1, 1].argmax())) <= 2


def test_unknown_derived_series_is_refused() -> None:
    with pytest.raises(InputError, match=r"train\.derived.*moonlight"):
        add_derived(np.zeros((1, 1, 46)), np.zeros(1), ["moonlight"])


def test_normalisation_ignores_gaps_and_returns() -> None:
    series = np.array([[[1.0, np.nan, 3.0]], [[5.0, 7.0, np.nan]]])
    scale = Normalisation.of(series, ["a"])
    assert scale.mean == (4.0,)
    assert scale.sd[0] == pytest.approx(np.sqrt(5.0))
    scaled = scale.apply(series)
    assert np.isnan(scaled).sum() == 2
    assert np.allclose(scale.undo(scaled), series, equal_nan=True)


def test_normalisation_survives_json_and_constants() -> None:
    scale = Normalisation.of(np.full((2, 1, 3), 7.0), ["a"])
    assert scale.sd == (1.0,)
    again = Scales.read(asdict(scale), "model.json").to_normalisation()
    assert again == scale


def test_a_variable_that_was_never_there_is_a_gap_ever_after() -> None:
    scale = Normalisation.of(np.array([[[1.0], [np.nan]]]), ["a", "b"])
    assert (scale.mean, scale.sd) == ((1.0, None), (1.0, 1.0))
    scaled = scale.apply(np.array([[[3.0], [5.0]]]))
    np.testing.assert_array_equal(scaled, [[[2.0], [np.nan]]])
    again = Scales.read(asdict(scale), "model.json").to_normalisation()
    assert again == scale


def test_gaps_only_in_all_variables_are_refused() -> None:
    with pytest.raises(InputError, match="a, b: expected some values"):
        Normalisation.of(np.full((2, 2, 3), np.nan), ["a", "b"])


def test_other_classes_share_the_last_type() -> None:
    codes = forest_type_codes(["ENF", "MF", "GRA", "CRO"])
    assert type_positions(codes).tolist() == [0, 4, 5, 5]
    assert one_hot_types(forest_type_codes(["DBF"])).tolist() == [[0, 0, 0, 1, 0, 0]]
