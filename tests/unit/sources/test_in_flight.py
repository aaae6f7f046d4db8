"""Slots over threads and processes, room in memory, and slowing down."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from forestflux.sources.earthengine.client.in_flight import (
    CALM_ANSWERS,
    MemoryBudget,
    Slots,
)

WORKER = """
import sys, threading, time
from pathlib import Path
from forestflux.sources.earthengine.client.in_flight import Slots
slots = Slots(Path(sys.argv[1]), 5)
def fly():
    for _ in range(6):
        with slots.slot() as held:
            began = time.monotonic()
            time.sleep(0.02)
            spans.append((Path(held.lock.filename).name, began, time.monotonic()))
spans = []
threads = [threading.Thread(target=fly) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
for span in spans:
    print(*span)
"""


def start(code, *arguments):
    """A Python process with the project on its path."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)


def peak(spans):
    """Most spans at one time."""
    events = [(began, 1) for _, began, _ in spans] + [(end, -1) for *_, end in spans]
    count = most = 0
    for _, change in sorted(events):
        count += change
        most = max(most, count)
    return most


def test_three_processes_of_eight_threads_never_hold_more_than_five(tmp_path):
    workers = [start(WORKER, tmp_path) for _ in range(3)]
    spans = []
    for worker in workers:
        output, _ = worker.communicate(timeout=60)
        for line in output.splitlines():
            name, began, end = line.split()
            spans.append((name, float(began), float(end)))
    assert len(spans) == 3 * 8 * 6
    assert peak(spans) == 5
    assert len({name for name, _, _ in spans}) == 5


def test_a_killed_process_gives_its_slot_back(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from forestflux.sources.earthengine.client.in_flight import Slots\n"
        "with Slots(Path(sys.argv[1]), 1).slot():\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)\n"
    )
    holder = start(code, tmp_path)
    holder.stdout.readline()
    slots, mine = Slots(tmp_path, 1), threading.Event()

    def take():
        with slots.slot():
            mine.set()

    taker = threading.Thread(target=take)
    taker.start()
    assert not mine.wait(0.3)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert mine.wait(5)
    taker.join()


def test_a_slot_is_given_back_when_the_request_fails(tmp_path):
    slots = Slots(tmp_path, 1)
    for _ in range(3):
        with pytest.raises(KeyError), slots.slot():
            raise KeyError
    with Slots(tmp_path, 1).slot() as held:
        assert Path(held.lock.filename).parent == tmp_path


def test_a_restricted_project_gets_half_and_slowly_more(tmp_path):
    slots = Slots(tmp_path, 8)
    for wanted in (4, 2, 1, 1):
        slots.note_answer(restricted=True)
        assert slots.allowed == wanted
    with slots.slot():
        blocked = threading.Event()

        def take():
            with slots.slot():
                blocked.set()

        taker = threading.Thread(target=take)
        taker.start()
        assert not blocked.wait(0.2)
    assert blocked.wait(5)
    taker.join()
    for _ in range(CALM_ANSWERS):
        slots.note_answer(restricted=False)
    assert slots.allowed == 2


def test_answers_wait_for_room_and_a_huge_one_goes_alone():
    memory, held, together = MemoryBudget(100), [], []
    guard = threading.Lock()

    def hold(size):
        with memory.reserve(size):
            with guard:
                held.append(size)
                together.append(list(held))
            time.sleep(0.02)
            with guard:
                held.remove(size)

    sizes = [40, 40, 40, 250, 60, 10, 40]
    threads = [threading.Thread(target=hold, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, together))[-1] >= 2
    for sizes in together:
        assert sum(sizes) <= 100 or sizes == [250]
    assert memory.used == 0
