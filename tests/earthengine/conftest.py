"""A server for each test that wants one, and an environment in which only loopback answers."""

from contextlib import ExitStack

import ee
import pytest
from google.oauth2.credentials import Credentials

from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings
from forestflux.sources.earthengine import earthengine_source
from tests.builders.projects import ROOT
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.formulas import FormulaPlanet
from tests.earthengine.emulator.archives.standin import YEAR, access
from tests.earthengine.emulator.server import Emulator

LOOPBACK = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "127.0.0.1,localhost",
}


@pytest.fixture(scope="session")
def products():
    """The product table of the project."""
    return read_products(ROOT / "config" / "products.yaml")


@pytest.fixture(scope="session")
def formula_catalogue(products):
    """Every product of the table, each pixel known by a formula."""
    return Catalogue(FormulaPlanet(products))


@pytest.fixture(scope="package", autouse=True)
def only_loopback():
    """Whatever is meant for the network is refused at once by a port where nobody is.

    The client asks a host of its own for a list of deprecated assets, without a deadline.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LOOPBACK.items():
            patch.setenv(name, value)
            patch.setenv(name.lower(), value)
        yield


@pytest.fixture
def serve():
    """What starts servers that end with the test; a defect of one fails the test."""
    with ExitStack() as running:
        started = []

        def start(catalogue, **options):
            started.append(running.enter_context(Emulator(catalogue, **options)))
            return started[-1]

        yield start
        assert not [trace for emulator in started for trace in emulator.defects]


@pytest.fixture
def no_waiting(monkeypatch):
    """Retries wait a hundredth of what they would."""
    monkeypatch.setattr(
        "forestflux.sources.earthengine.client.transport.Transport.wait_s", 0.01
    )


@pytest.fixture
def short_deadline():
    """What gives a source a deadline that the configuration refuses, for staged silence."""

    def shorten(source, seconds):
        downloads = source.downloads
        downloads.settings = downloads.settings.model_copy(
            update={"deadline_s": seconds}
        )

    return shorten


@pytest.fixture
def open_source(serve, formula_catalogue, tmp_path):
    """What opens the source on a server: the server and the source."""

    def start(emulator=None, **keys):
        emulator = emulator or serve(formula_catalogue)
        path = tmp_path / "key.json"
        emulator.tokens.service_account(path)
        keys = {"cache": str(tmp_path / "cache"), "credentials": str(path)} | keys
        settings = EarthEngineSettings(**access(emulator.url, **keys))
        chosen = SourceSettings(forest_only=False)
        source = earthengine_source.open_source(chosen, years=[YEAR], runtime=settings)
        return emulator, source

    return start


@pytest.fixture(scope="session")
def formula_server(formula_catalogue):
    """One server of formulas for all tests that change nothing but faults."""
    with Emulator(formula_catalogue) as emulator:
        yield emulator
        assert not emulator.defects


@pytest.fixture
def client(formula_server):
    """The server of formulas, its book empty, and the real client connected to it."""
    formula_server.faults = []
    formula_server.clear()
    connect(formula_server)
    return formula_server


def connect(emulator, credentials=None, project="forests"):
    """Connect the client to a server, without retries and without a deadline."""
    known = ee.data._get_state()
    if credentials or project != "forests" or known.api_base_url != emulator.url:
        ee.Reset()
        credentials = credentials or Credentials("token")
        ee.Initialize(credentials, url=emulator.url, project=project)
    ee.data.setMaxRetries(0)
