"""A server for each test that wants one, and an environment in which only loopback answers."""

import ee
import pytest
from google.oauth2.credentials import Credentials
from projects import ROOT

from earthengine.catalogue import Catalogue
from earthengine.formulas import FormulaPlanet
from earthengine.server import Emulator
from forestflux.products import read_products


@pytest.fixture(scope="session")
def products():
    """The product table of the project."""
    return read_products(ROOT / "config" / "products.yaml")


@pytest.fixture(scope="session")
def formula_catalogue(products):
    """Every product of the table, each pixel known by a formula."""
    return Catalogue(FormulaPlanet(products))


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """Whatever is meant for the network is refused at once by a port where nobody is.

    The client asks a host of its own for a list of deprecated assets, without a deadline.
    """
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")


@pytest.fixture
def serve():
    """What starts servers that end with the test; a defect of one fails the test."""
    running = []

    def start(catalogue, **options):
        emulator = Emulator(catalogue, **options)
        running.append(emulator.__enter__())
        return emulator

    yield start
    for emulator in running:
        emulator.__exit__(None, None, None)
    assert not [trace for emulator in running for trace in emulator.defects]


@pytest.fixture
def client(serve, formula_catalogue):
    """A server of formulas and the real client, connected to it and without retries."""
    emulator = serve(formula_catalogue)
    connect(emulator)
    yield emulator
    ee.Reset()


def connect(emulator, credentials=None, project="forests"):
    """Connect the client to a server."""
    ee.Reset()
    ee.Initialize(
        credentials or Credentials("token"), url=emulator.url, project=project
    )
    ee.data.setMaxRetries(0)
