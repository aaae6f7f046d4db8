import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.models.augmentation import augment, mask_mixed, mask_pattern
from tests.builders.inputs import VARIABLES
from tests.builders.small_training import settings


def whole(samples: int = 40) -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.random((samples, len(VARIABLES), 46)).astype("float32")


def test_random_masks_the_fraction_and_nothing_else_changes() -> None:
    series = whole(200)
    gaps = mask_pattern(
        series, pattern="random", fraction=0.3, rng=np.random.default_rng(1)
    )
    masked = np.isnan(gaps)
    # 55,200 values: the standard error of the share is 0.002.
    assert masked.mean() == pytest.approx(0.3, abs=0.01)
    assert (gaps[~masked] == series[~masked]).all()
    assert not np.isnan(series).any()


def test_block_masks_one_run_on_the_circle_of_the_year() -> None:
    gaps = mask_pattern(
        whole(), pattern="block", fraction=0.25, rng=np.random.default_rng(1)
    )
    masked = np.isnan(gaps)
    # rint(0.25 x 46) = 12 (half to even); every variable of every sample has one run.
    assert (masked.sum(axis=2) == 12).all()
    edges = masked != np.roll(masked, 1, axis=2)
    assert (edges.sum(axis=2) == 2).all()


def test_block_is_common_to_all_variables_in_about_half_of_the_samples() -> None:
    gaps = mask_pattern(
        whole(400), pattern="block", fraction=0.25, rng=np.random.default_rng(1)
    )
    masked = np.isnan(gaps)
    together = (masked == masked[:, :1]).all(axis=(1, 2)).mean()
    assert 0.4 < together < 0.6


def test_a_name_masks_the_whole_variable() -> None:
    gaps = mask_pattern(
        whole(),
        pattern="et",
        fraction=0.0,
        rng=np.random.default_rng(1),
        variables=VARIABLES,
    )
    masked = np.isnan(gaps).all(axis=2)
    assert (masked == (np.array(VARIABLES) == "et")).all()


def test_fraction_may_differ_between_samples() -> None:
    fraction = np.array([0.0, 0.5])
    gaps = mask_pattern(
        whole(2), pattern="block", fraction=fraction, rng=np.random.default_rng(1)
    )
    assert np.isnan(gaps).sum(axis=(1, 2)).tolist() == [0, 23 * 6]


def test_equal_generators_mask_the_same() -> None:
    first, second = (
        mask_pattern(
            whole(), pattern="random", fraction=0.5, rng=np.random.default_rng(9)
        )
        for _ in range(2)
    )
    assert np.array_equal(first, second, equal_nan=True)


def test_unknown_pattern_is_refused() -> None:
    with pytest.raises(InputError, match="stripes"):
        mask_pattern(
            whole(1), pattern="stripes", fraction=0.1, rng=np.random.default_rng(1)
        )


def test_mixed_masks_in_a_share_of_samples_and_never_derived_series() -> None:
    series = whole(500)
    gaps = mask_mixed(
        series, share=0.6, max_fraction=0.7, rng=np.random.default_rng(1), maskable=4
    )
    masked = np.isnan(gaps)
    assert not masked[:, 4:].any()
    touched = masked.any(axis=(1, 2)).mean()
    assert 0.5 < touched < 0.65
    # No sample loses more than the largest fraction, with room for chance among 184
    # values.
    assert masked[:, :4].mean(axis=(1, 2)).max() < 0.8
    assert masked[:, :4].all(axis=2).any()


def test_share_zero_masks_nothing() -> None:
    series = whole(20)
    gaps = mask_mixed(
        series, share=0.0, max_fraction=0.7, rng=np.random.default_rng(1), maskable=6
    )
    assert np.array_equal(gaps, series)


def test_augment_moves_whole_samples_by_at_most_the_jitter() -> None:
    series = whole(60)
    before = series.copy()
    chosen = settings(
        jitter=2,
        noise=0.0,
        offset_noise=0.0,
        artificial_gaps={"share": 0.0, "max_fraction": 0.7},
    )
    moved = augment(series, chosen, rng=np.random.default_rng(1), maskable=6)
    assert np.array_equal(series, before)
    shifts = [
        next(k for k in range(-2, 3) if np.array_equal(np.roll(a, k, axis=1), b))
        for a, b in zip(series, moved, strict=True)
    ]
    assert set(shifts) == {-2, -1, 0, 1, 2}


def test_augment_adds_noise_to_values_and_to_series() -> None:
    chosen = settings(
        jitter=0,
        noise=0.1,
        offset_noise=0.3,
        artificial_gaps={"share": 0.0, "max_fraction": 0.7},
    )
    series = whole(300)
    change = augment(series, chosen, rng=np.random.default_rng(1), maskable=6) - series
    assert change.mean(axis=2).std() == pytest.approx(0.3, rel=0.05)
    inside = change - change.mean(axis=2, keepdims=True)
    assert inside.std() == pytest.approx(0.1, rel=0.05)
