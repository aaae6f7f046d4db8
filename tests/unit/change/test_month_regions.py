"""Months of regions, against the tables of the year and against sums cell by cell."""

import numpy as np
import pandas as pd
import pytest
import shapely

from forestflux.change.analysis import analyse_change
from forestflux.change.change_schemas import MONTH_REGIONS, REGIONS
from forestflux.change.month_regions import tabulate_month_regions
from forestflux.change.strata.divisions import divide_grid
from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.regions.region_cells import NamedArea
from forestflux.jobs.settings.change_settings import ChangeSettings
from forestflux.jobs.stores.store import load_store, write_store
from tests.builders.error_models import make_error_model
from tests.builders.map_stores import RESOLUTION_DEG, build_land, build_year
from tests.builders.month_products import make_months

GRID = Grid(RESOLUTION_DEG, 30)
YEARS = (2003, 2004, 2006)
KEYS = ["year", "stratum", "kind", "variable"]
# One piece on each side of 180 degrees.
PACIFIC = shapely.MultiPolygon(
    [shapely.box(165, 50, 180, 72), shapely.box(-180, 50, -130, 72)]
)
AREAS = (
    NamedArea("across the line", "", PACIFIC),
    NamedArea("one cell's part", "", shapely.box(10.2, 48.1, 11.7, 50.9)),
)


def write_years(folder, *, rows=5, hole=False):
    """Stores of maps and months of some years; with `hole` a mapped cell has no months."""
    land, rng = build_land(), np.random.default_rng(3)
    maps, months = {}, {}
    for year in YEARS:
        mapped = build_year(land, year, rng, members=3)
        monthly = make_months(mapped, GRID, seed=year)
        if hole:
            row, column = np.argwhere(np.isfinite(mapped["gpp"].values))[7]
            monthly["reco"][:, row, column] = np.nan
        maps[year], months[year] = folder / f"maps{year}.zarr", folder / f"{year}.zarr"
        write_store(mapped, maps[year], chunks={"member": 1, "y": rows})
        write_store(monthly, months[year], chunks={"y": rows})
    return months, maps


def divide(areas=AREAS):
    """The divisions of the grid that no pair of years decides."""
    settings = ChangeSettings()
    return divide_grid(
        GRID.latitudes(), GRID.longitudes(), bands=settings.bands, areas=areas
    )[:-1]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return write_years(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="module")
def table(stores, tmp_path_factory):
    """The table as a reader has it: with the digits of the file."""
    file = tmp_path_factory.mktemp("tables") / "region_months.csv"
    MONTH_REGIONS.write(tabulate_month_regions(*stores, divide()), file)
    return MONTH_REGIONS.read_file(file)


def half_digits(numbers):
    """Half a unit of the last of the nine digits that a table has of each number."""
    exponent = np.floor(np.log10(np.maximum(np.abs(numbers), 1e-300)))
    return 0.5 * 10 ** (exponent - 8)


def test_twelve_months_add_up_to_the_year_of_the_other_table(stores, table, tmp_path):
    _, maps = stores
    errors = make_error_model(GRID)
    _, tables = analyse_change(
        maps,
        ChangeSettings(pair=(2003, 2006)),
        errors,
        years=YEARS,
        level=0.9,
        areas=AREAS,
    )
    REGIONS.write(tables["regions"], tmp_path / "regions.csv")
    annual = REGIONS.read_file(tmp_path / "regions.csv")
    annual = annual[annual["kind"] != "forest_change"].set_index(KEYS).sort_index()
    grouped = table.assign(slack=half_digits(table["total"])).groupby(KEYS)
    months = grouped[["total", "slack"]].sum()
    assert (grouped["month"].apply(list).map(tuple) == tuple(range(1, 13))).all()
    pd.testing.assert_index_equal(months.index, annual.index)
    allowed = months["slack"] + half_digits(annual["total"])
    assert ((months["total"] - annual["total"]).abs() <= allowed).all()
    areas = grouped["area"].first()
    np.testing.assert_allclose(areas, annual["area"], rtol=1e-8)


def test_a_month_is_the_sum_over_the_forest_of_a_stratum(stores, table):
    months, maps = stores
    year = 2004
    mapped, monthly = (load_store(store) for store in (maps[year], months[year]))
    forest = np.isfinite(mapped["gpp"].values) & (mapped["forest_type"].values == 5)
    area = (mapped["cell_area"] * mapped["forest_fraction"]).values[forest]
    july = monthly["gpp"].values[6][forest]
    own = table[(table["year"] == year) & (table["stratum"] == "MF")]
    row = own[(own["variable"] == "gpp") & (own["month"] == 7)].iloc[0]
    assert row["kind"] == "type"
    assert row["total"] == pytest.approx((july * area).sum() * 1e-15, rel=1e-6)
    assert row["mean"] == pytest.approx((july * area).sum() / area.sum(), rel=1e-6)
    assert row["area"] == pytest.approx(area.sum(), rel=1e-6)


def test_nee_is_reco_minus_gpp_in_every_month(table):
    wide = table.pivot(index=[*KEYS[:3], "month"], columns="variable", values="total")
    slack = sum(half_digits(wide[flux]) for flux in wide)
    assert ((wide["reco"] - wide["gpp"] - wide["nee"]).abs() <= slack).all()
    assert (wide[["gpp", "reco"]] >= 0).all(axis=None)


def test_regions_on_both_sides_of_180_degrees_and_the_rest_are_all_forest(table):
    july = table[(table["month"] == 7) & (table["variable"] == "gpp")]
    regions = july[july["kind"] == "region"].groupby("year")["total"].sum()
    whole = july[july["kind"] == "all"].set_index("year")["total"]
    assert set(july.loc[july["kind"] == "region", "stratum"]) == {
        *(area.name for area in AREAS),
        "none",
    }
    np.testing.assert_allclose(regions, whole, rtol=1e-8)


def test_the_sums_do_not_depend_on_the_chunks_of_the_maps(table, tmp_path):
    again = tabulate_month_regions(*write_years(tmp_path, rows=30), divide())
    np.testing.assert_allclose(again["total"], table["total"], rtol=1e-8)


def test_a_mapped_cell_without_months_is_one_line(tmp_path):
    stores = write_years(tmp_path, hole=True)
    with pytest.raises(InputError, match=r"2003\.zarr.*reco.*1 cells without"):
        tabulate_month_regions(*stores, divide())


def test_years_of_both_sides_must_be_the_same(stores):
    months, maps = stores
    with pytest.raises(InputError, match="year"):
        tabulate_month_regions({2003: months[2003]}, maps, divide())
