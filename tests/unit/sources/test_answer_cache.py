"""The cache: whole entries or none, whatever is killed or damaged."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.answer_cache import AnswerCache
from forestflux.sources.earthengine.client.error_remedies import Remedy
from forestflux.sources.earthengine.client.offline_client import start_offline
from forestflux.sources.earthengine.client.request_parts import (
    is_cached,
    read_bands,
    write_note,
)
from forestflux.sources.earthengine.request import (
    ArchiveWindow,
    Band,
    Layers,
    Request,
    halves,
)

KEY = "ab" * 32


@pytest.fixture(scope="module", autouse=True)
def offline():
    start_offline()


def asked(**changes):
    """A request for two images of 3 x 4 pixels."""
    band = Band("NDVI", changes.get("dtype", "int16"), changes.get("absent", -32768))
    days = (("2003-01-01", "2003-01-02"), ("2003-01-17", "2003-01-18"))
    window = ArchiveWindow("EPSG:4326", 0.05, changes.get("west", 10.0), 50.0, (3, 4))
    return Request(Layers("MODIS/061/MOD13C1", (band,)), days, window)


def test_an_answer_comes_back_as_it_was(tmp_path):
    cache = AnswerCache(tmp_path)
    assert cache.read(KEY) is None
    assert not cache.has(KEY)
    for answer in (b"", b"x", np.random.default_rng(0).bytes(100_000)):
        cache.write(KEY, answer)
        assert cache.has(KEY)
        assert cache.read(KEY) == answer
    assert len(list(tmp_path.rglob("*"))) == 2  # a folder and an entry: no leftovers


@pytest.mark.parametrize("where", [3, 30, -1], ids=["layout", "checksum", "content"])
def test_a_damaged_entry_counts_as_none(tmp_path, where):
    cache = AnswerCache(tmp_path)
    cache.write(KEY, b"answer" * 100)
    content = bytearray(cache.path(KEY).read_bytes())
    content[where] ^= 1
    cache.path(KEY).write_bytes(content)
    assert cache.read(KEY) is None
    assert not cache.has(KEY)


def test_an_entry_cut_short_counts_as_none(tmp_path):
    cache = AnswerCache(tmp_path)
    cache.write(KEY, b"answer" * 100)
    content = cache.path(KEY).read_bytes()
    for length in (0, 10, len(content) - 1):
        cache.path(KEY).write_bytes(content[:length])
        assert cache.read(KEY) is None


def test_a_killed_writer_leaves_whole_entries_only(tmp_path):
    code = (
        "import sys; from pathlib import Path\n"
        "from forestflux.sources.earthengine.client.answer_cache import AnswerCache\n"
        "cache, answer = AnswerCache(Path(sys.argv[1])), b'answer' * 500_000\n"
        "for number in range(10**6):\n"
        "    cache.write(f'{number % 7:064d}', answer)\n"
        "    print(number, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    for pause in (0.0, 0.013, 0.031):
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, env=environment, text=True
        ) as writer:
            writer.stdout.readline()
            time.sleep(pause)
            writer.send_signal(signal.SIGKILL)
    cache = AnswerCache(tmp_path)
    entries = [path.name for path in tmp_path.rglob("*") if len(path.name) == 64]
    assert entries
    for name in entries:
        assert cache.read(name) == b"answer" * 500_000


def test_a_key_is_of_what_is_asked_alone():
    key = expressions.key_of(asked())
    expressions.pixels.cache_clear()  # the expression is built anew
    assert expressions.key_of(asked()) == key
    others = [asked(west=10.05), asked(absent=-1), asked(dtype="float32")]
    keys = {expressions.key_of(other) for other in others}
    assert len(keys | {key}) == 4


def test_a_request_in_parts_is_there_when_all_parts_are(tmp_path):
    cache, request = AnswerCache(tmp_path), asked()
    parts = halves(request)
    write_note(request, Remedy.SPLIT, cache)
    arrays = [np.full((1, 3, 4), number, "int16") for number in (1, 2)]
    for part, array in zip(parts, arrays, strict=True):
        assert not is_cached(request, cache)
        assert read_bands(request, cache) is None
        cache.write(expressions.key_of(part), array.tobytes())
    assert is_cached(request, cache)
    (bands,) = read_bands(request, cache)
    np.testing.assert_array_equal(bands, np.concatenate(arrays))
