"""What is done about an error of a request: retry, split, halve or stop."""

import enum
import http.client
import re
import ssl

import ee
import google.auth.exceptions
import httplib2
from googleapiclient.errors import HttpError

from forestflux.core.errors import InputError

# Earth Engine answers many different faults with status 400; only the text tells them apart.
TOO_LARGE = re.compile(
    r"total request size|must be less than or equal to|too many bands"
    r"|exceeds the limit of \d+ bands|request payload size",
    re.IGNORECASE,
)
TOO_HEAVY = re.compile(
    r"user memory limit|computation timed out|computed value (is )?too large"
    r"|output of image computation is too large|too many pixels|out of memory",
    re.IGNORECASE,
)
TOO_FAST = re.compile(
    r"rate ?limit|quota exceeded|too many (concurrent )?(requests|aggregations)",
    re.IGNORECASE,
)
TRANSIENT = (
    ConnectionError,
    TimeoutError,
    ssl.SSLError,
    http.client.HTTPException,
    httplib2.HttpLib2Error,
    google.auth.exceptions.TransportError,
)


class Remedy(enum.Enum):
    """What is done about an error. The names are stored in the cache."""

    RETRY = "wait and ask again"
    SPLIT = "ask in two parts, by images first"
    HALVE = "ask for half of the window"
    STOP = "tell the user"


class GarbledAnswer(Exception):
    """An answer that cannot be read: cut short or damaged on the way."""


def choose_remedy(error: BaseException) -> Remedy:
    """What to do about an error of a request."""
    if isinstance(error, google.auth.exceptions.RefreshError):
        return Remedy.RETRY if error.retryable else Remedy.STOP
    if isinstance(error, (GarbledAnswer, *TRANSIENT)):
        return Remedy.RETRY
    if not isinstance(error, ee.EEException):
        return Remedy.STOP
    status, text = read_status(error), str(error)
    if status == 429 or status >= 500:
        return Remedy.RETRY
    if TOO_FAST.search(text):
        return Remedy.RETRY
    if status in (400, 413):
        if TOO_HEAVY.search(text):
            return Remedy.HALVE
        if TOO_LARGE.search(text):
            return Remedy.SPLIT
    return Remedy.STOP


def read_status(error: ee.EEException) -> int:
    """HTTP status behind an error of the client; 0 where there is none."""
    # The client keeps the message only, but Python keeps the answer as the error's context.
    cause = error.__context__ or error.__cause__
    return int(cause.resp.status) if isinstance(cause, HttpError) else 0


# What the user should check, by a pattern in the server's text.
EXPECTED = (
    (r"not match any bands|band pattern", "a band of the collection (product table)"),
    (r"asset .*not found|does not exist", "a collection that exists and may be read"),
    (r"permission|not registered|has not been used", "a project that may do this"),
)


def explain_error(error: Exception, what: str, attempts: int) -> InputError:
    """The one line for an error that stops a job.

    Parameters
    ----------
    what : what was asked for
    attempts : how often it was asked for
    """
    if isinstance(error, InputError):
        return error
    status = read_status(error) if isinstance(error, ee.EEException) else 0
    found = " ".join(f"{status or type(error).__name__}: {error}".split())
    if isinstance(error, google.auth.exceptions.RefreshError) or status == 401:
        expected = (
            "credentials that are accepted (run `earthengine authenticate` again)"
        )
    elif choose_remedy(error) is Remedy.RETRY:
        expected = f"an answer to one of {attempts} attempts"
    else:
        expected = next(
            (hint for text, hint in EXPECTED if re.search(text, found, re.IGNORECASE)),
            "an answer",
        )
    return InputError("Earth Engine", variable=what, expected=expected, found=found)
