"""From the product table to requests: which layers, images and windows a place needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forestflux.core.calendars.eight_day import step_lengths, step_starts
from forestflux.core.product_tables.pixel_quality import code, quality_reason
from forestflux.core.product_tables.pixel_rules import PixelRules
from forestflux.core.product_tables.products import Extract, Product
from forestflux.sources.earthengine.request import (
    MAX_BANDS,
    Average,
    Band,
    Layers,
    PixelTable,
)

# What stands for NaN on the way: JSON has no NaN.
NO_NUMBER = -9999.0


@dataclass(frozen=True)
class Group:
    """Variables that are read together: the same collections, images and windows.

    Attributes
    ----------
    variables : of ours, in our order
    product : of the first; collections, grid and window are those of all
    layers : what is asked of each collection
    bands : what a place's arrays are made of: the bands that are asked for, or, of pixels that
    are weighed here, those of cells
    """

    variables: tuple[str, ...]
    product: Product
    layers: tuple[Layers, ...]
    bands: tuple[Band, ...]


def groups_of(products: Mapping[str, Product]) -> list[Group]:
    """The variables that are read together, in the order of the table: land cover is last."""
    together: dict[str, list[str]] = {}
    for variable, product in products.items():
        extract = product.extract
        alone = variable if product.is_average else ""
        shared = (extract.collections, product.grid, extract.window, alone)
        together.setdefault(repr(shared), []).append(variable)
    return [group_of(names, products) for names in together.values()]


def group_of(variables: Sequence[str], products: Mapping[str, Product]) -> Group:
    """A group from its variables' products: bands of values, then of quality."""
    members = [products[variable] for variable in variables]
    first = members[0]
    asked = pixel_bands(members)
    if first.is_average:
        bands = averaged_bands(first)
    elif first.is_class_cover:
        bands = class_bands(first)
    else:
        bands = asked
    layers = tuple(
        Layers(
            name,
            asked if first.weighs_pixels else bands,
            average_of(first),
            first.extract.sum_over_step,
        )
        for name in first.extract.collections
    )
    return Group(tuple(variables), first, layers, bands)


def pixel_bands(products: Sequence[Product]) -> tuple[Band, ...]:
    """The bands of pixels: values, then quality."""
    values = [value_band(product) for product in products]
    return tuple(dict.fromkeys([*values, *quality_bands(products)]))


def value_band(product: Product) -> Band:
    """The band of a variable's values as it is sent."""
    extract, absent = product.extract, sent_number(product.extract.absent)
    if extract.archive is not None:
        archive = extract.archive
        return Band(extract.band, archive.dtype, absent / archive.multiply)
    return Band(extract.band, extract.dtype, absent)


def quality_bands(products: Sequence[Product]) -> Iterator[Band]:
    """The quality bands of pixels of some variables; two may share one."""
    for extract in (product.extract for product in products):
        if extract.quality_band is None or extract.quality_dtype is None:
            continue
        dtype, absent = extract.quality_dtype, extract.quality_absent
        if extract.average is not None:  # whose own quality band is another one
            dtype = extract.average.pixel_quality_dtype
            absent = extract.average.pixel_quality_absent
        yield Band(extract.quality_band, dtype, absent)


def averaged_bands(product: Product) -> tuple[Band, ...]:
    """The bands of an average: mean, percent that is valid, percent of each reason.

    Where Earth Engine has nothing at all, every percent is 0: the cell was not acquired.
    """
    extract = product.extract
    reasons = extract.average.counted_reasons if extract.average else ()
    percents = (Band(name, "uint8", 0) for name in ("valid", *reasons))
    return (Band(extract.band, extract.dtype, extract.absent), *percents)


def average_of(product: Product) -> Average | None:
    """How Earth Engine averages the pixels of a product, if it does."""
    rules = product.extract.average
    if rules is None or product.weighs_pixels:
        return None
    return Average(
        pixels=pixel_table(
            product.extract, rules, quality_absent=rules.pixel_quality_absent
        ),
        percents=tuple(code(name) for name in rules.counted_reasons),
        max_pixels=rules.max_pixels,
        resolution_deg=product.grid.pixel,
    )


def pixel_table(
    extract: Extract, rules: PixelRules, *, quality_absent: int
) -> PixelTable:
    """The quality rules of a product's pixels as a table of numbers.

    Parameters
    ----------
    extract, rules : of the product
    quality_absent : quality of a pixel that has none
    """
    rejected, reasons = rejected_numbers(rules)
    absent = sent_number(extract.absent)
    return PixelTable(
        quality=extract.quality_band or "",
        quality_absent=quality_absent,
        absent=absent,
        missing=(*rules.fill, absent),
        missing_reasons=(*(code("fill") for _ in rules.fill), code("not_acquired")),
        valid=rules.valid,
        outside=code("out_of_range"),
        rejected=rejected,
        reasons=reasons,
        fill_reason_from_quality=rules.fill_reason_from_quality,
    )


def sent_number(absent: float) -> float:
    """The number that stands for nothing as it is sent."""
    return NO_NUMBER if np.isnan(absent) else absent


def rejected_numbers(rules: PixelRules) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Quality numbers that a rule rejects and the code of the reason for each.

    The rules are evaluated here, once, by the code that masks towers.
    """
    reasons = quality_reason(np.arange(256), rules)
    rejected = np.flatnonzero(reasons)
    return tuple(rejected.tolist()), tuple(reasons[rejected].tolist())


def class_bands(product: Product) -> tuple[Band, ...]:
    """A band for the percent of each land cover class."""
    extract = product.extract
    return tuple(
        Band(f"{extract.band}_{number}", extract.dtype, extract.absent)
        for number in extract.classes
    )


def images_of(layers: Layers, days: np.ndarray, year: int) -> tuple:
    """First day and day after the last of each image that is asked for in a year, ISO.

    A sum over a step is asked for when each of its days is there.

    Parameters
    ----------
    days : first days of the archive's images in the year, datetime64[D]
    """
    if not layers.summed:
        return tuple((str(day), str(day + 1)) for day in days)
    steps = zip(step_starts(year), step_lengths(year), strict=True)
    return tuple(
        (str(start), str(start + int(length)))
        for start, length in steps
        if np.isin(start + np.arange(length), days).all()
    )


def runs_of_years(
    layers: Layers, images: Mapping[int, tuple], *, several: bool
) -> Iterator[tuple]:
    """Images of one request after the other: whole years, several where they fit.

    Parameters
    ----------
    images : images of each year
    several : whether a request may cover more than one year
    """
    run: tuple = ()
    for year in sorted(images):
        joined = run + images[year]
        fits = several and len(joined) * len(layers.bands) <= MAX_BANDS
        if run and not fits:
            yield run
            joined = images[year]
        run = joined
    if run:
        yield run
