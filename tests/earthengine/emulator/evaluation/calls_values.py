"""Algorithms on collections, filters, dates, lists and properties.

`ALGORITHMS` maps each name to what computes it; those that load assets get the catalogue
in `algorithms`.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation import calls_arrays, calls_images
from tests.earthengine.emulator.evaluation.images import Image, ImageCollection

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = {"day": 1, "week": 7}
ELEMENTS = 5000


@dataclass(frozen=True)
class Date:
    """A moment, milliseconds since 1970."""

    millis: int


@dataclass(frozen=True)
class DateRange:
    """From a moment up to but without another, milliseconds since 1970."""

    start: int
    end: int


def millis_of(value) -> int:
    """Milliseconds since 1970 of a date, a number or a text such as 2003-01-01.

    Raises
    ------
    Refused : it is none of these
    """
    if isinstance(value, Date):
        return value.millis
    if isinstance(value, int | float):
        return int(value)
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise Refused(f"Date: Cannot parse '{value}' as a date.") from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round((moment - EPOCH).total_seconds() * 1000)


def moment_of(millis: int) -> datetime:
    """The moment of a number of milliseconds."""
    return EPOCH + timedelta(milliseconds=millis)


def date_range(start, end, timeZone):
    """DateRange; without an end it lasts a millisecond."""
    first = millis_of(start)
    last = first + 1 if end is None else millis_of(end)
    if last <= first:
        raise Refused("DateRange: the start must be before the end.")
    return DateRange(first, last)


def advance(date, delta, unit, timeZone):
    """Date.advance by days, weeks, months or years."""
    unit, moment = unit.removesuffix("s"), moment_of(millis_of(date))
    if unit in DAYS:
        later = moment + timedelta(days=delta * DAYS[unit])
    elif unit in ("month", "year"):
        months = moment.month - 1 + round(delta * (12 if unit == "year" else 1))
        later = moment.replace(year=moment.year + months // 12, month=months % 12 + 1)
    else:
        raise Refused(f"Date.advance: the emulator has no unit '{unit}'.")
    return Date(round((later - EPOCH).total_seconds() * 1000))


# Filters are functions of an image


def operand(image: Image, field, value):
    """A field of an image, or the value that stands for it."""
    if field is None:
        return value
    return image.properties.get(field)


def compares(function: Callable) -> Callable:
    """A filter that compares two operands; a missing one never passes."""

    def call(leftField, rightValue, rightField, leftValue):
        def passes(image: Image) -> bool:
            left = operand(image, leftField, leftValue)
            right = operand(image, rightField, rightValue)
            return left is not None and right is not None and function(left, right)

        return passes

    return call


@dataclass(frozen=True)
class During:
    """Filter.dateRangeContains on the time of an image."""

    span: DateRange

    def __call__(self, image: Image) -> bool:
        """Whether the image begins in the range."""
        return self.span.start <= image.properties["system:time_start"] < self.span.end


def contains_date(leftField, rightValue, rightField, leftValue):
    """Filter.dateRangeContains of a range and the time of an image."""
    if rightField != "system:time_start" or not isinstance(leftValue, DateRange):
        raise Refused("The emulator filters dates by system:time_start only.")
    return During(leftValue)


def calendar_range(start, end, field):
    """Filter.calendarRange by year, month or day of the year, both ends included."""
    parts = {
        "year": lambda moment: moment.year,
        "month": lambda moment: moment.month,
        "day_of_year": lambda moment: moment.timetuple().tm_yday,
    }
    if field not in parts:
        raise Refused(f"Filter.calendarRange: the emulator has no field '{field}'.")
    last = start if end is None else end

    def passes(image: Image) -> bool:
        moment = moment_of(image.properties["system:time_start"])
        return start <= parts[field](moment) <= last

    return passes


# Collections


def filter_collection(collection, filter):
    """Collection.filter; ranges of an asset's rising times are looked up."""
    images, times = collection.images, collection.times
    if isinstance(filter, During) and times is not None:
        part = slice(
            bisect_left(times, filter.span.start), bisect_left(times, filter.span.end)
        )
        return replace(collection, images=images[part], times=times[part])
    kept = tuple(image for image in images if filter(image))
    return ImageCollection(kept, collection.id)


def map_collection(collection, baseAlgorithm, dropNulls):
    """Collection.map; what comes out keeps the index of what went in."""
    images = []
    for image in collection.images:
        made = baseAlgorithm(image)
        if made is None and dropNulls:
            continue
        if not isinstance(made, Image):
            raise Refused("Collection.map: A mapped algorithm must return an image.")
        index = image.properties.get("system:index")
        images.append(made.with_properties(**{"system:index": index}))
    return ImageCollection(tuple(images))


