"""Countries, continents and the user's polygons on the grid; the strata they make."""

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from forestflux.change.errors.square_sums import sum_squares
from forestflux.change.strata.country_strata import (
    CONTINENTS,
    COUNTRY_PARTS,
    label_countries,
    read_countries,
)
from forestflux.change.strata.divisions import (
    Division,
    count_grid_cells,
    divide_grid,
    group_cells,
    list_strata,
)
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.core.regions.region_cells import rasterise_areas
from forestflux.core.regions.region_file import read_regions
from forestflux.jobs.settings.change_settings import LatitudeBandSettings

GRID = Grid(resolution_deg=1.0, tile_cells=60)
BANDS = (
    LatitudeBandSettings(name="north", south=0, north=90),
    LatitudeBandSettings(name="south", south=-90, north=0),
)
# Places well inside a country: latitude, longitude, code, continent.
PLACES = (
    (52.5, 20.5, "POL", "Europe"),
    (-3.5, -60.5, "BRA", "South America"),
    (0.5, 22.5, "COD", "Africa"),
    (60.5, 100.5, "RUS", "Asia"),
    (57.5, 40.5, "RUS", "Europe"),
    (67.5, -175.5, "RUS", "Asia"),
    (3.5, -53.5, "GUF", "South America"),
    (46.5, 2.5, "FRA", "Europe"),
    (61.5, 9.5, "NOR", "Europe"),
    (55.5, -105.5, "CAN", "North America"),
    (-32.5, 147.5, "AUS", "Oceania"),
    (-5.5, 143.5, "PNG", "Oceania"),
    (30.5, -40.5, "", "none"),
)


@pytest.fixture(scope="module")
def labels() -> tuple:
    return label_countries(GRID.latitudes(), GRID.longitudes())


@pytest.mark.parametrize(("lat", "lon", "code", "continent"), PLACES)
def test_cells_lie_in_their_country(
    labels: tuple, lat: float, lon: float, code: str, continent: str
) -> None:
    names, country, of_continent = labels
    place = round(89.5 - lat), round(lon + 179.5)
    codes = [*(code for _, code in names), ""]
    assert codes[country[place]] == code
    assert (*CONTINENTS, "none")[of_continent[place]] == continent


def test_a_cell_belongs_to_the_country_that_holds_its_centre(labels: tuple) -> None:
    names, country, _ = labels
    moved = {part.country for part in COUNTRY_PARTS}
    areas, _ = read_countries()
    lat, lon = np.meshgrid(GRID.latitudes(), GRID.longitudes(), indexing="ij")
    position = {code: number for number, (_, code) in enumerate(names)}
    for code in ("DEU", "GAB", "CHL", "JPN"):
        assert code not in moved
        shape = shapely.union_all([a.shape for a in areas if a.code == code])
        inside = shapely.contains_xy(shape, lon, lat)
        assert inside.sum() > 5
        np.testing.assert_array_equal(country == position[code], inside)


def test_codes_and_names_are_unique_and_small_countries_are_kept(labels: tuple) -> None:
    names, country, continent = labels
    codes = [code for _, code in names]
    assert len(set(codes)) == len(set(names)) == len(names) > 230
    assert "Antigua and Barbuda" in {name for name, _ in names}
    counts = np.bincount(country.ravel(), minlength=len(names) + 1)
    assert counts[codes.index("LUX")] == 0
    assert counts[:-1].sum() == (continent < len(CONTINENTS)).sum()
    finer = Grid(resolution_deg=0.25, tile_cells=720)
    _, country, _ = label_countries(finer.latitudes(), finer.longitudes())
    assert (country == codes.index("LUX")).sum() > 0


