"""The inputs of one year from the collections: bands of steps, masked at gaps.

The product table says what is read and what is trusted, as it does for the stages extract, cube
and mask. Images that a collection lacks are known before, so that their steps are gaps here too.
"""

from collections.abc import Iterator, Mapping
from functools import reduce

import ee
import numpy as np

from forestflux.core.calendars import eight_day
from forestflux.core.input_errors import InputError
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.products import Product
from forestflux.publish.online.images.array_images import join_bands
from forestflux.publish.online.images.series_image import name_bands
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.layer_groups import Group, groups_of, images_of
from forestflux.sources.earthengine.pixel_arrays import two_images_error
from forestflux.sources.earthengine.request import Layers
from forestflux.sources.earthengine.trusted_pixels import (
    check_expressible,
    make_physical,
    trust,
)

Days = Mapping[str, np.ndarray]


def build_input_image(
    products: Mapping[str, Product],
    days: Days,
    *,
    year: int,
    min_valid_share: float,
) -> ee.Image:
    """The inputs of a year as the stage mask gives them, float, masked at gaps.

    Parameters
    ----------
    products : of cells, by variable; land cover is left out
    days : first days of each collection's images in the year (image,), datetime64[D]
    year : of the inputs
    min_valid_share : least share of an average's pixels that must be valid, 0-1

    Returns
    -------
    bands `<variable>_<step>` with two digits of the step, in physical units

    Raises
    ------
    InputError : a product that cannot be expressed, two images of one day
    """
    series = {name: p for name, p in products.items() if name != LAND_COVER}
    for variable, product in series.items():
        check_expressible(variable, product)
    parts = []
    for group in groups_of(series):
        stacked = stack_group(group, series, days, year, min_valid_share)
        parts += [
            make_variable(stacked, variable, series[variable], year=year)
            for variable in group.variables
        ]
    return join_bands(parts)


def make_variable(
    stacked: ee.Image, variable: str, product: Product, *, year: int
) -> ee.Image:
    """The bands of one variable in the order of the steps, physical."""
    names = name_bands([variable])
    assert product.mask is not None  # a series has rules; the table is read so
    physical = make_physical(stacked.select(names), product.mask, year=year)
    return physical.rename(names)


def stack_group(
    group: Group,
    products: Mapping[str, Product],
    days: Days,
    year: int,
    min_valid_share: float,
) -> ee.Image:
    """Trusted stored numbers of a group's variables, a band for each variable and step."""
    placed = place_images(group, days, year)
    parts, found = [], set()
    for number, layers in enumerate(group.layers):
        images = images_of(layers, days[layers.collection], year)
        if not images:
            continue
        names = []
        for position in range(len(images)):
            step = placed.get((number, position))
            found.add(step)
            # Another image begins later in the same step and counts.
            tail = f"{step:02d}" if step is not None else f"{number}_{position}_unused"
            names += [f"{variable}_{tail}" for variable in group.variables]
        bands = trusted_bands(layers, images, group, products, min_valid_share)
        parts.append(bands.rename(names))
    lacking = [step for step in range(eight_day.STEPS) if step not in found]
    if lacking:
        names = [f"{v}_{step:02d}" for step in lacking for v in group.variables]
        parts.append(ee.Image.constant([0.0] * len(names)).updateMask(0).rename(names))
    return join_bands(parts)


def trusted_bands(
    layers: Layers,
    images: tuple[tuple[str, str], ...],
    group: Group,
    products: Mapping[str, Product],
    min_valid_share: float,
) -> ee.Image:
    """Trusted stored numbers, image by image, in each the variables of the group.

    Bands are renamed by their number. An archive that has got or lost an image since its days
    were asked for gives another number of bands, which Earth Engine refuses.
    """

    def trust_all(image: ee.Image) -> ee.Image:
        sent = expressions.sent_image(image, layers)
        return join_bands(
            [
                trust(sent, product, product.mask, min_valid_share=min_valid_share)
                for product in (products[variable] for variable in group.variables)
                if product.mask is not None
            ]
        )

    return expressions.asked_images(layers, images).map(trust_all).toBands()


def place_images(group: Group, days: Days, year: int) -> dict[tuple[int, int], int]:
    """Step of each image that fills one, by the number of its collection and its position.

    Of two images that begin in one step the later counts, as in the stage cube.

    Raises
    ------
    InputError : two images begin on one day
    """
    starts = [
        (np.datetime64(first), number, position)
        for number, layers in enumerate(group.layers)
        for position, (first, _) in enumerate(
            images_of(layers, days[layers.collection], year)
        )
    ]
    ordered = sorted(starts)
    if len({day for day, _, _ in ordered}) < len(ordered):
        raise two_images_error(
            f"Earth Engine {year}", ", ".join(group.product.extract.collections)
        )
    first = np.array([day for day, _, _ in ordered], "datetime64[D]")
    steps = eight_day.step_of_day(first, year)
    last = {
        int(step): (number, position)
        for step, (_, number, position) in zip(steps, ordered, strict=True)
    }
    return {image: step for step, image in last.items()}


def build_forest_image(
    product: Product, days: Days, *, year: int, min_forest_fraction: float
) -> ee.Image:
    """Forest of a year, as the stage mask has it.

    Parameters
    ----------
    product : land cover of cells
    days : as in `build_input_image`
    year : of the land cover
    min_forest_fraction : smallest forest share of a cell (1) that is estimated

    Returns
    -------
    forest_type : codes 1-5, 0 where no forest is estimated
    forest_fraction : float, share of the cell that is forest

    Raises
    ------
    InputError : not one image of the year
    """
    (group,) = groups_of({LAND_COVER: product})
    (layers,) = group.layers
    images = images_of(layers, days[layers.collection], year)
    if len(images) != 1:
        raise InputError(
            f"Earth Engine {year}",
            variable=LAND_COVER,
            expected="one image of the year",
            found=str(len(images)),
        )
    sent = expressions.pixels(layers, images)
    bands = [sent.select([number]) for number in range(len(product.extract.classes))]
    absent = product.extract.absent
    percents = [band.multiply(band.neq(absent)) for band in bands]
    total = reduce(ee.Image.add, percents)
    fraction = total.toDouble().divide(100)
    largest = reduce(ee.Image.max, percents)
    # The first of equal shares counts.
    kind = ee.Image.constant(0)
    for code, percent in reversed(list(enumerate(percents, start=1))):
        kind = expressions.first_of(percent.eq(largest).multiply(code), kind)
    known = total.gt(0).And(fraction.gte(min_forest_fraction))
    return join_bands(
        [
            kind.multiply(known).toByte().rename(["forest_type"]),
            fraction.toFloat().rename(["forest_fraction"]),
        ]
    )


def iterate_collections(products: Mapping[str, Product]) -> Iterator[str]:
    """Collections whose days are needed."""
    groups = groups_of(products)
    found = (layers.collection for group in groups for layers in group.layers)
    return iter(dict.fromkeys(found))
