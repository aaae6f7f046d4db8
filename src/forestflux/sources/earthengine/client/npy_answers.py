"""Answers in NPY: pixels with one field per band, read by many threads at once."""

import io
import threading
from functools import lru_cache

import numpy as np

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
    ValueError, SyntaxError, TypeError, EOFError : the body is no whole .npy file
    """
    start = find_header_end(body)
    shape, by_column, dtype = parse_header(body[:start])
    if dtype.hasobject:
        raise ValueError("objects instead of numbers")
    count = int(np.prod(shape, dtype=int))
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
