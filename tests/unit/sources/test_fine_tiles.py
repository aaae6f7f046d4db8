"""Cells of 0.01 and 0.005 degree on the simulated planet, beside those of 0.05 degree."""

import numpy as np
import pytest

from forestflux.core.grids.grid import Grid
from forestflux.core.grids.map_resolution import fit_resolution, map_column
from forestflux.core.grids.places import TilePlace
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import (
    ProductTable,
    columns_of,
    read_products,
)
from forestflux.jobs.settings.source_settings import SourceSettings
from forestflux.prepare.calendar_cube import build_cube
from forestflux.prepare.masking import mask_cube
from forestflux.sources.extraction import available_columns, extract
from forestflux.sources.simulated import simulated_source
from tests.builders.paths import PRODUCTS

TABLE = read_products(PRODUCTS)
SOURCE = simulated_source.open_source(SourceSettings(seed=2019))
YEAR = 2003


def masked_tile(resolution, cells):
    """The tile of 0.4 degree from 62.0 N, 24.0 E, masked."""
    grid = Grid(resolution, cells)
    place = TilePlace(grid.tile("r70c510"))
    table = fit_resolution(TABLE, resolution)
    wanted = table.follow(available_columns(SOURCE, place, table))
    native = extract(SOURCE, wanted, place, year=YEAR)
    assert set(columns_of(native).values()) == {map_column(resolution)}
    cube = build_cube(native, wanted, year=YEAR)
    inputs = {name: product for name, product in wanted.items() if product.mask}
    return mask_cube(cube, inputs, year=YEAR, min_valid_share=0.3)


@pytest.mark.parametrize(("resolution", "cells"), [(0.01, 40), (0.005, 80)])
def test_two_resolutions_agree_over_the_same_region(resolution, cells):
    """Each cell has its own noise; the region's means of a year are the same."""
    coarse, fine = masked_tile(0.05, 8), masked_tile(resolution, cells)
    for name, near in (
        *(("ndvi", 0.02), ("evi", 0.02), ("et", 0.06)),
        *(("lst_day", 1.0), ("lst_night", 1.0), ("precip", 0.3)),
        ("forest_fraction", 0.1),
    ):
        assert fine[name].shape[-2:] == (cells, cells)
        wanted, found = float(coarse[name].mean()), float(fine[name].mean())
        assert found == pytest.approx(wanted, abs=near), name


def test_coarse_pixels_are_repeated_in_the_cells_that_they_hold():
    step = masked_tile(0.01, 40)["precip"].values[20]
    changes = np.flatnonzero(np.any(np.diff(step, axis=1) != 0, axis=0))
    # Grid points of ERA5-Land lie at whole tenths, so its pixels end at half tenths.
    np.testing.assert_array_equal(changes, [4, 14, 24, 34])


def test_only_two_sides_of_cells_are_fine():
    sides = (5.0, 0.05, 0.02, 0.01, 0.005, 0.001)
    assert [map_column(side) == "fine_tile" for side in sides] == [
        *(False, False, False, True, True, False)
    ]
    assert fit_resolution(TABLE, 0.05) is TABLE


def test_a_variable_without_a_product_for_fine_cells_is_refused():
    table = read_products(PRODUCTS, {"lst_day": "mod21c2"})
    line = "lst_day.fine_tile: expected a product for cells of 0.01 degree, found"
    with pytest.raises(InputError, match=line):
        fit_resolution(table, 0.01)
    assert fit_resolution(table, 0.05) is table


def test_pixels_that_are_no_whole_number_of_cells_are_refused():
    content = TABLE.model_dump(exclude_unset=True)
    grid = content["variables"]["precip"]["fine_tile"]["extract"]["grid"]
    grid["pixel"] = 0.0125
    table = ProductTable.read(content, "table")
    with pytest.raises(InputError, match=r"precip\.fine_tile.*expected a multiple of"):
        fit_resolution(table, 0.005)


@pytest.mark.parametrize("alternate", ["chirps", "chirps_v3"])
def test_an_alternate_brings_its_own_fine_cells(alternate):
    table = fit_resolution(read_products(PRODUCTS, {"precip": alternate}), 0.005)
    extract = table.column("fine_tile")["precip"].extract
    assert extract.collections[0].startswith(
        "UCSB-CHC" if "v3" in alternate else "UCSB"
    )
    assert extract.cells_per_pixel == 10
