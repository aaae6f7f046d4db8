"""Regions of a user: coordinates are checked, brought home, cut; what is unclear is refused."""

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Transformer

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.regions.region_cells import NamedArea, rasterise_areas
from forestflux.core.regions.region_file import read_regions
from forestflux.core.regions.region_paths import list_region_files

QUARTER = Grid(resolution_deg=0.25, tile_cells=720)
HOLE = [[11, 1], [19, 1], [19, 9], [11, 9], [11, 1]]


def box(west: float, south: float, east: float, north: float) -> list[list[float]]:
    """Corners of a box, against the clock."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def dense(ring: list[list[float]]) -> list[list[float]]:
    """The same ring with corners at each degree of its edges."""
    line = shapely.segmentize(shapely.LinearRing(ring), 1.0)
    return shapely.get_coordinates(line).tolist()


def wrapped(ring: list[list[float]]) -> list[list[float]]:
    """The same ring with longitudes from -180 to 180, as many programs write them."""
    return [[(lon + 180) % 360 - 180, lat] for lon, lat in ring]


def write(
    path: Path, *polygons: object, crs: object = None, name: str = "wood"
) -> Path:
    """A GeoJSON file; each polygon is a list of rings, or a geometry."""
    features = []
    for rings in polygons:
        geometry = rings
        if isinstance(rings, list):
            geometry = {"type": "Polygon", "coordinates": rings}
        features.append(
            {"type": "Feature", "properties": {"name": name}, "geometry": geometry}
        )
    content: dict = {"type": "FeatureCollection", "features": features}
    if crs is not None:
        content["crs"] = crs
    path.write_text(json.dumps(content))
    return path


def named(name: str) -> dict:
    """The member `crs` of a GeoJSON file."""
    return {"type": "name", "properties": {"name": name}}


def write_features(
    path: Path, shapes: list, crs: str | None, names: list[str] | None = None
) -> Path:
    """A GeoPackage or shapefile of polygons."""
    driver = "GPKG" if path.suffix == ".gpkg" else "ESRI Shapefile"
    labels = names or ["wood"] * len(shapes)
    pyogrio.raw.write(
        path,
        driver=driver,
        geometry=np.array([shapely.to_wkb(shape) for shape in shapes], object),
        geometry_type="Polygon",
        **({"crs": crs} if crs else {}),
        fields=["name"],
        field_data=[np.array(labels, object)],
        encoding="UTF-8",
    )
    return path


def project(ring: list[list[float]], epsg: int) -> shapely.Polygon:
    """A ring in degrees as a polygon of another reference system."""
    change = Transformer.from_crs(4326, epsg, always_xy=True)
    points = np.array(dense(ring))
    return shapely.Polygon(np.column_stack(change.transform(*points.T)))


def cells_of(file: Path, grid: Grid = QUARTER) -> np.ndarray:
    """Row and column of the cells that the regions of a file hold."""
    areas = read_regions(file, name="name")
    drawn = rasterise_areas(areas, grid.latitudes(), grid.longitudes())
    return np.argwhere(drawn < len(areas))


def bounds_of(cells: np.ndarray, grid: Grid = QUARTER) -> set[float]:
    """Whole degrees of longitude, western edges, in which cells lie."""
    return set(np.floor(grid.longitudes()[cells[:, 1]]))


# Rings on a grid of a quarter of a degree: how many cells they hold.
READ = {
    "0 to 360": ([box(240, 40, 250, 50)], 1600),
    "the same in the other count": ([box(-120, 40, -110, 50)], 1600),
    "over the date line": ([box(176, 0, 182, 4)], 384),
    "over the date line from the other side": ([box(-184, 0, -178, 4)], 384),
    "beyond the date line": ([box(182, 0, 188, 4)], 384),
    "wrapped at the date line": ([wrapped(dense(box(176, 0, 182, 4)))], 384),
    "0 to 360 over Greenwich": ([box(355, 0, 365, 4)], 640),
    "wrapped at Greenwich": (
        [[[lon % 360, lat] for lon, lat in dense(box(-5, 0, 5, 4))]],
        640,
    ),
    "clockwise": ([box(240, 40, 250, 50)[::-1]], 1600),
    "a hole": ([box(10, 0, 20, 10), HOLE], 1600 - 1024),
    "a hole over the date line": (
        [wrapped(dense(box(175, 0, 185, 10))), wrapped(dense(box(178, 2, 182, 8)))],
        1600 - 16 * 24,
    ),
    "a hole on one side": (
        [wrapped(dense(box(175, 0, 185, 10))), box(-179, 2, -177, 8)],
        1600 - 8 * 24,
    ),
    "all around": ([box(-180, 50, 180, 60)], 1440 * 40),
    "all around in 0 to 360": ([box(0, 50, 360, 60)], 1440 * 40),
    "the globe": ([box(-180, -90, 180, 90)], 1440 * 720),
    "to a pole": ([box(-10, 80, 10, 90)], 80 * 40),
    "an edge to the date line": ([box(-20, 0, 180, 4)], 800 * 16),
    "Antarctica's kind": (
        [[[-180, -90], [-180, -80], [0, -70], [180, -80], [180, -90], [-180, -90]]],
        1440 * (40 + 20),
    ),
    "a corner too many": (
        [[[0, 0], [4, 0], [4, 2], [4, 2], [4, 4], [0, 4], [0, 0]]],
        256,
    ),
    "a spike": ([[[0, 0], [4, 0], [9, 0], [4, 0], [4, 4], [0, 4], [0, 0]]], 256),
}


@pytest.mark.parametrize(("rings", "count"), READ.values(), ids=READ)
def test_polygons_hold_the_cells_that_they_mean(
    tmp_path: Path, rings: list, count: int
) -> None:
    cells = cells_of(write(tmp_path / "r.geojson", rings))
    assert len(cells) == pytest.approx(count, rel=0.002)
    if count < 10_000:
        assert len(cells) == count


def test_cells_on_both_sides_of_the_date_line_are_the_right_ones(
    tmp_path: Path,
) -> None:
    plain = cells_of(write(tmp_path / "a.json", [box(176, 0, 182, 4)]))
    assert bounds_of(plain) == {176, 177, 178, 179, -180, -179}
    jumping = [wrapped(dense(box(176, 0, 182, 4)))]
    np.testing.assert_array_equal(cells_of(write(tmp_path / "b.json", jumping)), plain)


def test_islands_of_one_feature_are_all_kept(tmp_path: Path) -> None:
    islands = [[box(lon, 0, lon + 1, 1)] for lon in range(150, 210, 2)]
    shape = {"type": "MultiPolygon", "coordinates": islands}
    assert len(cells_of(write(tmp_path / "r.json", shape))) == 30 * 16


def test_parts_of_one_feature_that_overlap_count_once(tmp_path: Path) -> None:
    parts = [[box(0, 0, 4, 4)], [box(2, 0, 6, 4)]]
    shape = {"type": "MultiPolygon", "coordinates": parts}
    assert len(cells_of(write(tmp_path / "r.json", shape))) == 24 * 16


@pytest.mark.parametrize(
    "crs",
    [
        named("EPSG:3857"),
        named("urn:ogc:def:crs:EPSG::3857"),
        {"type": "EPSG", "properties": {"code": 3857}},
    ],
)
def test_the_reference_system_of_a_geojson_is_read(tmp_path: Path, crs: dict) -> None:
    change = Transformer.from_crs(4326, 3857, always_xy=True)
    metres = np.column_stack(change.transform(*np.array(box(12, 40, 18, 50)).T))
    cells = cells_of(write(tmp_path / "r.json", [metres.tolist()], crs=crs))
    assert len(cells) == 24 * 40
    assert bounds_of(cells) == set(range(12, 18))


@pytest.mark.parametrize("name", ["r.gpkg", "r.shp"])
@pytest.mark.parametrize("epsg", [3857, 32633, 3035, 4269, 4258])
def test_geopackage_and_shapefile_in_any_system(
    tmp_path: Path, name: str, epsg: int
) -> None:
    shape = project(box(12, 40, 18, 50), epsg)
    cells = cells_of(write_features(tmp_path / name, [shape], f"EPSG:{epsg}"))
    assert len(cells) == 24 * 40


def test_a_geographic_system_may_count_to_360_as_well(tmp_path: Path) -> None:
    shape = shapely.Polygon(box(176, 0, 182, 4))
    file = write_features(tmp_path / "r.gpkg", [shape], "EPSG:4269")
    assert len(cells_of(file)) == 384


def test_a_circle_around_a_pole_in_metres_is_a_cap(tmp_path: Path) -> None:
    radius = Transformer.from_crs(4326, 3995, always_xy=True).transform(90, 70)[0]
    circle = shapely.Point(0, 0).buffer(abs(radius), quad_segs=90)
    cells = cells_of(write_features(tmp_path / "r.gpkg", [circle], "EPSG:3995"))
    assert len(cells) == pytest.approx(80 * 1440, rel=1e-3)
    ring = circle.difference(shapely.Point(0, 0).buffer(abs(radius) / 2))
    rest = cells_of(write_features(tmp_path / "s.gpkg", [ring], "EPSG:3995"))
    assert rest[:, 0].min() > 38
    assert rest[:, 0].max() == 79


def test_a_wedge_with_a_corner_on_the_pole(tmp_path: Path) -> None:
    change = Transformer.from_crs(4326, 3995, always_xy=True)
    arc = [change.transform(lon, 70) for lon in range(100, 131)]
    wedge = shapely.Polygon([(0.0, 0.0), *arc])
    cells = cells_of(write_features(tmp_path / "r.gpkg", [wedge], "EPSG:3995"))
    assert len(cells) == pytest.approx(80 * 120, rel=0.01)
    assert bounds_of(cells) == set(range(100, 130))


def test_a_polygon_in_metres_over_the_date_line(tmp_path: Path) -> None:
    """Fiji's own system; longitudes jump only after the transformation."""
    shape = project(box(177, -20, 183, -15), 3832)
    cells = cells_of(write_features(tmp_path / "r.gpkg", [shape], "EPSG:3832"))
    assert len(cells) == 24 * 20


