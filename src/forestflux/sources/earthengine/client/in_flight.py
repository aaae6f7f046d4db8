"""Requests in flight and their memory, never more than configured.

A slot is a file that is locked while a request is in flight. The operating system frees
the lock of a process that dies, however it dies. Processes on several machines share the
slots only where the file system shares `flock` locks (NFS 4 and Lustre mounted with
`flock` do, many others do not); there the Snakemake resource `ee_requests` keeps the
number, see docs/earth-engine.md.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

POLL_S = 0.05
# Answers without a quota notice after which one more request may be in flight again.
CALM = 50


class Slots:
    """A number of slots in a folder.

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
        self.taken: set[int] = set()
        self.guard = threading.Lock()

    @contextmanager
    def slot(self) -> Iterator[int]:
        """A slot of one's own inside the block; waits for one."""
        while True:
            for index in self.candidates():
                lock = self.lock(index)
                try:
                    lock.acquire(blocking=False)
                except Timeout:
                    self.give_up(index)
                    continue
                try:
                    yield index
                finally:
                    lock.release()
                    self.give_up(index)
                return
            time.sleep(POLL_S * (0.5 + random.random()))

    def candidates(self) -> Iterator[int]:
        """Slots that this process does not hold, each reserved while it is looked at."""
        for index in range(self.count):
            with self.guard:
                if index >= self.allowed:
                    return
                if index in self.taken:
                    continue
                self.taken.add(index)
            yield index

    def lock(self, index: int) -> FileLock:
        """The lock of a slot; a new one each time, so that threads exclude each other."""
        path = self.folder / f"slot-{index:03d}.lock"
        return FileLock(path, thread_local=False, is_singleton=False)

    def give_up(self, index: int) -> None:
        """End the reservation of a slot."""
        with self.guard:
            self.taken.discard(index)

    def answered(self, *, restricted: bool) -> None:
        """Take note of an answer: a restricted project gets half, and slowly more again."""
        with self.guard:
            if restricted:
                self.allowed, self.calm = max(1, self.allowed // 2), 0
                return
            self.calm += 1
            if self.calm >= CALM and self.allowed < self.count:
                self.allowed, self.calm = self.allowed + 1, 0


class Memory:
    """Bytes that answers may take at once in this process.

    Parameters
    ----------
    total : bytes; an answer larger than that waits until it is alone
    """

    def __init__(self, total: int) -> None:
        """Nothing is taken yet."""
        self.total, self.used = total, 0
        self.freed = threading.Condition()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Room for an answer inside the block; waits for it."""
        with self.freed:
            self.freed.wait_for(lambda: not self.used or self.used + size <= self.total)
            self.used += size
        try:
            yield
        finally:
            with self.freed:
                self.used -= size
                self.freed.notify_all()
