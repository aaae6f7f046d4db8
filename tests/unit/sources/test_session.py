"""The client: offline without a request, and one line for whoever has no account."""

import json
import socket
import warnings
from importlib.metadata import version

import ee
import pytest
from google.oauth2.credentials import Credentials

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine.client import session
from forestflux.sources.earthengine.client.offline_client import start_offline
from tests.earthengine.write_documents import FOLDER, make_documents

SETTINGS = EarthEngineSettings(url="http://127.0.0.1:9", in_flight=2)
WITH_PROJECT = SETTINGS.model_copy(update={"project": "forests"})


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """No account on this machine, and no way out of it."""
    for name in ("EE_PROJECT", "EE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "CLOUDSDK_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    yield
    ee.Reset()


def test_the_client_starts_without_a_socket(monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with warnings.catch_warnings():
        # The client turns whatever goes wrong with its list of deprecated assets into a warning.
        warnings.simplefilter("error")
        start_offline()
    image = ee.Image("MODIS/061/MOD13A1/2003_01_01").select("NDVI")
    assert "Image.select" in json.dumps(ee.serializer.encode(image))
    with pytest.raises(InputError, match="offline client: expected expressions only"):
        ee.Number(1).getInfo()


def test_the_documents_are_those_of_the_client_that_is_installed():
    assert version("earthengine-api") in (FOLDER / "README.md").read_text()
    for name, document in make_documents().items():
        assert json.loads((FOLDER / name).read_text()) == document


def test_without_a_project_one_line_says_what_to_do():
    with pytest.raises(InputError, match="EE_PROJECT") as refused:
        session.find_account(SETTINGS)
    assert "\n" not in str(refused.value)


def test_without_credentials_one_line_says_what_to_do(monkeypatch):
    monkeypatch.setenv("EE_PROJECT", "forests")
    with pytest.raises(InputError, match="earthengine authenticate") as refused:
        session.find_account(SETTINGS)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [None, "no JSON", '{"private_key": "s3cr3t"}', '{"type": "x", "client_email": 1}'],
)
def test_a_wrong_key_file_is_refused_and_not_quoted(monkeypatch, tmp_path, content):
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("EE_CREDENTIALS", str(path))
    with pytest.raises(InputError, match="key file of a service account") as refused:
        session.find_account(WITH_PROJECT)
    assert "s3cr3t" not in str(refused.value)
    assert "s3cr3t" not in str(refused.value.__cause__)


def test_a_server_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(
        session, "read_stored_credentials", lambda: Credentials("token")
    )
    monkeypatch.setattr(session, "START_RETRIES", 0)
    with pytest.raises(
        InputError, match=r"earthengine.url: expected a server that answers"
    ):
        session.connect(WITH_PROJECT)
