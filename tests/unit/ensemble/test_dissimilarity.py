"""Dissimilarity index against cases worked by hand."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import nan_euclidean_distances

from forestflux.core.input_errors import InputError
from forestflux.ensemble.dissimilarity import (
    ROWS,
    Reference,
    describe,
    distance_to_nearest,
    distances,
)
from forestflux.models.network_inputs import TYPES

NAN = np.nan


def rows(*values: tuple[float, ...], kinds: tuple[int, ...] = ()) -> np.ndarray:
    """Features with these numbers, all of the first forest type where not said."""
    types = np.eye(len(TYPES))[list(kinds) or [0] * len(values)]
    return np.concatenate([np.array(values, float), types], axis=1)


def weights(*values: float, kind: float = 0.0) -> np.ndarray:
    return np.array([*values, *[kind] * len(TYPES)])


def test_one_number_by_hand() -> None:
    # Pairs of 0, 2, 4 are 2, 2 and 4 apart, 8/3 on average; 5 is 1 from 4, 1 from 2.
    reference = Reference.of(rows((0,), (2,), (4,)), weights(1))
    found = reference.dissimilarity(rows((5,), (1,), (4,)))
    assert found == pytest.approx([3 / 8, 3 / 8, 0])


def test_a_scale_or_an_offset_of_a_number_changes_nothing() -> None:
    kelvin = Reference.of(rows((270,), (290,), (310,)), weights(1))
    degrees = Reference.of(rows((-0.3,), (1.7,), (3.7,)), weights(7))
    found = kelvin.dissimilarity(rows((330,)))
    assert found == pytest.approx(degrees.dissimilarity(rows((5.7,))))


def test_two_weighted_numbers_by_hand() -> None:
    # Standard deviations sqrt(8)/3 and sqrt(32)/3; with weights 2 and 1 the points are
    # (0, 0), (sqrt(18), 0), (0, sqrt(4.5)); their distances are those of a rectangle.
    reference = Reference.of(rows((0, 0), (2, 0), (0, 4)), weights(2, 1))
    mean = (np.sqrt(18) + np.sqrt(4.5) + np.sqrt(22.5)) / 3
    assert reference.mean_distance == pytest.approx(mean)
    # (1, 4) is half of sqrt(18) from (0, 4).
    found = reference.dissimilarity(rows((1, 4)))
    assert found == pytest.approx(np.sqrt(4.5) / mean)
    unweighted = Reference.of(rows((0, 0), (2, 0), (0, 4)), weights(1, 1))
    assert unweighted.dissimilarity(rows((1, 4))) != pytest.approx(found)


def test_a_number_without_weight_does_not_count() -> None:
    reference = Reference.of(rows((0, 5), (2, -3), (4, 9)), weights(1, 0))
    found = reference.dissimilarity(rows((5, 1000), (5, NAN)))
    assert found == pytest.approx(3 / 8)


def test_unknown_numbers_are_left_out_and_the_rest_is_scaled_up() -> None:
    reference = Reference.of(rows((0, 0), (2, 0), (0, 4)), weights(2, 1))
    # The first number makes up 2^2 of 2^2 + 1^2; the second alone is too little.
    assert reference.share[:2] == pytest.approx([0.8, 0.2])
    found = reference.dissimilarity(rows((1, NAN), (NAN, 4), (NAN, NAN)))
    expected = np.sqrt(4.5 / 0.8) / reference.mean_distance
    assert found[0] == pytest.approx(expected)
    assert np.isnan(found[1:]).all()


def test_a_series_without_a_value_all_year_has_no_index() -> None:
    """Two series of four quarters: without the odd one a row would look like the others."""
    green = [(0.1 * k,) * 4 for k in range(5)]
    warm = [(1.0 * k,) * 4 for k in range(5)]
    known = [(*a, *b) for a, b in zip(green, warm, strict=True)]
    odd, gone, part = (9.0,) * 4, (NAN,) * 4, (NAN, NAN, NAN, 0.1)
    both = Reference.of(rows(*known), weights(*[1.0] * 8))
    found = both.dissimilarity(
        rows((*odd, *warm[1]), (*gone, *warm[1]), (*part, *warm[1]), known[1])
    )
    assert found[0] > 1
    assert np.isnan(found[1])
    assert found[2:] == pytest.approx([0, 0])
    # One that moves no estimate, or that no training row has, tells nothing by its lack.
    second = Reference.of(rows(*known), weights(*[0.0] * 4, *[1.0] * 4))
    never = Reference.of(rows(*[(*gone, *b) for b in warm]), weights(*[1.0] * 8))
    for reference in (second, never):
        row = rows((*gone, *warm[1]))
        assert reference.dissimilarity(row) == pytest.approx([0])


def test_gaps_in_training_rows_are_left_out_too() -> None:
    reference = Reference.of(rows((0, 1), (2, NAN), (4, 3)), weights(1, 1))
    found = reference.dissimilarity(rows((2, 50)))
    assert found == pytest.approx(0)  # beside the row of which only the 2 is known


def test_other_folds_only_by_hand() -> None:
    reference = Reference.of(rows((0,), (1,), (10,)), weights(1))
    # Pairs are 1, 10 and 9 apart, 20/3 on average.
    found = reference.between_folds(np.array([0, 0, 1]))
    assert found == pytest.approx([1.5, 1.35, 1.35])
    assert np.isnan(reference.between_folds(np.array([0, 0, 0]))).all()


def test_forest_types_are_one_variable() -> None:
    # Half of the rows of each type: the spread of the type is sqrt(1/4 + 1/4), so two
    # types are sqrt(1 + 1) / sqrt(1/2) = 2 apart.
    features = rows((0,), (0,), (0,), (0,), kinds=(0, 0, 3, 3))
    reference = Reference.of(features, weights(0, kind=1))
    assert reference.mean_distance == pytest.approx(2 * 4 / 6)
    apart = reference.between_folds(np.array([0, 0, 1, 1]))
    assert apart == pytest.approx([2 / (8 / 6)] * 4)
    # A type that the training rows never had is like none of them.
    found = reference.dissimilarity(rows((9,), (9,), kinds=(3, 1)))
    assert found == pytest.approx([0, np.nan], nan_ok=True)


def test_distances_are_those_of_an_independent_library() -> None:
    rng = np.random.default_rng(4)
    first, second = rng.normal(size=(30, 7)), rng.normal(size=(20, 7))
    first[rng.random(first.shape) < 0.2] = NAN
    second[rng.random(second.shape) < 0.2] = NAN
    found = distances(first, second, np.full(7, 1 / 7))
    # The library scales to all coordinates, as we do: squared x 7 / shared.
    expected = nan_euclidean_distances(first, second)
    shared = np.isfinite(first).astype(int) @ np.isfinite(second).T.astype(int)
    enough = shared >= 3
    assert enough.mean() > 0.8
    np.testing.assert_allclose(found[enough], expected[enough], rtol=1e-9)
    assert np.isinf(found[~enough]).all()


@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_the_nearest_point_is_the_one_of_all_distances(gaps: float) -> None:
    rng = np.random.default_rng(4)
    others = rng.normal(size=(300, 9))
    points = rng.normal(size=(300 + 2 * ROWS + 7, 9))
    points[rng.random(points.shape) < 0.4] = NAN
    others[rng.random(others.shape) < gaps] = NAN
    points[:300] = others  # one is itself among the others
    share = rng.dirichlet(np.ones(9))
    expected = distances(points, others, share).min(axis=1)
    assert np.isinf(expected).any()
    found = distance_to_nearest(points, others, share)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_rows_that_do_not_differ_are_refused() -> None:
    with pytest.raises(InputError, match="found 3 alike"):
        Reference.of(rows((1,), (1,), (1,)), weights(1))
    with pytest.raises(InputError, match="found 2 alike"):
        Reference.of(rows((1,), (2,)), weights(0))


def test_features_are_quarter_means_without_gaps() -> None:
    ready = np.tile(np.arange(46, dtype="float32"), (2, 2, 1))
    ready[1, 0, :12] = NAN
    ready[1, 1, 1] = NAN
    types = np.eye(len(TYPES), dtype="float32")[[0, 4]]
    found = describe(ready, types)
    # 46 steps in quarters of 12, 12, 11 and 11.
    whole = [5.5, 17.5, 29, 40]
    assert found[0].tolist() == [*whole, *whole, 1, 0, 0, 0, 0, 0]
    assert np.isnan(found[1, 0])
    assert found[1, 4] == pytest.approx((66 - 1) / 11)
    assert found[1, -len(TYPES) :].tolist() == [0, 0, 0, 0, 1, 0]