def feature(shape: shapely.Geometry, **properties: str | None) -> dict:
    geometry = shapely.geometry.mapping(shape)
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write_geojson(path: Path, features: list[dict]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_polygons_of_a_geojson_file(tmp_path: Path) -> None:
    shapes = [shapely.box(0, 0, 10, 10), shapely.box(5, 5, 20, 20)]
    features = [feature(s, name=n) for s, n in zip(shapes, "ab", strict=True)]
    areas = read_regions(write_geojson(tmp_path / "r.geojson", features), name="name")
    drawn = rasterise_areas(areas, GRID.latitudes(), GRID.longitudes())
    # The first counts where they overlap; the second has the rest.
    assert np.bincount(drawn.ravel()).tolist() == [100, 225 - 25, 180 * 360 - 300]
    rows, columns = np.nonzero(drawn == 0)
    assert (rows.min(), rows.max()) == (80, 89)
    assert (columns.min(), columns.max()) == (180, 189)


def test_regions_of_one_name_are_one(tmp_path: Path) -> None:
    boxes = [(0, 0, 10, 10), (20, 0, 30, 10), (40, 0, 50, 10)]
    features = [
        feature(shapely.box(*box), name=name)
        for box, name in zip(boxes, ("a", "b", "a"), strict=True)
    ]
    file = write_geojson(tmp_path / "r.json", features)
    divisions = divide_grid(
        GRID.latitudes(), GRID.longitudes(), bands=BANDS, regions=file
    )
    region = next(d for d in divisions if d.kind == "region")
    assert region.names == ("a", "b", "none")
    assert np.bincount(region.labels.ravel()).tolist()[:2] == [200, 100]
    strata = list_strata(divisions)
    counts = count_grid_cells(divisions)
    assert counts[strata.index(("a", "region", ""))] == 200
    assert counts[strata.index(("Luxembourg", "country", "LUX"))] == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("r.kml", "x", "file: expected a GeoJSON"),
        ("r.json", "{", "file: expected readable features, found JSONDecodeError"),
        ("r.json", '{"type": "Point"}', "file: expected readable features"),
        ("r.gpkg", "no database", "file: expected readable features"),
        ("r.json", "point", "here: expected a polygon, found Point"),
        (
            "r.json",
            "other",
            "name: expected a name of each feature .* found only label",
        ),
        ("r.json", "unnamed", "name: expected a name .* found a feature without one"),
        ("r.json", "bare", "here: expected a polygon, found nothing"),
        ("r.json", "none", "regions: expected names other than none"),
    ],
)
def test_files_that_hold_no_regions_are_one_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    file = tmp_path / name
    box = shapely.box(0, 0, 10, 10)
    features = {
        "point": feature(shapely.Point(1, 2), name="here"),
        "other": feature(box, label="here"),
        "unnamed": feature(box, name=None),
        "bare": {"type": "Feature", "properties": {"name": "here"}, "geometry": None},
        "none": feature(box, name="none"),
    }
    if text in features:
        write_geojson(file, [features[text]])
    else:
        file.write_text(text)
    with pytest.raises(InputError, match=message):
        divide_grid(GRID.latitudes(), GRID.longitudes(), bands=BANDS, regions=file)
    with pytest.raises(InputError, match="expected a file of regions, found nothing"):
        read_regions(tmp_path / "missing.json", name="name")


def test_sixty_six_thousand_regions_are_summed_apart() -> None:
    count = 66_000
    rng = np.random.default_rng(3)
    labels = rng.integers(0, count + 1, (300, 720)).astype("uint32")
    names = (*map(str, range(count)), "none")
    divisions = [
        Division("all", ("all",), np.zeros(labels.shape, "uint8")),
        Division("type", FOREST_TYPES),
        Division("region", names, labels),
    ]
    groups = group_cells(divisions, slice(100, 200), np.zeros(72_000, "uint8"))
    area, kind = rng.random(72_000), rng.integers(0, 5, 72_000)
    sums = np.bincount(
        groups.cell_group * 5 + kind, area, groups.membership.shape[1] * 5
    )
    found = groups.sum_strata(sums.reshape(-1, 5))
    own = labels[100:200].ravel()
    np.testing.assert_allclose(found[6:], np.bincount(own, area, count + 1))
    np.testing.assert_allclose(found[1:6], np.bincount(kind, area))
    assert found[0] == pytest.approx(area.sum())


def test_a_region_has_its_share_of_cells_and_one_that_is_covered_is_lost(
    tmp_path: Path,
) -> None:
    boxes = {
        "wide": shapely.box(0, 0, 9.5, 9),
        "covered": shapely.box(0.6, 0.6, 0.9, 0.9),
        "small": shapely.box(20.6, 0.6, 20.9, 0.9),
    }
    features = [feature(shape, name=name) for name, shape in boxes.items()]
    divisions = divide_grid(
        GRID.latitudes(),
        GRID.longitudes(),
        bands=BANDS,
        regions=write_geojson(tmp_path / "r.json", features),
    )
    strata, counts = list_strata(divisions), count_grid_cells(divisions)
    names = ["wide", "covered", "small", "none"]
    places = [strata.index((name, "region", "")) for name in names]
    assert counts[places].tolist() == [90, 0, 1, 180 * 360 - 81]
    groups = group_cells(divisions, slice(0, 180), np.zeros(180 * 360, "uint8"))
    area = np.random.default_rng(4).random((180, 360))
    cells = np.bincount(
        groups.cell_group, area.ravel(), minlength=groups.membership.shape[1]
    )
    found = groups.add_up(cells)[places]
    border = area[81:90, 189].sum() / 2
    whole = area[81:90, 180:189].sum() + border
    small = area[89, 200] * 0.09
    wanted = [whole, 0, small, area.sum() - whole - small]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)
    kinds = np.ones(180 * 360, int)
    squares = np.zeros(180 * 360, int)
    square_sums = sum_squares(area.ravel(), kinds, squares, groups)
    squared = square_sums.area_squared[0].toarray()[places, 0]
    own = (area[81:90, 180:189] ** 2).sum() + (area[81:90, 189] ** 2).sum() / 4
    np.testing.assert_allclose(squared[:3], [own, 0, small**2], rtol=1e-4)
