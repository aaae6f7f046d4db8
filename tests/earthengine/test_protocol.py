"""The real client against the server: starting, tokens, limits, refusals, faults."""

import json
import threading
import urllib.request
import warnings

import ee
import google.auth.exceptions
import numpy as np
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.errors import HttpError

from earthengine.asking import grid, pixels, window
from earthengine.conftest import connect
from earthengine.faults import Fault

NDVI = "MODIS/061/MOD13A1"


def status_of(error):
    return error.value.__context__.resp.status


@pytest.fixture
def where(products):
    """A small window of 500 m pixels in Finland."""
    return window(products["ndvi"]["tower"]["extract"], 6750, 46000, (4, 5))


def ndvi():
    return ee.Image(f"{NDVI}/2003_01_01").select("NDVI")


def test_client_starts_and_counts_images(client):
    year = ee.ImageCollection(NDVI).filterDate("2003-01-01", "2004-01-01")
    assert year.size().getInfo() == 23
    assert year.aggregate_array("system:index").getInfo()[1] == "2003_01_17"
    assert client.of("value:compute")[0].status == 200


def test_pixels_arrive_with_tag_and_type(client, where):
    with ee.data.workloadTagContext("pilot"):
        array = pixels(ndvi(), where)
    assert array.dtype == np.dtype([("NDVI", "<i2")])
    assert array.shape == (4, 5)
    (record,) = client.of()
    assert (record.tag, record.status, record.finished) == ("pilot", 200, True)
    assert record.grid == where


def test_same_question_has_the_same_key_whatever_the_tag(client, where):
    pixels(ndvi(), where)
    pixels(ndvi(), where, workloadTag="other")
    pixels(ndvi().add(1), where)
    first, again, other = client.of()
    assert first.key == again.key != other.key
    assert (first.attempt, again.attempt) == (0, 1)


# Tokens


def test_service_account_gets_its_token_here(serve, formula_catalogue, tmp_path):
    emulator = serve(formula_catalogue)
    key = emulator.tokens.service_account(tmp_path / "key.json")
    connect(emulator, ee.ServiceAccountCredentials(None, key_file=str(key)))
    assert ee.Number(3).add(4).getInfo() == 7
    assert emulator.tokens.given >= 1


def test_stale_token_is_renewed_once_and_the_request_succeeds(serve, formula_catalogue):
    emulator = serve(formula_catalogue)
    connect(emulator, emulator.tokens.user("token"))
    before = emulator.tokens.given
    emulator.faults = [Fault("expired", count=1, path="value:compute")]
    assert ee.Number(3).add(4).getInfo() == 7
    assert [record.status for record in emulator.of("value:compute")] == [401, 200]
    assert emulator.tokens.given == before + 1


def test_expired_credentials_are_not_renewed(serve, formula_catalogue):
    emulator = serve(formula_catalogue)
    emulator.tokens.revoked = True
    with pytest.raises(google.auth.exceptions.RefreshError, match="expired or revoked"):
        connect(emulator, emulator.tokens.user())
    with pytest.raises(google.auth.exceptions.RefreshError):
        connect(emulator, Credentials("unknown"))


def test_unknown_project_is_refused(serve, formula_catalogue):
    with pytest.raises(ee.EEException, match="permission to use project meadows"):
        connect(serve(formula_catalogue), project="meadows")


# Limits


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (
            (4096, 4097),
            r"Total request size (50343936 bytes) must be less than or equal to",
        ),
        (
            (1, 32769),
            "Pixel grid dimensions (32769x1) must be less than or equal to 32768",
        ),
    ],
)
def test_size_is_counted_with_a_mask_byte(client, products, shape, words):
    where = window(products["ndvi"]["tower"]["extract"], 0, 0, shape)
    with pytest.raises(ee.EEException) as error:
        pixels(ndvi(), where)  # int16: 3 bytes with the mask
    assert words in str(error.value)
    assert status_of(error) == 400


def test_the_largest_size_is_sent(client, products):
    where = window(products["ndvi"]["tower"]["extract"], 0, 0, (2**12, 2**12))
    assert 2**24 * (np.dtype("int16").itemsize + 1) == 48 * 2**20
    assert pixels(ee.Image.constant(7).toInt16(), where)["constant"].sum() == 7 * 2**24


def test_more_than_1024_bands_are_refused(client, where):
    every = ee.ImageCollection(NDVI).select("NDVI")
    with pytest.raises(ee.EEException, match=r"Too many bands \(\d{4}\), at most 1024"):
        pixels(every.merge(every).toBands(), where)


