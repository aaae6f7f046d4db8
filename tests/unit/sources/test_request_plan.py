"""The plan counts what would be sent, and sends nothing."""

import json
import socket

import numpy as np
import pandas as pd
import pytest

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace, TowerPlace
from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.settings.source_settings import EarthEngineSettings
from forestflux.sources.earthengine import expressions
from forestflux.sources.earthengine.layer_groups import groups_of
from forestflux.sources.earthengine.plan_time import cost_line, time_line
from forestflux.sources.earthengine.request import fit
from forestflux.sources.earthengine.request_plan import (
    Planned,
    lines_of,
    plan_of,
)
from tests.builders.paths import PRODUCTS

TABLE = read_products(PRODUCTS)
TILE = TABLE.column("tile")
TOWER = TABLE.column("tower")


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def planned(folder, products, years, *, forest_only=True):
    """A source that only plans."""
    access = EarthEngineSettings(
        cache=str(folder), in_flight=4, url="http://127.0.0.1:9"
    )
    return Planned(years, access, forest_only=forest_only, products=products)


def towers(count):
    rng = np.random.default_rng(0)
    sites = {
        "site": [f"T{k}" for k in range(count)],
        "lat": rng.uniform(-50, 68, count),
        "lon": rng.uniform(-170, 170, count),
    }
    return TowerPlace(pd.DataFrame(sites))


def test_a_tower_takes_21_requests_for_twenty_years(tmp_path):
    years, place = list(range(2001, 2021)), towers(3)
    source = planned(tmp_path, TOWER, years)
    plan = plan_of(source, TOWER, [(place, year) for year in years])
    assert plan["requests"].sum() == 3 * 21
    assert plan["cached"].sum() == 0
    assert plan["mib"].sum() == pytest.approx(3 * sum_of_bytes(years) / 2**20, rel=1e-9)


def sum_of_bytes(years):
    """Bytes of a tower's pixels by hand: images x pixels x (bytes + mask byte)."""
    daily = sum(366 if year % 4 == 0 else 365 for year in years)
    indices = len(years) * 46 * 25 * (3 + 3 + 2)
    temperatures = len(years) * 46 * 9 * 2 * (3 + 2)
    evaporation = len(years) * 46 * 25 * (3 + 2)
    land_cover = len(years) * 25 * 2
    return indices + temperatures + evaporation + land_cover + daily * 5


def test_what_is_in_the_cache_is_not_asked_again(tmp_path):
    place = towers(2)
    source = planned(tmp_path, TOWER, [2003])
    cache = source.downloads.cache
    (group,) = [g for g in groups() if g.variables == ("et",)]
    (layers,) = group.layers
    days = step_starts(2003).astype("datetime64[ms]").astype(int).tolist()
    cache.write(
        expressions.key_of_days(layers.collection, 2003), json.dumps(days).encode()
    )
    _, first = next(source.requests(layers, group, (), place, 2003))
    (first,) = fit(first)
    cache.write(expressions.key_of(first), b"pixels")
    plan = plan_of(source, TOWER, [(place, 2003)]).set_index("variables")
    assert plan.loc["et", ["requests", "cached"]].tolist() == [2, 1]
    assert plan.loc["et", "mib"] == pytest.approx(first.bytes / 2**20)
    assert plan.drop("et")["cached"].sum() == 0


def groups():
    return groups_of(TOWER)


def test_a_missing_image_in_the_cache_makes_the_plan_smaller(tmp_path):
    place = towers(1)
    source = planned(tmp_path, TOWER, [2016])
    regular = plan_of(source, TOWER, [(place, 2016)]).set_index("variables")["mib"]
    days = np.delete(step_starts(2016), 6).astype("datetime64[ms]").astype(int)
    key = expressions.key_of_days("MODIS/061/MOD11A2", 2016)
    source.downloads.cache.write(key, json.dumps(days.tolist()).encode())
    again = planned(tmp_path, TOWER, [2016])
    fewer = plan_of(again, TOWER, [(place, 2016)]).set_index("variables")["mib"]
    name = "lst_day, lst_night"
    assert fewer[name] == pytest.approx(regular[name] * 45 / 46)


