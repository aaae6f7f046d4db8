"""One request on its way: sent, checked on arrival, and sent again or in parts where needed."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

import ee
import tenacity

from forestflux.core.input_errors import InputError
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.answer_cache import AnswerCache
from forestflux.sources.earthengine.client.band_packing import (
    describe_request,
    pack_bands,
    pack_times,
)
from forestflux.sources.earthengine.client.connection import Connection
from forestflux.sources.earthengine.client.error_remedies import (
    GarbledAnswer,
    NoAnswer,
    Remedy,
    UnexpectedAnswer,
    choose_remedy,
    explain_error,
    is_overload,
)
from forestflux.sources.earthengine.client.in_flight import MemoryBudget, Slots
from forestflux.sources.earthengine.client.progress import Progress
from forestflux.sources.earthengine.client.request_parts import (
    divide,
    find_parts,
    write_note,
)
from forestflux.sources.earthengine.request import Request

LONGEST_WAIT_S = 60.0
# An answer is in memory three times: as it arrives, decoded, and packed for the cache.
COPIES = 3

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


@dataclass
class Transport:
    """Everything that a request needs on its way.

    Attributes
    ----------
    connection : to the server
    cache, slots, memory, progress : shared by all threads
    attempts : how often a request is sent before it counts as failed
    tag : beginning of the workload tag
    wait_s : mean of the first waiting time, seconds; it doubles with each attempt
    """

    connection: Connection
    cache: AnswerCache
    slots: Slots
    memory: MemoryBudget
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
        days = expressions.image_days(collection, year)
        try:
            times = self.request_answer(lambda: ask_value(days), pack_times, what=what)
        except (ee.EEException, NoAnswer) as error:
            # A list of times cannot be asked for in parts.
            raise self.explain(error, what) from error
        self.cache.write(key, times)
        self.progress.count(done=1)

    def fetch(self, request: Request) -> None:
        """Bring a request's pixels into the cache, in parts where the whole is refused.

        Raises
        ------
        InputError : the server refuses it, or does not answer often enough
        """
        if not self.cache.has(expressions.key_of(request)):
            parts = find_parts(request, self.cache) or self.fetch_whole(request)
            if parts:
                self.progress.add_requests(len(parts))
                for part in parts:
                    self.fetch(part)
        self.progress.count(done=1)

    def fetch_whole(self, request: Request) -> tuple[Request, ...]:
        """Bring a request into the cache as a whole.

        Returns
        -------
        parts : empty where that worked, else the parts in which it has to be asked for
        """
        what = describe_request(request)
        try:
            with self.memory.reserve(COPIES * request.bytes):
                packed = self.request_answer(
                    lambda: self.compute_pixels(request),
                    lambda body: pack_bands(body, request),
                    what=what,
                )
                self.cache.write(expressions.key_of(request), packed)
            return ()
        except (ee.EEException, NoAnswer) as error:
            failure = error
        # Outside of that block, in which other errors would lose what lies behind them.
        if isinstance(failure, NoAnswer):
            self.check_one_pixel(request, failure)
        return self.divide_refused(request, failure)

    def divide_refused(self, request: Request, error: Exception) -> tuple[Request, ...]:
        """The parts of a request that was refused as a whole; noted in the cache.

        Raises
        ------
        InputError : it cannot be any smaller
        """
        what, remedy = describe_request(request), choose_remedy(error)
        log.info("%s: %s (%s)", what, error, remedy.value)
        try:
            parts = divide(request, remedy.name)
        except ValueError:
            raise self.explain(error, what) from error
        write_note(request, remedy, self.cache)
        return parts

    def check_one_pixel(self, request: Request, error: NoAnswer) -> None:
        """Ask for one pixel of a request that got no answer: if it comes, size is the cause.

        Without it a server that is away would be asked for ever smaller windows.

        Raises
        ------
        InputError : it is one pixel already, or no answer comes to it either
        """
        if request.pixels == 1:
            raise self.explain(error, describe_request(request)) from error
        corner = request.window.part(slice(0, 1), slice(0, 1))
        self.progress.add_requests(1)
        self.fetch(replace(request, window=corner))

    def compute_pixels(self, request: Request) -> bytes:
        """The body of the answer to one call of computePixels."""
        body = ee.data.computePixels(
            {
                "expression": expressions.pixels(request.layers, request.images),
                "fileFormat": "NPY",
                "grid": request.window.grid(),
                "workloadTag": make_workload_tag(self.tag, request),
            }
        )
        self.progress.count(size=len(body))
        return body

    def request_answer(
        self,
        send: Callable[[], Answer],
        check: Callable[[Answer], bytes],
        *,
        what: str,
    ) -> bytes:
        """The checked answer of a call; the call is repeated after a transient error.

        Parameters
        ----------
        send : makes the call
        check : makes of an answer what the cache stores, or raises
        what : what is asked for, in messages

        Raises
        ------
        ee.EEException, NoAnswer : the call has to go in parts
        InputError : the server refuses the call, or does not answer often enough
        """
        unexpected: set[str] = set()

        def may_pass(error: BaseException) -> bool:
            if isinstance(error, UnexpectedAnswer):
                again = str(error) in unexpected  # then it was not damaged on the way
                unexpected.add(str(error))
                return not again
            return choose_remedy(error) is Remedy.RETRY

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            wait=tenacity.wait_random_exponential(
                multiplier=self.wait_s, max=LONGEST_WAIT_S
            ),
            retry=tenacity.retry_if_exception(may_pass),
            before_sleep=self.log_retry,
            reraise=True,
        )
        try:
            return retrying(lambda: self.confirm_answer(send, check))
        except Exception as error:
            remedy = choose_remedy(error)
            if remedy in (Remedy.SPLIT, Remedy.HALVE):
                raise
            if remedy is Remedy.RETRY and is_overload(error):
                raise NoAnswer(error) from error
            raise self.explain(error, what) from error

    def confirm_answer(
        self, send: Callable[[], Answer], check: Callable[[Answer], bytes]
    ) -> bytes:
        """The checked answer of a call, sent a second time where nothing else tells damage.

        Raises
        ------
        GarbledAnswer : two answers differ
        """
        answer = check(self.send_in_slot(send))
        if self.connection.has_checksum():
            return answer
        if check(self.send_in_slot(send)) != answer:
            raise GarbledAnswer("two answers to the same request differ")
        return answer

    def explain(self, error: Exception, what: str) -> InputError:
        """The one line for an error that stops the job."""
        progress, folder = self.progress, self.cache.folder
        kept = f"{progress.done} of {progress.total} requests are kept in {folder}"
        return explain_error(error, what, attempts=self.attempts, kept=kept)

    def send_in_slot(self, send: Callable[[], Answer]) -> Answer:
        """One call, while it holds a slot."""
        with self.slots.slot(), self.progress.count_in_flight():
            answer = send()
            self.slots.note_answer(restricted=self.connection.is_restricted())
            return answer

    def log_retry(self, state: tenacity.RetryCallState) -> None:
        """Count and log an attempt that failed."""
        self.progress.count(retried=1)
        error = state.outcome.exception() if state.outcome else None
        log.info(
            "attempt %d: %s: %s", state.attempt_number, type(error).__name__, error
        )


def ask_value(value: ee.ComputedObject) -> object:
    """What an expression evaluates to.

    Raises
    ------
    GarbledAnswer : the answer is no JSON of a value
    """
    try:
        return value.getInfo()
    except (ValueError, KeyError, TypeError) as error:
        raise GarbledAnswer(f"no value in the answer: {error!r}") from error


def make_workload_tag(tag: str, request: Request) -> str:
    """Workload tag of a request: our prefix, the product and the first year."""
    product = request.layers.collection.rsplit("/", 1)[-1]
    words = f"{tag}-{product}-{request.images[0][0][:4]}".lower()
    # Earth Engine accepts up to 63 of these characters.
    return re.sub(r"[^a-z0-9_-]+", "-", words)[:63].strip("-_")
