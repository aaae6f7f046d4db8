"""The `ee` client: started offline for building expressions, connected for sending them.

The client starts with a list of deprecated assets from a host of its own, which
`earthengine.url` does not change and which has no deadline: behind a firewall it would
wait for minutes. It is not asked for here (`without_urllib`). It serves warnings only;
the product table says what is deprecated.
"""

import os
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import ee
import google.auth.exceptions
import httplib2
from google.auth.credentials import AnonymousCredentials, Credentials

from forestflux.core.errors import InputError
from forestflux.sources.earthengine.client.connection import Http

# The client's own retries, while it starts; later they are ours.
START_RETRIES = 3


def offline() -> None:
    """Start the client from the documents in its own package; nothing is sent.

    Expressions can then be built and their keys computed.

    Raises
    ------
    InputError : the client's package comes without these documents
    """
    start(
        credentials=AnonymousCredentials(),
        project="offline",
        http_transport=Documents(),
    )


def connect(settings: Mapping) -> Http:
    """Connect the client; the connection counts what it sends and hears.

    Parameters
    ----------
    settings : section `earthengine` of the configuration

    Raises
    ------
    InputError : no project, no credentials or expired ones, or the project is refused
    """
    project, credentials = account(settings)
    http = Http(deadline_s=settings["deadline_s"], connections=settings["in_flight"])
    url = settings["url"]
    try:
        start(credentials=credentials, url=url, project=project, http_transport=http)
    except google.auth.exceptions.RefreshError as error:
        raise expired(settings, error) from error
    except google.auth.exceptions.TransportError as error:
        raise unreachable(url, error) from error
    except ee.EEException as error:
        raise InputError(
            "configuration",
            variable="earthengine.project",
            expected="a project that is registered for Earth Engine",
            found=f"{project}: {error}",
        ) from error
    except (OSError, httplib2.HttpLib2Error) as error:
        raise unreachable(url, error) from error
    ee.data.setMaxRetries(
        0
    )  # `forestflux.sources.earthengine.client.transport` decides what is retried
    ee.data.setDefaultWorkloadTag(settings["workload_tag"])
    return http


def start(**arguments: object) -> None:
    """Initialise the client anew, without the list of deprecated assets."""
    ee.Reset()
    ee.data.setMaxRetries(START_RETRIES)
    with without_urllib():
        ee.Initialize(**arguments)


def account(settings: Mapping) -> tuple[str, Credentials]:
    """Project and credentials of the configuration and the environment.

    Raises
    ------
    InputError : one line that says what to do
    """
    project = settings["project"] or os.environ.get("EE_PROJECT")
    if not project:
        raise InputError(
            "configuration",
            variable="earthengine.project",
            expected="a Google Cloud project that is registered for Earth Engine, here or"
            " in the environment variable EE_PROJECT",
            found="none",
        )
    path = settings["credentials"] or os.environ.get("EE_CREDENTIALS")
    return project, service_account(Path(path)) if path else persistent()


def service_account(path: Path) -> Credentials:
    """Credentials of a service account's key file; nothing of the file is ever shown."""
    try:
        return ee.ServiceAccountCredentials(None, key_file=str(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = "no such file" if isinstance(error, OSError) else "another file"
        raise InputError(
            path,
            variable="earthengine.credentials",
            expected="the JSON key file of a service account",
            found=found,
        ) from None


def persistent() -> Credentials:
    """Credentials that `earthengine authenticate` left on this machine."""
    try:
        return ee.data.get_persistent_credentials()
    except (ee.EEException, google.auth.exceptions.GoogleAuthError) as error:
        raise InputError(
            "configuration",
            variable="earthengine.credentials",
            expected="credentials: run `earthengine authenticate` once, or name the key"
            " file of a service account here or in EE_CREDENTIALS",
            found="none",
        ) from error


def expired(settings: Mapping, error: Exception) -> InputError:
    """The line for credentials that the server does not renew."""
    return InputError(
        settings["credentials"] or "earthengine authenticate",
        variable="earthengine.credentials",
        expected="credentials that can be renewed (run `earthengine authenticate` again)",
        found=f"{error.args[0] if error.args else error}",
    )


def unreachable(url: str, error: Exception) -> InputError:
    """The line for a server that does not answer."""
    return InputError(
        "configuration",
        variable="earthengine.url",
        expected="a server that answers",
        found=f"{url}: {type(error).__name__}: {error}",
    )


@contextmanager
def without_urllib() -> Iterator[None]:
    """Let nothing out through `urllib` inside the block."""
    urllib.request.install_opener(urllib.request.build_opener(Refuse()))
    try:
        yield
    finally:
        urllib.request.install_opener(None)  # urllib makes its usual one again


class Refuse(urllib.request.BaseHandler):
    """Refuses every request of `urllib` before it is sent."""

    def default_open(self, request: urllib.request.Request) -> None:
        """Refuse; the client takes it as an empty list."""
        raise urllib.error.URLError(f"not asked for: {request.host}")


class Documents:
    """Answers the client's start from its own package, and nothing else."""

    NAMES = (
        ("$discovery", "cloud_api_discovery_document.json"),
        ("algorithms", "algorithms.json"),
    )

    def request(
        self, uri: str, *_: object, **__: object
    ) -> tuple[httplib2.Response, bytes]:
        """The document that belongs to an address."""
        for part, name in self.NAMES:
            if f"/{part}" in uri:
                file = files("ee").joinpath("tests", name)
                if not file.is_file():
                    break
                body = file.read_text().replace("v1alpha", "v1")
                return httplib2.Response({"status": 200}), body.encode()
        raise InputError(
            "earthengine-api",
            variable="package",
            expected="the documents in ee/tests, from which expressions are built offline",
            found=f"none for {uri}",
        )
