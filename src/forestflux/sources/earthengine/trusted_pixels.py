"""What the stage mask does with a product's numbers, as an expression.

The same product table decides here and in `forestflux.prepare.masking`: which stored numbers are
trusted, and how they become physical.
"""

import ee
import numpy as np

from forestflux.core.calendars import eight_day
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.products import Mask, Product
from forestflux.sources.earthengine.expressions import reason_of
from forestflux.sources.earthengine.layer_groups import pixel_table

# Quality numbers are looked up one by one, which a byte allows.
LARGEST_QUALITY = 1


def check_expressible(variable: str, product: Product) -> None:
    """Refuse a product of cells of which no expression is known.

    Raises
    ------
    InputError : what the product needs
    """
    extract, mask, cube = product.extract, product.mask, product.cube
    quality = np.dtype(extract.quality_dtype or "uint8").itemsize
    judged = mask is not None and mask.quality
    found = {
        f"extract.window: {extract.window}": extract.window != 1,
        "cube.daily: true": cube is not None and cube.daily,
        f"extract.quality_dtype: {extract.quality_dtype} with rules of its bits": bool(
            judged and quality > LARGEST_QUALITY
        ),
    }
    for what, refused in found.items():
        if refused:
            raise InputError(
                "product table",
                variable=f"{variable}.tile",
                expected="one pixel a cell, composites or sums of a step, and quality of 8 bits",
                found=what,
            )


def trust(
    image: ee.Image, product: Product, rules: Mask, *, min_valid_share: float
) -> ee.Image:
    """The stored numbers of an image as it is sent, masked where they are not trusted.

    As `forestflux.core.product_tables.pixel_quality.stored_reason` decides.

    Parameters
    ----------
    image : bands of `forestflux.sources.earthengine.expressions.sent_image`
    rules : of the product
    min_valid_share : least share of an average's pixels that must be valid, 0-1
    """
    extract = product.extract
    number = image.select([extract.band])
    if extract.archive is not None:
        number = number.multiply(extract.archive.multiply).round()
    table = pixel_table(extract, rules, quality_absent=extract.quality_absent)
    trusted = reason_of(image, number, table).eq(0)
    if rules.share is not None:
        # A cell without one valid pixel has no value, whatever share is asked for.
        least = max(100 * min_valid_share, 0.5)
        # The percent that is valid comes behind the mean.
        trusted = trusted.And(image.select([1]).gte(least))
    return number.updateMask(trusted)


def make_physical(number: ee.Image, rules: Mask, *, year: int) -> ee.Image:
    """Physical values from stored numbers, masked where the variable cannot have them.

    As `forestflux.prepare.masking.to_physical`.

    Parameters
    ----------
    number : a band for each step
    """
    value = number.toDouble().multiply(rules.scale).add(rules.offset)
    value = value.multiply(rules.multiply)
    if rules.per_composite:
        lengths = eight_day.step_lengths(year).tolist()
        value = value.divide(ee.Image.constant(lengths))
    if rules.clip_below is not None:
        value = value.max(rules.clip_below)
    low, high = rules.physical
    return value.updateMask(value.gte(low).And(value.lte(high))).toFloat()
