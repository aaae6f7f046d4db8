"""The progress line: requests done, in flight, retried, bytes, and time left."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

LOG_EVERY_S = 60.0

log = logging.getLogger(__name__)


class Progress:
    """Counts of one download, shown on a terminal and, once a minute, in the log.

    Parameters
    ----------
    total : requests of the download
    cached : how many of them the cache answered already
    """

    def __init__(self, *, total: int, cached: int) -> None:
        """Show the line."""
        self.guard = threading.Lock()
        self.done, self.in_flight, self.retried, self.bytes = cached, 0, 0, 0
        self.total, self.cached = total, cached
        self.started = self.last_logged = time.monotonic()
        self.bar = tqdm(total=total, initial=cached, desc="requests", disable=None)

    @contextmanager
    def count_in_flight(self) -> Iterator[None]:
        """Count a request as in flight inside the block."""
        self.count(in_flight=1)
        try:
            yield
        finally:
            self.count(in_flight=-1)

    def count(
        self, *, done: int = 0, in_flight: int = 0, retried: int = 0, size: int = 0
    ) -> None:
        """Add to the counts and show them.

        Parameters
        ----------
        size : bytes that arrived
        """
        with self.guard:
            self.done += done
            self.in_flight += in_flight
            self.retried += retried
            self.bytes += size
            self.bar.set_postfix_str(self.describe_counts(), refresh=False)
            self.bar.update(done)
            if time.monotonic() - self.last_logged > LOG_EVERY_S:
                self.last_logged = time.monotonic()
                log.info("%s", self.describe())

    def add_requests(self, count: int) -> None:
        """Raise the total, because another request was split."""
        with self.guard:
            self.total += count
            self.bar.total = self.total

    def describe_counts(self) -> str:
        """The counts beside the bar."""
        size = self.bytes / 2**20
        return f"{self.in_flight} in flight, {self.retried} retried, {size:.1f} MiB"

    def describe(self) -> str:
        """All counts and the time left, as one line."""
        sent = self.done - self.cached
        left = self.total - self.done
        elapsed_s = time.monotonic() - self.started
        rest = (
            f"{left * elapsed_s / sent / 60:.0f} min left"
            if sent
            else "time left unknown"
        )
        return (
            f"{self.done} of {self.total} requests done ({self.cached} from the cache),"
            f" {self.describe_counts()}, {rest}"
        )

    def close(self) -> None:
        """Leave the last line on the terminal and write it to the log."""
        self.bar.close()
        log.info("%s", self.describe())
