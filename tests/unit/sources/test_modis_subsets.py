"""Subsets in every layout: values, windows, quality, matching, mixes with a table."""

import logging

import numpy as np
import pytest

from forestflux.core.grids.places import TowerPlace
from forestflux.core.input_errors import InputError
from forestflux.core.names import REASONS
from forestflux.prepare.masking import stored_reason
from forestflux.sources.sinusoidal import project_sinusoidal
from forestflux.sources.tower_files import FilesSource
from forestflux.towers.tower_tables import read_sites
from tests.builders.subsets import (
    PIXEL_M,
    PRODUCTS,
    SUBSET_TABLE,
    collect,
    eight_days,
    layers_table,
    masked,
    place_word,
    sixteen_days,
    towers,
    write_csv,
    write_json,
    write_points,
)
from tests.builders.tower_folders import tower_folder

LAT, LON = 48.5, 7.25
ONE = towers(DE_One=(LAT, LON))
DAYS = eight_days(2003)
RNG = np.random.default_rng(7)
LST = RNG.integers(14000, 15500, (46, 9, 9))
NDVI = RNG.integers(2000, 9000, (46, 17, 17))


def codes_of(data, name, site=0):
    return data["reason"].values[data.attrs["variables"].index(name), :, site, 0]


def lst_file(path, values=LST, days=DAYS, band="LST_Day_1km", place=None, **options):
    """An ORNL CSV file of MOD11A2."""
    word = place or place_word(LAT, LON, values.shape[1])
    return write_csv(path, "MOD11A2", band, days, values, place=word, **options)


def test_csv_json_and_points_give_the_same_numbers(tmp_path):
    flat = np.repeat(LST[:, 4, 4], 81).reshape(46, 9, 9)
    lst_file(tmp_path / "csv/a.txt", flat)
    write_json(
        tmp_path / "json/b", "MOD11A2", "LST_Day_1km", DAYS, flat, lat=LAT, lon=LON
    )
    point = {"lat": LAT, "lon": LON, "days": DAYS}
    point["layers"] = {"LST_Day_1km": LST[:, 4, 4]}
    write_points(tmp_path / "points/c.csv", "MOD11A2_061", [point])
    parts = [collect(tmp_path / kind, ONE)[0] for kind in ("csv", "json", "points")]
    for images in parts:
        expected = np.repeat(LST[:, 4, 4], 9).reshape(46, 3, 3)
        np.testing.assert_array_equal(images["lst_day"], expected)
        assert images["lst_day"].dtype == "uint16"
        days = images["time_lst_day"].values.astype("datetime64[D]")
        np.testing.assert_array_equal(days, DAYS)


def test_the_window_is_the_middle_of_the_file(tmp_path):
    lst_file(tmp_path / "a.csv")
    images, _ = collect(tmp_path, ONE)
    np.testing.assert_array_equal(images["lst_day"], LST[:, 3:6, 3:6])


def test_a_tower_off_the_middle_has_its_own_pixels(tmp_path):
    x, y = project_sinusoidal(LAT, LON)
    size = PIXEL_M["A2"]
    north = towers(DE_One=(LAT + 0.0084 * 2, LON))  # two pixels of 926 m
    moved = project_sinusoidal(LAT + 0.0084 * 2, LON)
    column = 4 + round((moved[0] - x) / size)
    lst_file(tmp_path / "plain/a.csv")
    corner = (x - 4.5 * size, y - 4.5 * size)
    write_json(
        tmp_path / "corner/a.json",
        "MOD11A2",
        "LST_Day_1km",
        DAYS,
        LST,
        lat=LAT,
        lon=LON,
        corner=corner,
        cell_m=size,
    )
    for kind in ("plain", "corner"):
        images, _ = collect(tmp_path / kind, north)
        part = LST[:, 1:4, column - 1 : column + 2]
        np.testing.assert_array_equal(images["lst_day"], part)


@pytest.mark.parametrize(
    ("grid", "side", "expected"),
    [
        # pixels of 250 m: every second one lies under a pixel of 500 m
        ("Q1", 33, lambda v: v[:, 12:21:2, 12:21:2]),
        ("A1", 17, lambda v: v[:, 6:11, 6:11]),
        # pixels of 1 km: those under the centres of five pixels of 500 m
        ("A2", 9, lambda v: v[:, [3, 4, 4, 4, 5]][:, :, [3, 4, 4, 4, 5]]),
        ("A1", 1, lambda v: np.repeat(np.repeat(v, 5, 1), 5, 2)),
    ],
    ids=["250 m", "500 m", "1 km", "one pixel"],
)
def test_alternates_cover_the_same_ground(tmp_path, grid, side, expected):
    band = {"Q1": "250m", "A1": "500m", "A2": "1_km"}[grid] + "_16_days_NDVI"
    days = sixteen_days(2003)
    values = RNG.integers(2000, 9000, (len(days), side, side))
    place = place_word(LAT, LON, side)
    write_csv(tmp_path / "a.csv", f"MOD13{grid}", band, days, values, place=place)
    images, sources = collect(tmp_path, ONE)
    np.testing.assert_array_equal(images["ndvi"], expected(values))
    assert sources["product"].tolist() == [f"MOD13{grid}"]


