"""Requests that the server refused as a whole: the parts in which they are asked for.

When a request is refused, a note in the cache says how it was divided. A later run reads
the note and asks for the parts at once.
"""

import numpy as np

from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.answer_cache import AnswerCache
from forestflux.sources.earthengine.client.band_packing import unpack_bands
from forestflux.sources.earthengine.client.error_remedies import Remedy
from forestflux.sources.earthengine.request import Request, halves, join, window_halves


def divide(request: Request, remedy: str) -> tuple[Request, Request]:
    """The parts of a refused request.

    Parameters
    ----------
    remedy : name of a `Remedy`: SPLIT, it was too large, or HALVE, it was too heavy to
        compute

    Raises
    ------
    ValueError : it cannot be any smaller
    """
    if remedy == Remedy.HALVE.name and request.pixels > 1:
        return window_halves(request)
    return halves(request)


def write_note(request: Request, remedy: Remedy, cache: AnswerCache) -> None:
    """Note in the cache that a request goes in parts, and in which."""
    cache.write(note_key(request), remedy.name.encode())


def find_parts(request: Request, cache: AnswerCache) -> tuple[Request, ...]:
    """The parts in which a request is known to go; none where it goes as a whole."""
    if not request.fits():
        return halves(request)
    remedy = cache.read(note_key(request))
    return () if remedy is None else divide(request, remedy.decode())


def note_key(request: Request) -> str:
    """Key of the note that a request goes in parts."""
    return f"{expressions.key_of(request)}.parts"


def is_cached(request: Request, cache: AnswerCache) -> bool:
    """Whether a request, or every part of it, is in the cache."""
    if cache.has(expressions.key_of(request)):
        return True
    parts = find_parts(request, cache)
    return bool(parts) and all(is_cached(part, cache) for part in parts)


def read_bands(request: Request, cache: AnswerCache) -> list[np.ndarray] | None:
    """The bands of a request, each (image, row, column); None if the cache lacks any."""
    packed = cache.read(expressions.key_of(request))
    if packed is not None:
        return unpack_bands(packed, request)
    parts = find_parts(request, cache)
    if not parts:
        return None
    first, second = (read_bands(part, cache) for part in parts)
    if first is None or second is None:
        return None
    return join(request, parts[0], (first, second))
