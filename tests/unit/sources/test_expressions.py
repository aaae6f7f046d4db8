"""What is asked, expression by expression: a change shows, and must be meant.

`python tests/unit/test_earthengine_expressions.py` writes the expected ones anew.
"""

import json
import re
from pathlib import Path

import ee
import pytest

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.product_tables.product_table import read_products
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.client.offline_client import start_offline
from forestflux.sources.earthengine.layer_groups import groups_of, images_of
from tests.builders.paths import ROOT

GOLDEN = ROOT / "tests" / "earthengine" / "golden"
TABLE = read_products(ROOT / "config" / "products.yaml")
DAYS = step_starts(2003)[0] + range(24)


def asked():
    """Every expression of the product table by name, for the first days of 2003."""
    start_offline()
    found = {"days": expressions.image_days("MODIS/061/MOD13A1", 2003)}
    for kind in ("tower", "tile"):
        for group in groups_of(TABLE.column(kind)):
            layers = group.layers[0]
            days = DAYS if layers.summed else DAYS[::16]
            images = images_of(layers, days, 2003)
            name = "_".join((kind, *group.variables))
            found[name] = expressions.pixels(layers, images)
    return found


def tree(expression):
    """An expression as nested JSON, as the cache sees it."""
    return json.loads(json.dumps(ee.serializer.encode(expression, is_compound=False)))


@pytest.fixture(scope="module")
def found():
    return {name: tree(expression) for name, expression in asked().items()}


def test_every_product_is_guarded(found):
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(found)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.json")), ids=lambda p: p.stem)
def test_nothing_else_is_asked_than_before(found, path):
    wanted = json.loads(path.read_text())
    assert found[path.stem] == wanted, f"see the docstring of {Path(__file__).name}"


def functions(node):
    """Names of all functions that an expression calls."""
    if isinstance(node, dict):
        name = node.get("functionName")
        parts = [functions(part) for part in node.values()]
        return {name} - {None} | set().union(*parts)
    return (
        set().union(*map(functions, node)) if isinstance(node, list) and node else set()
    )


def test_no_band_leaves_without_a_number_for_what_is_not_there(found):
    for name, node in found.items():
        if name != "days":
            assert "Image.unmask" in functions(node), name


def test_finer_pixels_are_averaged_and_never_sampled(found):
    for name in ("tile_et", "tile_lst_day", "tile_lst_night"):
        called = functions(found[name])
        assert {"Image.reduceResolution", "Reducer.mean", "Image.updateMask"} <= called
        text = json.dumps(found[name])
        assert '"bestEffort": {"constantValue": false}' in text
    for name in ("tile_ndvi_evi", "tile_precip", "tile_landcover", "tower_et"):
        assert "Image.reduceResolution" not in functions(found[name])


def test_quality_of_temperature_is_unmasked_before_it_is_judged(found):
    """A masked QC is 0, the best: `updateMask(QC)` would drop the best pixels."""
    text = json.dumps(found["tile_lst_day"])
    judged = text[text.index('"Image.remap"') :]
    quality = judged[: judged.index('"to"')]
    assert '"QC_Day"' in quality
    assert '"Image.unmask"' in quality
    assert '"value": {"constantValue": 0}' in quality


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, expression in asked().items():
        text = json.dumps(tree(expression), indent=1, sort_keys=True)
        # Lists of numbers on one line each.
        text = re.sub(
            r"\[[-\d\s.,]+\]", lambda found: re.sub(r"\s+", " ", found[0]), text
        )
        (GOLDEN / f"{name}.json").write_text(text + "\n")
