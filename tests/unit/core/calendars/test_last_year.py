"""Years with an open end: the last one that every product covers, by the date of the planning."""

from datetime import date

import pytest

from forestflux.core.calendars.last_year import find_last_year
from forestflux.core.product_tables.product_table import read_products
from tests.builders.paths import PRODUCTS

COLUMNS = ["tile", "tower"]


def last_year(*, today=date(2026, 11, 29), columns=COLUMNS, **alternates):
    table = read_products(PRODUCTS, alternates)
    return find_last_year(table.every(columns), today=today)


def test_land_cover_comes_last():
    found = last_year()
    assert found.year == 2024
    assert found.line == (
        "the last year is 2024, the last that every product covers;"
        " landcover (MODIS/061/MCD12C1) ends there"
    )


@pytest.mark.parametrize(
    ("today", "year"), [(date(2023, 12, 31), 2022), (date(2024, 1, 1), 2023)]
)
def test_a_year_counts_as_soon_as_it_is_over(today, year):
    found = last_year(today=today)
    assert found.year == year
    assert "ndvi (MODIS/061/MOD13C1)" in found.ending
    assert "landcover (MODIS/061/MCD12C1)" not in found.ending


def test_only_products_count_that_the_run_reads():
    assert last_year(columns=["tower"]).year == 2025
    assert last_year(columns=["fine_tile"]).ending == ("landcover (MODIS/061/MCD12Q1)",)
    assert last_year(columns=["tower"], et="pml").line.endswith("PML_V22a) ends there")
