"""One pixel for a tower on an edge, and the towers that lie near one."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.grids.pixel_grid import PixelGrid
from forestflux.core.grids.places import TowerPlace
from forestflux.core.product_tables.product_table import read_products
from forestflux.sources.earthengine.pixel_windows import split_place
from forestflux.sources.earthengine.tower_edges import (
    distance_to_edge,
    edge_lines,
    find_near_edges,
)
from tests.builders.paths import PRODUCTS, ROOT

TOWER = read_products(PRODUCTS).column("tower")
PILOT = ROOT / "config" / "pilot" / "sites.csv"


def towers(*places):
    """A group of towers at latitudes and longitudes."""
    names = [f"XX-{number:03d}" for number in range(len(places))]
    latitudes, longitudes = zip(*places, strict=True)
    return TowerPlace(
        pd.DataFrame({"site": names, "lat": latitudes, "lon": longitudes})
    )


def test_an_edge_belongs_to_the_pixel_east_and_south_of_it():
    """Whatever the rounding: every edge of ERA5-Land's grid, written in decimals."""
    grid = TOWER["precip"].grid
    edges = np.arange(1, 1800)
    latitudes = np.array([float(f"{90.05 - 0.1 * k:.2f}") for k in edges])
    longitudes = np.array([float(f"{-180.05 + 0.1 * k:.2f}") for k in edges])
    assert set(np.floor((90.05 - latitudes) / 0.1) - edges) == {0, -1}  # by itself
    rows, columns = grid.position(longitudes, latitudes)
    np.testing.assert_array_equal(rows, edges)
    np.testing.assert_array_equal(columns, edges)


def test_a_place_that_is_not_on_an_edge_stays_in_its_pixel():
    grid = PixelGrid(crs="EPSG:4326", pixel=0.1, corner=(0.0, 10.0))
    rows, columns = grid.position(np.array([0.1999998]), np.array([9.8000002]))
    assert (np.floor(rows), np.floor(columns)) == (1, 1)


def test_the_window_of_a_tower_on_an_edge_is_the_southern_one():
    place = towers((61.85, 24.29), (61.8499, 24.29), (61.8501, 24.29))
    parts = split_place(TOWER["precip"], place)
    norths = [part.window.grid()["affineTransform"]["translateY"] for part in parts]
    assert norths == [61.85, 61.85, 61.95]


def test_distances_to_edges_are_metres():
    place = towers((61.85, 24.29), (61.8474, 24.2948), (0.0, 0.0))
    metres = distance_to_edge(TOWER["precip"], place)
    assert metres[0] == 0
    assert metres[1] == pytest.approx(0.0026 * 111_195, rel=1e-3)
    assert metres[2] == pytest.approx(0.05 * 111_195, rel=1e-3)
    inside = distance_to_edge(TOWER["lst_day"], place)
    assert (inside <= TOWER["lst_day"].grid.pixel / 2).all()


def test_the_plan_names_towers_near_an_edge():
    rounded = towers((61.85, 24.29))
    near = find_near_edges({"precip": TOWER["precip"]}, rounded)
    assert near[["variables", "site", "metres"]].values.tolist() == [
        ["precip", "XX-000", 0.0]
    ]
    head, line = edge_lines({"precip": TOWER["precip"]}, rounded)
    assert "within 100 m of an edge" in head
    assert line == "  ECMWF/ERA5_LAND/DAILY_AGGR (precip): XX-000 0 m"
    assert edge_lines({"precip": TOWER["precip"]}, towers((61.9, 24.29))) == []


def test_a_long_list_of_towers_ends_with_their_number():
    place = towers(*((61.85, 24.0 + 0.1 * k) for k in range(11)))
    _, line = edge_lines({"precip": TOWER["precip"]}, place)
    assert line.endswith("XX-007 0 m, 3 more")


def test_the_pilots_towers_have_published_coordinates():
    """Two decimals would be a kilometre, and FI-Hyy would lie in its northern neighbour."""
    rows = PILOT.read_text().splitlines()[1:]
    for row in rows:
        _, latitude, longitude, _ = row.split(",")
        assert min(len(x.split(".")[1]) for x in (latitude, longitude)) >= 4
    pilot = TowerPlace(pd.read_csv(PILOT))
    assert find_near_edges({"precip": TOWER["precip"]}, pilot).empty
