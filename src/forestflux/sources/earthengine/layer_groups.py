"""From the product table to requests: which layers, images and windows a place needs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forestflux.core.eight_day import step_lengths, step_starts
from forestflux.core.names import VARIABLES
from forestflux.core.pixel_quality import code, pixel_reasons, quality_reason
from forestflux.sources.earthengine.request import (
    MAX_BANDS,
    Average,
    Band,
    Layers,
)

# What stands for NaN on the way: JSON has no NaN.
NO_NUMBER = -9999.0


@dataclass(frozen=True)
class Group:
    """Variables that are read together: the same collections, images and windows.

    Attributes
    ----------
    variables : of ours, in our order
    section : the `extract` section of the first
    layers : what is asked of each collection
    """

    variables: tuple[str, ...]
    section: Mapping
    layers: tuple[Layers, ...]

    @property
    def covers(self) -> bool:
        """Whether these are the percents of a tile's land cover classes."""
        return "classes" in self.section


def groups_of(products: Mapping) -> list[Group]:
    """The variables of a product table's `extract` sections, grouped; land cover last."""
    together: dict[str, list[str]] = {}
    for variable in (*VARIABLES, "landcover"):
        if variable in products:
            section = products[variable]
            shared = (section["collections"], section["grid"], section["window"])
            alone = variable if "average" in section else ""
            together.setdefault(repr((shared, alone)), []).append(variable)
    return [group_of(names, products) for names in together.values()]


def group_of(variables: Sequence[str], products: Mapping) -> Group:
    """A group from its variables' sections: bands of values, then of quality."""
    sections = [products[variable] for variable in variables]
    first, average = sections[0], None
    if "average" in first:
        bands, average = averaged_bands(first), average_of(first)
    elif "classes" in first:
        bands = class_bands(first)
    else:
        values = [value_band(section) for section in sections]
        bands = tuple(dict.fromkeys([*values, *quality_bands(sections)]))
    layers = tuple(
        Layers(name, bands, average, first.get("sum_over_step", False))
        for name in first["collections"]
    )
    return Group(tuple(variables), first, layers)


def value_band(section: Mapping) -> Band:
    """The band of a variable's values as it is sent."""
    absent = section["absent"]
    if absent != absent:
        absent = NO_NUMBER
    if "archive" in section:
        archive = section["archive"]
        return Band(section["band"], archive["dtype"], absent / archive["multiply"])
    return Band(section["band"], section["dtype"], absent)


def quality_bands(sections: Sequence[Mapping]) -> Iterator[Band]:
    """The quality bands of some variables; two may share one."""
    for section in sections:
        if "quality_band" in section:
            yield Band(
                section["quality_band"],
                section["quality_dtype"],
                section["quality_absent"],
            )


def averaged_bands(section: Mapping) -> tuple[Band, ...]:
    """The bands of an average: mean, percent that is valid, percent of each reason."""
    names = (section["band"], "valid", *pixel_reasons(section["average"]))
    return tuple(Band(name, section["dtype"], section["absent"]) for name in names)


def average_of(section: Mapping) -> Average:
    """How the pixels of a product are averaged, with its quality rules as a table of numbers."""
    rules = section["average"]
    rejected, reasons = rejected_numbers(rules)
    return Average(
        quality=section["quality_band"],
        quality_absent=rules["pixel_quality_absent"],
        valid=tuple(rules["valid"]),
        rejected=rejected,
        reasons=reasons,
        percents=tuple(code(name) for name in pixel_reasons(rules)),
        cause_without_value=rules.get("fill_reason_from_quality", False),
        max_pixels=rules["max_pixels"],
        resolution_deg=section["grid"]["pixel"],
    )


def rejected_numbers(rules: Mapping) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Quality numbers that a rule rejects and the code of the reason for each.

    The rules are evaluated here, once, by the code that masks towers.
    """
    reasons = quality_reason(np.arange(256), rules)
    rejected = np.flatnonzero(reasons)
    return tuple(rejected.tolist()), tuple(reasons[rejected].tolist())


def class_bands(section: Mapping) -> tuple[Band, ...]:
    """A band for the percent of each land cover class."""
    return tuple(
        Band(f"{section['band']}_{number}", section["dtype"], section["absent"])
        for number in section["classes"]
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
