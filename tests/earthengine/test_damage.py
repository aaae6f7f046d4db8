"""Damage on the way: whatever byte changes and wherever an answer is cut, numbers are right.

The format of the numbers tells most damage. TLS and gzip tell the rest; without them an
answer is asked for twice.
"""

import io

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client import transport
from forestflux.sources.earthengine.client.band_packing import pack_bands
from forestflux.sources.earthengine.client.connection import Connection
from forestflux.sources.earthengine.client.error_remedies import (
    GarbledAnswer,
    UnexpectedAnswer,
)
from forestflux.sources.earthengine.client.in_flight import MemoryBudget, Slots
from forestflux.sources.earthengine.client.npy_answers import find_header_end
from forestflux.sources.earthengine.client.progress import Progress
from forestflux.sources.earthengine.request import ArchiveWindow, Band, Layers, Request
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.formulas import FormulaPlanet
from tests.earthengine.emulator.faults import Fault

pytestmark = pytest.mark.usefixtures("no_waiting")

NDVI = "MODIS/061/MOD13A1"
BANDS = (Band("NDVI", "int16", -32768), Band("SummaryQA", "int8", -1))


@pytest.fixture(scope="module")
def asked(products):
    """A request for two images of a small window in Finland."""
    product = products.variables["ndvi"].tower
    side, (west, north) = product.grid.pixel, product.grid.corner
    corner = (west + 46000 * side, north - 6750 * side)
    window = ArchiveWindow(product.grid.crs, side, *corner, (3, 4))
    images = (("2003-01-01", "2003-01-02"), ("2003-01-17", "2003-01-18"))
    return Request(Layers(NDVI, BANDS), images, window)


@pytest.fixture(scope="module")
def body(asked):
    """A right answer to it."""
    names = [f"{day}_{band.name}" for day, _ in asked.images for band in BANDS]
    types = [band.dtype for _ in asked.images for band in BANDS]
    pixels = np.zeros(asked.window.shape, list(zip(names, types, strict=True)))
    rng = np.random.default_rng(1)
    for name in names:
        pixels[name] = rng.integers(-100, 100, pixels.shape)
    file = io.BytesIO()
    np.save(file, pixels)
    return file.getvalue()


def changed(body, number):
    """The answer with one byte changed, drawn for this number; the place of the byte."""
    rng = np.random.default_rng(number)
    place, flip = int(rng.integers(len(body))), int(rng.integers(1, 256))
    return Fault("changed", place=place, flip=flip).spoil(body), place


def test_a_changed_byte_is_seen_where_the_format_tells_it(asked, body):
    right, numbers, count = pack_bands(body, asked), find_header_end(body), 2000
    seen = 0
    for number in range(count):
        spoilt, place = changed(body, number)
        try:
            same = pack_bands(spoilt, asked) == right
        except (GarbledAnswer, UnexpectedAnswer):
            seen += 1
        else:
            assert same or place >= numbers
    assert seen > count / 10


def test_an_answer_of_any_other_length_is_seen(asked, body):
    for length in range(len(body)):
        with pytest.raises((GarbledAnswer, UnexpectedAnswer)):
            pack_bands(body[:length], asked)
    with pytest.raises(GarbledAnswer):
        pack_bands(body + b"0", asked)


@pytest.fixture
def sending(tmp_path, monkeypatch):
    """A way to the server whose answers carry no checksum."""
    monkeypatch.setattr(transport.Transport, "wait_s", 0)
    return transport.Transport(
        connection=Connection(deadline_s=330, connections=1),
        cache=transport.AnswerCache(tmp_path / "answers"),
        slots=Slots(tmp_path / "slots", 1),
        memory=MemoryBudget(2**20),
        progress=Progress(total=1, cached=0),
        attempts=4,
        tag="test",
    )


@pytest.mark.parametrize("count", [4000, pytest.param(20000, marks=pytest.mark.slow)])
def test_no_changed_byte_stops_a_job_or_changes_a_number(sending, asked, body, count):
    right = pack_bands(body, asked)
    for number in range(count):
        answers = iter([changed(body, number)[0], *([body] * 4)])
        found = sending.request_answer(
            lambda answers=answers: next(answers),
            lambda answer: pack_bands(answer, asked),
            what="a window",
        )
        assert found == right


@pytest.mark.parametrize("pack", [True, False], ids=["gzip", "plain"])
def test_damage_between_server_and_client_is_asked_again(
    open_source, products, asked, pack, serve
):
    """Each byte in its turn, over HTTP, compressed and plain; then each length."""
    emulator = serve(Catalogue(FormulaPlanet(products)), pack=pack)
    _, source = open_source(emulator, in_flight=1)
    cache = source.downloads.cache
    days = {"collection": NDVI, "year": 2003}
    keys = expressions.key_of(asked), expressions.key_of_days(**days)
    source.downloads.fetch([asked])
    source.downloads.fetch_days([(NDVI, 2003)])
    right = [cache.read(key) for key in keys]
    assert set(emulator.finished().values()) == {1 if pack else 2}
    rng = np.random.default_rng(5)
    for kind in ("changed", "shortened"):
        for place in rng.integers(5, 300, 25).tolist():
            for path in ("image:computePixels", "value:compute"):
                flip = int(rng.integers(1, 256))
                emulator.faults.append(
                    Fault(kind, count=1, path=path, place=place, flip=flip)
                )
            for key in keys:
                cache.path(key).unlink()
            source.downloads.fetch([asked])
            source.downloads.fetch_days([(NDVI, 2003)])
            assert [cache.read(key) for key in keys] == right
    assert sum(fault.acted for fault in emulator.faults) == 100


def test_what_comes_twice_was_not_damaged(open_source, asked):
    """A band of another type than the table says ends in one line, not in eight attempts."""
    emulator, source = open_source()
    layers = Layers(NDVI, (Band("NDVI", "int16", -1), Band("SummaryQA", "int16", -1)))
    wrong = Request(layers, asked.images, asked.window)
    bands = expressions.pixels(asked.layers, asked.images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expressions, "pixels", lambda layers, images: bands)
        with pytest.raises(InputError, match=r"SummaryQA: expected int16, found int8"):
            source.downloads.fetch([wrong])
    assert len(emulator.of()) == 2


@pytest.mark.parametrize("place", [0, 40, 300_000])
def test_a_damaged_start_is_tried_again(serve, products, open_source, asked, place):
    emulator = serve(Catalogue(FormulaPlanet(products)))
    emulator.faults = [Fault("changed", count=1, path="/algorithms", place=place)]
    _, source = open_source(emulator)
    source.downloads.fetch([asked])
    assert emulator.faults[0].acted == 1
