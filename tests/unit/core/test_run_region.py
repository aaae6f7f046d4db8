"""The region of a run: names, boxes and files become tiles and shares of cells."""

import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Geod

from forestflux.core.grids.grid import Grid, cell_area
from forestflux.core.input_errors import InputError
from forestflux.core.regions.country_names import find_country
from forestflux.core.regions.region_cells import NamedArea
from forestflux.core.regions.run_region import (
    find_areas,
    list_tiles,
    measure_share,
    share_tile,
)
from tests.builders.paths import ROOT

GRID = Grid(0.5, 20)  # tiles of ten degrees
FINE = Grid(0.005, 400)
GEOD = Geod(ellps="WGS84")


def window_of(*named: object, grid: Grid = GRID) -> Grid:
    """The grid with the tiles of a region."""
    areas = find_areas(named, grid)
    return replace(grid, only=list_tiles(areas, grid))


def area_of(*named: object, grid: Grid = GRID) -> float:
    """Area of a region as the shares of its cells have it, m2."""
    window, areas = window_of(*named, grid=grid), find_areas(named, grid)
    share = measure_share(areas, window.latitudes(), window.longitudes())
    cells = cell_area(window.latitudes(), window.resolution_deg)
    return float((share * cells[:, None]).sum())


def write_polygons(file: Path, *shapes: shapely.Geometry) -> str:
    """A GeoJSON file of polygons."""
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(s)}
        for s in shapes
    ]
    content = {"type": "FeatureCollection", "features": features}
    file.write_text(json.dumps(content))
    return str(file)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Finland", "Finland"),
        ("finland", "Finland"),
        ("FI", "Finland"),
        ("FIN", "Finland"),
        ("NO", "Norway"),
        ("fr", "France"),
        ("Republic of Fiji", "Fiji"),
        ("Cote d'Ivoire", "Ivory Coast"),
        ("Côte d'Ivoire", "Ivory Coast"),
        ("Kosovo", "Kosovo"),
        ("French Guiana", "French Guiana"),
        ("GUF", "French Guiana"),
        ("GF", "French Guiana"),
        ("Côte d\u2019Ivoire", "Ivory Coast"),
        ("UK", "United Kingdom"),
        ("U.S.A.", "United States of America"),
        ("Türkiye", "Turkey"),
        ("Australia", "Australia"),
        ("AUS", "Australia"),
    ],
)
def test_a_country_has_its_names_and_codes(text: str, name: str) -> None:
    assert find_country(text).name == name


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("Korea", "near it: South Korea, North Korea"),
        ("Congo", "near it: Republic of the Congo, Democratic Republic of the Congo"),
        ("Filand", "near it: Finland"),
        ("ZZ", "a state or province, found ZZ"),
        ("Lapland", "found Lapland"),
    ],
)
def test_another_name_is_one_line_with_those_that_are_near(
    text: str, near: str
) -> None:
    with pytest.raises(InputError, match=f"configuration: region: .*{near}") as error:
        find_country(text)
    assert "\n" not in str(error.value)


def test_overseas_departments_are_apart_as_in_the_tables() -> None:
    france, guiana = find_country("France").shape, find_country("French Guiana").shape
    assert france.bounds[0] > -10
    assert guiana.bounds[2] < -51
    assert not shapely.intersection(france, guiana).area


@pytest.mark.parametrize("name", ["Finland", "Indonesia", "Lesotho", "Egypt", "Fiji"])
def test_the_shares_of_a_country_sum_to_its_area_on_the_ellipsoid(name: str) -> None:
    outline = shapely.segmentize(find_country(name).shape, 0.05)
    wanted = sum(
        abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(part))[0])
        for part in shapely.get_parts(outline)
    )
    assert area_of(name) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    ("named", "west", "east"),
    [
        ("Fiji", 170, 190),
        ((172.0, 62.0, -169.0, 70.0), 170, 200),  # Chukotka
        ((-180.0, 60.0, 180.0, 90.0), -180, 180),
    ],
)
def test_across_180_degrees_the_window_is_the_shorter_one(
    named: object, west: float, east: float
) -> None:
    window = window_of(named)
    assert (window.bounds[0], window.bounds[2]) == (west, east)
    assert (np.diff(window.longitudes()) > 0).all()


