"""The source against a planet of formulas: every pixel, every fault, every refusal."""

import gc
import io
import threading
import time
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from forestflux.core.grids.places import TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.source_settings import EarthEngineSettings, SourceSettings
from forestflux.sources.earthengine import earthengine_source
from forestflux.sources.earthengine.client.band_packing import pack_bands
from forestflux.sources.earthengine.request import ArchiveWindow, Band, Layers, Request
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.formulas import FormulaPlanet, hidden, stored
from tests.earthengine.emulator.archives.standin import (
    FOUR_SITES,
    YEAR,
    access,
    column,
    finnish_tile,
)
from tests.earthengine.emulator.faults import Fault, five_ways
from tests.earthengine.emulator.server import Emulator

pytestmark = pytest.mark.usefixtures("no_waiting")

MODIS_SPHERE = "+proj=sinu +lon_0=0 +R=6371007.181 +units=m +no_defs"
DAY = np.datetime64("2003-01-17")


def sinusoidal(latitudes, longitudes, product):
    """Row and column of the native pixel at a place, by PROJ."""
    change = Transformer.from_crs("EPSG:4326", MODIS_SPHERE, always_xy=True)
    x, y = change.transform(longitudes, latitudes)
    grid = product.grid
    row = np.floor((grid.corner[1] - y) / grid.pixel)
    return row.astype(int), np.floor((x - grid.corner[0]) / grid.pixel).astype(int)


def test_windows_of_towers_hold_the_pixels_around_them(open_source, products):
    _, source = open_source()
    wanted = column(products, "tower", "ndvi", "lst_night")
    native = source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)
    ordinal = DAY.astype(object).toordinal()
    # Bands of a collection in the order of the product table, values before quality.
    for variable, number in (("ndvi", 0), ("lst_night", 2)):
        extract = wanted[variable].extract
        side = extract.window
        row, across = sinusoidal(FOUR_SITES["lat"], FOUR_SITES["lon"], wanted[variable])
        inside = np.arange(side) - side // 2
        at = (row[:, None, None] + inside[:, None], across[:, None, None] + inside)
        value = stored(*at, band=number, day=ordinal)
        value = np.where(hidden(*at, day=ordinal), extract.absent, value)
        quality = stored(*at, band=number + 1, day=ordinal) % 4
        nothing = extract.quality_absent
        quality = np.where(hidden(*at, day=ordinal), nothing, quality)
        (image,) = np.flatnonzero(native[f"time_{variable}"].values == DAY)
        found = native[variable].values[image].reshape(-1, side, side)
        np.testing.assert_array_equal(found, value)
        found = native[f"{variable}_quality"].values[image].reshape(-1, side, side)
        np.testing.assert_array_equal(found, quality)


def test_some_pixels_of_the_windows_are_masked(open_source, products):
    """Else the test above could not see a masked pixel that arrives as 0."""
    _, source = open_source()
    wanted = column(products, "tower", "et")
    native = source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)["et"].values
    assert (
        0 < np.count_nonzero(native == wanted["et"].extract.absent) < 0.01 * native.size
    )
    assert native[native != wanted["et"].extract.absent].min() >= 100


def test_cells_are_means_of_the_pixels_that_pass(open_source, products):
    _, source = open_source()
    pixels = products.column("tower")["et"]
    native = source.fetch(column(products, "tile", "et"), finnish_tile(), YEAR)
    tile = finnish_tile().tile
    north, west = tile.latitudes()[0] + 0.025, tile.longitudes()[0] - 0.025
    # All native pixels around the tile, by the inverse projection.
    rows, columns = sinusoidal(
        np.array([north, north, north - 0.4, north - 0.4]),
        np.array([west, west + 0.4, west, west + 0.4]),
        pixels,
    )
    row, across = np.mgrid[
        rows.min() - 2 : rows.max() + 3, columns.min() - 2 : columns.max() + 3
    ]
    side, corner = pixels.grid.pixel, pixels.grid.corner
    change = Transformer.from_crs(MODIS_SPHERE, "EPSG:4326", always_xy=True)
    lon, lat = change.transform(
        corner[0] + (across + 0.5) * side, corner[1] - (row + 0.5) * side
    )
    down, right = np.floor((north - lat) / 0.05), np.floor((lon - west) / 0.05)
    day = DAY.astype(object).toordinal()
    value = stored(row, across, band=0, day=day)
    quality = stored(row, across, band=1, day=day) % 4
    masked = hidden(row, across, day=day)
    # Of 0, 1, 2, 3 only bit 0 of ET_QC rejects: low quality.
    trusted = ~masked & (quality % 2 == 0)
    (image,) = np.flatnonzero(native["time_et"].values == DAY)
    for y in range(8):
        for x in range(8):
            cell = (down == y) & (right == x)
            assert 60 < cell.sum() < 160
            mean = value[cell & trusted].mean()
            assert native["et"].values[image, y, x] == np.floor(mean + 0.5)
            percent = 100 * trusted[cell].mean()
            packed = native["et_quality"].values[image, y, x]
            assert packed & 127 == np.floor(percent + 0.5)


