"""Every error has one answer: ask again, in parts, or tell the user."""

import http.client
import json
import ssl

import ee
import google.auth.exceptions
import httplib2
import pytest
from googleapiclient.errors import HttpError

from forestflux.core.input_errors import InputError
from forestflux.sources.earthengine.client.error_remedies import (
    GarbledAnswer,
    NoAnswer,
    Remedy,
    UnexpectedAnswer,
    choose_remedy,
    explain_error,
    read_status,
)


def refusal(status, message, metric=""):
    """The exception that the client raises for an HTTP status, made the way it does."""
    content = {"error": {"code": status, "message": message}}
    if metric:
        content["error"]["details"] = [{"metadata": {"quota_metric": metric}}]
    body = json.dumps(content).encode()
    answer = httplib2.Response({"status": status, "content-type": "application/json"})
    try:
        try:
            raise HttpError(answer, body)
        except HttpError as error:
            raise ee.EEException(error._get_reason())  # noqa: B904
    except ee.EEException as error:
        return error


RETRIED = [
    refusal(429, "Too many concurrent aggregations."),
    refusal(500, "Internal error"),
    refusal(503, "The service is currently unavailable."),
    refusal(403, "rateLimitExceeded"),
    refusal(408, "The request took too long."),
    refusal(400, "Quota exceeded: Too many concurrent aggregations."),
    ConnectionError("Connection aborted."),
    ConnectionResetError("reset"),
    TimeoutError("timed out"),
    UnexpectedAnswer("a", variable="b", expected="c", found="d"),
    ssl.SSLError("eof"),
    http.client.IncompleteRead(b""),
    httplib2.ServerNotFoundError("unknown host"),
    google.auth.exceptions.TransportError("token server away"),
    GarbledAnswer("no .npy file"),
]
SPLIT = [
    refusal(
        400,
        "Total request size (56623104 bytes) must be less than or equal to 50331648 bytes.",
    ),
    refusal(
        400, "Pixel grid dimensions (40818x1) must be less than or equal to 32768."
    ),
    refusal(413, "Request payload size exceeds the limit: 10485760 bytes."),
]
HALVED = [
    refusal(400, "User memory limit exceeded."),
    refusal(400, "Computation timed out."),
    refusal(
        400, "Output of image computation is too large (20 bands for 160000 pixels)."
    ),
    refusal(400, "Computed value is too large."),
    refusal(503, "Earth Engine memory capacity exceeded."),
    refusal(500, "User memory limit exceeded."),
    refusal(429, "Computation timed out."),
    NoAnswer(TimeoutError("no whole answer within 330 s")),
]
USED_UP = [
    refusal(429, "Quota exceeded for quota metric 'Daily EECU usage time'."),
    refusal(403, "EECU-time per day per project is exhausted."),
    refusal(429, "Quota exceeded.", metric="daily_eecu_usage_time"),
]
STOPPED = [
    refusal(400, "Image.select: Band pattern 'NDWI' did not match any bands."),
    refusal(400, "ImageCollection.load: ImageCollection asset 'X' not found."),
    refusal(401, "Request had invalid authentication credentials."),
    refusal(403, "Caller does not have required permission to use project x."),
    refusal(404, "Not found."),
    google.auth.exceptions.RefreshError("invalid_grant: revoked", {"error": "x"}),
    *USED_UP,
    KeyError("ours"),
    InputError("a", variable="b", expected="c", found="d"),
]


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        *((error, Remedy.RETRY) for error in RETRIED),
        *((error, Remedy.SPLIT) for error in SPLIT),
        *((error, Remedy.HALVE) for error in HALVED),
        *((error, Remedy.STOP) for error in STOPPED),
    ],
    ids=str,
)
def test_every_error_has_one_answer(error, remedy):
    assert choose_remedy(error) is remedy


def test_the_status_is_read_from_behind_the_client_error():
    assert read_status(refusal(429, "slow")) == 429
    assert read_status(ee.EEException("nothing behind it")) == 0


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (STOPPED[0], "a band of the collection"),
        (STOPPED[1], "a collection that exists"),
        (STOPPED[2], "credentials that are accepted"),
        (STOPPED[3], "a project that may do this"),
        (STOPPED[5], "credentials that are accepted"),
        (RETRIED[0], "an answer to one of 8 attempts"),
        (HALVED[-1], "an answer to one of 8 attempts"),
    ],
)
def test_what_stops_a_job_is_one_line(error, expected):
    line = str(explain(error, "MODIS/061/MOD13A1 2003"))
    assert line.startswith("Earth Engine: MODIS/061/MOD13A1 2003: expected ")
    assert expected in line
    assert "\n" not in line


def explain(error, what):
    return explain_error(error, what, attempts=8, kept="3 of 9 requests are kept in x")


def test_an_explanation_is_not_explained_again():
    assert explain(STOPPED[-1], "x") is STOPPED[-1]


@pytest.mark.parametrize("error", USED_UP, ids=str)
def test_a_quota_that_is_used_up_is_one_line_that_says_what_is_kept(error):
    line = str(explain(error, "MODIS/061/MOD13A1 2003"))
    assert "quota of the day is used up" in line
    assert (
        "3 of 9 requests are kept in x, and the same command goes on tomorrow" in line
    )
    assert "\n" not in line
