"""Files of the ORNL subset service: JSON with a header, CSV without one."""

import csv
import json
import re
from pathlib import Path

import numpy as np

from forestflux.core.errors import InputError
from forestflux.sources.modis_subsets.file_kinds import not_utf8
from forestflux.sources.modis_subsets.subset_band import Band, modis_days, whole_numbers

PLACE = re.compile(r"Lat(-?[\d.]+)Lon(-?[\d.]+)Samp(\d+)Line(\d+)")
# granule.band: MOD11A2.A2000049.h30v12.006.2020048120245.LST_Day_1km
GRANULE_PARTS = 6
TEXT_FIELDS = 5


def read_json(path: Path) -> list[Band]:
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
    rows, columns = (integer(content, key, path) for key in ("nrows", "ncols"))
    if not isinstance(images, list) or not images:
        found = "none" if images == [] else "something else"
        raise InputError(path, variable="subset", expected="images", found=found)
    product, place = request_of(content)
    if product is None:
        raise InputError(
            path,
            variable="product",
            expected="a key 'product' or the address of the request in 'header'",
            found="neither",
        )
    names = tuple(str(content[k]) for k in ("site", "Site") if content.get(k))
    grouped = {}
    for image in images:
        layer = str(image.get("band", content.get("band", "")))
        grouped.setdefault(layer, []).append(image)
    corner = [number(content, key, path) for key in ("xllcorner", "yllcorner")]
    whole = None not in corner
    return [
        Band(
            path=path,
            product=product,
            layer=layer,
            names=names + ((place,) if place else ()),
            lat=number(content, "latitude", path),
            lon=number(content, "longitude", path),
            days=image_days(group, path),
            ranks=np.array([str(image.get("proc_date", "")) for image in group]),
            values=pixels(
                [image.get("data", ()) for image in group],
                (rows, columns),
                path,
                layer=layer,
            ),
            corner=(corner[0], corner[1]) if whole else None,
            cell_m=number(content, "cellsize", path),
        )
        for layer, group in grouped.items()
    ]


def load_json(path: Path) -> dict:
    """The object of a JSON file; one line says where it is cut off."""
    try:
        content = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    except ValueError as error:
        raise InputError(
            path,
            variable="file",
            expected="whole JSON",
            found=f"damaged or truncated JSON ({error})",
        ) from error
    return content


def request_of(content: dict) -> tuple[str | None, str]:
    """Product and name of the place, from the keys or the address of the request.

    An address ends .../v1/MOD11A2/subset?..., .../v1/MOD11A2/{site}/subset?... or
    .../v1/MOD11A2/{network}/{site}/subset?...
    """
    _, _, address = str(content.get("header", "")).partition("/api/v1/")
    parts = address.partition("?")[0].split("/")
    product = content.get("product") or (parts[0] if address else None)
    place = parts[-2] if len(parts) > 2 else ""
    return (str(product) if product else None), place


def image_days(images: list[dict], path: Path) -> np.ndarray:
    """First days of the images; calendar_date must say the same where it is there."""
    days = modis_days([image.get("modis_date", "") for image in images], path)
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


def pixels(
    images: list, shape: tuple[int, int], path: Path, *, layer: str
) -> np.ndarray:
    """Pixel values as int32 (time, row, column).

    Raises
    ------
    InputError : an image with another number of pixels, or something else than integers
    """
    count = shape[0] * shape[1]
    for position, image in enumerate(images):
        if len(image) != count:
            raise InputError(
                path,
                variable=layer,
                expected=f"{count} pixels ({shape[0]} x {shape[1]})",
                found=f"{len(image)} in image {position + 1}",
            )
    try:
        values = np.array(images, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(
            path, variable=layer, expected="numbers", found=str(error)
        ) from error
    return whole_numbers(values, path, layer=layer).reshape(len(images), *shape)


def number(content: dict, key: str, path: Path) -> float | None:
    """A number of the header, None where it is not there."""
    value = content.get(key)
    if value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            path, variable=key, expected="a number", found=repr(value)
        ) from error


def integer(content: dict, key: str, path: Path) -> int:
    """A count of the header."""
    value = number(content, key, path)
    if value is None or value < 1 or value != int(value):
        raise InputError(
            path, variable=key, expected="a count", found=repr(content.get(key))
        )
    return int(value)


def read_csv(path: Path) -> list[Band]:
    """The bands of a CSV file: one row an image, no header.

    A row is granule.band, product, A{year}{day}, place, processing stamp and the pixels
    row by row; bands may follow one another in one file.

    Raises
    ------
    InputError : rows of another form, pixels that do not make the window, bytes that
        are not UTF-8
    """
    grouped = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            for line, row in enumerate(csv.reader(file), start=1):
                if row:
                    key, image = image_of(row, line, path)
                    grouped.setdefault(key, []).append(image)
    except UnicodeDecodeError as error:
        raise not_utf8(path, error) from error
    return [csv_band(path, *key, images) for key, images in grouped.items()]


def image_of(row: list[str], line: int, path: Path) -> tuple[tuple, tuple]:
    """Product, layer and place of a row; its date, rank and pixels."""
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
    rank = f"{stamp}.{granule[3]}"
    return (product, granule[-1].strip(), place), (date, rank, values)


def csv_band(
    path: Path, product: str, layer: str, place: str, images: list[tuple]
) -> Band:
    """The band of rows that belong together."""
    dates, ranks, values = zip(*images, strict=True)
    match = PLACE.fullmatch(place)
    if match:
        lat, lon = float(match[1]), float(match[2])
        shape = int(match[4]), int(match[3])  # lines are rows, samples are columns
    else:
        lat = lon = None
        side = int(np.sqrt(len(values[0])))
        shape = side, side
    return Band(
        path=path,
        product=product,
        layer=layer,
        names=() if match else (place,) if place else (),
        lat=lat,
        lon=lon,
        days=modis_days(dates, path),
        ranks=np.array(ranks),
        values=pixels(list(values), shape, path, layer=layer),
    )
