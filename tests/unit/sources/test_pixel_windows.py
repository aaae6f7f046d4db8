"""Windows on the products' own grids, and places that they refuse."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import read_products
from forestflux.sources.earthengine.coverage import (
    check_place,
    check_run,
    check_years,
    missing_days,
)
from forestflux.sources.earthengine.layer_groups import (
    groups_of,
    images_of,
    runs_of_years,
)
from forestflux.sources.earthengine.pixel_windows import project, split_place
from tests.builders.paths import ROOT

CONFIG = ROOT / "config"
SINUSOIDAL = "+proj=sinu +R=6371007.181 +units=m +no_defs"
TOWERS = pd.DataFrame(
    {
        "site": ["FI-Hyy", "BR-Sa1", "NZ-Xxx", "US-Ivo"],
        "lat": [61.8474, -2.8567, -44.9, 68.4865],
        "lon": [24.2948, -54.9589, 179.99, -155.7503],
        "igbp": ["ENF", "EBF", "EBF", "WET"],
    }
)


def products(kind, **alternates):
    return read_products(CONFIG / "products.yaml", alternates).column(kind)


def test_sinusoidal_positions_are_those_of_proj():
    place = TowerPlace(TOWERS)
    east, north = project("SR-ORG:6974", place.latitudes, place.longitudes)
    there = Transformer.from_crs(
        "+proj=longlat +R=6371007.181 +no_defs", SINUSOIDAL, always_xy=True
    )
    x, y = there.transform(place.longitudes, place.latitudes)
    np.testing.assert_allclose(east, x, atol=1e-3)
    np.testing.assert_allclose(north, y, atol=1e-3)


@pytest.mark.parametrize("variable", ["ndvi", "lst_day", "et", "precip"])
def test_the_pixel_of_the_tower_is_in_the_middle_of_its_window(variable):
    product, place = products("tower")[variable], TowerPlace(TOWERS)
    grid, side = product.grid, product.extract.window
    east, north = project(grid.crs, place.latitudes, place.longitudes)
    parts = split_place(product, place)
    assert [part.rows.start for part in parts] == [0, side, 2 * side, 3 * side]
    for part, x, y in zip(parts, east, north, strict=True):
        column = (x - part.window.west) / grid.pixel
        row = (part.window.north - y) / grid.pixel
        assert int(column) == int(row) == side // 2
        assert part.window.shape == (side, side)
        # Corners lie on the product's grid, so that nothing is resampled.
        west, top = grid.corner
        for length in (part.window.west - west, top - part.window.north):
            assert length / grid.pixel == pytest.approx(
                round(length / grid.pixel), abs=1e-6
            )


@pytest.mark.parametrize("name", ["r00c00", "r02c10", "r08c17"])
@pytest.mark.parametrize("variable", ["ndvi", "et", "precip", "landcover"])
def test_pieces_of_a_tile_cover_it_once_on_the_grid_of_the_product(name, variable):
    product, tile = products("tile")[variable], Grid(0.05, 400).tile(name)
    grid = product.grid
    seen = np.zeros(product.native_shape(tile.shape), int)
    for part in split_place(product, TilePlace(tile)):
        seen[part.rows, part.columns] += 1
        window = part.window.grid()["affineTransform"]
        for length in (
            window["translateX"] - grid.corner[0],
            grid.corner[1] - window["translateY"],
        ):
            assert length / grid.pixel == pytest.approx(
                round(length / grid.pixel), abs=1e-6
            )
    assert (seen == 1).all()


def test_cells_lie_in_the_era5_land_pixels_that_hold_them():
    """Grid points at whole tenths: cells 0 | 1-2 | 3-4 share a pixel, not 0-1 | 2-3."""
    product, tile = products("tile")["precip"], Grid(0.05, 400).tile("r02c10")
    part = split_place(product, TilePlace(tile))[0]
    pixels = part.window.west + (np.arange(5) + 0.5) * 0.1
    cells = tile.longitudes()[:9]
    nearest = np.abs(cells[:, None] - pixels).argmin(axis=1)
    np.testing.assert_array_equal(nearest, (np.arange(9) + 1) // 2)
    assert pixels[0] == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (
            Grid(1.0, 60),
            "grid.resolution_deg: expected 0.05, the grid of MODIS/061/MOD",
        ),
        (Grid(0.025, 60), "grid.resolution_deg: expected 0.05"),
        (Grid(0.05, 75), "grid.tile_cells: expected a multiple of 2"),
    ],
    ids=["coarser", "finer", "odd tiles"],
)
def test_a_grid_that_the_archive_would_resample_is_refused(grid, message):
    groups = groups_of(products("tile"))
    with pytest.raises(InputError, match=message):
        check_place(groups, TilePlace(grid.tile("r01c01")))


def check(**changes):
    """Check a run of one tile and year with these changes."""
    tile = Grid(0.05, 400).tile(changes.pop("tile", "r04c05"))
    years = changes.pop("years", [2003])
    tower_years = changes.pop("tower_years", [2003])
    check_run(
        read_products(CONFIG / "products.yaml", changes),
        tiles=[tile],
        years=years,
        tower_years=tower_years,
        today=date(2026, 11, 29),
    )


def test_the_default_products_cover_both_years_and_the_boreal_zone():
    for tile in ("r00c09", "r01c09", "r08c00"):
        check(tile=tile, years=[2001, 2003, 2018, 2020], tower_years=[2001, 2020])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"et": "mod16a2"},
            r"towers.years: expected 2021 to .*MOD16A2\) covers, found 2003",
        ),
        (
            {"et": "mod16a2", "tower_years": [2021]},
            r"years: expected 2021 to .*MOD16A2\) covers, found 2003",
        ),
        ({"et": "pml", "years": [2025]}, r"2000 to 2024, which et .*PML_V22a\) covers"),
        (
            {"precip": "chirps", "tile": "r01c09"},
            r"place r01c09: precip \(UCSB-CHG/CHIRPS/DAILY\): expected latitudes from -50 to"
            " 50, which it covers, found 50 to 70",
        ),
        ({"precip": "chirps_v3", "tile": "r01c09"}, "from -60 to 60"),
        ({"years": [1999]}, "years: expected 2000 to the last whole year"),
        ({"years": [2098]}, "expected .* to the last whole year, .*found 2098"),
        ({"et": "mod16"}, r"alternates.et: expected one of mod16a2, pml, found mod16"),
    ],
)
def test_what_a_product_does_not_cover_is_refused_in_one_line(changes, message):
    with pytest.raises(InputError, match=message) as refused:
        check(**changes)
    assert "\n" not in str(refused.value)


def test_a_year_without_land_cover_is_refused_before_anything_is_asked():
    """Land cover comes a year later than the other products."""
    groups = groups_of({"landcover": products("tile")["landcover"]})
    line = r"years: expected 2001 to 2024, which landcover \(MODIS/061/MCD12C1\) covers"
    with pytest.raises(InputError, match=line):
        check_years(groups, [2023, 2025], key="years", today=date(2026, 11, 29))


def test_a_year_can_be_asked_for_once_it_is_over():
    groups = groups_of({"et": products("tile")["et"]})
    check_years(groups, [2026], key="years", today=date(2027, 1, 1))
    line = "years: expected 2000 to the last whole year, which et .* found 2026"
    with pytest.raises(InputError, match=line):
        check_years(groups, [2026], key="years", today=date(2026, 12, 31))


def test_a_tower_outside_a_product_is_refused_by_its_latitude():
    groups = groups_of(products("tower", precip="chirps"))
    with pytest.raises(InputError, match=r"found -44\.9 to 68\.4865"):
        check_place(groups, TowerPlace(TOWERS))


def test_twenty_years_of_a_tower_take_no_more_than_26_requests():
    requests, years = 0, range(2001, 2021)
    for group in groups_of(products("tower")):
        for layers in group.layers:
            name = layers.collection.split("/")[-1]
            interval = {"DAILY_AGGR": 1, "MCD12Q1": 366}.get(name, 8)
            interval = 16 if "13A1" in name else interval
            images = {}
            for year in years:
                start = np.datetime64(f"{year}-01-01", "D")
                days = np.arange(
                    start, np.datetime64(f"{year + 1}-01-01", "D"), interval
                )
                images[year] = images_of(layers, days, year)
            runs = list(runs_of_years(layers, images, several=True))
            assert sum(map(len, runs)) == sum(map(len, images.values()))
            assert all(len(run) * len(layers.bands) <= 1024 for run in runs)
            requests += len(runs)
    assert requests == 21


def test_missing_images_are_listed():
    days = np.arange("2016-01-01", "2017-01-01", 16, dtype="datetime64[D]")
    assert missing_days(days, 2016) == []
    assert missing_days(np.delete(days, [3, 9]), 2016) == ["2016-02-18", "2016-05-24"]
    assert missing_days(days[12:] + 8, 2016)[0] == "2016-01-09"
    assert missing_days(days[:1], 2016) == []


def test_a_step_with_a_missing_day_is_not_summed():
    (layers,) = groups_of({"precip": products("tile")["precip"]})[0].layers
    days = np.arange("2003-01-01", "2004-01-01", dtype="datetime64[D]")
    assert len(images_of(layers, days, 2003)) == 46
    assert images_of(layers, days, 2003)[-1] == ("2003-12-27", "2004-01-01")
    steps = images_of(layers, np.delete(days, 10), 2003)
    assert len(steps) == 45
    assert ("2003-01-09", "2003-01-17") not in steps
