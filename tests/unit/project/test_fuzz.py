"""Damaged files of every kind end in a right answer or in one line, in bounded time and memory."""

import json
from multiprocessing import get_context

import numpy as np
import pytest

from tests.builders.fuzz import OUTCOMES, fuzz, fuzz_reader
from tests.builders.fuzzed_reader import FuzzedReader
from tests.builders.mutations import DAMAGES, mutate

COUNT, SEED = 60, 7


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """What became of the files of each reader, in a process of its own."""
    report = tmp_path_factory.mktemp("fuzz") / "report.json"
    process = get_context("spawn").Process(target=fuzz, args=(COUNT, SEED, report))
    process.start()
    process.join(300)
    assert process.exitcode == 0
    return json.loads(report.read_text())


def test_no_damage_ends_in_other_values_or_in_a_traceback(rows):
    assert len(rows) > 10
    for row in rows:
        assert not row["bad"], row["reader"]
        assert row["right"] + row["line"] == row["tried"] == COUNT
        assert row["line"] > 0
        assert row["slowest_s"] < 10


def test_a_damage_is_one_and_comes_again_with_its_seed():
    content = bytes(range(256)) * 4
    for number in range(200):
        damaged = mutate(content, np.random.default_rng(number))
        assert damaged != content
        assert damaged == mutate(content, np.random.default_rng(number))
    for damage in DAMAGES:
        assert isinstance(damage(b"", np.random.default_rng(1)), bytes)


def test_values_that_nobody_expects_are_found(tmp_path):
    """The test itself notices a reader that believes everything."""
    naive = FuzzedReader(
        tmp_path / "a.txt", b"12,34,56", lambda path: path.read_bytes(), None
    )
    row = fuzz_reader(naive, 50, [1])
    assert row["wrong"] == 50
    broken = naive._replace(read=lambda path: int(path.read_text().split(",")[2]))
    row = fuzz_reader(broken, 50, [1])
    assert row["traceback"] > 5
    assert sum(row[name] for name in OUTCOMES) == 50