def test_tiles_are_counted_where_there_is_land(tmp_path):
    grid = Grid(0.05, 400)
    sea, land, coast = (TilePlace(grid.tile(n)) for n in ("r05c02", "r03c10", "r02c03"))
    source = planned(tmp_path, TILE, [2003])
    counts = {
        place.name: plan_of(source, TILE, [(place, 2003)]).set_index("collection")[
            "requests"
        ]
        for place in (sea, land, coast)
    }
    assert counts["r05c02"].sum() == counts["r05c02"]["MODIS/061/MCD12C1"] == 1
    assert counts["r03c10"]["MODIS/061/MOD16A2GF"] == 16
    assert counts["r03c10"].sum() == 1 + 2 * 4 + 3 * 16 + 4
    assert 1 < counts["r02c03"].sum() <= counts["r03c10"].sum()
    everywhere = planned(tmp_path, TILE, [2003], forest_only=False)
    assert plan_of(everywhere, TILE, [(sea, 2003)])["requests"].sum() == 61


def keep_land_cover(source, place, percent):
    """Put a tile's land cover of 2003, percent (igbp, y, x), into the cache."""
    (cover,) = [g for g in groups_of(TILE) if g.product.is_class_cover]
    (layers,) = cover.layers
    key = expressions.key_of_days(layers.collection, 2003)
    source.downloads.cache.write(key, b"[1041379200000]")  # 1 January 2003
    ((_, request),) = source.requests(layers, cover, (), place, 2003)
    source.downloads.cache.write(expressions.key_of(request), percent.tobytes())
    return source.downloads.cache.path(expressions.key_of(request))


def test_windows_without_forest_are_not_asked_for(tmp_path):
    """Where the archive has no land cover, as on the sea, there is no forest either."""
    place = TilePlace(Grid(0.05, 400).tile("r03c10"))
    source = planned(tmp_path, TILE, [2003])
    percent = np.full((5, 400, 400), 255, "uint8")
    percent[:, :200] = 0
    percent[3, 5, 150] = 1
    entry = keep_land_cover(source, place, percent)
    counts = plan_of(source, TILE, [(place, 2003)]).set_index("collection")["requests"]
    assert counts["MODIS/061/MOD16A2GF"] == 1
    assert counts["MODIS/061/MOD13C1"] == 1
    entry.write_bytes(b"damaged")
    again = planned(tmp_path, TILE, [2003])
    counts = plan_of(again, TILE, [(place, 2003)]).set_index("collection")["requests"]
    assert counts["MODIS/061/MOD16A2GF"] == 16


def test_only_windows_with_a_part_of_the_region_are_asked_for(tmp_path):
    share = np.zeros((400, 400))
    share[250:300, 100:120] = 0.5
    tile = Grid(0.05, 400).tile("r03c10")
    source = planned(tmp_path, TILE, [2003])
    plan = plan_of(source, TILE, [(TilePlace(tile, share), 2003)])
    counts = plan.set_index("collection")["requests"]
    assert counts["MODIS/061/MOD16A2GF"] == 1
    assert counts.sum() < 10
    # Forest outside of the region is no reason to ask.
    percent = np.zeros((5, 400, 400), "uint8")
    percent[3, 205, 150] = 1
    keep_land_cover(source, TilePlace(tile), percent)
    counts = plan_of(
        planned(tmp_path, TILE, [2003]), TILE, [(TilePlace(tile, share), 2003)]
    ).set_index("collection")["requests"]
    assert counts.sum() == counts["MODIS/061/MCD12C1"] == 1


def test_the_plan_says_how_long_it_takes_at_most():
    names = ["requests", "cached"]
    plans = [pd.DataFrame([[61, 0], [40, 21]], columns=names)] * 2
    line = time_line(plans, in_flight=20)
    # 160 requests, eight rounds of five minutes
    assert line.startswith("160 requests to send take 0.7 hours at most, 20 at a time")


def test_the_plan_says_what_a_request_may_cost_without_charge():
    names = ["requests", "cached"]
    plans = [pd.DataFrame([[61, 1], [40, 0]], columns=names), pd.DataFrame([[0, 0]])]
    plans[1].columns = names
    # 150 EECU hours are 540,000 EECU seconds, for a hundred requests
    assert "5,400 in the tier Community (150 EECU hours)" in cost_line(plans)
    assert "36,000 in the tier Contributor" in cost_line(plans)
    assert "nothing costs" in cost_line(plans[1:])


def test_the_lines_end_with_sums(tmp_path):
    source = planned(tmp_path, TOWER, [2003])
    plan = plan_of(source, TOWER, [(towers(2), 2003)])
    lines = lines_of(plan, title="2 towers", jobs=1, disk=2**30)
    assert lines[0] == "2 towers"
    assert lines[-2].split()[:3] == ["all", "12", "0"]
    assert lines[-1].startswith(
        "1 extraction jobs; disk at most 0.00 GiB of answers and 1.00"
    )