def vegetation(folder, product, days, values, quality=None, detail=None):
    """NDVI of one product with its quality layers, as JSON."""
    layers = {"NDVI": values, "pixel_reliability": quality, "VI_Quality": detail}
    for name, layer in layers.items():
        if layer is not None:
            band = f"500m_16_days_{name}"
            path = folder / f"{product}_{name}.json"
            write_json(path, product, band, days, layer, lat=LAT, lon=LON)


def test_terra_and_aqua_fill_the_calendar_together(tmp_path):
    for product, aqua in (("MOD13A1", False), ("MYD13A1", True)):
        days = sixteen_days(2003, aqua=aqua)
        values = NDVI[int(aqua) :: 2]
        vegetation(tmp_path, product, days, values, np.zeros(values.shape, int))
    data = masked(tmp_path, ONE, 2003, results=tmp_path / "results")
    expected = 0.0001 * NDVI[:, 6:11, 6:11].mean(axis=(1, 2))
    np.testing.assert_allclose(data["ndvi"].values[:, 0, 0], expected, rtol=1e-6)
    _, sources = collect(tmp_path, ONE)
    assert sources["product"].tolist() == ["MOD13A1", "MYD13A1"]
    assert sources["images"].tolist() == [23, 23]


def test_one_satellite_alone_leaves_every_second_step_absent(tmp_path):
    values = NDVI[::2]
    vegetation(tmp_path, "MOD13A1", sixteen_days(2003), values)
    data = masked(tmp_path, ONE, 2003, results=tmp_path / "results")
    assert np.isfinite(data["ndvi"].values[::2]).all()
    assert (codes_of(data, "ndvi")[1::2] == REASONS.index("not_acquired")).all()


def test_reliability_and_its_bits_mask_the_same_pixels(tmp_path):
    days, shape = sixteen_days(2003), (23, 17, 17)
    values = NDVI[:23]
    reliability = RNG.integers(0, 4, shape)
    # VI_Quality: bits 0-1 MODLAND, bit 14 snow; other bits say what is not asked.
    detail = np.select(
        [reliability == 3, reliability == 2, reliability == 1],
        [0b0000100001000010, 0b0100100001000001, 0b0000100001000001],
        default=0b0000100001000000,
    )
    vegetation(tmp_path / "rank", "MOD13A1", days, values, quality=reliability)
    vegetation(tmp_path / "bits", "MOD13A1", days, values, detail=detail)
    parts = [
        masked(tmp_path / kind, ONE, 2003, results=tmp_path / f"results_{kind}")
        for kind in ("rank", "bits")
    ]
    window = reliability[:, 6:11, 6:11]
    good = (window < 2).sum(axis=(1, 2))
    total = np.where(window < 2, values[:, 6:11, 6:11], 0).sum(axis=(1, 2))
    mean = np.where(good >= 0.3 * 25, 0.0001 * total / np.maximum(good, 1), np.nan)
    for data in parts:
        np.testing.assert_allclose(data["ndvi"].values[::2, 0, 0], mean, rtol=1e-6)
    assert parts[0].equals(parts[1])


