"""The server: endpoints of Earth Engine on loopback, with a book of what was asked."""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Literal

from tests.earthengine.emulator.answers import COMPUTATIONS, Answer, pixels_of
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.credentials import Tokens
from tests.earthengine.emulator.errors import Refused
from tests.earthengine.emulator.evaluation.calls_values import algorithms
from tests.earthengine.emulator.faults import ERRORS, TOO_MANY, Fault
from tests.earthengine.emulator.handler import Handler


@dataclass(frozen=True)
class Record:
    """One request for pixels or for a value.

    Attributes
    ----------
    key : checksum of expression, grid and format
    path : end of the path, `image:computePixels` or `value:compute`
    tag : workload tag
    grid : as it was asked
    attempt : how often this key was asked before
    in_flight : requests that were under way when this one came, itself included
    fault : kind of the fault that acted, empty for none
    status : HTTP status of the answer, 0 without an answer
    finished : whether a right answer left whole
    began, ended : seconds since the server began
    bytes : of the answer's body
    """

    key: str
    path: str
    tag: str
    grid: Mapping
    attempt: int
    in_flight: int
    began: float
    fault: str = ""
    status: int = 0
    finished: bool = False
    ended: float = 0.0
    bytes: int = 0


class Emulator:
    """A server on loopback that runs in threads of this process.

    Use it as a context manager; `url` is what `ee.Initialize` takes.

    Parameters
    ----------
    catalogue : assets that it serves
    tokens : which tokens it accepts
    projects : projects that exist
    quota : requests under way at once, more are answered with 429; None for no limit
    latency_s : seconds for which each answer to a computation is held back
    faults : what goes wrong, in order; the first that acts counts
    pack : whether answers are compressed for whoever takes them so
    keep : which answers are kept, so that asked again they cost nothing: none, those to
        the same `request`, or those to the same expression for as many pixels (`shape`),
        which are the pixels of another place: for measuring speed alone
    port : 0 for any
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        tokens: Tokens | None = None,
        projects: Sequence[str] = ("forests",),
        quota: int | None = None,
        latency_s: float = 0.0,
        faults: Sequence[Fault] = (),
        pack: bool = True,
        keep: Literal["none", "request", "shape"] = "none",
        port: int = 0,
    ) -> None:
        """Open the port; requests are answered from `__enter__` on."""
        self.catalogue, self.tokens = catalogue, tokens or Tokens()
        self.projects, self.quota, self.latency_s = tuple(projects), quota, latency_s
        self.faults, self.keep, self.pack = list(faults), keep, pack
        self.functions = algorithms(catalogue)
        self.lock, self.closing = threading.Lock(), threading.Event()
        self.kept: dict[str, Answer] = {}
        self.making: dict[str, threading.Lock] = {}
        self.defects: list[str] = []
        self.clear()
        self.http = Http(("127.0.0.1", port), Handler)
        self.http.emulator = self
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.tokens.address = f"{self.url}/token"

    def __enter__(self) -> "Emulator":
        """Begin to answer."""
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,))
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of requests that are held and close the port."""
        self.closing.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()

    def clear(self) -> None:
        """Forget what was asked; answers that are kept stay."""
        with self.lock:
            self.began = time.monotonic()
            self.records: list[Record] = []
            self.exports: list[dict] = []
            self.under_way, self.peak = 0, 0
            self.attempts: Counter[str] = Counter()
            self.sample: Mapping = {}

    # What tests look at

    def of(self, path: str = "image:computePixels") -> list[Record]:
        """Records of one endpoint."""
        self.settle()
        with self.lock:
            return [record for record in self.records if record.path == path]

    def settle(self) -> None:
        """Wait a moment for answers whose last byte is not booked yet."""
        patience = time.monotonic() + 1
        while time.monotonic() < patience and any(
            record.status and not record.ended for record in list(self.records)
        ):
            time.sleep(0.005)

    def finished(self) -> Counter[str]:
        """How often each request for pixels was answered whole and right."""
        return Counter(record.key for record in self.of() if record.finished)

    def summary(self) -> dict:
        """Everything that was asked, and the last body, for another process."""
        self.settle()
        with self.lock:
            records = [asdict(record) for record in self.records]
        return {
            "peak": self.peak,
            "records": records,
            "defects": self.defects,
            "sample": self.sample,
        }

    def control(self, wanted: Mapping) -> None:
        """Change what happens from now on, for another process.

        Parameters
        ----------
        wanted : `latency_s`, `quota`, `faults` (their attributes); the book is emptied
        """
        self.latency_s = wanted.get("latency_s", self.latency_s)
        self.quota = wanted.get("quota", self.quota)
        self.faults = [Fault(**fault) for fault in wanted.get("faults", [])]
        self.clear()

    # Answering

    def compute(
        self, path: str, project: str, body: Mapping
    ) -> tuple[int, Answer, Fault | None]:
        """Answer a computation: number of its record, answer, fault of the transport.

        Raises
        ------
        Refused : by the quota, a fault, or because it cannot be computed
        """
        text = json.dumps(
            [
                path,
                *(
                    body.get(name)
                    for name in ("expression", "grid", "fileFormat", "bandIds")
                ),
            ],
            sort_keys=True,
        )
        key = hashlib.sha256(text.encode()).hexdigest()
        number = self.note(key, path, body)
        try:
            if self.quota is not None and self.records[number].in_flight > self.quota:
                self.update(number, fault="quota")
                raise Refused(TOO_MANY, 429)
            self.check_project(project)
            fault = self.fault(path, text, body, self.records[number].attempt)
            self.update(number, fault=fault.kind if fault else "")
            if self.latency_s:
                self.closing.wait(self.latency_s)
            if fault and fault.kind in ERRORS:
                raise Refused(*ERRORS[fault.kind])
            return number, self.answer(key, path, body), fault
        except Refused as error:
            error.number = number
            raise

    def check_project(self, project: str) -> None:
        """Refuse a project that does not exist.

        Raises
        ------
        Refused : with 403
        """
        if project not in self.projects:
            raise Refused(
                "Caller does not have required permission to use project"
                f" {project}. Grant the caller the"
                " roles/serviceusage.serviceUsageConsumer role.",
                403,
            )

    def answer(self, key: str, path: str, body: Mapping) -> Answer:
        """The right answer to a computation."""
        if self.keep == "shape":
            size = body.get("grid", {}).get("dimensions", {})
            key = json.dumps([path, body.get("expression"), size], sort_keys=True)
        make = COMPUTATIONS[path]
        if self.keep == "none":
            return make(body, self.functions)
        with self.lock:
            making = self.making.setdefault(key, threading.Lock())
        with making:  # whoever asks meanwhile waits instead of computing it too
            if key not in self.kept:
                self.kept[key] = make(body, self.functions)
            return self.kept[key]

    def fault(self, path: str, text: str, body: Mapping, attempt: int) -> Fault | None:
        """The first fault that acts on a request."""
        pixels = pixels_of(body)
        for fault in list(self.faults):
            if fault.acts(path, text, attempt=attempt, pixels=pixels):
                return fault
        return None

    # The book

    def note(self, key: str, path: str, body: Mapping) -> int:
        """Write a request down as it comes; the number of its record."""
        with self.lock:
            self.under_way += 1
            self.peak = max(self.peak, self.under_way)
            record = Record(
                key=key,
                path=path,
                tag=body.get("workloadTag", ""),
                grid=body.get("grid", {}),
                attempt=self.attempts[key],
                in_flight=self.under_way,
                began=time.monotonic() - self.began,
            )
            self.attempts[key] += 1
            self.sample = body
            self.records.append(record)
            return len(self.records) - 1

    def update(self, number: int, **values: object) -> None:
        """Change a record."""
        with self.lock:
            if number < len(self.records):
                self.records[number] = replace(self.records[number], **values)

    def leave(self, number: int, status: int) -> None:
        """Note that a request is under way no longer: its answer begins to leave.

        Only then, because whoever has the answer may send the next request before the
        last byte is booked here.
        """
        with self.lock:
            self.under_way = max(self.under_way - 1, 0)
        self.update(number, status=status)

    def close(self, number: int, **values: object) -> None:
        """Write down how a request ended."""
        self.update(number, ended=time.monotonic() - self.began, **values)


class Http(ThreadingHTTPServer):
    """Threads that end with the process, and room for many callers at once."""

    daemon_threads = True
    request_queue_size = 256
    emulator: Emulator