BAD = {
    "metres without a system": ([box(1e6, 5e6, 2e6, 6e6)], "degrees, or a file that"),
    "longitudes only": ([box(1000, 0, 1010, 5)], "found longitudes from 1000 to 1010"),
    "a latitude of 91": ([box(0, 80, 10, 91)], "found latitudes from 80 to 91"),
    "swapped": ([box(40, 110, 50, 120)], "found latitudes from 110 to 120"),
    "infinity": ([[[0, 0], [1e999, 0], [9, 9], [0, 0]]], "finite coordinates"),
    "NaN": ([[[0, 0], [float("nan"), 0], [9, 9], [0, 0]]], "finite coordinates"),
    "no corners": ([], "expected a polygon, found an empty one"),
    "no area": ([[[0, 0], [5, 0], [9, 0], [0, 0]]], "found one without an area"),
    "a bow tie": (
        [[[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]],
        r"does not cross itself, found Self-intersection\[5 5\]",
    ),
    "too wide": ([box(-180, 0, 200, 5)], "at most 360 degrees"),
    "a box with two readings": ([box(-170, 50, 170, 60)], "edge from -170 to 170"),
    "a wrapped box": ([wrapped(box(170, 0, 190, 10))], "edge from 170 to -170"),
    "a triangle": (
        [[[-100, 0], [100, 0], [0, 60], [-100, 0]]],
        "edge from -100 to 100",
    ),
    "a hexagon": (
        [
            [
                *([-100, 0], [100, 0], [110, 30], [100, 60]),
                *([-100, 60], [-110, 30], [-100, 0]),
            ]
        ],
        "edge from -100 to 100",
    ),
    "words": ({"type": "Polygon", "coordinates": "x"}, "a polygon, found nothing that"),
    "a line": ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "LineString"),
}


