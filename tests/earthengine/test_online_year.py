"""A southern leap year from the collections to the fluxes, as one expression and stage by stage."""

import ee
import numpy as np
import pytest

from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.product_table import read_products
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masked_series import forest_cells
from forestflux.prepare.masking import mask_cube
from forestflux.publish.online.images.input_image import iterate_collections
from forestflux.publish.online.images.year_image import (
    ModelFacts,
    YearChoice,
    build_year_image,
)
from tests.builders.projects import ROOT
from tests.builders.small_training import SETTINGS
from tests.earthengine import online_proof as proof
from tests.earthengine.asking import grid, pixels
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.physical_planet import PhysicalPlanet
from tests.earthengine.emulator.archives.standin import column, tile_around
from tests.earthengine.emulator.evaluation.grids import GEOGRAPHIC
from tests.earthengine.expression_costs import measure_size
from tests.earthengine.online_models import train_model

pytestmark = pytest.mark.usefixtures("no_waiting")

TABLE = read_products(ROOT / "config" / "products.yaml")
YEAR, PLACE = 2004, tile_around(-10.1, 20.1)
CHOICE = YearChoice(YEAR, min_valid_share=0.5, min_forest_fraction=0.3)
FACTS = ModelFacts("0" * 64, "test", "earthengine", "https://example.org/card")


def year_of(source, products, model):
    """The image of the year, and what the stages make of the same answers (row, column)."""
    days = {
        name: source.read_days(name, YEAR) for name in iterate_collections(products)
    }
    image = build_year_image(model, products, days, choice=CHOICE, facts=FACTS)
    cube = build_cube(source.fetch(products, PLACE, YEAR), products, year=YEAR)
    store = mask_cube(cube, products, year=YEAR, min_valid_share=CHOICE.min_valid_share)
    forest = forest_cells(store, min_forest_fraction=CHOICE.min_forest_fraction)
    dataset = store[[*model.inputs]]
    dataset["forest_type"] = store["forest_type"].where(forest, 0)
    return image, proof.expect(model, dataset)


def test_a_year_from_the_collections_is_what_the_stages_and_predict_give(
    serve, open_source
):
    products = column(TABLE, "tile")
    planet = Catalogue(
        PhysicalPlanet(TABLE),
        missing={("MODIS/061/MOD11A2", "2004-03-05")},
        unsorted={"MODIS/061/MOD13C1"},
    )
    _, source = open_source(serve(planet))
    model = train_model(SETTINGS, members=2, ranges=proof.more_ranges(6))
    image, expected = year_of(source, products, model)
    assert LAND_COVER in products
    rows, columns = PLACE.tile.latitudes(), PLACE.tile.longitudes()
    corner = columns[0] - 0.025, rows[0] + 0.025
    where = grid(GEOGRAPHIC, 0.05, corner, PLACE.shape)
    answer = pixels(image.unmask(proof.MASKED, False), where)
    worst = proof.compare(proof.layers_of(answer), expected)
    assert rows.max() < 0
    assert np.isfinite(expected["gpp"]).sum() > 20
    assert 0 < np.nanmean(expected["gap_fraction"]) < 1
    assert worst[list(proof.FLUXES)].max() < 1e-3
    assert worst["gap_fraction"] == worst["applicable"] == 0
    size = measure_size(ee.serializer.encode(image))
    print(size, worst, sep="\n")
    assert size.nesting < 50
