"""Array images as the emulator computes them, against figures worked out by hand."""

import ee
import numpy as np
import pytest

from tests.earthengine.asking import grid, pixels
from tests.earthengine.emulator.evaluation.grids import GEOGRAPHIC

# Two rows and three columns of one degree; centres at 10.5 to 12.5 east, 1.5 and 0.5 north.
WHERE = grid(GEOGRAPHIC, 1.0, (10, 2), (2, 3))

A = [[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]]


def array(values):
    """The image of an array."""
    return ee.Image(ee.Array(values))


def elements(image, lengths):
    """The array of the first pixel; all pixels have the same."""
    labels = [[str(i) for i in range(n)] for n in lengths]
    found = pixels(image.arrayFlatten(labels), WHERE)
    for name in found.dtype.names:
        assert np.unique(found[name]).size == 1
    return np.array([found[n][0, 0] for n in found.dtype.names]).reshape(lengths)


def two(*names):
    """An image of two numbers."""
    return ee.Image([1, 2]).rename(*names)


def columns():
    """The column of a pixel, 0, 1 or 2."""
    return ee.Image.pixelLonLat().select("longitude").subtract(10.5)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: array(A), A),
        (lambda: array(A).arrayTranspose(), [[1.5, 4.5], [2.5, 5.5], [3.5, 6.5]]),
        (lambda: array(A).arrayReshape(array([3, 2]), 2), [[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]]),
        (lambda: array(A).arrayReshape(array([-1]), 1), [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]),
        (lambda: array(A).arraySlice(1, 0, 2), [[1.5, 2.5], [4.5, 5.5]]),
        (lambda: array(A).arraySlice(1, -1), [[3.5], [6.5]]),
        (lambda: array(A).arraySlice(1, 0, 3, 2), [[1.5, 3.5], [4.5, 6.5]]),
        (lambda: array(A).arraySlice(0, 1), [A[1]]),
        (lambda: array([[1.5], [2.5]]).arrayRepeat(1, 2), [[1.5, 1.5], [2.5, 2.5]]),
        (lambda: array([[1.5, 2.5]]).arrayRepeat(1, 2), [[1.5, 2.5, 1.5, 2.5]]),
        (lambda: array([0.5, 1]).arrayCat(array([2.5]), 0), [0.5, 1, 2.5]),
        (lambda: array([0.5, 1]).arrayCat(array([2.5, 3]), 1), [[0.5, 2.5], [1, 3]]),
        (lambda: array(A).arrayCat(array([[7.5], [8.5]]), 1), [[*A[0], 7.5], [*A[1], 8.5]]),
        (lambda: array(A).arrayReduce("mean", [1]), [[2.5], [5.5]]),
        (lambda: array(A).arrayReduce("sum", [0]), [[6, 8, 10]]),
        (lambda: array(A).arrayReduce("max", [0, 1]), [[6.5]]),
        (lambda: array(A).arrayReduce("min", [1]), [[1.5], [4.5]]),
        (lambda: array(A).arrayReduce("mean", [1]).arrayProject([0]), [2.5, 5.5]),
        (lambda: array(A).matrixMultiply(array([[1], [0.5], [2]])), [[9.75], [20.25]]),
        (lambda: ee.Image.matrixIdentity(2).toDouble().matrixMultiply(array(A)), A),
        (lambda: array([1, 2]).toDouble().multiply(3), [3, 6]),
        (lambda: array([1.5, 2]).add(array([0.5, 1])), [2, 3]),
        (lambda: array([1.5, 2]).multiply(2), [3, 4]),
        (lambda: ee.Image(7).subtract(array([1.5, 2])), [5.5, 5]),
        (lambda: array([1.5, 2]).divide(array([0.5, 0])), [3, 0]),
        (lambda: array([1.5, 2]).gt(1.75), [0, 1]),
        (lambda: array([1.5, 2]).max(1.75), [1.75, 2]),
        (lambda: array([0, 0.5]).Or(array([0, 0])).Not(), [1, 0]),
        (lambda: array([4, 0.25]).sqrt(), [2, 0.5]),
        (lambda: array([2, 0.5]).pow(2), [4, 0.25]),
        (lambda: array([0.5, 2]).log().exp(), [0.5, 2]),
        (lambda: ee.Image([3, 4.5]).toArray(), [3, 4.5]),
        (lambda: ee.Image([3, 4.5]).toArray().toArray(1), [[3], [4.5]]),
        (lambda: ee.Image([array([1, 2]), array([3, 4])]).toArray(0), [1, 2, 3, 4]),
        (lambda: ee.Image([array([1, 2]), array([3, 4])]).toArray(1), [[1, 3], [2, 4]]),
        (lambda: array([1.5, 2]).where(ee.Image(1), array([3, 4])), [3, 4]),
        (lambda: array([1.5, 2]).where(ee.Image(0), array([3, 4])), [1.5, 2]),
    ],
)  # fmt: skip
def test_arrays_become_what_is_documented(client, make, expected):
    expected = np.array(expected)
    np.testing.assert_allclose(elements(make(), expected.shape), expected, rtol=1e-15)


