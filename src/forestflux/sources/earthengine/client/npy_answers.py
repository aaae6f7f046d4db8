"""Answers in NPY: pixels with one field per band, read by many threads at once."""

import io
import math
import threading
from functools import lru_cache

import numpy as np

from forestflux.sources.earthengine.client.error_remedies import GarbledAnswer

# numpy refuses longer headers of .npy files unless it is given a limit; a header of 366
# bands is longer than its default.
MAX_HEADER_BYTES = 2**20
# numpy parses a header with `ast`, whose depth counter is shared by all threads of Python
# 3.11: a switch of threads while it parses ends in a SystemError.
PARSING = threading.Lock()

Header = tuple[tuple[int, ...], bool, np.dtype]


def read_pixels(body: bytes) -> np.ndarray:
    """The pixels of a body (row, column) with one field per band, without a copy.

    Raises
    ------
    GarbledAnswer : the body is not exactly one .npy file
    """
    try:
        start = find_header_end(body)
        shape, by_column, dtype = parse_header(body[:start])
    except Exception as error:
        # numpy lets through whatever `ast`, `tokenize` and `dtype` raise about a header.
        raise GarbledAnswer(f"an answer of {len(body)} bytes: {error}") from error
    count = math.prod(shape)
    if dtype.hasobject or count * dtype.itemsize != len(body) - start:
        raise GarbledAnswer(f"an answer of {len(body)} bytes: no {count} pixels")
    pixels = np.frombuffer(body, dtype, count, start)
    return pixels.reshape(shape, order="F" if by_column else "C")


def find_header_end(body: bytes) -> int:
    """Position at which the numbers begin."""
    magic = np.lib.format.MAGIC_LEN
    major, _ = np.lib.format.read_magic(io.BytesIO(body[:magic]))
    size = 2 if major == 1 else 4  # bytes of the header's length
    return magic + size + int.from_bytes(body[magic : magic + size], "little")


@lru_cache(maxsize=256)
def parse_header(head: bytes) -> Header:
    """Shape, whether columns come first, and types of bands."""
    # Cached because answers with the same bands and shape share their header, and parsing
    # one of hundreds of bands takes longer than all the rest.
    file = io.BytesIO(head)
    with PARSING:
        if np.lib.format.read_magic(file) == (1, 0):
            return np.lib.format.read_array_header_1_0(file, MAX_HEADER_BYTES)
        return np.lib.format.read_array_header_2_0(file, MAX_HEADER_BYTES)
