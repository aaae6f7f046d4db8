"""What the expression of a trained model is made of: names, digits, size, refusals."""

import json

import ee
import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.pixel_rules import QualityRule
from forestflux.core.product_tables.product_table import read_products
from forestflux.core.product_tables.products import Mask
from forestflux.ensemble.intervals.conformal import Calibration
from forestflux.jobs.settings.training_settings import TrainSettings
from forestflux.models.network_inputs import Normalisation
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.publish.online.images.array_images import constant
from forestflux.publish.online.images.input_image import (
    build_input_image,
    iterate_collections,
)
from forestflux.publish.online.images.series_image import name_bands
from forestflux.publish.online.images.year_image import (
    ModelFacts,
    YearChoice,
    build_year_image,
    find_resolution,
)
from forestflux.sources.earthengine.client.offline_client import start_offline
from tests.builders.inputs import UNITS, VARIABLES
from tests.builders.paths import PRODUCTS
from tests.builders.products import with_extract
from tests.builders.small_training import make_applicability, make_ensemble

TABLE = read_products(PRODUCTS)
FACTS = ModelFacts("seal", "run", "earthengine", "card")
WIDTHS = {target: {"all": 400.0, "DBF": 90.0} for target in ("gpp", "nee")}


@pytest.fixture(autouse=True, scope="module")
def offline():
    """The packaged client alone: it knows every function that is called."""
    start_offline()


def make_model(members=1, widths=WIDTHS):
    """Networks of the default size with random weights."""
    settings = TrainSettings()
    names = (*VARIABLES, *settings.derived)
    scales = Normalisation(names, (0.0,) * len(names), (1.0,) * len(names))
    fluxes = Normalisation(
        ("gpp", "reco", "nee"), (1200.0, 1000.0, -200.0), (600.0,) * 3
    )
    networks = [
        NetworkRegressor(
            settings,
            variables=tuple(VARIABLES),
            normalisation=scales,
            flux_scale=fluxes,
        )
        for _ in range(members)
    ]
    calibration = Calibration(0.9, widths, {})
    return make_ensemble(
        networks, calibration=calibration, applicability=make_applicability(networks)
    )


def days_of(products, year=2018):
    """A regular archive: an image each step, or each day where days are summed."""
    starts = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="M8[D]")
    daily = {
        p.extract.collections[0] for p in products.values() if p.extract.sum_over_step
    }
    cover = products["landcover"].extract.collections[0]
    days = {}
    for name in iterate_collections(products):
        days[name] = starts if name in daily else starts[::8]
        if name == cover:
            days[name] = starts[:1]
    terra, aqua = products["ndvi"].extract.collections
    return days | {terra: starts[::16], aqua: starts[8::16]}


def year_image(model, products=None, **choices):
    products = products or TABLE.column("tile")
    choice = YearChoice(2018, 0.3, 0.05, **choices)
    return build_year_image(
        model, products, days_of(TABLE.column("tile")), choice=choice, facts=FACTS
    )


def text_of(image):
    return json.dumps(ee.serializer.encode(image))


def constants_of(node):
    """Every list of numbers of an expression."""
    if isinstance(node, dict):
        value = node.get("constantValue")
        if isinstance(value, list):
            yield value
        for part in node.values():
            yield from constants_of(part)
    elif isinstance(node, list):
        for part in node:
            yield from constants_of(part)


def test_weights_are_written_with_the_fewest_digits_that_give_them_back():
    weights = np.random.default_rng(0).normal(size=(7, 5)).astype("float32")
    (values,) = constants_of(ee.serializer.encode(constant(weights)))
    np.testing.assert_array_equal(np.array(values).astype("float32"), weights)
    assert max(len(repr(abs(number))) for row in values for number in row) <= 13


def test_bands_are_named_after_variable_and_step():
    names = name_bands(["ndvi", "et"])
    assert names[:2] == ["ndvi_00", "ndvi_01"]
    assert names[-1] == "et_45"
    assert len(set(names)) == 92


def test_what_members_share_is_written_once():
    one, three = (len(text_of(year_image(make_model(count)))) for count in (1, 3))
    member = (three - one) / 2
    # The inputs, the windows of the gaps and the training rows are not written again.
    assert member < 0.45 * one


