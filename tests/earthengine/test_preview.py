"""The interactive map, drawn by the real geemap through the real client.

What cannot be tested here are the pictures: Earth Engine draws them tile by tile while one looks.
"""

import importlib.util
import os
import re

import pandas as pd
import pytest

from tests.builders.projects import ROOT

if importlib.util.find_spec("geemap") is None:
    pytest.skip("geemap is not installed (extra `map`)", allow_module_level=True)
os.environ["USE_FOLIUM"] = "1"

import folium

from forestflux.pages.layer_preview import draw_preview, make_tower_markers

LAYERS = ["ndvi", "lst_day", "et", "precip", "landcover"]


@pytest.fixture
def page(client, products):
    sites = pd.read_csv(ROOT / "config" / "pilot" / "sites.csv")
    tables = products.column("tile")
    return draw_preview(tables, layers=LAYERS, year=2003, sites=sites)


def test_each_layer_has_its_map_and_its_gaps(client, page):
    maps = client.of("maps")
    assert [record.status for record in maps] == [200] * (2 * 4 + 1)
    for record in maps:
        assert record.finished
    tiles = set(re.findall(r"/maps/([0-9a-f]{32})/tiles/\{z\}/\{x\}/\{y\}", page))
    assert len(tiles) == len(maps)
    for name in ("ndvi", "lst_day", "et", "precip"):
        assert f"{name} 2003, mean" in page
        assert f"{name} 2003, share of gaps" in page
    assert "forest 2003, percent" in page


def test_names_of_towers_are_text_and_no_markup():
    towers = pd.DataFrame({"site": ["<b>A"], "lat": 1.0, "lon": 2.0, "igbp": "ENF"})
    page = folium.Map()
    make_tower_markers(towers).add_to(page)
    assert "&lt;b&gt;A (ENF)" in page.get_root().render()


def test_towers_stand_on_the_map_and_no_secret_does(page):
    for name in ("FI-Hyy (ENF)", "BR-Sa1 (EBF)"):
        assert name in page
    assert "token" not in page
