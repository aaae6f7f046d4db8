"""Answers in NPY: pixels with one field per band, read by many threads at once."""

import io
import threading
from functools import lru_cache

import numpy as np

# numpy refuses longer headers of .npy files unless told otherwise: 366 bands reach it.
MAX_HEADER = 2**20
# numpy reads a header with `ast`, whose depth counter all threads of Python 3.11 share: a
# switch of threads in its midst is a SystemError.
READING = threading.Lock()

Header = tuple[tuple[int, ...], bool, np.dtype]


def pixels_of(body: bytes) -> np.ndarray:
    """The pixels of a body, without a copy.

    Raises
    ------
    ValueError, SyntaxError, TypeError, EOFError : the body is no whole .npy file
    """
    start = header_length(body)
    shape, by_column, dtype = header_of(body[:start])
    if dtype.hasobject:
        raise ValueError("objects instead of numbers")
    count = int(np.prod(shape, dtype=int))
    pixels = np.frombuffer(body, dtype, count, start)
    return pixels.reshape(shape, order="F" if by_column else "C")


def header_length(body: bytes) -> int:
    """Where the numbers begin; the length of the header has two bytes in version 1."""
    magic = np.lib.format.MAGIC_LEN
    major, _ = np.lib.format.read_magic(io.BytesIO(body[:magic]))
    size = 2 if major == 1 else 4
    return magic + size + int.from_bytes(body[magic : magic + size], "little")


@lru_cache(maxsize=256)
def header_of(head: bytes) -> Header:
    """Shape, whether columns come first, and types of bands.

    Answers to the same images and windows of one size have the same header: with
    hundreds of bands, reading it takes longer than all the rest.
    """
    file = io.BytesIO(head)
    with READING:
        if np.lib.format.read_magic(file) == (1, 0):
            return np.lib.format.read_array_header_1_0(file, MAX_HEADER)
        return np.lib.format.read_array_header_2_0(file, MAX_HEADER)
