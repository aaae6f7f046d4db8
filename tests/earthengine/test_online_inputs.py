"""The inputs of a year as an expression are those that the stages extract, cube and mask give."""

import ee
import numpy as np
import pytest

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.input_errors import InputError
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.product_table import read_products
from forestflux.core.reading.yaml_files import read_yaml
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masked_series import forest_cells
from forestflux.prepare.masking import mask_cube
from forestflux.publish.online.images.input_image import (
    build_forest_image,
    build_input_image,
    iterate_collections,
)
from forestflux.publish.online.images.series_image import name_bands
from forestflux.sources.earthengine.client.offline_client import start_offline
from tests.builders.projects import ROOT
from tests.earthengine.asking import grid, pixels
from tests.earthengine.emulator.archives import catalogue
from tests.earthengine.emulator.archives.catalogue import Catalogue, Schedule
from tests.earthengine.emulator.archives.formulas import FormulaPlanet
from tests.earthengine.emulator.archives.physical_planet import PhysicalPlanet
from tests.earthengine.emulator.archives.standin import column, tile_around

pytestmark = pytest.mark.usefixtures("no_waiting")

TABLE = ROOT / "config" / "products.yaml"
ALTERNATES = [
    {variable: name}
    for variable, choices in read_yaml(TABLE.with_name("alternates.yaml")).items()
    for name, content in choices.items()
    if "tile" in content
]
# A leap year of alternates that begin late.
LEAP_YEARS = {"mod16a2": 2024, "viirs": 2020}
# Collections that no other test asks for.
SCHEDULES = {
    "MODIS/061/MOD21C2": Schedule("2000-02-18", "step"),
    "NASA/VIIRS/002/VNP13A1": Schedule("2012-01-17", "step"),
    "projects/pml_evapotranspiration/PML/OUTPUT/PML_V22a": Schedule(
        "2000-02-26", "step"
    ),
}
# Share of a cell's pixels that must be valid, and of a cell that must be forest.
SHARE = 0.5
NOTHING = -9999.0


@pytest.fixture(autouse=True)
def schedules(monkeypatch):
    for name, schedule in SCHEDULES.items():
        monkeypatch.setitem(catalogue.SCHEDULES, name, schedule)


def pixels_of(image, place):
    """Values of an image on the cells of a tile (band, y, x), NaN where it is masked."""
    rows, columns = place.tile.latitudes(), place.tile.longitudes()
    corner = (columns[0] - 0.025, rows[0] + 0.025)
    where = grid("EPSG:4326", 0.05, corner, place.shape)
    found = pixels(image.unmask(NOTHING, False), where)
    values = np.stack([found[name] for name in found.dtype.names]).astype(float)
    return list(found.dtype.names), np.where(values == NOTHING, np.nan, values)


@pytest.mark.parametrize(
    ("alternates", "year", "place"),
    [
        pytest.param({}, 2003, (62, 24), marks=pytest.mark.slow),
        *(
            (chosen, LEAP_YEARS.get(*chosen.values(), 2004), (10.1, 20.1))
            for chosen in ({"ndvi": None}, {"precip": None}, *ALTERNATES)
        ),
    ],
    ids=str,
)
def test_inputs_are_those_of_the_stage_mask(
    serve, open_source, alternates, year, place
):
    """The whole table in a common year, and each alternate for its variable in a leap year."""
    chosen = {variable: name for variable, name in alternates.items() if name}
    table = read_products(TABLE, chosen)
    products, tile = column(table, "tile", *alternates), tile_around(*place)
    collections = list(iterate_collections(products))
    planet = Catalogue(
        PhysicalPlanet(table),
        missing={(name, str(step_starts(year)[20])) for name in collections},
        bare={("MODIS/061/MOD16A2GF", f"{year}-05-09")},
        unsorted={"MODIS/061/MYD13C1", "ECMWF/ERA5_LAND/DAILY_AGGR"},
    )
    _, source = open_source(serve(planet))
    cube = build_cube(source.fetch(products, tile, year), products, year=year)
    store = mask_cube(cube, products, year=year, min_valid_share=SHARE)
    days = {name: source.read_days(name, year) for name in collections}
    image = build_input_image(products, days, year=year, min_valid_share=SHARE)
    names, values = pixels_of(image, tile)
    series = [name for name in products if name != LAND_COVER]
    assert names == name_bands(series)
    expected = np.concatenate([store[name].values for name in series])
    np.testing.assert_array_equal(np.isnan(values), np.isnan(expected))
    assert 0 < np.isnan(values).sum() < values.size
    # Sums of rain are scaled as float32 there: the last digit may differ.
    np.testing.assert_allclose(values, expected, rtol=1.5e-7)
    if LAND_COVER in products:
        forest = build_forest_image(
            products[LAND_COVER], days, year=year, min_forest_fraction=SHARE
        )
        _, (kind, fraction) = pixels_of(forest, tile)
        known = forest_cells(store, min_forest_fraction=SHARE)
        np.testing.assert_array_equal(kind, np.where(known, store["forest_type"], 0))
        np.testing.assert_allclose(fraction, store["forest_fraction"], rtol=1e-7)


def test_an_archive_that_changed_since_its_days_were_asked_for_is_an_error(
    serve, open_source
):
    """Bands would lie at other steps: another number of them is refused."""
    products = column(read_products(TABLE), "tile", "ndvi")
    lacking = Catalogue(
        FormulaPlanet(read_products(TABLE)),
        missing={("MODIS/061/MOD13C1", "2004-03-05")},
    )
    _, source = open_source(serve(lacking))
    source.read_days("MODIS/061/MOD13C1", 2004)
    days = {
        name: step_starts(2004)[number::2]
        for number, name in enumerate(iterate_collections(products))
    }
    image = build_input_image(products, days, year=2004, min_valid_share=SHARE)
    with pytest.raises(ee.EEException, match="Expected 22 names, got 23"):
        pixels_of(image, tile_around(10.1, 20.1))


def test_two_images_of_one_day_are_refused():
    products = column(read_products(TABLE), "tile", "ndvi")
    start_offline()
    days = {name: step_starts(2004)[::2] for name in iterate_collections(products)}
    with pytest.raises(InputError, match="expected one image a day, found two"):
        build_input_image(products, days, year=2004, min_valid_share=SHARE)
