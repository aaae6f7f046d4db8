"""Files of the ORNL subset service: JSON with a header, CSV without one."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.sources.modis_subsets.file_kinds import not_utf8_error
from forestflux.sources.modis_subsets.subset_band import (
    SubsetBand,
    convert_to_integers,
    parse_modis_days,
)

# A place without a name: Lat-33.6152Lon150.7236Samp9Line9.
PLACE = re.compile(r"Lat(-?[\d.]+)Lon(-?[\d.]+)Samp(\d+)Line(\d+)")
# granule.band: MOD11A2.A2000049.h30v12.006.2020048120245.LST_Day_1km
GRANULE_PARTS = 6
TEXT_FIELDS = 5


def read_json_bands(path: Path) -> list[SubsetBand]:
    """The bands of a JSON file of the REST service.

    Its header has xllcorner, yllcorner, cellsize, nrows, ncols, latitude, longitude and
    the product, or the address of the request, which names product and place; `subset`
    is the list of images with modis_date, band, proc_date and data.

    Raises
    ------
    InputError : truncated or other JSON, no product, images of another size, dates that
        disagree
    """
    content = load_json(path)
    images = content.get("subset")
    rows, columns = (read_count(content, key, path) for key in ("nrows", "ncols"))
    listed = isinstance(images, list) and all(isinstance(i, dict) for i in images)
    if not listed or not images:
        found = "none" if images == [] else "something else"
        raise InputError(path, variable="subset", expected="images", found=found)
    product, place = find_request(content)
    if product is None:
        raise InputError(
            path,
            variable="product",
            expected="a key 'product' or the address of the request in 'header'",
            found="neither",
        )
    names = tuple(str(content[k]) for k in ("site", "Site") if content.get(k))
    by_layer: dict[str, list[dict]] = {}
    for image in images:
        layer = str(image.get("band", content.get("band", "")))
        by_layer.setdefault(layer, []).append(image)
    return [
        SubsetBand(
            path=path,
            product=product,
            layer=layer,
            names=names + ((place,) if place else ()),
            place=read_pair(content, ("latitude", "longitude"), path),
            days=read_image_days(group, path),
            ranks=np.array([str(image.get("proc_date", "")) for image in group]),
            values=shape_pixels(
                [image.get("data", ()) for image in group],
                (rows, columns),
                path,
                layer=layer,
            ),
            corner=read_pair(content, ("xllcorner", "yllcorner"), path),
            cell_m=read_number(content, "cellsize", path),
        )
        for layer, group in by_layer.items()
    ]


def load_json(path: Path) -> dict[str, Any]:
    """The object of a JSON file.

    Raises
    ------
    InputError : the file is not UTF-8, or is cut off
    """
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise not_utf8_error(path, error) from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            path,
            variable="file",
            expected="whole JSON",
            found=f"damaged or truncated JSON ({error})",
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            path, variable="file", expected="a JSON object of keys", found="others"
        )
    return content


def find_request(content: dict) -> tuple[str | None, str]:
    """Product and name of the place, from keys or from the address of the request.

    An address ends .../v1/MOD11A2/subset?..., .../v1/MOD11A2/{site}/subset?... or
    .../v1/MOD11A2/{network}/{site}/subset?...
    """
    _, _, address = str(content.get("header", "")).partition("/api/v1/")
    parts = address.partition("?")[0].split("/")
    product = content.get("product") or (parts[0] if address else None)
    place = parts[-2] if len(parts) > 2 else ""
    return (str(product) if product else None), place


def read_image_days(images: list[dict], path: Path) -> np.ndarray:
    """First days of the images, datetime64[D] (time,).

    Raises
    ------
    InputError : no date, or another one in calendar_date
    """
    days = parse_modis_days([image.get("modis_date", "") for image in images], path)
    for day, image in zip(days, images, strict=True):
        written = image.get("calendar_date", str(day))
        if written != str(day):
            raise InputError(
                path,
                variable="calendar_date",
                expected=f"{day}, as {image['modis_date']} is",
                found=str(written),
            )
    return days


def shape_pixels(
    images: list, shape: tuple[int, int], path: Path, *, layer: str
) -> np.ndarray:
    """Pixel values as int32 (time, row, column).

    Raises
    ------
    InputError : an image with another number of pixels, or something else than integers
    """
    count = shape[0] * shape[1]
    for position, image in enumerate(images):
        if isinstance(image, str) or not isinstance(image, Sequence | np.ndarray):
            raise InputError(
                path,
                variable=layer,
                expected=f"a list of pixels in image {position + 1}",
                found=type(image).__name__,
            )
        if len(image) != count:
            raise InputError(
                path,
                variable=layer,
                expected=f"{count} pixels ({shape[0]} x {shape[1]})",
                found=f"{len(image)} in image {position + 1}",
            )
    try:
        values = np.array(images, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            path, variable=layer, expected="numbers", found=str(error)
        ) from error
    return convert_to_integers(values, path, layer=layer).reshape(len(images), *shape)


def read_number(content: dict, key: str, path: Path) -> float | None:
    """A number of the header; None where it is not there."""
    value = content.get(key)
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            path, variable=key, expected="a number", found=repr(value)
        ) from error


def read_pair(
    content: dict, keys: tuple[str, str], path: Path
) -> tuple[float, float] | None:
    """Two numbers of the header; None where one is not there."""
    first, second = (read_number(content, key, path) for key in keys)
    return None if first is None or second is None else (first, second)


def read_count(content: dict, key: str, path: Path) -> int:
    """A count of the header, which must be there."""
    value = read_number(content, key, path)
    if value is None or not 1 <= value < np.inf or value != int(value):
        raise InputError(
            path, variable=key, expected="a count", found=repr(content.get(key))
        )
    return int(value)


class CsvImage(NamedTuple):
    """A row of a CSV file.

    Attributes
    ----------
    key : product, layer and place; rows with the same ones make a band
    date : such as A2003009
    rank : processing stamp and version
    values : (pixel,)
    """

    key: tuple[str, str, str]
    date: str
    rank: str
    values: np.ndarray


def read_csv_bands(path: Path) -> list[SubsetBand]:
    """The bands of a CSV file: one row an image, no header.

    A row is granule.band, product, A{year}{day}, place, processing stamp and the pixels
    row by row; bands may follow one another in one file.

    Raises
    ------
    InputError : rows of another form, pixels that do not make a window, bytes that are
        not UTF-8
    """
    by_key: dict[tuple[str, str, str], list[CsvImage]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for line, row in enumerate(csv.reader(file), start=1):
                if row:
                    image = parse_row(row, line, path)
                    by_key.setdefault(image.key, []).append(image)
    except UnicodeDecodeError as error:
        raise not_utf8_error(path, error) from error
    except csv.Error as error:
        raise InputError(
            path, variable="file", expected="comma-separated rows", found=str(error)
        ) from error
    return [make_csv_band(path, images) for images in by_key.values()]


def parse_row(row: list[str], line: int, path: Path) -> CsvImage:
    """The image of a row.

    Parameters
    ----------
    line : of the row in the file, for messages
    """
    granule = row[0].split(".", GRANULE_PARTS - 1)
    if len(granule) != GRANULE_PARTS or len(row) <= TEXT_FIELDS:
        raise InputError(
            path,
            variable="rows",
            expected="granule.band, product, date, place, stamp and pixels",
            found=f"'{','.join(row)[:60]}' on line {line}",
        )
    _, product, date, place, stamp = (field.strip() for field in row[:TEXT_FIELDS])
    try:
        values = np.array(row[TEXT_FIELDS:], dtype=float)
    except ValueError as error:
        raise InputError(
            path, variable="pixels", expected="numbers", found=f"{error} on line {line}"
        ) from error
    key = (product, granule[-1].strip(), place)
    return CsvImage(key, date, f"{stamp}.{granule[3]}", values)


def make_csv_band(path: Path, images: list[CsvImage]) -> SubsetBand:
    """The band of images with one key."""
    product, layer, word = images[0].key
    match = PLACE.fullmatch(word)
    names: tuple[str, ...]
    if match:
        names, place = (), (float(match[1]), float(match[2]))
        shape = int(match[4]), int(match[3])  # lines are rows, samples are columns
    else:
        # The name of a site; its window is a square.
        names, place = (word,) if word else (), None
        side = int(np.sqrt(len(images[0].values)))
        shape = side, side
    return SubsetBand(
        path=path,
        product=product,
        layer=layer,
        names=names,
        place=place,
        days=parse_modis_days([image.date for image in images], path),
        ranks=np.array([image.rank for image in images]),
        values=shape_pixels(
            [image.values for image in images], shape, path, layer=layer
        ),
    )
