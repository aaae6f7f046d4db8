"""One request on its way: asked, checked on arrival, asked again or in parts where needed."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import ee
import numpy as np
import tenacity

from forestflux.core.errors import InputError
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.answer_cache import Cache
from forestflux.sources.earthengine.client.connection import Http
from forestflux.sources.earthengine.client.faults import (
    Fault,
    Garbled,
    explained,
    fault_of,
)
from forestflux.sources.earthengine.client.in_flight import Memory, Slots
from forestflux.sources.earthengine.client.npy_answers import pixels_of
from forestflux.sources.earthengine.client.progress import Progress
from forestflux.sources.earthengine.request import Request, halves, join, window_halves

LONGEST_WAIT_S = 60.0
# An answer is in memory as it came, decoded and in the order of the cache.
COPIES = 3

log = logging.getLogger(__name__)


@dataclass
class Transport:
    """Everything that a request needs on its way.

    Attributes
    ----------
    http : the connection
    cache, slots, memory, progress : shared by all threads
    attempts : how often a request is asked before it counts as failed
    tag : beginning of the workload tag
    wait_s : mean of the first waiting time, seconds; it doubles with each attempt
    """

    http: Http
    cache: Cache
    slots: Slots
    memory: Memory
    progress: Progress
    attempts: int
    tag: str
    wait_s: ClassVar[float] = 1.0

    def fetch_days(self, collection: str, year: int) -> None:
        """Bring the times of a collection's images in a year into the cache.

        Raises
        ------
        InputError : the server refuses, does not answer, or answers with no list of times
        """
        what, key = f"{collection} {year}", expressions.key_of_days(collection, year)
        ask = expressions.image_days(collection, year).getInfo
        try:
            times = self.answer(ask, packed_times, what=what)
        except ee.EEException as error:  # a list of times does not go in parts
            raise explained(error, what, 1) from error
        self.cache.write(key, times)
        self.progress.count(done=1)

    def fetch(self, request: Request) -> None:
        """Bring a request's pixels into the cache, in parts where the whole is refused.

        Raises
        ------
        InputError : the server refuses it, or does not answer often enough
        """
        key = expressions.key_of(request)
        if not self.cache.has(key):
            parts = parts_of(request, self.cache)
            if not parts:
                parts = self.fetch_whole(request, key)
            if parts:
                self.progress.more(len(parts))
                for part in parts:
                    self.fetch(part)
        self.progress.count(done=1)

    def fetch_whole(self, request: Request, key: str) -> tuple[Request, ...]:
        """Ask for a request as it is; its parts where it has to go in parts, else nothing."""
        try:
            with self.memory.take(COPIES * request.bytes):
                packed = self.answer(
                    lambda: self.ask(request),
                    lambda body: pack(body, request),
                    what=describe(request),
                )
                self.cache.write(key, packed)
            return ()
        except ee.EEException as error:
            fault = fault_of(error)
            log.info("%s: %s (%s)", describe(request), error, fault.value)
            try:
                parts = divided(request, fault.name)
            except ValueError:
                raise explained(error, describe(request), 1) from error
            self.cache.write(parts_key(key), fault.name.encode())
            return parts

    def ask(self, request: Request) -> bytes:
        """The body of the answer to one call of computePixels."""
        body = ee.data.computePixels(
            {
                "expression": expressions.pixels(request.layers, request.images),
                "fileFormat": "NPY",
                "grid": request.window.grid(),
                "workloadTag": tag_of(self.tag, request),
            }
        )
        self.progress.count(size=len(body))
        return body

    def answer(
        self,
        call: Callable[[], object],
        check: Callable[[object], bytes],
        *,
        what: str,
    ) -> bytes:
        """The checked answer of a call that takes a slot; asked again after what may pass.

        Parameters
        ----------
        check : makes of an answer what the cache keeps, or raises
        what : for messages

        Raises
        ------
        ee.EEException : the call has to go in parts
        InputError : the server refuses the call, or does not answer often enough
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=tenacity.wait_random_exponential(
                multiplier=self.wait_s, max=LONGEST_WAIT_S
            ),
            retry=tenacity.retry_if_exception(lambda e: fault_of(e) is Fault.RETRY),
            before_sleep=self.retried,
            reraise=True,
        )
        try:
            return retrying(lambda: check(self.one_call(call)))
        except Exception as error:
            if fault_of(error) in (Fault.SPLIT, Fault.HALVE):
                raise
            raise explained(error, what, self.attempts) from error

    def one_call(self, call: Callable[[], object]) -> object:
        """One call in a slot."""
        with self.slots.slot(), self.progress.flying():
            answer = call()
            self.slots.note_answer(restricted=self.http.restricted())
            return answer

    def retried(self, state: tenacity.RetryCallState) -> None:
        """Count and log an attempt that failed."""
        self.progress.count(retried=1)
        error = state.outcome.exception()
        log.info(
            "attempt %d: %s: %s", state.attempt_number, type(error).__name__, error
        )


