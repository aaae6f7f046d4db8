"""Gaps: the same cause gives the same reason at towers and in tiles, whatever the order."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from forestflux.core.calendars.eight_day import step_lengths
from forestflux.core.grids.places import TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.names import REASONS
from forestflux.core.product_tables.product_table import read_products
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from tests.builders.projects import ROOT
from tests.earthengine.emulator.archives.catalogue import SCHEDULES, Catalogue
from tests.earthengine.emulator.archives.formulas import FormulaPlanet, hidden, layout
from tests.earthengine.emulator.archives.standin import (
    FOUR_SITES,
    YEAR,
    column,
    finnish_tile,
    tile_around,
)
from tests.earthengine.emulator.evaluation.grids import GEOGRAPHIC, PixelGrid
from tests.earthengine.emulator.evaluation.images import Band, sampled

pytestmark = pytest.mark.usefixtures("no_waiting")

ACQUIRED = ("ndvi", "evi", "et", "lst_day", "lst_night", "precip")


def on_calendar(source, wanted, place):
    """Native values of a place by step."""
    return build_cube(source.fetch(wanted, place, YEAR), wanted, year=YEAR)


def masked(source, wanted, place):
    """Physical values and reasons of a place, as models get them."""
    cube = on_calendar(source, wanted, place)
    return mask_cube(cube, wanted, year=YEAR, min_valid_share=0.5)


def towers_at(latitudes, longitudes):
    """A group of towers at some places."""
    names = [f"XX-{number:03d}" for number in range(len(latitudes))]
    sites = {"site": names, "lat": latitudes, "lon": longitudes, "igbp": "ENF"}
    return TowerPlace(pd.DataFrame(sites))


@pytest.mark.parametrize(
    ("name", "lon"), [(None, 20.1), ("chirps", 20.1), ("chirps_v3", 25.1)]
)
def test_a_step_with_a_masked_day_is_a_gap_in_tiles_as_at_towers(
    serve, open_source, name, lon
):
    """A sum over days passes over masked pixels: such a day would count as a dry one."""
    alternates = {} if name is None else {"precip": name}
    table = read_products(ROOT / "config" / "products.yaml", alternates)
    place = tile_around(10.1, lon)
    latitudes, longitudes = place.tile.latitudes(), place.tile.longitudes()
    product = column(table, "tower", "precip")["precip"]
    west, north = product.grid.corner
    row = np.floor((north - latitudes) / product.grid.pixel).astype(int)
    across = np.floor((longitudes - west) / product.grid.pixel).astype(int)
    days = np.arange(f"{YEAR}-01-01", f"{YEAR + 1}-01-01", dtype="M8[D]")
    ordinals = np.array([day.toordinal() for day in days.astype(object)])
    gone = hidden(
        row[None, :, None], across[None, None, :], day=ordinals[:, None, None]
    )
    expected = np.add.reduceat(gone, np.arange(0, len(days), 8), axis=0) > 0
    assert 0 < expected.sum() < expected.size

    _, source = open_source(serve(Catalogue(FormulaPlanet(table))))
    tile = on_calendar(source, column(table, "tile", "precip"), place)["precip"].values
    np.testing.assert_array_equal(np.isnan(tile), expected)
    y, x = np.nonzero(expected.any(axis=0))
    towers = towers_at(latitudes[y], longitudes[x])
    wanted = column(table, "tower", "precip")
    per_day = on_calendar(source, wanted, towers)["precip"].values[:, :, 0]
    lengths = step_lengths(YEAR)[:, None]
    np.testing.assert_allclose(per_day * lengths, tile[:, y, x], rtol=1e-5)


def test_two_images_of_a_day_are_not_summed(serve, open_source, products):
    emulator = serve(Catalogue(FormulaPlanet(products)))
    collection = emulator.catalogue.collection("ECMWF/ERA5_LAND/DAILY_AGGR")
    twice = (*collection.images, collection.images[1100])
    doubled = type(collection)(twice, collection.id)
    emulator.catalogue.load = lambda id: doubled
    _, source = open_source(emulator)
    with pytest.raises(InputError, match="expected one image a day, found two"):
        source.fetch(column(products, "tile", "precip"), finnish_tile(), YEAR)
    assert not emulator.of()


def test_images_in_no_order_are_put_in_order(serve, open_source, products, tmp_path):
    """Collections of a user list their images in any order."""
    tile = column(products, "tile", "ndvi", "et", "precip", "landcover")
    work = [
        (column(products, "tower"), TowerPlace(FOUR_SITES)),
        (tile, finnish_tile()),
    ]
    _, source = open_source()
    expected = [source.fetch(wanted, place, YEAR) for wanted, place in work]
    shuffled = Catalogue(FormulaPlanet(products), unsorted=set(SCHEDULES))
    cache = str(tmp_path / "shuffled")
    _, source = open_source(serve(shuffled), cache=cache)
    for (wanted, place), native in zip(work, expected, strict=True):
        assert source.fetch(wanted, place, YEAR).identical(native)


def test_an_image_that_lies_elsewhere_was_not_acquired_by_any_product(
    serve, open_source, products
):
    bare = {(name, "2003-01-17") for name in SCHEDULES}
    _, source = open_source(serve(Catalogue(FormulaPlanet(products), bare=bare)))
    for kind, place in (("tower", TowerPlace(FOUR_SITES)), ("tile", finnish_tile())):
        found = masked(source, column(products, kind, *ACQUIRED), place)
        assert found.attrs["variables"] == list(ACQUIRED)
        step = found["reason"].values[:, 2]
        assert (step == REASONS.index("not_acquired")).all()


# Every kind of pixel, one a column of cells: value, quality; None for a masked one.
CASES = {
    "et": [
        (500, 0),
        (500, 0b01000),  # cloud
        (500, 0b00001),  # low quality
        (32765, 0),  # fill
        (32765, 0b01000),
        (32710, 0),  # out of range
        (32710, 0b01000),
        (None, None),
    ],
    "lst_day": [
        (15000, 0),
        (15000, None),
        (15000, 0b10),  # cloud
        (0, 0b10),
        (0, 0),  # fill
        (7000, 0),  # out of range
        (None, 0b11),  # low quality
        (None, None),
    ],
}


class PlanetOfCases(FormulaPlanet):
    """A planet on which all pixels of a cell of 0.05 degree are alike.

    Parameters
    ----------
    product : of towers; it names the bands
    cases : value and quality of each column of cells from `west` on
    """

    def __init__(self, products, *, product, cases, west):
        """Note the product's bands beside those of the table."""
        self.layout = layout(products)
        self.names = (product.extract.band, product.extract.quality_band)
        self.cases, self.west = cases, west

    def bands(self, collection, day):
        """The bands of the product's image of a day."""
        return tuple(
            self.band(name, self.layout[collection][name], [c[n] for c in self.cases])
            for n, name in enumerate(self.names)
        )

    def band(self, name, content, numbers):
        """A band whose pixels hold these numbers, column by column."""
        native, dtype = content["grid"], np.dtype(content["dtype"])
        values = np.array([number or 0 for number in numbers], dtype)
        valid = np.array([number is not None for number in numbers])

        def look_up(grid: PixelGrid):
            points = grid.points(GEOGRAPHIC)
            across = np.floor(np.nan_to_num(points.x - self.west) / 0.05)
            case = np.clip(across, 0, len(numbers) - 1).astype(int)
            return values[case].reshape(grid.shape), valid[case].reshape(grid.shape)

        return Band(name, dtype, sampled(native, look_up), native)


@pytest.mark.parametrize("variable", list(CASES))
def test_every_kind_of_pixel_has_one_reason_at_towers_and_in_tiles(
    serve, open_source, products, variable
):
    place = tile_around(0.2, 20.2)
    tile = place.tile
    make = partial(PlanetOfCases, products, cases=CASES[variable])
    product = products.column("tower")[variable]
    west = tile.longitudes()[0] - 0.025
    _, source = open_source(serve(Catalogue(make(product=product, west=west))))
    in_tile = masked(source, column(products, "tile", variable), place)
    towers = towers_at(np.full(8, tile.latitudes()[3]), tile.longitudes())
    at_towers = masked(source, column(products, "tower", variable), towers)
    expected = at_towers["reason"].values[0, 5, :, 0]
    assert len(set(expected)) >= 5
    found = in_tile["reason"].values[0, 5, 3]
    assert [REASONS[code] for code in found] == [REASONS[code] for code in expected]
    np.testing.assert_allclose(
        in_tile[variable].values[5, 3], at_towers[variable].values[5, :, 0], rtol=1e-6
    )
