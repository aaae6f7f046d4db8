"""Cells of 0.01 and 0.005 degree from the emulated service: pixels by the area that they share."""

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.map_resolution import fit_resolution
from forestflux.core.grids.places import TilePlace
from forestflux.core.input_errors import InputError
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.sources.extraction import extract
from tests.earthengine.emulator.archives.catalogue import Catalogue
from tests.earthengine.emulator.archives.formulas import hidden, stored
from tests.earthengine.emulator.archives.physical_planet import PhysicalPlanet
from tests.earthengine.emulator.archives.standin import YEAR

pytestmark = pytest.mark.usefixtures("no_waiting")

PROJECT = Transformer.from_crs(
    "+proj=longlat +R=6371007.181 +no_defs",
    "+proj=sinu +lon_0=0 +R=6371007.181 +units=m +no_defs",
    always_xy=True,
)
DAY = np.datetime64("2003-01-17")
CELLS = 6


def fine_tile(resolution, lat=62.0, lon=24.0):
    """Some cells at a place, and the products that they follow."""
    grid = Grid(resolution, CELLS)
    row = int((90 - lat) / resolution / CELLS)
    column = int((lon + 180) / resolution / CELLS)
    return TilePlace(grid.tile(f"r{row:02d}c{column:02d}"))


def chosen(products, place, *variables):
    resolution = place.tile.grid.resolution_deg
    column = fit_resolution(products, resolution).column(place.column)
    return {name: column[name] for name in variables or column}


def overlaps(product, place):
    """Pixels under each cell and the share of its area in each: row, column, share."""
    half, (west, north) = place.tile.grid.resolution_deg / 2, product.grid.corner
    for lat in place.tile.latitudes():
        for lon in place.tile.longitudes():
            up = np.linspace(lat - half, lat + half, 200)
            sides = np.r_[np.full(200, lon - half), np.full(200, lon + half)]
            x, y = PROJECT.transform(sides, np.r_[up, up[::-1]])
            cell = shapely.Polygon(np.column_stack([x, y]))
            row, column = np.mgrid[
                int((north - y.max()) / product.grid.pixel) : int(
                    (north - y.min()) / product.grid.pixel
                )
                + 1,
                int((x.min() - west) / product.grid.pixel) : int(
                    (x.max() - west) / product.grid.pixel
                )
                + 1,
            ].reshape(2, -1)
            left, top = (
                west + column * product.grid.pixel,
                north - row * product.grid.pixel,
            )
            pixels = shapely.box(
                left, top - product.grid.pixel, left + product.grid.pixel, top
            )
            yield (
                row,
                column,
                shapely.area(shapely.intersection(pixels, cell)) / cell.area,
            )


@pytest.mark.parametrize("resolution", [0.01, 0.005])
def test_cells_are_means_by_area_of_the_pixels_that_pass(
    open_source, products, resolution
):
    _, source = open_source()
    place = fine_tile(resolution)
    wanted = chosen(products, place, "ndvi", "et")
    native = extract(source, wanted, place, year=YEAR)
    day = DAY.astype(object).toordinal()
    # Of SummaryQA 2 is snow and 3 cloud; of 0, 1, 2, 3 only bit 0 of ET_QC rejects.
    for variable, passes in (
        ("ndvi", lambda quality: quality < 2),
        ("et", lambda quality: quality % 2 == 0),
    ):
        (image,) = np.flatnonzero(native[f"time_{variable}"].values == DAY)
        values = native[variable].values[image].ravel()
        packed = native[f"{variable}_quality"].values[image].ravel()
        partly = 0
        for cell, (row, column, share) in enumerate(overlaps(wanted[variable], place)):
            quality = stored(row, column, band=1, day=day) % 4
            trusted = passes(quality) & ~hidden(row, column, day=day)
            valid = (share * trusted).sum()
            value = stored(row, column, band=0, day=day)
            if valid > 1e-3:
                mean = (share * trusted * value).sum() / valid
                assert abs(values[cell] - mean) <= 0.51
            assert abs((packed[cell] & 127) - 100 * valid) <= 0.51
            partly += 0.05 < valid < 0.95
        assert partly > 5


def test_forest_is_the_cover_of_the_pixels_of_a_class(open_source, products):
    _, source = open_source()
    place = fine_tile(0.005)
    wanted = chosen(products, place, "landcover")
    percent = source.fetch(wanted, place, YEAR)["forest_percent"].values.reshape(5, -1)
    day = np.datetime64(f"{YEAR}-01-01").astype(object).toordinal()
    for cell, (row, column, share) in enumerate(overlaps(wanted["landcover"], place)):
        classes = stored(row, column, band=0, day=day) % 4
        classes = np.where(hidden(row, column, day=day), 255, classes)
        for number in range(1, 6):
            cover = 100 * (share * (classes == number)).sum()
            assert abs(percent[number - 1, cell] - cover) <= 0.51
    assert len(np.unique(percent)) > 5


def test_rain_is_that_of_the_pixel_that_holds_the_cell(open_source, products):
    _, source = open_source()
    grid = Grid(0.01, 20)
    place = TilePlace(grid.tile("r140c1020"))
    wanted = chosen(products, place, "precip")
    native = extract(source, wanted, place, year=YEAR)
    cube = build_cube(native, wanted, year=YEAR)["precip"].values
    assert cube.shape[1:] == place.shape
    # Grid points at whole tenths: the first five cells lie in the pixel of the tile's corner.
    step = cube[0]
    assert len(np.unique(step[:, 0])) == len(np.unique(step[0])) == 3
    assert (step[:5, :5] == step[0, 0]).all()
    assert step[5, 5] != step[4, 4]


def test_every_variable_comes_through_cube_and_mask(open_source, products, serve):
    _, source = open_source(serve(Catalogue(PhysicalPlanet(products))))
    place = TilePlace(Grid(0.005, 20).tile("r280c2040"))
    wanted = chosen(products, place)
    native = extract(source, wanted, place, year=YEAR)
    cube = build_cube(native, wanted, year=YEAR)
    inputs = {name: product for name, product in wanted.items() if product.mask}
    masked = mask_cube(cube, inputs, year=YEAR, min_valid_share=0.3)
    assert masked["forest_fraction"].shape == place.shape
    for name in inputs:
        assert np.isfinite(masked[name].values).any(), name


@pytest.mark.parametrize("resolution", [0.02, 0.1])
def test_another_resolution_is_refused_with_those_that_work(
    open_source, products, resolution
):
    _, source = open_source()
    place = fine_tile(resolution)
    line = (
        r"grid.resolution_deg: expected 0.05, the grid of .*, or 0.01 or 0.005, found"
    )
    with pytest.raises(InputError, match=line):
        source.fetch(products.column(place.column), place, YEAR)
