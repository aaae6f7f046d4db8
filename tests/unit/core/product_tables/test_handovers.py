"""Successors: which product gives which year, and where both can be compared."""

from datetime import date

import pytest
import yaml

from forestflux.core.calendars.last_year import find_last_year
from forestflux.core.grids.map_resolution import fit_resolution
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.handovers import find_shared_years, list_handovers
from forestflux.core.product_tables.product_table import ProductTable, read_products
from forestflux.core.reading.yaml_files import read_yaml
from tests.builders.paths import PRODUCTS

VIIRS = "NASA/VIIRS/002/VNP13A1"
TODAY = date(2026, 11, 29)


def table(first_year=2023, **successors):
    chosen = successors or {"ndvi": first_year, "evi": first_year}
    return read_products(PRODUCTS, successors=chosen)


@pytest.mark.parametrize("column", ["tile", "fine_tile", "tower"])
def test_years_before_the_handover_are_of_one_product_and_later_ones_of_the_other(
    column,
):
    eras = table().eras(range(2020, 2026))
    assert [years for _, years in eras] == [[2020, 2021, 2022], [2023, 2024, 2025]]
    before, after = (part.column(column)["ndvi"] for part, _ in eras)
    assert before.extract.collections[0].startswith("MODIS/061/MOD13")
    assert after.extract.collections == (VIIRS,)
    assert before.successor is after.successor is None
    assert after.units == "1"
    assert after.mask.valid == (-10000, 10000)


def test_jobs_of_one_side_know_nothing_of_the_other():
    """Else a handover in another year would make them stale."""
    plain = read_products(PRODUCTS)
    viirs = read_products(PRODUCTS, {"ndvi": "viirs", "evi": "viirs"})
    assert table().in_years(2001, 2022).to_json() == plain.to_json()
    assert table().in_years(2023).to_json() == viirs.to_json()
    both = table().in_years(2022, 2023)
    again = ProductTable.read_json(both.to_json(), "--products")
    assert again.to_json() == both.to_json()
    assert len(again.eras([2022, 2023])) == 2


def test_parts_and_years_that_jobs_do_not_need_are_cut_from_successors_too():
    cut = table().only(["tower"], "mask").without_years().variables["ndvi"].tower
    after = cut.successor.product
    assert after.cube is None
    assert after.mask is not None
    assert after.extract.years == (0, None)
    fine = fit_resolution(read_products(PRODUCTS, successors={"ndvi": 2023}), 0.01)
    assert fine.column("fine_tile")["ndvi"].successor.product.weighs_pixels


def test_the_last_year_is_that_of_the_successor():
    products = table().column("tower")
    ended = products["ndvi"].extract.model_copy(update={"years": (2000, 2023)})
    ndvi = products["ndvi"].model_copy(update={"extract": ended})
    found = find_last_year([("ndvi", ndvi)], today=TODAY)
    assert found == (2025, (f"ndvi ({VIIRS})",))


def test_both_are_compared_in_the_year_before_the_handover():
    products = table().column("tower")
    shared = find_shared_years(products, range(2001, 2025), today=TODAY)
    assert shared == {"ndvi": 2022, "evi": 2022}
    first, _ = list_handovers(products, shared)
    assert first.line == (
        "ndvi: MODIS/061/MOD13A1, MODIS/061/MYD13A1 up to 2022, NASA/VIIRS/002/VNP13A1"
        " from 2023 on"
    )


def test_both_are_compared_after_the_handover_where_the_successor_begins_with_it():
    products = table(2012).column("tower")
    shared = find_shared_years(products, range(2001, 2025), today=TODAY)
    assert shared == {"ndvi": 2012, "evi": 2012}


@pytest.mark.parametrize("years", [range(2001, 2023), range(2023, 2025)])
def test_a_run_on_one_side_has_no_handover(years):
    assert find_shared_years(table().column("tile"), years, today=TODAY) == {}


def test_years_that_no_two_products_share_are_refused():
    line = r"successors\.ndvi: expected a year that .*the second begins in 2012, found 2010"
    with pytest.raises(InputError, match=line):
        find_shared_years(table(2010).column("tower"), range(2001, 2025), today=TODAY)


def test_a_variable_without_a_successor_is_refused():
    line = r"successors\.et: expected a variable whose .* successor: ndvi, evi, found"
    with pytest.raises(InputError, match=line):
        table(et=2023)
    with pytest.raises(InputError, match=r"successors\.rain: expected a variable"):
        table(rain=2023)


def test_a_product_that_is_the_successor_has_none():
    with pytest.raises(InputError, match=r"successors\.ndvi: .*successor: evi, found"):
        read_products(PRODUCTS, {"ndvi": "viirs"}, successors={"ndvi": 2023})


@pytest.mark.parametrize("column", ["tile", "tower"])
def test_a_successor_without_cells_or_towers_is_refused(tmp_path, column):
    """Else years on both sides would be of one product in silence."""
    (tmp_path / "products.yaml").write_text(PRODUCTS.read_text())
    others = read_yaml(PRODUCTS.with_name("alternates.yaml"))
    del others["ndvi"]["viirs"][column]
    (tmp_path / "alternates.yaml").write_text(yaml.safe_dump(others))
    line = rf"ndvi\.viirs\.{column}: expected this column of a product that is a succ"
    with pytest.raises(InputError, match=line):
        read_products(tmp_path / "products.yaml", successors={"ndvi": 2023})


def test_a_successor_without_fine_cells_leaves_none(tmp_path):
    (tmp_path / "products.yaml").write_text(PRODUCTS.read_text())
    others = read_yaml(PRODUCTS.with_name("alternates.yaml"))
    del others["ndvi"]["viirs"]["fine_tile"]
    (tmp_path / "alternates.yaml").write_text(yaml.safe_dump(others))
    table = read_products(tmp_path / "products.yaml", successors={"ndvi": 2023})
    with pytest.raises(
        InputError, match=r"ndvi\.fine_tile: expected a product for cells"
    ):
        fit_resolution(table, 0.005)