def test_one_element_and_products_of_vectors_are_numbers(client):
    image = array(A).arrayGet([1, 2]).rename("element")
    vectors = ee.Image([2, 3]).toDouble().toArray(), array([0.5, 4.5])
    image = image.addBands(vectors[0].arrayDotProduct(vectors[1]).rename("dot"))
    found = pixels(image, WHERE)
    np.testing.assert_array_equal(found["element"], np.full((2, 3), 6.5))
    np.testing.assert_array_equal(found["dot"], np.full((2, 3), 14.5))


def test_labels_are_joined_with_the_last_axis_fastest(client):
    image = array(A).arrayFlatten([["gpp", "nee"], ["lower", "mean", "upper"]])
    found = pixels(image, WHERE)
    names = ["gpp_lower", "gpp_mean", "gpp_upper", "nee_lower", "nee_mean", "nee_upper"]
    assert list(found.dtype.names) == names
    assert [found[name][1, 2] for name in names] == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]


def test_pixels_have_arrays_of_their_own(client):
    bands = columns().addBands(ee.Image.pixelLonLat().select("latitude"))
    product = (
        bands.toArray().toArray(1).arrayTranspose().matrixMultiply(array([[10], [1.5]]))
    )
    found = pixels(product.arrayGet([0, 0]).rename("a"), WHERE)["a"]
    np.testing.assert_allclose(found, [[2.25, 12.25, 22.25], [0.75, 10.75, 20.75]])


def test_a_pixel_that_is_masked_in_any_operand_is_masked(client):
    some = columns().updateMask(columns().neq(1))
    other = columns().updateMask(columns().neq(2))
    joined = some.addBands(other).toArray()
    image = ee.Image.cat(
        [
            joined.arrayGet(0).unmask(-1).rename("joined"),
            joined.mask().rename("mask"),
            some.toArray().add(array([0.5])).arrayGet(0).unmask(-1).rename("added"),
            joined.updateMask(columns().gt(0)).arrayGet(0).unmask(-1).rename("less"),
        ]
    )
    found = pixels(image, WHERE)
    np.testing.assert_array_equal(found["joined"][0], [0, -1, -1])
    np.testing.assert_array_equal(found["mask"][0], [1, 0, 0])
    np.testing.assert_array_equal(found["added"][0], [0.5, -1, 2.5])
    np.testing.assert_array_equal(found["less"][0], [-1, -1, -1])


def test_a_test_that_is_masked_chooses_nothing(client):
    test = columns().gt(0).updateMask(columns().lt(2))
    arrays = columns().toArray().where(test, array([7.5]))
    image = columns().where(test, 9).rename("number")
    found = pixels(image.addBands(arrays.arrayGet(0).rename("array")), WHERE)
    np.testing.assert_array_equal(found["number"][0], [0, 9, 2])
    np.testing.assert_array_equal(found["array"][0], [0, 7.5, 2])