@pytest.mark.parametrize(("shape", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_understood_names_the_feature(
    tmp_path: Path, shape: object, message: str
) -> None:
    file = write(tmp_path / "r.json", [box(0, 0, 5, 5)], shape, name="Hainich")
    with pytest.raises(InputError, match=message) as caught:
        read_regions(file, name="name")
    assert str(caught.value).startswith(f"{file}: Hainich: expected")


@pytest.mark.parametrize(
    "crs", [named("EPSG:999999"), named("Hainich"), "EPSG:3857", {"type": "link"}]
)
def test_a_reference_system_that_nobody_knows_is_refused(
    tmp_path: Path, crs: object
) -> None:
    file = write(tmp_path / "r.json", [box(0, 0, 5, 5)], crs=crs)
    with pytest.raises(InputError, match="crs: expected a reference system that leads"):
        read_regions(file, name="name")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_metres_of_a_geopackage_without_a_system_are_refused(tmp_path: Path) -> None:
    file = write_features(tmp_path / "r.gpkg", [shapely.box(1e6, 5e6, 2e6, 6e6)], None)
    with pytest.raises(InputError, match=r"wood: expected degrees|crs: expected"):
        read_regions(file, name="name")


def test_coordinates_that_a_system_does_not_cover_are_refused(tmp_path: Path) -> None:
    far = shapely.box(1e30, 1e30, 2e30, 2e30)
    file = write_features(tmp_path / "r.gpkg", [far], "EPSG:3035")
    with pytest.raises(InputError, match="wood: expected coordinates that ETRS89"):
        read_regions(file, name="name")


def test_a_shapefile_is_several_files(tmp_path: Path) -> None:
    file = write_features(tmp_path / "r.shp", [shapely.box(0, 0, 4, 4)], "EPSG:4326")
    names = {part.suffix for part in list_region_files(file)}
    assert {".shp", ".dbf", ".shx", ".prj"} <= names
    (tmp_path / "r.dbf").unlink()
    with pytest.raises(InputError, match=r"expected .dbf and .shx .* found no .dbf"):
        read_regions(file, name="name")
    assert list_region_files(tmp_path / "r.json") == [tmp_path / "r.json"]


def test_names_of_a_shapefile_keep_their_letters(tmp_path: Path) -> None:
    shapes = [shapely.box(0, 0, 4, 4)]
    file = write_features(tmp_path / "r.shp", shapes, "EPSG:4326", ["Böhmerwald"])
    assert [area.name for area in read_regions(file, name="name")] == ["Böhmerwald"]
    table = tmp_path / "r.dbf"
    table.write_bytes(table.read_bytes().replace("ö".encode(), b"\xf6 "))
    file.with_suffix(".cpg").write_text("ISO-8859-1")
    assert [area.name for area in read_regions(file, name="name")] == ["Bö hmerwald"]
    file.with_suffix(".cpg").unlink()
    with pytest.raises(InputError, match="readable features, found UnicodeDecodeError"):
        read_regions(file, name="name")


def test_more_polygons_than_short_codes_can_count() -> None:
    """66,000 boxes of one cell each; every one keeps its own code."""
    grid = Grid(resolution_deg=0.5, tile_cells=60)
    rows, columns = np.divmod(np.arange(66_000), 720)
    west, north = columns / 2 - 180, 90 - rows / 2
    shapes = shapely.box(west, north - 0.5, west + 0.5, north)
    areas = [NamedArea(str(n), "", shape) for n, shape in enumerate(shapes)]
    drawn = rasterise_areas(areas, *axes(grid))
    np.testing.assert_array_equal(drawn.ravel()[:66_000], np.arange(66_000))
    assert (drawn.ravel()[66_000:] == 66_000).all()
    assert rasterise_areas(areas[:9], *axes(grid)).dtype == "uint16"


def test_a_window_across_180_degrees_is_drawn_on_both_sides() -> None:
    window, globe = Grid(0.5, 60, only=("r02c00", "r02c11")), Grid(0.5, 60)
    areas = [
        NamedArea("east", "", shapely.box(-180, -10, -175, 10)),
        NamedArea("both", "", shapely.box(-180, -5, 180, 5)),
    ]
    drawn = rasterise_areas(areas, *axes(window))
    whole = np.roll(rasterise_areas(areas, *axes(globe)), 60, axis=1)
    np.testing.assert_array_equal(drawn, whole[120:180, :120])


def axes(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes of a grid."""
    return grid.latitudes(), grid.longitudes()