def test_a_box_across_180_degrees_has_both_its_sides() -> None:
    across = area_of((172.0, 62.0, -169.0, 70.0))
    sides = area_of((172.0, 62.0, 180.0, 70.0), (-180.0, 62.0, -169.0, 70.0))
    assert across == pytest.approx(sides, rel=1e-12)


def test_a_box_on_a_pole_holds_it() -> None:
    window = window_of((-180.0, -90.0, 180.0, -85.0))
    assert window.bounds == (-180, -90, 180, -80)
    zone = cell_area(window.latitudes()[10:], 0.5).sum() * 720
    assert area_of((-180.0, -90.0, 180.0, -85.0)) == pytest.approx(zone, rel=1e-9)


def test_holes_are_outside_and_islands_are_inside(tmp_path: Path) -> None:
    ring = shapely.box(20, 60, 24, 64).difference(shapely.box(21, 61, 23, 63))
    islands = [shapely.box(x, 65, x + 0.001, 65.001) for x in np.arange(20, 29, 0.1)]
    file = write_polygons(tmp_path / "p.geojson", ring, *islands)
    (area,) = find_areas([file], GRID)
    window = window_of(file)
    share = measure_share([area], window.latitudes(), window.longitudes())
    lat, lon = np.meshgrid(window.latitudes(), window.longitudes(), indexing="ij")
    hole = (lat > 61) & (lat < 63) & (lon > 21) & (lon < 23)
    assert (share[hole] == 0).all()
    row = share[np.isclose(window.latitudes(), 65.25)][0]
    assert (row[(window.longitudes() > 20) & (window.longitudes() < 29)] > 0).all()
    assert area.name == "p"


def test_two_fields_at_the_ends_of_the_earth_are_both_found(tmp_path: Path) -> None:
    fields = [
        shapely.box(-70, -50, -69.9999, -49.9999),
        shapely.box(140, 65, 140.0001, 65.0001),
    ]
    file = write_polygons(tmp_path / "far.geojson", *fields)
    assert len(window_of(file).tiles()) == 2
    wanted = sum(abs(GEOD.geometry_area_perimeter(field)[0]) for field in fields)
    assert area_of(file) == pytest.approx(wanted, rel=1e-3)


def test_several_regions_are_one_whose_overlap_counts_once() -> None:
    boxes = (20.0, 60.0, 26.0, 64.0), (24.0, 62.0, 30.0, 66.0)
    both = area_of(*boxes)
    shared = area_of((24.0, 62.0, 26.0, 64.0))
    assert both == pytest.approx(sum(map(area_of, boxes)) - shared, rel=1e-12)


def test_a_tile_is_a_region_whose_cells_are_whole() -> None:
    window = window_of("r02c20", "r03c19")
    assert [tile.name for tile in window.tiles()] == ["r02c20", "r03c19"]
    areas = find_areas(["r02c20", "r03c19"], GRID)
    for tile in window.tiles():
        share = share_tile(areas, tile)["region_share"]
        assert (share == 1).all()
        assert share.dtype == "float32"
    with pytest.raises(InputError, match="tile: name: expected a tile of the grid"):
        find_areas(["r99c00"], GRID)


def test_last_tiles_that_are_smaller_belong_to_a_region_that_touches_them() -> None:
    grid = Grid(1.0, 50)  # the last tiles reach 30 degrees beyond the globe
    names = list_tiles([NamedArea("all", "", shapely.box(-180, -90, 180, 90))], grid)
    assert names == tuple(tile.name for tile in grid.tiles())
    west = NamedArea("west", "", shapely.box(-180, 0, -175, 5))
    assert list_tiles([west], grid) == ("r01c00",)


@pytest.mark.parametrize("shape", [(1, 4), (4, 1)])
def test_a_row_or_a_column_of_cells_has_shares(shape: tuple[int, int]) -> None:
    latitudes, longitudes = 60.5 - np.arange(shape[0]), 20.5 + np.arange(shape[1])
    area = NamedArea("half", "", shapely.box(20, 50, 20.5, 61))
    share = measure_share([area], latitudes, longitudes)
    np.testing.assert_allclose(share[:, 0], 0.5)
    assert (share[:, 1:] == 0).all()


