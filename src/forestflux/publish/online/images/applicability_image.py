"""Dissimilarity to the training rows at each pixel, and the area of applicability."""

import ee
import numpy as np

from forestflux.core.calendars.eight_day import STEPS
from forestflux.ensemble.dissimilarity import MIN_SHARED, QUARTERS, Reference
from forestflux.models.network_inputs import TYPES
from forestflux.publish.online.images.array_images import (
    column,
    constant,
    join,
    multiply,
    reshape,
    sum_of,
    sum_rows,
    take,
)
from forestflux.publish.online.images.series_image import Series

# Stands for a training row that has too little in common with a pixel: no distance is so large.
FAR = 1e30


def build_dissimilarity(
    reference: Reference, series: Series, types: ee.Image
) -> ee.Image:
    """Dissimilarity index, masked where `Reference.dissimilarity` gives NaN.

    Parameters
    ----------
    series : as the networks read them, standard deviations
    types : one-hot forest type (type, 1)
    """
    features, known = describe(series, types)
    size = len(reference.mean)
    factor = column(reference.factor)
    points = features.multiply(factor).subtract(
        column(reference.mean * reference.factor)
    )
    square = measure_nearest(reference, points.multiply(known), known)
    index = square.sqrt().divide(reference.mean_distance)
    return index.updateMask(square.lt(FAR)).updateMask(
        is_comparable(reference, known, types, size=size)
    )


def describe(series: Series, types: ee.Image) -> tuple[ee.Image, ee.Image]:
    """Features (feature, 1), 0 where unknown, and whether they are known, 1 or 0.

    As `forestflux.ensemble.dissimilarity.describe`: quarter means by series, then types.
    """
    quarters = np.zeros((STEPS, QUARTERS))
    for quarter, steps in enumerate(np.array_split(np.arange(STEPS), QUARTERS)):
        quarters[steps, quarter] = 1
    total = series.values.matrixMultiply(constant(quarters))
    count = series.valid.matrixMultiply(constant(quarters))
    length = series.count * QUARTERS
    means = reshape(total.divide(count.max(1)), length, 1)
    there = reshape(count.gt(0).toDouble(), length, 1)
    ones = column(np.ones(len(TYPES)))
    return join([means, types], 0), join([there, ones], 0)


def measure_nearest(
    reference: Reference, points: ee.Image, known: ee.Image
) -> ee.Image:
    """Squared distance to the nearest training row, scaled up to all features.

    Parameters
    ----------
    points : coordinates (feature, 1), 0 where unknown
    known : whether they are known (feature, 1)
    """
    there = np.isfinite(reference.points)
    others = np.where(there, reference.points, 0.0).astype("float32")
    rows = len(others)
    matrix = constant(others)
    share = known.multiply(column(reference.share))
    apart = (
        matrix.multiply(matrix)
        .matrixMultiply(known)
        .subtract(matrix.matrixMultiply(points).multiply(2))
    )
    if there.all():
        # Every row has all features: one number for all of them.
        own = points.multiply(points).arrayReduce(ee.Reducer.sum(), [0])
        apart = apart.add(own.arrayRepeat(0, rows))
        shared = share.arrayReduce(ee.Reducer.sum(), [0]).arrayRepeat(0, rows)
    else:
        apart = apart.add(multiply(there.astype(float), points.multiply(points)))
        shared = multiply(there.astype(float), share)
    far = shared.lt(MIN_SHARED).toDouble().multiply(2 * FAR)
    scaled = apart.max(0).divide(shared.max(MIN_SHARED)).add(far)
    return take(scaled.arrayReduce(ee.Reducer.min(), [0]))


def is_comparable(
    reference: Reference, known: ee.Image, types: ee.Image, *, size: int
) -> ee.Image:
    """1 where every series that moves the estimate has a value and the type was learnt, else 0."""
    series = (size - len(TYPES)) // QUARTERS
    quarters = slice(0, series * QUARTERS)
    counts = reference.share[quarters].reshape(series, QUARTERS).any(axis=1)
    own = reshape(known.arraySlice(0, 0, series * QUARTERS), series, QUARTERS)
    empty = sum_rows(own).eq(0).toDouble().multiply(column(counts.astype(float)))
    never_seen = column((reference.mean[-len(TYPES) :] == 0).astype(float))
    unlike = [empty, types.multiply(never_seen)]
    return sum_of(join(unlike, 0)).eq(0)