def test_payload_of_more_than_ten_megabytes_is_refused(client, where):
    node = {"constantValue": "x" * (10 * 2**20)}
    with pytest.raises(HttpError, match="payload size exceeds"):
        send_node(node, where)


# Refusals


def call_of(name, **arguments):
    """A node that calls an algorithm."""
    return {"functionInvocationValue": {"functionName": name, "arguments": arguments}}


def send_node(node, where):
    """What the client gets for an expression that it would not build itself."""
    resource = ee.data._get_state().cloud_api_resource_raw.projects().image()
    expression = {"result": "0", "values": {"0": node}}
    body = {"expression": expression, "fileFormat": "NPY", "grid": where}
    return resource.computePixels(project="projects/forests", body=body).execute()


@pytest.mark.parametrize(("depth", "refused"), [(40, False), (120, True)])
def test_deep_expressions_are_refused(client, where, depth, refused):
    node = call_of("Image.constant", value={"constantValue": 1})
    for _ in range(depth):
        node = call_of("Image.round", value=node)
    if refused:
        with pytest.raises(HttpError, match="deeper than 100"):
            send_node(node, where)
    else:
        assert send_node(node, where)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("Image.constant", {"values": 1}, "Unrecognized argument 'values'"),
        ("Image.constant", {}, "Parameter 'value' is required"),
        ("Image.konstant", {"value": 1}, "Unknown function 'Image.konstant'"),
        ("Image.entropy", {"image": 1, "kernel": 1}, "does not compute Image.entropy"),
    ],
)
def test_calls_are_checked_against_the_clients_list(
    client, where, name, arguments, words
):
    given = {key: {"constantValue": value} for key, value in arguments.items()}
    with pytest.raises(HttpError, match=words) as error:
        send_node(call_of(name, **given), where)
    assert error.value.resp.status == 400


def test_coarse_pixels_without_reduce_resolution_are_refused(client):
    coarse = grid("EPSG:4326", 0.05, (24.0, 62.0), (2, 2))
    with pytest.raises(ee.EEException, match="image pyramid") as error:
        pixels(ndvi(), coarse)
    assert status_of(error) == 400
    reduced = ndvi().reduceResolution(ee.Reducer.mean(), False, 1024)
    assert pixels(reduced, coarse).shape == (2, 2)
    with pytest.raises(ee.EEException, match="image pyramid"):
        pixels(ndvi().reduceResolution(ee.Reducer.mean(), True), coarse)


def test_finer_pixels_are_not_refused(client, products):
    where = window(products["lst_day"]["tower"]["extract"], 3400, 23000, (2, 2))
    side = where["affineTransform"]["scaleX"] / 2
    where["affineTransform"] |= {"scaleX": side, "scaleY": -side}
    where["dimensions"] = {"width": 4, "height": 4}
    image = ee.Image("MODIS/061/MOD11A2/2003_01_01").select("LST_Day_1km")
    array = pixels(image, where)["LST_Day_1km"]
    np.testing.assert_array_equal(array, array[::2, ::2].repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (
            lambda: ee.Image("MODIS/061/MOD99"),
            "Image asset 'MODIS/061/MOD99' not found",
        ),
        (lambda: ee.ImageCollection("MOD99").toBands(), "asset 'MOD99' not found"),
        (lambda: ndvi().select("ET"), "Band pattern 'ET' did not match any bands"),
        (lambda: ee.ImageCollection(NDVI).limit(0).toBands(), "Image has no bands"),
    ],
)
def test_what_is_not_there_is_named(client, where, image, words):
    with pytest.raises(ee.EEException, match=words) as error:
        pixels(image(), where)
    assert status_of(error) == 400


def test_other_formats_and_paths_are_refused(client, where):
    with pytest.raises(ee.EEException, match="no file format 'GEO_TIFF'"):
        ee.data.computePixels(
            {"expression": ndvi(), "fileFormat": "GEO_TIFF", "grid": where}
        )
    with pytest.raises(ee.EEException, match="no path"):
        ee.data.computeFeatures({"expression": ee.FeatureCollection([])})


def test_assets_are_listed_page_by_page(client):
    assert ee.data.getAsset(NDVI)["type"] == "IMAGE_COLLECTION"
    name = f"projects/earthengine-public/assets/{NDVI}"
    page = ee.data.listAssets({"parent": name, "pageSize": 5})
    assert page["assets"][0]["id"] == f"{NDVI}/2000_02_18"
    assert page["nextPageToken"] == "5"
    with pytest.raises(ee.EEException, match="does not exist"):
        ee.data.getAsset("MODIS/061/MOD99")


# Faults


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
    elsewhere = window(products["ndvi"]["tower"]["extract"], 6000, 46000, (4, 5))
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
