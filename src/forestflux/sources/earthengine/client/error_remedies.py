"""What is done about an error of a request: retry, split, halve or stop."""

import enum
import http.client
import re
import ssl

import ee
import google.auth.exceptions
import httplib2
from googleapiclient.errors import HttpError

from forestflux.core.input_errors import InputError

# Earth Engine answers many different faults with status 400; only the text tells them apart.
TOO_LARGE = re.compile(
    r"total request size|must be less than or equal to|too many bands"
    r"|exceeds the limit of \d+ bands|request payload size",
    re.IGNORECASE,
)
TOO_HEAVY = re.compile(
    r"memory (limit|capacity) (was )?exceeded|out of memory|computation timed out"
    r"|computed value (is )?too large|output of image computation is too large"
    r"|too many pixels",
    re.IGNORECASE,
)
TOO_FAST = re.compile(
    r"rate ?limit|quota exceeded|too many (concurrent )?(requests|aggregations)",
    re.IGNORECASE,
)
# The metric of a quota of compute time (EECU), or its name in a text.
USED_UP = re.compile(
    r"(daily|monthly)[ _]eecu|eecu[^.]* per (day|month)", re.IGNORECASE
)
TOO_MANY_REQUESTS, REQUEST_TIMEOUT = 429, 408
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


class UnexpectedAnswer(InputError):
    """An answer that can be read and is not what was asked for.

    Either it was damaged on the way, or what was asked for is wrong, and it comes again.
    """


class NoAnswer(Exception):
    """The last attempt ended as those of a request do that is too heavy for the server.

    Parameters
    ----------
    cause : how it ended
    """

    def __init__(self, cause: Exception) -> None:
        """Keep the cause."""
        super().__init__(str(cause))
        self.cause = cause


def choose_remedy(error: BaseException) -> Remedy:
    """What to do about an error of a request."""
    if isinstance(error, google.auth.exceptions.RefreshError):
        return Remedy.RETRY if error.retryable else Remedy.STOP
    if isinstance(error, NoAnswer):
        return Remedy.HALVE
    if isinstance(error, (GarbledAnswer, UnexpectedAnswer, *TRANSIENT)):
        return Remedy.RETRY
    if not isinstance(error, ee.EEException) or find_used_up_period(error):
        return Remedy.STOP
    # The text comes first: a limit of memory or time arrives with any status.
    status, text = read_status(error), str(error)
    if TOO_HEAVY.search(text):
        return Remedy.HALVE
    if TOO_LARGE.search(text):
        return Remedy.SPLIT
    passing = status in (REQUEST_TIMEOUT, TOO_MANY_REQUESTS) or status >= 500
    return Remedy.RETRY if passing or TOO_FAST.search(text) else Remedy.STOP


def find_used_up_period(error: BaseException) -> str:
    """`day` or `month` whose compute time the project has used up, empty for neither."""
    cause = find_cause(error)
    details = cause.content.decode(errors="replace") if cause is not None else ""
    found = USED_UP.search(f"{error} {details}")
    if found is None:
        return ""
    return "month" if "month" in found[0].lower() else "day"


def is_overload(error: BaseException) -> bool:
    """Whether a server that is alive says so little about a request that is too heavy."""
    status = read_status(error)
    late = isinstance(error, TimeoutError) or status == REQUEST_TIMEOUT
    return late or status >= 500


def find_cause(error: BaseException) -> HttpError | None:
    """The answer behind an error of the client."""
    # The client keeps the message only, but Python keeps the answer as the error's context.
    cause = error.__context__ or error.__cause__
    return cause if isinstance(cause, HttpError) else None


def read_status(error: BaseException) -> int:
    """HTTP status behind an error of the client; 0 where there is none."""
    cause = find_cause(error)
    return int(cause.resp.status) if cause is not None else 0


# What the user should check, by a pattern in the server's text.
EXPECTED = (
    (r"not match any bands|band pattern", "a band of the collection (product table)"),
    (r"asset .*not found|does not exist", "a collection that exists and may be read"),
    (r"permission|not registered|has not been used", "a project that may do this"),
)


def explain_error(
    error: Exception, what: str, *, attempts: int, kept: str
) -> InputError:
    """The one line for an error that stops a job.

    Parameters
    ----------
    what : what was asked for
    attempts : how often it was asked for
    kept : what of the job is kept
    """
    if isinstance(error, InputError):
        return error
    if isinstance(error, NoAnswer):
        error = error.cause
    status = read_status(error)
    found = " ".join(f"{status or type(error).__name__}: {error}".split())
    period = find_used_up_period(error)
    if period:
        later = "tomorrow" if period == "day" else "next month"
        return InputError(
            "Earth Engine",
            variable="quota",
            expected=f"compute time that is left for the {period}",
            found=f"that the quota of the {period} is used up ({found}); {kept}, and the"
            f" same command goes on {later}",
        )
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