def test_tiles_of_the_archive_hold_its_scaled_numbers(open_source, products):
    _, source = open_source()
    wanted = column(products, "tile", "ndvi")
    native = source.fetch(wanted, finnish_tile(), YEAR)
    tile, day = finnish_tile().tile, DAY.astype(object).toordinal()
    row, across = np.mgrid[tile.rows, tile.columns]
    value = stored(row, across, band=0, day=day)
    value = np.where(hidden(row, across, day=day), -32768, value)
    (image,) = np.flatnonzero(native["time_ndvi"].values == DAY)
    np.testing.assert_array_equal(native["ndvi"].values[image], value)


# Faults


@pytest.fixture(scope="module")
def right(products, formula_catalogue, tmp_path_factory):
    """What the towers hold when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("right")
    with Emulator(formula_catalogue) as emulator:
        key = emulator.tokens.service_account(folder / "key.json")
        keys = {"cache": str(folder / "cache"), "credentials": str(key)}
        settings = EarthEngineSettings(**access(emulator.url, **keys))
        chosen = SourceSettings(forest_only=False)
        source = earthengine_source.open_source(chosen, years=[YEAR], runtime=settings)
        return source.fetch(column(products, "tower"), TowerPlace(FOUR_SITES), YEAR)


def test_a_fifth_of_all_requests_fails_in_five_ways(open_source, products, tmp_path):
    """Requests that fail in five ways are asked again and the values stay the same."""
    sites = pd.concat([FOUR_SITES.assign(lat=FOUR_SITES["lat"] + n) for n in range(6)])
    sites["site"] = [f"XX-{number:03d}" for number in range(len(sites))]
    wanted, place = column(products, "tower"), TowerPlace(sites)
    emulator, source = open_source(attempts=12)
    days = Fault("503", share=0.2, path="value:compute")
    emulator.faults = [*five_ways(0.2, seed=3), days]
    found = source.fetch(wanted, place, YEAR)
    asked = emulator.of()
    spoilt = Counter(record.fault for record in asked if record.fault)
    assert spoilt.keys() == {"429", "503", "dropped", "cut", "garbled"}
    assert 0.1 < spoilt.total() / len(asked) < 0.3
    assert set(emulator.finished().values()) == {1}
    assert emulator.finished().keys() == {record.key for record in asked}
    emulator.faults = []
    _, source = open_source(emulator, cache=str(tmp_path / "another"))
    assert source.fetch(wanted, place, YEAR).identical(found)


@pytest.mark.parametrize(
    "kind",
    ["429", "500", "502", "503", "rate", "dropped", "cut", "corrupt", "garbled"],
)
def test_what_may_pass_is_asked_again(open_source, products, right, kind):
    emulator, source = open_source()
    emulator.faults = [Fault(kind, count=3)]
    wanted = column(products, "tower", "ndvi", "evi")
    found = source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)
    assert found["ndvi"].identical(right["ndvi"])
    assert sum(record.fault == kind for record in emulator.of()) == 3
    assert set(emulator.finished().values()) == {1}


def test_silence_ends_with_the_deadline_and_is_asked_again(
    open_source, products, right, short_deadline
):
    emulator, source = open_source()
    short_deadline(source, 2)
    emulator.faults = [Fault("silent", count=2)]
    wanted = column(products, "tower", "ndvi", "evi")
    found = source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)
    assert found["ndvi"].identical(right["ndvi"])


def test_a_stale_token_is_renewed(open_source, products, right):
    emulator, source = open_source()
    emulator.faults = [Fault("expired", count=1)]
    wanted = column(products, "tower", "ndvi", "evi")
    found = source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)
    assert found["ndvi"].identical(right["ndvi"])


@pytest.mark.parametrize("kind", ["size", "memory", "computation"])
def test_requests_that_are_too_large_are_divided(open_source, products, right, kind):
    emulator, source = open_source()
    emulator.faults = [Fault(kind, larger_than=14)]
    wanted = column(products, "tower", "ndvi", "evi")
    if kind == "size":  # divided by images, which leaves the window as it is
        emulator.faults = [Fault(kind, count=4)]
    found = source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)
    assert found["ndvi"].identical(right["ndvi"])
    assert found["ndvi_quality"].identical(right["ndvi_quality"])
    refused = {record.key for record in emulator.of() if record.status == 400}
    assert refused
    assert not refused & emulator.finished().keys()


@pytest.mark.parametrize(
    ("kind", "words"),
    [("forbidden", "Permission denied"), ("missing", "Image asset 'X' not found")],
)
def test_other_errors_stop_at_once_with_one_line(open_source, products, kind, words):
    emulator, source = open_source()
    emulator.faults = [Fault(kind)]
    wanted = column(products, "tower", "ndvi")
    with pytest.raises(InputError) as error:
        source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert {record.attempt for record in emulator.of()} == {0}


def test_thirty_two_threads_and_a_quota_of_eight(
    serve, formula_catalogue, open_source, products, right
):
    emulator = serve(formula_catalogue, quota=8, latency_s=0.3)
    _, source = open_source(emulator, in_flight=32, attempts=20)
    found = source.fetch(column(products, "tower"), TowerPlace(FOUR_SITES), YEAR)
    assert found.identical(right)
    assert sum(record.status == 429 for record in emulator.of()) > 5
    assert set(emulator.finished().values()) == {1}


def test_a_restricted_project_is_asked_by_fewer_threads(
    serve, formula_catalogue, open_source, products, right
):
    emulator = serve(formula_catalogue, latency_s=0.05)
    _, source = open_source(emulator, in_flight=8)
    emulator.faults = [Fault("restricted")]
    found = source.fetch(column(products, "tower"), TowerPlace(FOUR_SITES), YEAR)
    assert found.identical(right)
    in_flight = [record.in_flight for record in emulator.of()]
    assert max(in_flight[:8]) > max(in_flight[-8:])


def test_a_missing_image_is_a_gap_that_is_listed(serve, products, open_source, caplog):
    missing = {("MODIS/061/MOD11A2", "2003-05-09")}
    emulator = serve(Catalogue(FormulaPlanet(products), missing=missing))
    _, source = open_source(emulator)
    wanted = column(products, "tower", "lst_day", "lst_night")
    with caplog.at_level("INFO"):
        native = source.fetch(wanted, TowerPlace(FOUR_SITES), YEAR)
    assert native.sizes["time_lst_day"] == 45
    assert np.datetime64("2003-05-09") not in native["time_lst_day"].values
    assert "MODIS/061/MOD11A2 2003: no image of 2003-05-09" in caplog.text


class Cycle:
    """Garbage whose collection switches threads, as that of the client's answers may."""

    def __init__(self):
        self.self = self

    def __del__(self):
        time.sleep(1e-4)


def test_answers_are_read_while_other_threads_read():
    """Python 3.11 fails inside `ast`, which reads their headers, if two are in it at once."""
    images = tuple((f"2003-01-{day:02d}", "2003-12-31") for day in range(1, 32))
    band = Band("total_precipitation_sum", "float32", -9999)
    corner = ArchiveWindow("EPSG:4326", 0.1, 0.0, 0.0, (1, 1))
    asked = Request(Layers("a", (band,)), images, corner)
    pixels = np.zeros((1, 1), [(f"{first}_{band.name}", "f4") for first, _ in images])
    file = io.BytesIO()
    np.save(file, pixels)
    failed, threshold = [], gc.get_threshold()

    def read():
        for _ in range(40):
            garbage = [Cycle() for _ in range(5)]
            del garbage
            try:
                pack_bands(file.getvalue(), asked)
            except Exception as error:
                failed.append(error)

    gc.set_threshold(100)
    try:
        threads = [threading.Thread(target=read) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        gc.set_threshold(*threshold)
    assert not failed
