"""The server's faults, its quota and its book, as the real client meets them."""

import json
import threading
import urllib.request
import warnings

import ee
import numpy as np
import pytest

from tests.earthengine.asking import pixels, window
from tests.earthengine.conftest import connect
from tests.earthengine.emulator.faults import Fault

NDVI = "MODIS/061/MOD13A1"


def status_of(error):
    return error.value.__context__.resp.status


@pytest.fixture
def where(products):
    """A small window of 500 m pixels in Finland."""
    return window(products.variables["ndvi"].tower, 6750, 46000, (4, 5))


def ndvi():
    return ee.Image(f"{NDVI}/2003_01_01").select("NDVI")


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("429", 429, "concurrency limit"),
        ("500", 500, "internal error"),
        ("502", 502, "Bad gateway"),
        ("503", 503, "unavailable"),
        ("size", 400, "Total request size"),
        ("memory", 400, "User memory limit exceeded"),
        ("computation", 400, "Computation timed out"),
        ("forbidden", 403, "Permission denied"),
        ("rate", 403, "Rate limit"),
        ("missing", 400, "not found"),
    ],
)
def test_errors_are_staged_once(client, where, kind, status, words):
    client.faults = [Fault(kind, count=1)]
    with pytest.raises(ee.EEException, match=words) as error:
        pixels(ndvi(), where)
    assert status_of(error) == status
    assert pixels(ndvi(), where).shape == (4, 5)
    spoilt, right = client.of()
    assert (spoilt.fault, spoilt.status, spoilt.finished) == (kind, status, False)
    assert (right.fault, right.status, right.finished) == ("", 200, True)


@pytest.mark.parametrize("kind", ["429", "503", "rate"])
def test_the_client_takes_them_for_errors_that_pass(client, where, kind, monkeypatch):
    monkeypatch.setattr("googleapiclient.http.time.sleep", lambda seconds: None)
    ee.data.setMaxRetries(2)
    client.faults = [Fault(kind, count=2)]
    assert pixels(ndvi(), where).shape == (4, 5)
    assert len(client.of()) == 3


@pytest.mark.parametrize("kind", ["dropped", "cut"])
def test_broken_connections_are_staged(client, where, kind):
    client.faults = [Fault(kind, count=1)]
    with pytest.raises(ConnectionError):
        pixels(ndvi(), where)
    assert pixels(ndvi(), where).shape == (4, 5)
    assert [record.finished for record in client.of()] == [False, True]


def test_silence_lasts_until_the_deadline(serve, formula_catalogue, where):
    client = serve(formula_catalogue)
    connect(client)
    ee.data.setDeadline(1000)
    client.faults = [Fault("silent", count=1)]
    with pytest.raises(TimeoutError):
        pixels(ndvi(), where)
    assert pixels(ndvi(), where).shape == (4, 5)


@pytest.mark.parametrize("kind", ["corrupt", "garbled"])
def test_bytes_of_the_right_number_can_be_wrong(client, where, kind):
    client.faults = [Fault(kind, count=1)]
    with pytest.raises((ValueError, OSError)):
        pixels(ndvi(), where)
    assert pixels(ndvi(), where).shape == (4, 5)
    assert [record.finished for record in client.of()] == [False, True]


def test_restricted_parallelism_is_told_beside_a_right_answer(client, where):
    client.faults = [Fault("restricted", count=1)]
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        assert pixels(ndvi(), where).shape == (4, 5)
    assert any("restricted mode" in str(warning.message) for warning in heard)
    assert client.of()[0].finished


def test_a_share_of_faults_depends_on_request_and_attempt_only(client, where):
    draws = [
        Fault("503", share=0.3, seed=4).draw(f"request {n}", 0) for n in range(2000)
    ]
    again = [
        Fault("503", share=0.3, seed=4).draw(f"request {n}", 0) for n in range(2000)
    ]
    assert draws == again
    assert np.mean(np.array(draws) < 0.3) == pytest.approx(0.3, abs=0.03)
    assert draws[0] != Fault("503", seed=4).draw("request 0", 1)


def test_requests_over_the_quota_get_429(serve, formula_catalogue, where):
    emulator = serve(formula_catalogue, quota=3, latency_s=0.3)
    connect(emulator)
    answers = []

    def ask(number):
        try:
            answers.append(pixels(ndvi().add(number).toInt32(), where).shape)
        except ee.EEException:
            answers.append(None)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count((4, 5)) == 3
    assert sorted(record.status for record in emulator.of()) == [200] * 3 + [429] * 5


def test_kept_answers_cost_nothing_and_are_the_same(
    serve, formula_catalogue, products, where
):
    emulator = serve(formula_catalogue, keep="request")
    connect(emulator)
    first, again = pixels(ndvi(), where), pixels(ndvi(), where)
    np.testing.assert_array_equal(first, again)
    assert len(emulator.kept) == 1
    elsewhere = window(products.variables["ndvi"].tower, 6000, 46000, (4, 5))
    assert not np.array_equal(pixels(ndvi(), elsewhere), first)
    emulator.keep = "shape"
    pixels(ndvi(), where)
    np.testing.assert_array_equal(pixels(ndvi(), elsewhere), first)


def test_another_process_can_look_and_change(client, where):
    wish = json.dumps({"faults": [{"kind": "memory", "count": 1}], "quota": None})
    urllib.request.urlopen(f"{client.url}/control", data=wish.encode()).read()
    with pytest.raises(ee.EEException, match="User memory limit"):
        pixels(ndvi(), where)
    with urllib.request.urlopen(f"{client.url}/control") as answer:
        book = json.load(answer)
    assert [record["fault"] for record in book["records"]] == ["memory"]
    assert book["peak"] == 1
