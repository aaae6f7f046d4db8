"""Damaged files by the thousand: each ends in a right answer or in one line."""

import json
import resource
import sys
import tempfile
import time
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from forestflux.core.input_errors import InputError
from forestflux.sources.earthengine.client.error_remedies import GarbledAnswer
from tests.builders.fuzzed_reader import FuzzedReader
from tests.builders.fuzzed_readers import make_readers
from tests.builders.mutations import mutate

OUTCOMES = ("right", "line", "wrong", "traceback")
# Memory that readers may take beside that of the process, and processor time of one file.
MEMORY_BYTES, LONGEST_S = 2**31, 10


def fuzz(count: int, seed: int, report: Path) -> None:
    """Try so many damaged files with every reader; the process's memory is bounded.

    Parameters
    ----------
    report : JSON file for one row a reader: how many ended how, the slowest file, and the
        first files that ended badly
    """
    bound_memory()
    with tempfile.TemporaryDirectory() as folder:
        readers = make_readers(Path(folder))
        rows = [
            {
                "reader": name,
                **fuzz_reader(reader, count, [seed, zlib.crc32(name.encode())]),
            }
            for name, reader in readers.items()
        ]
    report.write_text(json.dumps(rows))


def bound_memory() -> None:
    """Let an allocation beyond the bound fail instead of filling the machine."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def fuzz_reader(reader: FuzzedReader, count: int, seed: list[int]) -> dict[str, Any]:
    """Outcomes of one reader; file number n is the same whatever the count."""
    reader.path.write_bytes(reader.content)
    whole = reader.read(reader.path)
    assert judge(reader, reader.content, whole) == ("right", "")
    outcomes: Counter[str] = Counter()
    bad, slowest = [], 0.0
    for number in range(count):
        content = mutate(reader.content, np.random.default_rng([*seed, number]))
        started = time.process_time()
        outcome, what = judge(reader, content, whole)
        seconds = time.process_time() - started
        slowest = max(slowest, seconds)
        if seconds > LONGEST_S:
            outcome, what = "traceback", f"{seconds:.0f} s"
        outcomes[outcome] += 1
        if what:
            bad.append(f"{number}: {outcome}: {what}")
    return {
        "tried": count,
        **{outcome: outcomes[outcome] for outcome in OUTCOMES},
        "slowest_s": round(slowest, 2),
        "bad": bad[:20],
    }


def judge(reader: FuzzedReader, content: bytes, whole: object) -> tuple[str, str]:
    """How a file ends, and what happened where it ends badly.

    Parameters
    ----------
    whole : values of the file before it was damaged
    """
    reader.path.write_bytes(content)
    try:
        found = reader.read(reader.path)
    except (InputError, GarbledAnswer) as error:
        line = str(error)
        return ("traceback", line) if "\n" in line else ("line", "")
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"
    try:
        expected = reader.expect(content) if reader.expect else whole
        agreed = reader.agree(found, expected)
    except Exception as error:
        return "wrong", f"no values were expected ({type(error).__name__}: {error})"
    return ("right", "") if agreed else ("wrong", "other values")


if __name__ == "__main__":
    fuzz(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
