"""Outlines of regions: holes, islands and 180 degrees, and no more points than a page can hold."""

import base64
import gzip

import numpy as np
import pytest
import shapely

from forestflux.core.grids.grid import Grid
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.run_region import find_areas
from forestflux.pages.explorer.packed_arrays import pack_numbers
from forestflux.pages.explorer.region_outlines import MOST_POINTS, pack_outlines


def unpack(packed):
    """Lines of each area, as the page reads them: arrays (point, 2) by name."""
    steps = packed["steps"]
    raw = np.frombuffer(gzip.decompress(base64.b64decode(steps["data"])), "uint8")
    whole = raw.reshape(4, -1).T.copy().view("<i4").ravel()
    points = np.cumsum(whole.reshape(-1, 2) * steps["digit"], axis=0)
    ends = np.cumsum(packed["lengths"])[:-1]
    lines = {name: [] for name in packed["names"]}
    for owner, line in zip(packed["owners"], np.split(points, ends), strict=True):
        lines[packed["names"][owner]].append(line)
    return lines


def outline(shape, resolution=0.05):
    """Lines of one area."""
    return unpack(
        pack_outlines([NamedArea("A", "", shape)], resolution_deg=resolution)
    )["A"]


@pytest.mark.parametrize("resolution", [0.05, 0.005])
def test_rings_islands_and_holes_are_lines_within_a_quarter_of_a_cell(resolution):
    lake = shapely.Point(10, 50).buffer(1, 64)
    land = shapely.Point(10, 50).buffer(3, 64).difference(lake)
    shape = shapely.union_all([land, shapely.Point(20, 52).buffer(0.5, 64)])
    lines = outline(shape, resolution)
    assert len(lines) == 3
    assert all((line[0] == line[-1]).all() for line in lines)
    drawn = shapely.MultiLineString(lines)
    away = shapely.hausdorff_distance(drawn, shape.boundary, densify=0.01)
    assert away < resolution / 2
    assert len(shapely.get_coordinates(drawn)) > 60


def test_a_small_part_of_a_fine_map_keeps_its_corners():
    corners = shapely.Polygon([(22, 61.9), (22.0125, 61.9), (22, 61.9125)])
    (line,) = outline(corners, 0.005)
    assert line == pytest.approx(np.array(corners.exterior.coords), abs=0.005 / 16)


def test_a_box_bends_with_the_projection():
    (line,) = outline(shapely.box(0, 0, 1, 60))
    assert np.abs(np.diff(line, axis=0)).max() <= 1 + 1e-9


def test_what_only_cuts_a_region_at_180_degrees_or_a_pole_is_no_line():
    areas = find_areas(
        [(170, 60, -170, 70), "Fiji", (-180, 80, 180, 90)], Grid(0.05, 100)
    )
    packed = unpack(pack_outlines(areas, resolution_deg=0.05))
    for name, lines in packed.items():
        for line in lines:
            along = np.abs(line) == (180, 90)
            assert not (along[1:] & along[:-1]).any(), name
    box = np.concatenate(packed["170,60,-170,70"])
    assert {170.0, 180.0, -170.0, -180.0} <= set(box[:, 0].round(6))
    parallel = packed["-180,80,180,90"]
    assert [set(line[:, 1].round(6)) for line in parallel] == [{80.0}]


def test_outlines_of_very_many_points_fit_and_keep_their_shape():
    angle = np.linspace(0, 2 * np.pi, 400_000)[:-1]
    radius = 5 + 0.05 * np.sin(20_000 * angle)
    ragged = shapely.Polygon(
        np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    )
    specks = [shapely.Point(8 + 0.01 * i, 0).buffer(0.003) for i in range(300)]
    lines = outline(shapely.MultiPolygon([ragged, *specks]), 0.005)
    assert sum(map(len, lines)) <= MOST_POINTS
    largest = max(lines, key=len)
    assert shapely.Polygon(largest).area == pytest.approx(ragged.area, rel=0.01)


def test_no_region_is_no_line():
    packed = pack_outlines([], resolution_deg=0.05)
    assert packed["names"] == packed["lengths"] == []
    nothing = pack_numbers(np.empty((0, 2)), digit=packed["steps"]["digit"])
    assert packed["steps"] == nothing
