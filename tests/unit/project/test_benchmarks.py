"""The harness of the benchmarks measures what it says; options and records have one shape."""

import inspect
import json
import sys

import pytest

from benchmarks.__main__ import NAMES, load, overview
from benchmarks.harness import RESULTS, Measured, compare, measure_command, take_turns

BUSY = "import time; a = bytearray(200_000_000)\nwhile time.process_time() < 0.5: pass"
KEYS = ["benchmark", "machine", "settings", *vars(Measured())]


@pytest.mark.parametrize("name", NAMES)
def test_options_are_those_that_a_benchmark_takes(name):
    benchmark = load(name)
    assert list(benchmark.OPTIONS) == list(
        inspect.signature(benchmark.measure).parameters
    )


def test_every_benchmark_is_listed():
    assert [line.split()[0] for line in overview().splitlines()] == list(NAMES)


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*.json")), ids=lambda p: p.stem)
def test_records_have_one_shape(path):
    record = json.loads(path.read_text())
    assert list(record) == KEYS
    names = [record["benchmark"], record["precision"]]
    assert "_".join(filter(None, names)) == path.stem


def test_usage_counts_processor_time_and_memory_of_children():
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}])"
    usage = measure_command([sys.executable, "-c", inner])
    assert 0.5 <= usage.core_seconds <= 5
    assert usage.core_seconds <= usage.seconds * 2
    assert 200 <= usage.megabytes <= 300
    limits = usage.within(seconds=1000, megabytes=100)
    assert limits["within"] is False


def test_a_command_that_fails_shows_its_output(tmp_path):
    words = [sys.executable, "-c", "raise SystemExit('no such tile')"]
    with pytest.raises(SystemExit, match="no such tile"):
        measure_command(words, log=tmp_path / "log")


def test_contenders_take_turns():
    order = []
    work = {name: lambda name=name: order.append(name) for name in "ab"}
    times = take_turns(work, 2)
    assert order == ["a", "b", "a", "b"]
    assert [len(seconds) for seconds in times.values()] == [2, 2]


def test_a_ratio_is_the_median_of_the_turns_ratios():
    found = compare("x", [2.0, 9.0, 8.0], [1.0, 3.0, 2.0], unit="s")
    assert found["ratio"] == 3
    assert (found["lowest"], found["highest"], found["runs"]) == (2, 4, 3)