def test_an_area_at_sea_is_one_line() -> None:
    with pytest.raises(InputError, match="region: expected an area with some land, f"):
        find_areas([(-40.0, 30.0, -35.0, 33.0)], GRID)


def test_a_box_that_ends_at_180_degrees_is_one_polygon() -> None:
    (area,) = find_areas([(170.0, 60.0, 180.0, 70.0)], GRID)
    assert area.shape.equals(shapely.box(170, 60, 180, 70))
    with pytest.raises(InputError, match="region: expected an area with some land, f"):
        find_areas([(180.0, -10.0, -180.0, 10.0)], GRID)


def test_an_area_that_no_cell_could_hold_is_not_the_whole_globe(tmp_path: Path) -> None:
    box = shapely.box(25, 62, 25 + 1e-9, 62 + 1e-9)
    file = write_polygons(tmp_path / "tiny.geojson", box)
    line = "region: expected an area of which a cell can hold a part, found tiny, with 1e-18"
    with pytest.raises(InputError, match=line):
        find_areas([file], FINE)


def test_parts_of_one_name_are_one_line(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_polygons(tmp_path / folder / "park.geojson", shapely.box(25, 62, 26, 63))
    files = [str(tmp_path / folder / "park.geojson") for folder in ("a", "b")]
    for named, name in ((["Finland", "FI"], "Finland"), (files, "park")):
        with pytest.raises(InputError, match=f"found {name} more than once"):
            find_areas(named, GRID)


@pytest.mark.parametrize("lone", [True, False])
def test_a_feature_or_a_geometry_alone_is_read(tmp_path: Path, lone: bool) -> None:
    box = shapely.box(25, 62, 26, 63)
    geometry = shapely.geometry.mapping(box)
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    file = tmp_path / "alone.geojson"
    file.write_text(json.dumps(feature if lone else geometry))
    assert find_areas([str(file)], GRID)[0].shape.equals(box)
    file.write_text(json.dumps({"type": "Topology", "arcs": []}))
    with pytest.raises(InputError, match="found ValueError: no features and no geom"):
        find_areas([str(file)], GRID)


def test_the_maldives_are_land() -> None:
    assert window_of("Maldives", grid=FINE).tiles()
    assert find_areas([(73.0, 4.0, 74.0, 5.0)], GRID)


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        (
            shapely.Polygon([(20, 60), (24, 64), (24, 60), (20, 64)]),
            "expected a polygon that does not cross itself",
        ),
        (
            shapely.box(300_000, 6_700_000, 400_000, 6_800_000),
            "expected degrees, or a file that names its reference system",
        ),
        (shapely.Polygon(), "expected a polygon, found an empty one"),
    ],
)
def test_a_faulty_polygon_is_one_line_with_its_file(
    tmp_path: Path, shape: shapely.Geometry, line: str
) -> None:
    file = write_polygons(tmp_path / "park.geojson", shape)
    with pytest.raises(InputError, match=line) as error:
        find_areas([file], GRID)
    assert "park.geojson" in str(error.value)
    with pytest.raises(InputError, match="expected a file of regions, found nothing"):
        find_areas([str(tmp_path / "no.geojson")], GRID)


def test_a_province_is_written_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The block of docs/how-to/regions.md, with an archive of the same form."""
    page = (ROOT / "docs/how-to/regions.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", page, re.S)
    monkeypatch.chdir(tmp_path)
    islands = shapely.MultiPolygon(
        [shapely.box(10, 48, 11, 49), shapely.box(12, 48, 12.5, 49)]
    )
    shapes = shapely.to_wkb([islands, shapely.box(12, 60, 13, 61)])
    names = np.array(["Bavaria", "Bavaria"], object)
    countries = np.array(["Germany", "Elsewhere"], object)
    name = "ne_10m_admin_1_states_provinces"
    pyogrio.raw.write(
        f"{name}.shp",
        shapes,
        [names, countries],
        ["name_en", "admin"],
        crs="EPSG:4326",
        geometry_type="Polygon",
    )
    with zipfile.ZipFile(f"{name}.zip", "w") as archive:
        for file in sorted(tmp_path.glob(f"{name}.[!z]*")):
            archive.write(file, file.name)
    exec(block, {})
    (area,) = find_areas(["bavaria.gpkg"], GRID)
    assert area.name == "bavaria"
    assert area.shape.equals(islands)