def packed_times(times: object) -> bytes:
    """Image times as the cache keeps them.

    Raises
    ------
    InputError : they are no list of numbers
    """
    if isinstance(times, list) and all(isinstance(t, (int, float)) for t in times):
        return json.dumps(times).encode()
    raise InputError(
        "Earth Engine",
        variable="system:time_start",
        expected="a list of times",
        found=str(times)[:80],
    )


def pack(body: bytes, request: Request) -> bytes:
    """The bands of an answer one after the other, each checked.

    Raises
    ------
    Garbled : the body is not a whole .npy file
    InputError : other bands, another shape or other types than asked for
    """
    try:
        pixels = pixels_of(body)
    except (ValueError, EOFError, OSError, SyntaxError, TypeError) as error:
        raise Garbled(f"an answer of {len(body)} bytes: {error}") from error
    names = pixels.dtype.names or ()
    bands = request.layers.bands
    expected = f"{request.bands} bands of {request.window.shape}"
    if len(names) != request.bands or pixels.shape != request.window.shape:
        found = f"{len(names)} bands of {pixels.shape}"
        raise InputError(
            describe(request), variable="answer", expected=expected, found=found
        )
    parts = []
    for position, name in enumerate(names):
        band = bands[position % len(bands)]
        if pixels.dtype[name] != np.dtype(band.dtype):
            raise InputError(
                describe(request),
                variable=name,
                expected=band.dtype,
                found=str(pixels.dtype[name]),
            )
        parts.append(np.ascontiguousarray(pixels[name]).tobytes())
    return b"".join(parts)


def unpack(packed: bytes, request: Request) -> list[np.ndarray]:
    """The bands of a request, each (image, row, column), from what `pack` gave."""
    stride = len(packed) // len(request.images)
    images = np.frombuffer(packed, "uint8").reshape(len(request.images), stride)
    arrays, start = [], 0
    for band in request.layers.bands:
        stop = start + request.pixels * np.dtype(band.dtype).itemsize
        raw = np.ascontiguousarray(images[:, start:stop])
        arrays.append(raw.view(band.dtype).reshape(-1, *request.window.shape))
        start = stop
    return arrays


def divided(request: Request, fault: str) -> tuple[Request, Request]:
    """The parts in which a refused request is asked.

    Parameters
    ----------
    fault : SPLIT, it was too large, or HALVE, it was too heavy to compute

    Raises
    ------
    ValueError : it cannot be any smaller
    """
    if fault == Fault.HALVE.name and request.pixels > 1:
        return window_halves(request)
    return halves(request)


def parts_of(request: Request, cache: Cache) -> tuple[Request, ...]:
    """The parts in which a request is known to go; none where it goes as it is."""
    if not request.fits():
        return halves(request)
    fault = cache.read(parts_key(expressions.key_of(request)))
    return () if fault is None else divided(request, fault.decode())


def parts_key(key: str) -> str:
    """Key of the note that a request goes in parts."""
    return f"{key}.parts"


def is_cached(request: Request, cache: Cache) -> bool:
    """Whether a request, or every part of it, is in the cache."""
    if cache.has(expressions.key_of(request)):
        return True
    parts = parts_of(request, cache)
    return bool(parts) and all(is_cached(part, cache) for part in parts)


def read(request: Request, cache: Cache) -> list[np.ndarray] | None:
    """The bands of a request from the cache, each (image, row, column); None if it lacks any."""
    packed = cache.read(expressions.key_of(request))
    if packed is not None:
        return unpack(packed, request)
    parts = parts_of(request, cache)
    arrays = [read(part, cache) for part in parts]
    if not parts or any(part is None for part in arrays):
        return None
    return join(request, parts[0], tuple(arrays))


def describe(request: Request) -> str:
    """A request in words, for messages."""
    layers, window = request.layers, request.window
    rows, columns = window.shape
    names = ", ".join(dict.fromkeys(band.name for band in layers.bands))
    return (
        f"{layers.collection} {names} {request.images[0][0]} to {request.images[-1][0]},"
        f" {rows} x {columns} pixels from {window.west:g}, {window.north:g} ({window.crs})"
    )


def tag_of(tag: str, request: Request) -> str:
    """Workload tag of a request: our prefix, the product and the first year."""
    product = request.layers.collection.rsplit("/", 1)[-1]
    words = f"{tag}-{product}-{request.images[0][0][:4]}".lower()
    return re.sub(r"[^a-z0-9_-]+", "-", words)[:63].strip("-_")
