"""How every benchmark measures time and memory, takes turns, compares and keeps a record."""

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
# Seconds between two looks at the memory of the processes.
SAMPLING_S = 0.05


@dataclass(frozen=True)
class Option:
    """An option of a benchmark, with its value in a full run and in the smallest one."""

    full: object
    smallest: object
    meaning: str


@dataclass(frozen=True)
class Usage:
    """What some work took.

    seconds : wall time, which depends on what else runs on the machine
    core_seconds : processor time of all processes, which hardly does
    megabytes : most memory at once, all processes together, 10^6 bytes
    """

    seconds: float
    core_seconds: float
    megabytes: float

    def numbers(self) -> dict[str, float]:
        """The three numbers, rounded, for a row of a record."""
        return {
            "seconds": round(self.seconds, 2),
            "core_seconds": round(self.core_seconds, 2),
            "megabytes": round(self.megabytes, 1),
        }

    def within(self, *, seconds: float, megabytes: float) -> dict[str, float | bool]:
        """The numbers beside their limits."""
        return {
            **self.numbers(),
            "seconds_limit": seconds,
            "megabytes_limit": megabytes,
            "within": self.seconds <= seconds and self.megabytes <= megabytes,
        }


@dataclass
class Measured:
    """What a benchmark found.

    rows : one dictionary a case, with its `group` where there are several
    ratios : made by `compare`
    facts : single numbers that belong to no row
    limits : what was aimed at
    precision : of the networks, where it decides; each has a record of its own
    """

    rows: list[dict] = field(default_factory=list)
    ratios: list[dict] = field(default_factory=list)
    facts: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)
    precision: str = ""


def measure_command(
    words: Sequence[object], *, log: Path | None = None, **options: object
) -> Usage:
    """Run a command, wait for it, and say what it and its children took.

    Parameters
    ----------
    words : the command; the folder of this Python comes first on its path
    log : where its output goes; shown when it fails
    options : for `subprocess.Popen`

    Raises
    ------
    SystemExit : the command failed
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "PYTHONPATH": str(ROOT / "src")} | options.pop("env", {})
    with log.open("w") if log else open(os.devnull, "w") as output:
        start, worked = time.perf_counter(), children_seconds()
        process = subprocess.Popen(
            [str(word) for word in words],
            env=os.environ | given,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            **options,
        )
        most = watch_memory(process.pid, lambda: process.poll() is None)
    if process.returncode:
        shown = log.read_text() if log else " ".join(map(str, words))
        raise SystemExit(f"{shown}\nfailed with status {process.returncode}")
    seconds = time.perf_counter() - start
    return Usage(seconds, children_seconds() - worked, most / 1e6)


def measure_call(work: Callable[..., object], *arguments: object) -> Usage:
    """Call a function in a new process, whose memory begins with nothing of ours.

    Raises
    ------
    SystemExit : the function failed
    """
    start, worked = time.perf_counter(), children_seconds()
    process = get_context("spawn").Process(target=work, args=arguments)
    process.start()
    most = watch_memory(process.pid, process.is_alive)
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} failed with status {process.exitcode}")
    seconds = time.perf_counter() - start
    return Usage(seconds, children_seconds() - worked, most / 1e6)


def children_seconds() -> float:
    """Processor time of all finished children, in user code and in the system."""
    times = os.times()
    return times.children_user + times.children_system


def watch_memory(pid: int, running: Callable[[], bool]) -> int:
    """Most bytes that a process and its children hold at once while it runs."""
    most = 0
    while running():
        most = max(most, resident_bytes(pid))
        time.sleep(SAMPLING_S)
    return most


def resident_bytes(pid: int) -> int:
    """Bytes that a process and its children hold; a single one's own maximum if larger.

    The kernel keeps the maximum of each process, so that a peak between two looks isn't missed.
    """
    held, highest = 0, 0
    try:
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            held += process.memory_info().rss
            status = Path(f"/proc/{process.pid}/status").read_text()
            peaks = [line for line in status.splitlines() if line.startswith("VmHWM")]
            highest = max([highest, *(int(line.split()[1]) * 1024 for line in peaks)])
    except (psutil.NoSuchProcess, OSError):  # it has just ended
        pass
    return max(held, highest)


def time_call(
    work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Seconds of a call in this process: wall time, or of another clock."""
    start = clock()
    work()
    return clock() - start


def repeat(work: Callable[[], object], times: int) -> Callable[[], None]:
    """The same work several times."""

    def again() -> None:
        for _ in range(times):
            work()

    return again


def take_turns(
    contenders: Mapping[str, Callable[[], object]],
    runs: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of each contender in each run.

    They take turns, so that whatever else runs here disturbs all alike.
    """
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, work in contenders.items():
            found[name].append(time_call(work, clock))
    return found


def compare(
    name: str,
    ours: Sequence[float],
    other: Sequence[float],
    *,
    unit: str,
    aim: float | None = None,
) -> dict:
    """A ratio: medians of both sides and of the runs' ratios, with its lowest and highest.

    Both sides are rates or amounts of the same runs, so that a run's ratio is of one moment.
    """
    ratios = [a / b for a, b in zip(ours, other, strict=True)]
    return {
        "name": name,
        "ours": float(f"{statistics.median(ours):.4g}"),
        "other": float(f"{statistics.median(other):.4g}"),
        "unit": unit,
        "ratio": round(statistics.median(ratios), 3),
        "lowest": round(min(ratios), 3),
        "highest": round(max(ratios), 3),
        "aim": aim,
        "runs": len(ratios),
    }


def fit_exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """Slope of log value against log size; none from one size."""
    if len(sizes) < 2:
        return None
    return round(float(np.polyfit(np.log(sizes), np.log(values), 1)[0]), 3)


def pin_cores(count: int) -> int:
    """Keep this process and its children on so many cores; return how many there are."""
    chosen = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, chosen)
    return len(chosen)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder below results/, on the disk that a run would use; deleted in the end."""
    (ROOT / "results").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="benchmark_", dir=ROOT / "results"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def script_words(name: str, **flags: object) -> list[str]:
    """The command of a workflow script; lists become several words, sections JSON."""
    (script,) = ROOT.glob(f"workflow/scripts/*/{name}.py")
    words = [sys.executable, str(script)]
    for flag, value in flags.items():
        words.append(f"--{flag.replace('_', '-')}")
        if isinstance(value, dict):
            value = json.dumps(value)
        several = value if isinstance(value, list | tuple) else [value]
        words += map(str, several)
    return words


def machine() -> dict:
    """What the numbers were measured on, and how busy it was at the start."""
    models = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def write_record(
    name: str,
    options: Mapping[str, int],
    measured: Measured,
    *,
    machine: Mapping[str, object],
    keep: bool,
) -> None:
    """Print a record; if it is to be kept, write results/NAME.json or NAME_PRECISION.json."""
    record = {"benchmark": name, "machine": machine, "settings": options}
    text = json.dumps(record | asdict(measured), indent=1, default=str) + "\n"
    sys.stdout.write(text)
    if keep:
        RESULTS.mkdir(exist_ok=True)
        file = f"{name}_{measured.precision}" if measured.precision else name
        (RESULTS / f"{file}.json").write_text(text)