def from_images(images):
    """ImageCollection.fromImages; the index counts from 0."""
    numbered = (
        image.with_properties(**{"system:index": str(index)})
        for index, image in enumerate(images)
    )
    return ImageCollection(tuple(numbered))


def merge(collection1, collection2):
    """ImageCollection.merge; the index says from which of the two an image came."""
    images = [
        image.with_properties(
            **{"system:index": f"{part}_{image.properties['system:index']}"}
        )
        for part, collection in ((1, collection1), (2, collection2))
        for image in collection.images
    ]
    return ImageCollection(tuple(images))


def limit(collection, limit, key, ascending):
    """Collection.limit: sorted, then cut."""
    images = list(collection.images)
    if key is not None:
        images.sort(key=lambda image: image.properties[key], reverse=not ascending)
    return replace(collection, images=tuple(images[:limit]))


def aggregate(collection, property):
    """AggregateFeatureCollection.array: a property of every image that has it."""
    if len(collection.images) > ELEMENTS:
        raise Refused(
            f"Collection query aborted after accumulating over {ELEMENTS} elements."
        )
    values = (image.properties.get(property) for image in collection.images)
    return [value for value in values if value is not None]


def copy_properties(destination, source, properties, exclude):
    """Element.copyProperties; without a list, all but the system's."""
    given = source.properties
    wanted = properties
    if wanted is None:
        wanted = [name for name in given if not name.startswith("system:")]
        wanted = [name for name in wanted if name not in (exclude or [])]
    kept = {name: given[name] for name in wanted if name in given}
    return destination.with_properties(**kept)


def sequence(start, end, step, count):
    """List.sequence, the end included."""
    if count is not None:
        raise Refused("The emulator has List.sequence by its end only.")
    step = 1 if step is None else step
    values = []
    while start <= end:
        values.append(start)
        start += step
    return values


def first(collection):
    """Collection.first."""
    return collection.images[0] if collection.images else None


ALGORITHMS = {
    "Date": lambda value, timeZone: Date(millis_of(value)),
    "Date.millis": lambda date: millis_of(date),
    "Date.advance": advance,
    "DateRange": date_range,
    "Filter.dateRangeContains": contains_date,
    "Filter.equals": compares(lambda left, right: left == right),
    "Filter.notEquals": compares(lambda left, right: left != right),
    "Filter.lessThan": compares(lambda left, right: left < right),
    "Filter.lessThanOrEquals": compares(lambda left, right: left <= right),
    "Filter.greaterThan": compares(lambda left, right: left > right),
    "Filter.greaterThanOrEquals": compares(lambda left, right: left >= right),
    "Filter.listContains": compares(lambda listed, value: value in listed),
    "Filter.calendarRange": calendar_range,
    "Filter.and": lambda filters: lambda image: all(f(image) for f in filters),
    "Filter.or": lambda filters: lambda image: any(f(image) for f in filters),
    "Filter.not": lambda filter: lambda image: not filter(image),
    "Collection.filter": filter_collection,
    "Collection.map": map_collection,
    "Collection.size": lambda collection: len(collection.images),
    "Collection.first": first,
    "Collection.limit": limit,
    "ImageCollection.fromImages": from_images,
    "ImageCollection.merge": merge,
    "AggregateFeatureCollection.array": aggregate,
    "Image.copyProperties": copy_properties,
    "Element.copyProperties": copy_properties,
    "Element.get": lambda object, property: object.properties.get(property),
    "Element.set": lambda object, key, value: object.with_properties(**{key: value}),
    "Element.setMulti": lambda object, properties: object.with_properties(**properties),
    "Image.date": lambda image: Date(image.properties["system:time_start"]),
    "List.sequence": sequence,
    "List.map": lambda list, baseAlgorithm, dropNulls: [baseAlgorithm(v) for v in list],
    "List.get": lambda list, index: list[int(index)],
    "List.size": lambda list: len(list),
    "Number.add": lambda left, right: left + right,
    "Number.subtract": lambda left, right: left - right,
    "Number.multiply": lambda left, right: left * right,
}


def algorithms(catalogue) -> Mapping[str, Callable]:
    """All algorithms, with a catalogue from which assets are loaded."""
    return {
        **calls_images.ALGORITHMS,
        **calls_arrays.ALGORITHMS,
        **ALGORITHMS,
        "ImageCollection.load": lambda id, version: catalogue.collection(id),
        "Image.load": lambda id, version: catalogue.image(id),
    }