@pytest.mark.parametrize("variable", SUBSET_TABLE.variables)
def test_no_rule_holds_for_unknown_quality(variable):
    entry = SUBSET_TABLE.variables[variable]
    rules = PRODUCTS.column("tower")[variable].mask
    low, high = rules.valid
    stored = np.array([[[(low + high) // 2]]])
    code = np.full(stored.shape, entry.quality_unknown)
    absent = entry.stored.absent
    assert stored_reason(stored, code, rules, absent=absent).item() == 0


def test_layers_of_every_variable_are_told_apart():
    words = [
        (product, layer["band"])
        for entry in layers_table().values()
        for layer in entry["layers"]
        for product in layer["products"]
    ]
    assert len(words) == len(set(words))


def test_without_a_quality_layer_ranges_decide_and_the_log_says_so(tmp_path, caplog):
    days, values = eight_days(2003), np.full((46, 17, 17), 120)
    values[3] = 32764
    write_json(
        tmp_path / "et.json", "MOD16A2GF", "ET_500m", days, values, lat=LAT, lon=LON
    )
    with caplog.at_level(logging.INFO):
        data = masked(tmp_path, ONE, 2003, results=tmp_path / "results")
    et = data["et"].values[:, 0, 0]
    np.testing.assert_allclose(et[[0, -1]], [12 / 8, 12 / 5], rtol=1e-6)
    assert codes_of(data, "et")[3] == REASONS.index("fill")
    assert "quality unknown: et: no quality layer at DE-One" in caplog.text
    assert "missing: lst_day: no tower has a file of it" in caplog.text


def test_lst_quality_tells_why_there_is_no_value(tmp_path):
    values, codes = LST.copy(), np.zeros(LST.shape, int)
    values[2], codes[2] = 0, 0b10
    codes[5] = 0b10000001  # an error of 2 to 3 K
    lst_file(tmp_path / "lst.csv", values)
    lst_file(tmp_path / "qc.csv", codes, band="QC_Day")
    data = masked(tmp_path, ONE, 2003, results=tmp_path / "results")
    reasons = codes_of(data, "lst_day")
    assert reasons[2] == REASONS.index("cloud")
    assert reasons[5] == REASONS.index("low_quality")
    assert (np.delete(reasons, [2, 5]) == 0).all()


def test_of_two_processings_the_later_counts(tmp_path):
    lst_file(tmp_path / "b_old.csv", LST[:20] + 40, DAYS[:20], stamp="2015001000000")
    lst_file(tmp_path / "a_new.csv", LST, stamp="2020045130158")
    images, sources = collect(tmp_path, ONE)
    np.testing.assert_array_equal(images["lst_day"], LST[:, 3:6, 3:6])
    assert sources["files"].tolist() == [2]


def test_bands_of_one_csv_and_parts_of_a_year_come_together(tmp_path):
    path = lst_file(tmp_path / "all.csv", LST[:10], DAYS[:10])
    lst_file(path, LST[:10] - 500, DAYS[:10], band="LST_Night_1km", mode="a")
    lst_file(tmp_path / "rest.csv", LST[10:], DAYS[10:])
    images, _ = collect(tmp_path, ONE)
    np.testing.assert_array_equal(images["lst_day"], LST[:, 3:6, 3:6])
    np.testing.assert_array_equal(images["lst_night"], LST[:10, 3:6, 3:6] - 500)


def test_unordered_dates_are_put_in_order_and_logged(tmp_path, caplog):
    order = RNG.permutation(46)
    lst_file(tmp_path / "a.csv", LST[order], DAYS[order])
    with caplog.at_level(logging.INFO):
        images, _ = collect(tmp_path, ONE)
    np.testing.assert_array_equal(images["lst_day"], LST[:, 3:6, 3:6])
    assert f"out of order: {tmp_path / 'a.csv'}" in caplog.text


def test_points_are_turned_back_into_stored_integers(tmp_path):
    et = RNG.integers(0, 700, 46)
    et[:7] = range(32761, 32768)
    lst = LST[:, 0, 0].copy()
    lst[4] = 0
    ndvi = NDVI[:23, 0, 0].copy()
    ndvi[6] = -3000
    place = {"id": "DE-One", "lat": LAT, "lon": LON}
    for prefix, days, layers in (
        ("MOD16A2GF_061", DAYS, {"ET_500m": et, "ET_QC_500m": np.zeros(46, int)}),
        ("MOD11A2_061", DAYS, {"LST_Day_1km": lst, "QC_Day": np.full(46, 65)}),
        ("MOD13A1_061", DAYS[::2], {"500m_16_days_NDVI": ndvi}),
    ):
        point = place | {"days": days, "layers": layers}
        write_points(tmp_path / f"{prefix}.csv", prefix, [point])
    images, sources = collect(tmp_path, ONE)
    for name, stored in (("et", et), ("lst_day", lst), ("ndvi", ndvi)):
        np.testing.assert_array_equal(images[name].values[:, 0, 0], stored)
    assert (images["lst_day_quality"].values == 65).all()
    unknown = sources.set_index("variable")["quality"].to_dict()
    assert unknown == {"ndvi": "unknown", "et": "ET_QC_500m", "lst_day": "QC_Day"}


def test_points_are_matched_by_id_then_category_then_place(tmp_path):
    sites = towers(DE_A=(48, 7), DE_B=(49, 8), DE_C=(50, 9), DE_D=(51, 10))
    points = [
        {"id": "DE-A", "lat": 48.0, "lon": 7.0},
        {"id": "4343", "category": "DE-B", "lat": 49.0, "lon": 8.0},
        {"id": "p3", "lat": 50.004, "lon": 9.0},
        {"id": "far", "lat": 20.0, "lon": 9.0},
    ]
    for number, point in enumerate(points):
        stored = np.full(46, 14000 + number)
        point |= {"days": DAYS, "layers": {"LST_Day_1km": stored}}
    write_points(tmp_path / "a.csv", "MOD11A2_061", points)
    images, sources = collect(tmp_path, sites)
    first = images["lst_day"].values.reshape(46, 4, 3, 3)[0, :, 0, 0]
    assert first.tolist() == [14000, 14001, 14002, 1]
    assert sources["site"].tolist() == ["DE-A", "DE-B", "DE-C"]


def test_of_several_points_at_a_tower_the_nearest_counts(tmp_path, caplog):
    points = [
        {
            "id": str(number),
            "category": "DE-One",
            "lat": LAT + 0.004 * number,
            "lon": LON,
            "days": DAYS,
            "layers": {"LST_Day_1km": np.full(46, 14000 + number)},
        }
        for number in (2, 0, 1)
    ]
    write_points(tmp_path / "a.csv", "MOD11A2_061", points)
    with caplog.at_level(logging.INFO):
        images, _ = collect(tmp_path, ONE)
    assert (images["lst_day"].values == 14000).all()
    assert caplog.text.count("another file lies nearer") == 2


def test_a_name_counts_before_coordinates(tmp_path):
    close = towers(DE_One=(LAT, LON), DE_Two=(LAT + 0.002, LON))
    lst_file(tmp_path / "a.csv", place="DE-Two")
    write_json(
        tmp_path / "b.json",
        "MOD11A2",
        "LST_Night_1km",
        DAYS,
        LST,
        lat=LAT,
        lon=LON,
        site="FLUXNET/DE-Two",
    )
    _, sources = collect(tmp_path, close)
    assert set(sources["site"]) == {"DE-Two"}


def test_towers_in_one_pixel_share_a_file(tmp_path):
    close = towers(DE_One=(LAT, LON), DE_Two=(LAT + 0.002, LON), DE_Far=(LAT + 1, LON))
    lst_file(tmp_path / "a.csv")
    _, sources = collect(tmp_path, close)
    assert sources["site"].tolist() == ["DE-One", "DE-Two"]


def test_longitudes_may_cross_the_date_line(tmp_path):
    sites = towers(FJ_One=(-17.0, 179.999))
    lst_file(tmp_path / "a.csv", place=place_word(-17.0, -180.0, 9))
    images, _ = collect(tmp_path, sites)
    np.testing.assert_array_equal(images["lst_day"], LST[:, 3:6, 3:6])


def test_companions_of_a_download_are_listed_and_left(tmp_path, caplog):
    lst_file(tmp_path / "a.csv")
    (tmp_path / "README.md").write_text("# AppEEARS\n")
    (tmp_path / "request.json").write_text('{"task_name": "towers"}')
    (tmp_path / "statistics.csv").write_text("File,Mean\na,1\n")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    lst_file(tmp_path / "clear.csv", band="Clear_sky_days")
    with caplog.at_level(logging.INFO):
        images, _ = collect(tmp_path, ONE)
    assert set(images.data_vars) == {"lst_day", "lst_day_quality"}
    for name in ("README.md", "request.json", "statistics.csv", "picture.png"):
        assert f"not used: {tmp_path / name}: no subset" in caplog.text
    assert "no variable takes MOD11A2 Clear_sky_days" in caplog.text


def test_images_of_other_towers_are_refused(tmp_path):
    lst_file(tmp_path / "subsets/a.csv")
    masked(tmp_path / "subsets", ONE, 2003, results=tmp_path / "results")
    manifest = tmp_path / "results/subsets/subsets.json"
    place = TowerPlace(towers(DE_Two=(LAT, LON)))
    with pytest.raises(InputError, match="site: expected the towers of the run"):
        FilesSource(None, subsets=manifest).fetch({"lst_day": {}}, place, 2003)


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = lst_file(tmp_path / "a.csv")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    images, _ = collect(tmp_path, ONE)
    np.testing.assert_array_equal(images["lst_day"], LST[:, 3:6, 3:6])


def test_subsets_win_where_they_hold_a_variable_and_the_table_gives_the_rest(tmp_path):
    tables = tower_folder(tmp_path / "tables", forest=2, other=0, years=(2003,))
    sites = read_sites(tables / "sites.csv")
    lat, lon = sites.loc[0, ["lat", "lon"]]
    place = place_word(lat, lon, 9)
    lst_file(tmp_path / "subsets/a.csv", place=place)
    results = tmp_path / "results"
    data = masked(tmp_path / "subsets", sites, 2003, results=results, tables=tables)
    own = 0.02 * LST[:, 3:6, 3:6].mean(axis=(1, 2))
    np.testing.assert_allclose(data["lst_day"].values[:, 0, 0], own, rtol=1e-6)
    # The second tower has no file: its LST is a gap although the table has it.
    assert np.isnan(data["lst_day"].values[:, 1]).all()
    for name in ("lst_night", "precip", "et"):
        assert np.isfinite(data[name].values).sum() > 50
