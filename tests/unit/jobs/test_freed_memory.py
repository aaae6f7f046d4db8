"""Freed memory is kept: arrays that come and go cost no new pages."""

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from forestflux.jobs.freed_memory import keep_freed_memory
if sys.argv[1] == "keep":
    assert keep_freed_memory()
def make():
    first, second = np.ones(500_000), np.ones(1_000_000)
    return first.sum() + second.sum()
make()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    make()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_page_faults(word: str) -> int:
    """Pages that a new process asks for while it makes the same arrays twenty times."""
    command = [sys.executable, "-c", COUNT, word]
    return int(subprocess.run(command, check=True, capture_output=True).stdout)


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="the C library is not that of GNU"
)
def test_arrays_that_come_and_go_take_no_new_pages() -> None:
    assert 10 * count_page_faults("keep") < count_page_faults("leave")
