"""Requests in flight and their memory, never more than configured.

A slot is a file that is locked while a request is in flight. The operating system frees
the lock of a process that dies, however it dies. Processes on several machines share the
slots only where the file system shares `flock` locks (NFS 4 and Lustre mounted with
`flock` do, many others do not); there the Snakemake resource `ee_requests` keeps the
number, see docs/how-to/earth-engine.md.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portalocker import NamedBoundedSemaphore

POLL_S = 0.05
# Answers without a quota notice after which one more request may be in flight again.
CALM_ANSWERS = 50


class Slots:
    """A number of slots in a folder, of which a restricted project may use fewer.

    Parameters
    ----------
    folder : shared by all jobs, made if needed
    count : requests that may be in flight
    """

    def __init__(self, folder: Path, count: int) -> None:
        """Make the folder; no slot is taken yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.count = folder, count
        self.allowed, self.calm = count, 0
        self.guard, self.turn = threading.Lock(), threading.Lock()

    @contextmanager
    def slot(self) -> Iterator[NamedBoundedSemaphore]:
        """A slot of one's own inside the block; waits for one."""
        # One semaphore for each request: an instance holds one slot at most.
        semaphore = NamedBoundedSemaphore(
            self.count, name="slot", directory=str(self.folder)
        )
        files = semaphore.get_filenames()
        # One thread of a process looks for a slot at a time. If all of them did, they
        # would spend a processor on opening files that others hold.
        with self.turn:
            while not semaphore.try_lock(files[: self.allowed]):
                time.sleep(POLL_S * (0.5 + random.random()))
        try:
            yield semaphore
        finally:
            semaphore.release()

    def note_answer(self, *, restricted: bool) -> None:
        """Halve the quota of a restricted project; give it back one by one later."""
        with self.guard:
            if restricted:
                self.allowed, self.calm = max(1, self.allowed // 2), 0
                return
            self.calm += 1
            if self.calm >= CALM_ANSWERS and self.allowed < self.count:
                self.allowed, self.calm = self.allowed + 1, 0


class MemoryBudget:
    """Bytes that answers may take at once in this process.

    Parameters
    ----------
    total : bytes; an answer larger than that waits until it is alone
    """

    def __init__(self, total: int) -> None:
        """Nothing is in use yet."""
        self.total, self.used = total, 0
        self.freed = threading.Condition()

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Room for an answer of so many bytes inside the block; waits for it."""
        with self.freed:
            self.freed.wait_for(lambda: not self.used or self.used + size <= self.total)
            self.used += size
        try:
            yield
        finally:
            with self.freed:
                self.used -= size
                self.freed.notify_all()
