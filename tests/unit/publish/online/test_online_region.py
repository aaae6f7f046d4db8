"""Regions: boxes and files of polygons, and the cells that they touch."""

import json
from itertools import product

import pytest

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.publish.online.fetched_map import WINDOW_CELLS, split_cells
from forestflux.publish.online.region import Region, read_region, window_of

GRID = Grid(0.05, 1)


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        # Edges of cells belong to the cells inside of them.
        ((10, 49.9, 10.1, 50), (800, 802), (3800, 3802)),
        ((10.01, 49.96, 10.04, 49.99), (800, 801), (3800, 3801)),
        ((-180, -90, 180, 90), (0, 3600), (0, 7200)),
        # 0.15 is no binary fraction: nothing is touched twice or missed.
        ((0.15, 0.15, 0.3, 0.3), (1794, 1797), (3603, 3606)),
    ],
    ids=str,
)
def test_cells_are_those_that_a_box_touches(box, rows, columns):
    found = Region(*box).cells(GRID)
    assert [(part.start, part.stop) for part in found] == [rows, columns]


def test_windows_cover_the_cells_once():
    rows, columns = slice(3, 70), slice(100, 164)
    seen = set()
    for part in split_cells(rows, columns):
        cells = set(product(*(range(each.start, each.stop) for each in part)))
        assert len(cells) <= WINDOW_CELLS**2
        assert not seen & cells
        seen |= cells
    assert seen == set(product(range(3, 70), range(100, 164)))


def test_a_window_begins_at_the_corner_of_its_first_cell():
    grid = window_of(GRID, slice(800, 802), slice(3800, 3803)).grid()
    assert grid["dimensions"] == {"width": 3, "height": 2}
    assert grid["affineTransform"]["translateX"] == 10
    assert grid["affineTransform"]["translateY"] == 50


def polygon(*points):
    return {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [[*points, points[0]]]},
    }


def test_a_file_gives_the_box_around_its_polygons(tmp_path):
    features = [polygon([5, 50], [6, 50], [6, 51]), polygon([7, 40], [8, 40], [8, 41])]
    file = tmp_path / "region.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert read_region(str(file)) == Region(5, 40, 8, 51)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1,2,3", "or a file of polygons, found 1,2,3"),
        ("1,2,3,x", "expected four numbers, found 1,2,3,x"),
        ("1,2,1,3", "a box of degrees .* found 1,2,1,3"),
        ("1,2,3,91", "a box of degrees .* found 1,2,3,91"),
        ("nan,2,3,4", "a box of degrees .* found nan,2,3,4"),
    ],
)
def test_what_is_no_region_is_refused(text, line):
    with pytest.raises(InputError, match=line):
        read_region(text)


def test_a_file_of_another_kind_is_refused(tmp_path):
    file = tmp_path / "region.txt"
    file.write_text("no polygons")
    with pytest.raises(InputError, match="expected a GeoJSON"):
        read_region(str(file))
