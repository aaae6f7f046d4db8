"""Answers to computations: pixels as NPY, values as JSON, within Earth Engine's limits."""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.array_images import Array
from tests.earthengine.emulator.evaluation.calls_values import ELEMENTS, Date
from tests.earthengine.emulator.evaluation.grids import PixelGrid, grid_of_request
from tests.earthengine.emulator.evaluation.images import Band, Image, ImageCollection
from tests.earthengine.emulator.graph import evaluate

MAX_BYTES = 48 * 2**20
MAX_SIDE = 32768
MAX_BANDS = 1024
MASK_BYTES = 1


@dataclass(frozen=True)
class Answer:
    """The body of an answer and its media type."""

    body: bytes
    media: str


def pixels_of(body: Mapping) -> int:
    """Pixels that a request asks for, 1 without a grid."""
    size = body.get("grid", {}).get("dimensions", {})
    return int(size.get("width", 1)) * int(size.get("height", 1))


def compute_pixels(body: Mapping, functions: Mapping[str, Callable]) -> Answer:
    """The pixels of an image as a structured array (row, column); masked ones are 0.

    Raises
    ------
    Refused : no image, an unknown format or band, or more than Earth Engine sends
    """
    if body.get("fileFormat") != "NPY":
        raise Refused(f"The emulator has no file format '{body.get('fileFormat')}'.")
    grid = grid_of_request(body.get("grid") or {})
    image = evaluate(body.get("expression"), functions)
    if not isinstance(image, Image):
        raise Refused("The expression does not evaluate to an image.")
    bands = image.bands
    if body.get("bandIds"):
        named = {band.name: band for band in bands}
        unknown = [name for name in body["bandIds"] if name not in named]
        if unknown:
            raise Refused(f"Band '{unknown[0]}' not found in {image.names()}.")
        bands = tuple(named[name] for name in body["bandIds"])
    check_size(bands, grid)
    names = [band.name for band in bands]
    pixels = np.zeros(
        grid.shape, list(zip(names, (b.dtype for b in bands), strict=True))
    )
    for band in bands:
        values, mask = band.at(grid)
        pixels[band.name] = np.where(mask, values, 0)
    file = io.BytesIO()
    np.lib.format.write_array(file, pixels, allow_pickle=False)
    return Answer(file.getvalue(), "application/octet-stream")


def check_size(bands: tuple[Band, ...], grid: PixelGrid) -> None:
    """Refuse what computePixels refuses, with its words.

    Raises
    ------
    Refused : no bands, bands of arrays or of one name, too many bands, too long a side, too
        many bytes
    """
    if not bands:
        raise Refused("Image has no bands.")
    arrays = [band.name for band in bands if band.axes]
    if arrays:
        raise Refused(f"Band '{arrays[0]}' holds arrays: it cannot be sent as pixels.")
    if len({band.name for band in bands}) < len(bands):
        raise Refused("Duplicate band names.")
    if len(bands) > MAX_BANDS:
        raise Refused(f"Too many bands ({len(bands)}), at most {MAX_BANDS}.")
    height, width = grid.shape
    if max(height, width) > MAX_SIDE:
        raise Refused(
            f"Pixel grid dimensions ({width}x{height}) must be less than or equal to"
            f" {MAX_SIDE}."
        )
    size = height * width * sum(band.dtype.itemsize + MASK_BYTES for band in bands)
    if size > MAX_BYTES:
        raise Refused(
            f"Total request size ({size} bytes) must be less than or equal to"
            f" {MAX_BYTES} bytes."
        )


def compute_value(body: Mapping, functions: Mapping[str, Callable]) -> Answer:
    """The value of an expression as JSON."""
    result = as_json(evaluate(body.get("expression"), functions))
    return Answer(json.dumps({"result": result}).encode(), "application/json")


def create_map(body: Mapping, functions: Mapping[str, Callable]) -> Answer:
    """The name of a map whose tiles nobody draws here; its image is evaluated.

    Raises
    ------
    Refused : no image
    """
    image = evaluate(body.get("expression"), functions)
    if not isinstance(image, Image) or not image.bands:
        raise Refused("The emulator makes maps of images only.")
    checksum = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    name = f"projects/forests/maps/{checksum[:32]}"
    return Answer(json.dumps({"name": name}).encode(), "application/json")


def as_json(value):
    """A value as the client's `getInfo` expects it.

    Raises
    ------
    Refused : a collection too large, or something that has no such form
    """
    if isinstance(value, list | tuple):
        return [as_json(part) for part in value]
    if isinstance(value, dict):
        return {key: as_json(part) for key, part in value.items()}
    if isinstance(value, Date):
        return {"type": "Date", "value": value.millis}
    if isinstance(value, Image):
        described = {
            "type": "Image",
            "bands": [as_json(band) for band in value.bands],
            "properties": value.properties,
        }
        return described if value.id is None else {**described, "id": value.id}
    if isinstance(value, Array):
        return value.values.tolist()
    if isinstance(value, Band):
        precision = "int" if value.dtype.kind in "iu" else value.dtype.name
        data_type = {"type": "PixelType", "precision": precision}
        if value.axes:
            data_type["dimensions"] = value.axes
        return {"id": value.name, "data_type": data_type, **where(value.native)}
    if isinstance(value, ImageCollection):
        if len(value.images) > ELEMENTS:
            raise Refused(
                f"Collection query aborted after accumulating over {ELEMENTS} elements."
            )
        described = {"type": "ImageCollection", "bands": [], "properties": {}}
        return {**described, "features": [as_json(image) for image in value.images]}
    if value is None or isinstance(value, str | int | float):
        return value
    raise Refused(f"The emulator cannot show a {type(value).__name__}.")


def where(native: PixelGrid | None) -> dict:
    """Coordinate system and transform of a band."""
    if native is None:
        return {"crs": "EPSG:4326", "crs_transform": [1, 0, 0, 0, 1, 0]}
    (x_scale, y_scale), (x, y) = native.step, native.corner
    return {"crs": native.crs, "crs_transform": [x_scale, 0, x, 0, y_scale, y]}


# What answers a computation, by the end of the path.
COMPUTATIONS = {
    "image:computePixels": compute_pixels,
    "value:compute": compute_value,
    "maps": create_map,
}