def test_bands_are_reduced_at_each_pixel_where_they_are_not_masked(client):
    some = columns().updateMask(columns().lt(2)).addBands(ee.Image(5))
    image = some.reduce(ee.Reducer.sum()).addBands(some.reduce(ee.Reducer.count()))
    found = pixels(image, WHERE)
    np.testing.assert_array_equal(found["sum"][0], [5, 6, 5])
    np.testing.assert_array_equal(found["count"][0], [2, 2, 1])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: array([1.5, 2]).add(array([1.5])), "same lengths on all axes, got 1 and 2"),
        (lambda: array(A).add(array([1.5, 2])), "1 and of 2 axes"),
        (lambda: array(A).matrixMultiply(array(A)), "2x3 times 2x3"),
        (lambda: array(A).matrixMultiply(array([1, 2, 3])), "not of 2"),
        (lambda: array(A).arrayProject([0]), "at most length 1"),
        (lambda: array(A).arrayReshape(array([4, 2]), 2), "cannot become"),
        (lambda: array(A).arrayCat(array([[1.5]]), 1), "on the other axes"),
        (lambda: array(A).arrayGet([2, 0]), "no position"),
        (lambda: array(A).arrayGet([0]), "1 bands in arrays of 2 axes"),
        (lambda: array([1, 2]).divide(array([0.5, 2])), "cast it first"),
        (lambda: array([1, 2]).add(1.5), "cast it first"),
        (lambda: array([1, 2]).exp(), "cast it first"),
        (lambda: array([1, 2]).arrayReduce("sum", [0]), "cast it first"),
        (lambda: array([1, 2]).arrayCat(array([0.5]), 0), "cast them first"),
        (lambda: array(A).matrixMultiply(array([[1], [2], [3]])), "cast it first"),
        (lambda: two("a", "b").add(two("b", "a")), "in another order"),
        (lambda: array([0.5, -1]).log(), "Image.log gives no finite number"),
        (lambda: array([1.5]).acos(), "Image.acos gives no finite number"),
        (lambda: array(A).unmask(0), "unmasks no arrays"),
        (lambda: columns().where(columns().toArray(), 1), "may not be an array"),
        (lambda: array([1.5]).where(columns(), 1), "arrays and numbers"),
        (lambda: array([1.5]).updateMask(array([1.5])), "a mask of arrays"),
        (lambda: array([1.5]).arrayRepeat(0, columns().add(1)), "one number for all pixels"),
        (lambda: columns().arrayTranspose(), "not an array"),
        (lambda: array([[1, 2], [3]]), "same length"),
        (lambda: array(A).arrayReduce(ee.Reducer.mode(), [0]), "the emulator has mean"),
        (lambda: array([float("inf")]), "Invalid JSON"),
    ],
)  # fmt: skip
def test_what_is_not_documented_or_not_defined_is_refused(client, make, words):
    with pytest.raises(ee.EEException, match=words):
        pixels(make().mask().rename("a"), WHERE)


def test_arrays_are_no_pixels(client):
    with pytest.raises(ee.EEException, match="cannot be sent as pixels"):
        pixels(array(A), WHERE)


def test_masked_pixels_may_have_no_logarithm(client):
    image = columns().updateMask(columns().gt(0)).log().unmask(-9).rename("a")
    np.testing.assert_allclose(pixels(image, WHERE)["a"][0], [-9, 0, np.log(2)])


def test_a_chain_of_calls_is_longer_than_what_may_be_nested(client):
    image = array([0.5, 1])
    for _ in range(200):
        image = image.add(image.multiply(0.0))
    np.testing.assert_array_equal(elements(image, (2,)), [0.5, 1])
