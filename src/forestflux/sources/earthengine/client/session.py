"""The connected `ee` client: its account, its server, and one line for what goes wrong."""

import os
from pathlib import Path

import ee
import google.auth.exceptions
import tenacity
from google.auth.credentials import Credentials

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine.client.connection import Connection
from forestflux.sources.earthengine.client.offline_client import start_client

# The client's own retries, while it starts; later they are ours.
START_RETRIES = 3
# What the client has tried again itself, or what would be the same again.
REFUSALS = (google.auth.exceptions.GoogleAuthError, ee.EEException, OSError)


def connect(settings: EarthEngineSettings) -> Connection:
    """Connect the client to its server.

    Raises
    ------
    InputError : no project, no credentials or expired ones, or the project is refused
    """
    project, credentials = find_account(settings)
    connection = Connection(
        deadline_s=settings.deadline_s, connections=settings.in_flight
    )
    url = settings.url
    starting = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(START_RETRIES),
        retry=tenacity.retry_if_not_exception_type(REFUSALS),
        reraise=True,
    )
    try:
        starting(
            start_client,
            retries=START_RETRIES,
            credentials=credentials,
            url=url,
            project=project,
            http_transport=connection,
        )
    except google.auth.exceptions.RefreshError as error:
        raise expired_error(settings, error) from error
    except google.auth.exceptions.TransportError as error:
        raise unreachable_error(url, error) from error
    except ee.EEException as error:
        raise InputError(
            "configuration",
            variable="earthengine.project",
            expected="a project that is registered for Earth Engine",
            found=f"{project}: {error}",
        ) from error
    except Exception as error:
        # No connection, or documents that are damaged, about which the client raises anything.
        raise unreachable_error(url, error) from error
    # From here on `transport` decides what is tried again.
    ee.data.setMaxRetries(0)
    ee.data.setDefaultWorkloadTag(settings.workload_tag)
    return connection


def find_account(settings: EarthEngineSettings) -> tuple[str, Credentials]:
    """Project and credentials of the configuration and the environment.

    Raises
    ------
    InputError : one line that says what to do
    """
    project = settings.project or os.environ.get("EE_PROJECT")
    if not project:
        raise InputError(
            "configuration",
            variable="earthengine.project",
            expected="a Google Cloud project that is registered for Earth Engine, here or"
            " in the environment variable EE_PROJECT",
            found="none",
        )
    path = settings.credentials or os.environ.get("EE_CREDENTIALS")
    return project, read_key_file(Path(path)) if path else read_stored_credentials()


def read_key_file(path: Path) -> Credentials:
    """Credentials of a service account's key file.

    Raises
    ------
    InputError : the file is not there or is no key file
    """
    try:
        return ee.ServiceAccountCredentials(None, key_file=str(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = "no such file" if isinstance(error, OSError) else "another file"
        raise InputError(
            path,
            variable="earthengine.credentials",
            expected="the JSON key file of a service account",
            found=found,
        ) from None  # the client's own error may quote the private key


def read_stored_credentials() -> Credentials:
    """Credentials that `earthengine authenticate` left on this machine.

    Raises
    ------
    InputError : there are none
    """
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


def expired_error(settings: EarthEngineSettings, error: Exception) -> InputError:
    """The line for credentials that the server does not renew."""
    return InputError(
        settings.credentials or "earthengine authenticate",
        variable="earthengine.credentials",
        expected="credentials that can be renewed (run `earthengine authenticate` again)",
        found=f"{error.args[0] if error.args else error}",
    )


def unreachable_error(url: str, error: Exception) -> InputError:
    """The line for a server that does not answer."""
    return InputError(
        "configuration",
        variable="earthengine.url",
        expected="a server that answers",
        found=f"{url}: {type(error).__name__}: {error}",
    )
