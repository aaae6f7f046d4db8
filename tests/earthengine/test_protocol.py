"""The real client against the server: starting, tokens, limits, refusals, faults."""

import ee
import google.auth.exceptions
import numpy as np
import pytest
from google.oauth2.credentials import Credentials
from googleapiclient.errors import HttpError

from tests.earthengine.asking import grid, pixels, window
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
    where = window(products.variables["ndvi"].tower, 0, 0, shape)
    with pytest.raises(ee.EEException) as error:
        pixels(ndvi(), where)  # int16: 3 bytes with the mask
    assert words in str(error.value)
    assert status_of(error) == 400


def test_the_largest_size_is_sent(client, products):
    where = window(products.variables["ndvi"].tower, 0, 0, (2**12, 2**12))
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


@pytest.mark.parametrize(("calls", "refused"), [(30, False), (40, True)])
def test_deep_expressions_are_refused(client, where, calls, refused):
    node = call_of("Image.constant", value={"constantValue": 1})
    for _ in range(calls):
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
    where = window(products.variables["lst_day"].tower, 3400, 23000, (2, 2))
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
