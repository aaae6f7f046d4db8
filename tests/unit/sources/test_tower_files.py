"""The source `files`: series of own towers as images, and one line for bad input."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.calendars.eight_day import step_starts
from forestflux.core.grids.grid import Grid
from forestflux.core.grids.places import TilePlace, TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.product_tables.product_table import read_products
from forestflux.jobs.settings.source_settings import SourceSettings
from forestflux.sources.extraction import extract
from forestflux.sources.source_registry import open_source
from forestflux.towers.tower_tables import read_sites
from tests.builders.inputs import VARIABLES
from tests.builders.paths import REAL_DATA, ROOT
from tests.builders.products import with_extract
from tests.builders.tower_folders import tower_folder

REAL = REAL_DATA / "towers"
TABLE = read_products(ROOT / "config/products.yaml").column("table")


@pytest.fixture
def folder(tmp_path):
    return tower_folder(tmp_path / "towers")


def source_of(folder):
    return open_source("files", SourceSettings(folder=str(folder)))


def place_of(folder):
    return TowerPlace(read_sites(folder / "sites.csv"))


def edit(folder, change):
    """Change the predictor table, in place or by what `change(table)` returns."""
    path = folder / "predictors_8day.parquet"
    table = pd.read_parquet(path)
    changed = change(table)
    (table if changed is None else changed).to_parquet(path, index=False)


def scale(column, factor, offset=0.0):
    def change(table):
        table[column] = table[column] * factor + offset

    return change


def put(column, value, row=60):
    def change(table):
        table.loc[row, column] = value

    return change


def test_images_are_the_rows_of_the_table(folder):
    place = place_of(folder)
    images = extract(source_of(folder), TABLE, place, year=2004)
    table = pd.read_parquet(folder / "predictors_8day.parquet")
    assert images["site"].dims == ("y",)
    assert images["site"].values.tolist() == place.sites["site"].tolist()
    np.testing.assert_array_equal(images["lat"], place.sites["lat"])
    for name in VARIABLES:
        array = images[name]
        assert array.dims == (f"time_{name}", f"y_{name}", f"x_{name}")
        assert (array.shape, array.dtype) == ((46, 8, 1), np.dtype("float32"))
        days = images[f"time_{name}"].values.astype("datetime64[D]")
        np.testing.assert_array_equal(days, step_starts(2004))
        for row, site in enumerate(place.sites["site"]):
            mine = table[(table["site"] == site) & (table["date"].dt.year == 2004)]
            np.testing.assert_array_equal(array[:, row, 0], mine[name])
    assert np.isnan(images["ndvi"]).any()
    assert not np.isnan(images["et"]).any()


def test_places_may_be_part_of_the_towers_in_any_order(folder):
    sites = place_of(folder).sites
    whole = source_of(folder).fetch(TABLE, TowerPlace(sites), 2003)
    part = TowerPlace(sites.iloc[[5, 0]].reset_index(drop=True))
    images = source_of(folder).fetch(TABLE, part, 2003)
    np.testing.assert_array_equal(images["et"], whole["et"][:, [5, 0]])


def test_band_names_the_column(folder):
    edit(folder, lambda t: t.rename(columns={"precip": "rain"}))
    products = {"precip": with_extract(TABLE["precip"], band="rain")}
    images = source_of(folder).fetch(products, place_of(folder), 2003)
    table = pd.read_parquet(folder / "predictors_8day.parquet")
    assert (
        images["precip"].values.max()
        == table["rain"][table["date"].dt.year == 2003].max()
    )


def test_units_are_checked_whatever_the_column_is_called(folder):
    edit(folder, lambda t: t.assign(tag=t["lst_day"] - 273.15))
    products = {"lst_day": with_extract(TABLE["lst_day"], band="tag")}
    with pytest.raises(InputError, match="tag: expected K, a median from 180 to 345"):
        source_of(folder).fetch(products, place_of(folder), 2003)


def test_a_tower_without_rows_in_a_year_is_absent(folder):
    edit(folder, lambda t: t[(t["site"] != "F3") | (t["date"].dt.year != 2004)])
    images = source_of(folder).fetch(TABLE, place_of(folder), 2004)
    for name in VARIABLES:
        empty = np.isnan(images[name]).all(axis=(0, 2)).values
        assert empty.tolist() == [False, False, False, True] + [False] * 4


def test_a_year_outside_the_table_is_all_absent(folder):
    images = source_of(folder).fetch(TABLE, place_of(folder), 1999)
    assert images["et"].shape == (46, 8, 1)
    assert np.isnan(images["et"]).all()


def test_values_of_a_table_are_physical(folder):
    source = source_of(folder)
    assert {source.column(place_of(folder), name) for name in VARIABLES} == {"table"}
    assert source.column(place_of(folder), "landcover") is None


def test_csv_and_parquet_give_the_same_images(tmp_path):
    both = [tower_folder(tmp_path / s, suffix=s) for s in ("csv", "parquet")]
    assert not (both[0] / "predictors_8day.parquet").exists()
    one, other = (source_of(f).fetch(TABLE, place_of(f), 2003) for f in both)
    for name in VARIABLES:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-6)


@pytest.mark.parametrize(
    "dates",
    [
        lambda d: d.dt.strftime("%Y-%m-%d"),
        lambda d: d.dt.strftime("%Y%m%d").astype(int),
        lambda d: d.dt.date,
        lambda d: d.dt.tz_localize("UTC"),
    ],
    ids=["text", "integer", "date", "with zone"],
)
def test_dates_may_be_text_numbers_or_times(folder, dates):
    expected = source_of(folder).fetch(TABLE, place_of(folder), 2004)
    edit(folder, lambda t: t.assign(date=dates(t["date"])))
    assert source_of(folder).fetch(TABLE, place_of(folder), 2004).identical(expected)


def test_a_changed_table_is_read_again(folder):
    before = source_of(folder).fetch(TABLE, place_of(folder), 2003)
    edit(folder, scale("et", 2.0))
    after = source_of(folder).fetch(TABLE, place_of(folder), 2003)
    np.testing.assert_allclose(after["et"], 2 * before["et"], rtol=1e-6)


def test_single_outliers_are_left_to_the_mask(folder):
    edit(folder, put("lst_day", 20.0))
    images = source_of(folder).fetch(TABLE, place_of(folder), 2004)
    assert (images["lst_day"].values == 20.0).sum() == 1


def test_a_tile_is_refused(folder):
    tile = TilePlace(Grid(5.0, 6).tile("r01c02"))
    with pytest.raises(InputError, match=r"source: expected simulated or .*r01c02"):
        source_of(folder).fetch(TABLE, tile, 2003)


def test_a_place_with_another_tower_is_refused(folder):
    sites = place_of(folder).sites.replace({"site": {"F2": "XX-Foo"}})
    with pytest.raises(InputError, match="site: expected predictors of each tower"):
        source_of(folder).fetch(TABLE, TowerPlace(sites), 2003)


def truncate(folder):
    path = folder / "predictors_8day.parquet"
    path.write_bytes(path.read_bytes()[:-400])


def damage_pages(folder):
    path = folder / "predictors_8day.parquet"
    content = bytearray(path.read_bytes())
    content[200:6000] = bytes(5800)
    path.write_bytes(bytes(content))


def not_parquet(folder):
    (folder / "predictors_8day.parquet").write_text("site,date,ndvi\n")


def gaps_only(table):
    rows = (table["site"] == "F1") & (table["date"].dt.year == 2004)
    table.loc[rows, list(VARIABLES)] = np.nan


def celsius_at_one_tower(table):
    table.loc[table["site"] == "F4", "lst_night"] -= 273.15


def extra_step(table):
    row = table.iloc[[45]].assign(date=pd.Timestamp("2003-12-31"))
    return pd.concat([table, row])


# name: (what is broken, as a change of the table or of the folder, parts of the line)
BAD_TABLES = {
    "missing column": (
        lambda t: t.drop(columns="evi"),
        ["evi: expected a column of this name, found only site, date, ndvi"],
    ),
    "a column twice, once with a blank": (
        lambda t: t.assign(**{"evi ": t["evi"]}),
        ["evi: expected one column of this name, found two"],
    ),
    "a column twice, once in capitals": (
        lambda t: t.assign(NDVI=t["ndvi"]),
        ["ndvi: expected a column of this name, in these letters", "found NDVI"],
    ),
    "truth values": (
        lambda t: t.assign(ndvi=t["ndvi"] > 0.5),
        ["ndvi: expected numbers, found booleans"],
    ),
    "truth values with gaps": (
        lambda t: t.assign(ndvi=(t["ndvi"] > 0.5).astype("boolean").where(t["et"] > 1)),
        ["ndvi: expected numbers, found booleans"],
    ),
    "dates for numbers": (
        lambda t: t.assign(ndvi=t["date"]),
        ["ndvi: expected numbers, found datetime64s"],
    ),
    "a fill of nines": (put("ndvi", -999.0), ["ndvi: expected gaps left empty"]),
    "a fill with decimals": (put("et", -9999.9), ["et: expected gaps left empty"]),
    "a fill of integers": (put("precip", 32767.0), ["precip: expected gaps left"]),
    "missing date": (lambda t: t.drop(columns="date"), ["date: expected a column"]),
    "no rows": (lambda t: t.iloc[:0], ["rows: expected at least one, found none"]),
    "45 steps": (
        lambda t: t.drop(index=60),
        ["date: expected 46 steps a year and site, found 45 at F0 in 2004"],
    ),
    "45 steps everywhere": (
        lambda t: t[t["date"].dt.day_of_year < 360],
        ["found 45 at F0 in 2003 and 15 more such years"],
    ),
    "47 steps": (
        extra_step,
        ["date: expected first days of eight-day steps", "found 2003-12-31 at F0"],
    ),
    "a date twice": (
        lambda t: pd.concat([t, t.iloc[[7]]]),
        ["date: expected each date once per site, found 2003-02-26 twice at F0"],
    ),
    "days shifted by one": (
        lambda t: t.assign(date=t["date"] + pd.Timedelta("1D")),
        ["date: expected first days of eight-day steps: 1, 9, 17", "found 2003-01-02"],
    ),
    "a time of day": (
        lambda t: t.assign(date=t["date"] + pd.Timedelta("12h")),
        ["date: expected first days of eight-day steps"],
    ),
    "text for a date": (
        lambda t: t.assign(date="yesterday"),
        ["date: expected dates such as 2003-01-09, found 'yesterday' at F0"],
    ),
    "unknown tower": (
        lambda t: t.replace({"site": {"F2": "XX-Foo"}}),
        ["site: expected towers of sites.csv only", "without a tower: XX-Foo"],
    ),
    "a row without a tower": (
        lambda t: t.assign(site=t["site"].where(t.index != 5)),
        ["site: expected a tower in each row, found none in 1 rows, first in row 6"],
    ),
    "tower without predictors": (
        lambda t: t[t["site"] != "X1"],
        ["site: expected predictors of each tower of sites.csv, found none: X1"],
    ),
    "day in Celsius": (
        scale("lst_day", 1.0, -273.15),
        ["lst_day: expected K, a median from 180 to 345", "8 of 8", "in Celsius"],
    ),
    "night in Celsius at one tower": (
        celsius_at_one_tower,
        ["lst_night: expected K", "at F4 (1 of 8 towers; in Celsius or scaled?)"],
    ),
    "stored LST": (scale("lst_day", 50.0), ["lst_day: expected K", "or scaled?"]),
    "NDVI times 10,000": (
        scale("ndvi", 10_000.0),
        ["ndvi: expected 1, a median from -0.2 to 1", "scaled by 10,000?"],
    ),
    "EVI times 10,000": (
        scale("evi", 10_000.0),
        ["evi: expected 1, a median from -0.2 to 1", "scaled by 10,000?"],
    ),
    "ET in joules": (scale("et", 2.45e6), ["et: expected mm day-1", "another unit?"]),
    "negative rain": (scale("precip", -1.0), ["precip: expected mm day-1, a median"]),
    "infinite": (
        put("precip", np.inf),
        ["precip: expected finite numbers, found inf at F0 on 2004-04-22"],
    ),
    "fill value": (
        put("ndvi", -9999.0),
        ["ndvi: expected gaps left empty, found -9999 at F0 on 2004-04-22"],
    ),
    "text for numbers": (
        lambda t: t.assign(et="wet"),
        ["et: expected numbers, found"],
    ),
    "a year of gaps": (
        gaps_only,
        ["expected some value in each year and site", "gaps only at F1 in 2004"],
    ),
}
BAD_FILES = {
    "no table": (
        lambda f: (f / "predictors_8day.parquet").unlink(),
        [
            "predictors_8day.parquet: expected a table of eight-day series",
            "no such file",
        ],
    ),
    "truncated": (truncate, ["file: expected a whole Parquet file, found a damaged"]),
    "damaged pages": (damage_pages, ["expected a whole Parquet file, found a damaged"]),
    "text as Parquet": (not_parquet, ["file: expected a whole Parquet file"]),
    "no sites": (
        lambda f: (f / "sites.csv").unlink(),
        ["sites.csv: file: expected a comma-separated table", "no such file"],
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_table_stops_with_one_line(folder, case):
    change, parts = BAD_TABLES[case]
    place = place_of(folder)
    edit(folder, change)
    check_line(folder, place, parts)


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_stops_with_one_line(folder, case):
    change, parts = BAD_FILES[case]
    place = place_of(folder)
    change(folder)
    check_line(folder, place, parts)


def test_bad_csv_names_line_and_tower(tmp_path):
    folder = tower_folder(tmp_path, suffix="csv")
    path = folder / "predictors_8day.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[3, "et"] = "wet"
    table.to_csv(path, index=False)
    parts = ["predictors_8day.csv: et: expected a number, found 'wet' on line 5 (F0)"]
    check_line(folder, place_of(folder), parts)


def check_line(folder, place, parts):
    with pytest.raises(InputError) as caught:
        source_of(folder).fetch(TABLE, place, 2003)
    line = str(caught.value)
    assert "\n" not in line
    assert str(folder) in line
    for part in parts:
        assert part in line


def test_real_predictors_pass():
    if not REAL.is_dir():
        pytest.skip(f"the folder of real towers is not here: {REAL.name}")
    source, place = source_of(REAL), place_of(REAL)
    table = pd.read_parquet(REAL / "predictors_8day.parquet")
    years = table["date"].dt.year
    for year in (2001, 2008):
        images = extract(source, TABLE, place, year=year)
        for name in VARIABLES:
            there = table.loc[years == year, name]
            assert int(np.isfinite(images[name]).sum()) == there.notna().sum()
            total = np.nansum(images[name].values.astype(float))
            assert total == pytest.approx(there.sum(), rel=1e-5)
