"""The form in which the cache stores an answer: bands one after the other, image by image."""

import json

import numpy as np

from forestflux.sources.earthengine.client.error_remedies import UnexpectedAnswer
from forestflux.sources.earthengine.client.npy_answers import read_pixels
from forestflux.sources.earthengine.request import Request


def pack_times(times: object) -> bytes:
    """Image times as the cache stores them.

    Raises
    ------
    UnexpectedAnswer : they are no list of numbers
    """
    if isinstance(times, list) and all(isinstance(t, (int, float)) for t in times):
        return json.dumps(times).encode()
    raise UnexpectedAnswer(
        "Earth Engine",
        variable="system:time_start",
        expected="a list of times",
        found=str(times)[:80],
    )


def pack_bands(body: bytes, request: Request) -> bytes:
    """The bands of an answer one after the other, each checked.

    Raises
    ------
    GarbledAnswer : the body is not a whole .npy file
    UnexpectedAnswer : other bands, another shape or other types than asked for
    """
    pixels = read_pixels(body)
    names = pixels.dtype.names or ()
    bands = request.layers.bands
    expected = f"{request.bands} bands of {request.window.shape}"
    if len(names) != request.bands or pixels.shape != request.window.shape:
        found = f"{len(names)} bands of {pixels.shape}"
        raise UnexpectedAnswer(
            describe_request(request), variable="answer", expected=expected, found=found
        )
    packed = []
    for position, name in enumerate(names):
        band = bands[position % len(bands)]
        if pixels.dtype[name] != np.dtype(band.dtype):
            raise UnexpectedAnswer(
                describe_request(request),
                variable=name,
                expected=band.dtype,
                found=str(pixels.dtype[name]),
            )
        packed.append(np.ascontiguousarray(pixels[name]).tobytes())
    return b"".join(packed)


def unpack_bands(packed: bytes, request: Request) -> list[np.ndarray]:
    """The bands of a request, each (image, row, column), from what `pack_bands` made."""
    stride = len(packed) // len(request.images)
    images = np.frombuffer(packed, "uint8").reshape(len(request.images), stride)
    arrays, start = [], 0
    for band in request.layers.bands:
        stop = start + request.pixels * np.dtype(band.dtype).itemsize
        raw = np.ascontiguousarray(images[:, start:stop])
        arrays.append(raw.view(band.dtype).reshape(-1, *request.window.shape))
        start = stop
    return arrays


def describe_request(request: Request) -> str:
    """A request in words, for messages."""
    layers, window = request.layers, request.window
    rows, columns = window.shape
    names = ", ".join(dict.fromkeys(band.name for band in layers.bands))
    return (
        f"{layers.collection} {names} {request.images[0][0]} to {request.images[-1][0]},"
        f" {rows} x {columns} pixels from {window.west:g}, {window.north:g} ({window.crs})"
    )
