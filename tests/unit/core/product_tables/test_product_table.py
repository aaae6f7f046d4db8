"""The product table: read once into types, cut to what a stage reads, refused in one line."""

import json
import struct

import pytest
import yaml

from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import ProductTable, read_products
from tests.builders.paths import PRODUCTS

TABLE = read_products(PRODUCTS)


def edited(folder, change):
    """The product table of the project with a change, in a folder of its own."""
    # Aliases of YAML are one object: a copy lets a change meet one variable alone.
    content = json.loads(json.dumps(yaml.safe_load(PRODUCTS.read_text())))
    change(content)
    path = folder / "products.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            lambda t: t["ndvi"]["tile"]["mask"].update(scal=1),
            r"ndvi.tile.mask.scal: expected one of fill.* \(did you mean"
            r" ndvi.tile.mask.scale\?\), found an unknown key",
        ),
        (
            lambda t: t["ndvi"].update(tyle={}),
            r"ndvi.tyle: .*did you mean ndvi.tile",
        ),
        (
            lambda t: t["et"]["tile"]["extract"]["average"].update(max_pixel=1),
            r"et.tile.extract.average.max_pixel: .*did you mean .*max_pixels",
        ),
        (
            lambda t: t["ndvi"]["tile"]["mask"]["quality"].append(
                {"bits": [0, 1], "values": [1], "reason": "rain"}
            ),
            r"ndvi.tile.mask.quality.2.reason: expected one of valid.*, found 'rain'",
        ),
        (
            lambda t: t["ndvi"]["tile"]["mask"].pop("scale"),
            r"ndvi.tile.mask.scale: expected a value, found a missing key",
        ),
        (
            lambda t: t["ndvi"]["tile"]["extract"].update(window="five"),
            r"ndvi.tile.extract.window: expected a valid integer, found 'five'",
        ),
        (
            lambda t: t["ndvi"]["tile"]["extract"].pop("quality_absent"),
            r"ndvi.tile.extract: expected quality_absent beside quality_dtype",
        ),
        (
            lambda t: t["et"]["tile"].pop("cube"),
            r"et.cube: expected this part in each column of an input series",
        ),
    ],
)
def test_what_the_table_does_not_know_is_one_line(tmp_path, change, line):
    path = edited(tmp_path, change)
    with pytest.raises(InputError, match=line) as refused:
        read_products(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


def test_a_job_reads_back_what_a_rule_passes_on():
    text = TABLE.only(["tower"], "cube", "mask").to_json()
    again = ProductTable.read_json(text, "--products")
    assert again.to_json() == text
    product = again.variables["lst_day"].tower
    assert product == TABLE.variables["lst_day"].tower
    assert isinstance(product.extract.absent, int)  # requests hold it as it is written
    assert again.variables["lst_day"].tile is None


def test_no_number_has_no_sign_wherever_it_is_read():
    """Else the same store would have other bytes by way of YAML and by way of JSON."""
    text = TABLE.to_json()
    for table in (TABLE, ProductTable.read_json(text, "--products")):
        absent = table.column("tile")["precip"].extract.absent
        assert struct.pack(">d", absent).hex() == "7ff8000000000000"


def test_a_stage_gets_the_parts_that_it_reads():
    only = TABLE.only(["tile"])
    assert all(product.mask is None for product in only.column("tile").values())
    assert only.column("tower") == {}
    assert "reason" not in TABLE.only(["tower"], "cube").to_json()
    assert TABLE.only(["table"]).variables.keys() == TABLE.column("table").keys()


def test_an_alternate_names_only_what_differs_and_null_removes():
    table = read_products(PRODUCTS, {"lst_day": "mod21c2", "et": "pml"})
    temperature = table.column("tile")["lst_day"]
    assert not temperature.is_average
    assert temperature.has_quality
    assert temperature.extract.window == 1
    evaporation = table.column("tower")["et"]
    assert not evaporation.has_quality
    assert evaporation.mask.valid == (0, 5000)


def test_variables_follow_the_columns_that_a_store_names():
    products = TABLE.follow({"ndvi": "tower", "precip": "table"})
    assert list(products) == ["ndvi", "precip"]
    assert products["precip"].extract.collections == ()
    assert products["ndvi"].extract.window == 5


def test_inputs_are_a_choice_of_the_table_in_the_order_of_the_configuration():
    table = read_products(PRODUCTS, inputs=["precip", "ndvi"])
    assert list(table.variables) == ["precip", "ndvi", "landcover"]
    assert [series.name for series in table.series()] == ["precip", "ndvi"]
    with pytest.raises(InputError, match=r"inputs: expected variables of .*found rain"):
        read_products(PRODUCTS, inputs=["ndvi", "rain"])
