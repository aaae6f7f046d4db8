"""Arrays inside a page: rounded, compressed, as text that a browser unpacks by itself."""

import base64
import gzip

import numpy as np

MISSING = np.iinfo("int32").min  # stands for NaN


def pack_numbers(values: np.ndarray, *, digit: float) -> dict:
    """Numbers as multiples of a digit, any shape; NaN is kept.

    Parameters
    ----------
    values : any shape, finite or NaN
    digit : the smallest difference that is kept, 0.01 for hundredths

    Returns
    -------
    `shape`, `digit`, and `data`: 32-bit integers whose four bytes are stored one after
    the other for the whole array (they compress better apart), gzip, base64
    """
    whole = np.full(values.shape, MISSING, "int32")
    known = np.isfinite(values)
    whole[known] = np.rint(np.asarray(values, float)[known] / digit)
    planes = whole.astype("<i4").view("uint8").reshape(-1, 4).T
    return {"shape": values.shape, "digit": digit, "data": encode_array(planes)}


def pack_codes(values: np.ndarray) -> dict:
    """Codes 0-255, any shape: `shape` and `data` (uint8, gzip, base64)."""
    codes = np.asarray(values).astype("uint8")
    return {"shape": codes.shape, "data": encode_array(codes)}


def encode_array(array: np.ndarray) -> str:
    """Bytes of an array, gzip, base64; equal arrays give equal text."""
    return encode_bytes(np.ascontiguousarray(array).tobytes())


def encode_bytes(raw: bytes) -> str:
    """Bytes, gzip, base64; the file holds no time, so that equal bytes give equal text."""
    return base64.b64encode(gzip.compress(raw, 9, mtime=0)).decode()