def test_without_applicability_no_training_row_is_in_it():
    model = make_model()
    with_rows, without = (
        text_of(year_image(model, with_applicability=flag)) for flag in (True, False)
    )
    assert "dissimilarity" in with_rows
    assert '"left out"' in without
    first = str(np.float32(model.applicability.reference.points[0, 0]))
    assert first in with_rows
    assert first not in without


def test_two_expressions_of_one_model_are_the_same_bytes():
    model = make_model()
    assert year_image(model).serialize() == year_image(model).serialize()


def test_an_infinite_width_is_no_number_of_the_expression():
    widths = {target: {"all": np.inf, "ENF": 300.0} for target in ("gpp", "nee")}
    text = text_of(year_image(make_model(widths=widths)))
    assert "Infinity" not in text
    assert "NaN" not in text


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"window": 3},
            "ndvi.tile: expected one pixel a cell.*found extract.window: 3",
        ),
        ({"quality_dtype": "uint16"}, "found extract.quality_dtype: uint16 with rules"),
    ],
    ids=str,
)
def test_a_product_of_which_no_expression_is_known_is_refused(change, line):
    products = TABLE.column("tile")
    products |= {"ndvi": with_extract(products["ndvi"], **change)}
    with pytest.raises(InputError, match=line):
        year_image(make_model(), products)


def test_daily_values_are_refused():
    products = {"precip": TABLE.column("tower")["precip"]}
    with pytest.raises(InputError, match=r"precip.tile: .* found cube.daily: true"):
        build_input_image(products, {}, year=2018, min_valid_share=0.3)


def test_products_that_are_not_the_inputs_are_refused():
    model = make_model()
    products = TABLE.column("tile")
    lacking = {name: p for name, p in products.items() if name != "landcover"}
    with pytest.raises(InputError, match=r"landcover.tile: .* found none"):
        year_image(model, lacking)
    model.inputs = UNITS | {"et": "kg"}
    with pytest.raises(InputError, match=r"et.tile: .* in kg, which the model reads"):
        year_image(model)


def test_products_of_several_grids_are_refused():
    products = TABLE.column("tile")
    assert find_resolution(products) == 0.05
    finer = products["et"].grid.model_copy(update={"pixel": 0.01})
    products |= {"et": with_extract(products["et"], grid=finer.model_dump())}
    with pytest.raises(InputError, match=r"one side of a cell.* et 0.01"):
        find_resolution(products)


def test_land_cover_has_one_image_a_year():
    products = TABLE.column("tile")
    days = days_of(products) | {"MODIS/061/MCD12C1": np.array([], "M8[D]")}
    with pytest.raises(
        InputError, match="landcover: expected one image of the year, found 0"
    ):
        build_year_image(
            make_model(),
            products,
            days,
            choice=YearChoice(2018, 0.3, 0.05),
            facts=FACTS,
        )


def test_a_quality_band_is_looked_up_where_a_rule_judges_it():
    rules = Mask(
        scale=1.0,
        offset=0.0,
        physical=(0.0, 1.0),
        quality=(QualityRule(bits=(0, 1), values=(3,), reason="cloud"),),
    )
    products = TABLE.column("tile")
    chosen = {"ndvi": products["ndvi"].model_copy(update={"mask": rules})}
    days = days_of(products)
    image = build_input_image(chosen, days, year=2018, min_valid_share=0.3)
    assert "SummaryQA" in text_of(image)
    bare = rules.model_copy(update={"quality": ()})
    chosen = {"ndvi": products["ndvi"].model_copy(update={"mask": bare})}
    image = build_input_image(chosen, days, year=2018, min_valid_share=0.3)
    assert text_of(image).count("Image.remap") == 1


def test_a_year_without_any_image_is_one_of_gaps():
    products = {"et": TABLE.column("tile")["et"]}
    days = {name: np.array([], "M8[D]") for name in iterate_collections(products)}
    text = text_of(build_input_image(products, days, year=2018, min_valid_share=0.3))
    assert "MOD16A2GF" not in text
    assert text.count("Image.updateMask") == 2
