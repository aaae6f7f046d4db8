"""What stops a run of subsets: one line with the file, what was expected and found."""

import json

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.sources.modis_subsets.subset_folder import list_subset_files
from forestflux.sources.modis_subsets.subset_table import read_subset_table
from tests.builders.subsets import (
    PRODUCTS,
    SUBSET_TABLE,
    collect,
    eight_days,
    place_word,
    towers,
    write_csv,
    write_json,
    write_points,
)

LAT, LON = 48.5, 7.25
ONE = towers(DE_One=(LAT, LON))
DAYS = eight_days(2003)
VALUES = np.full((46, 9, 9), 14500)


def csv_file(folder, values=VALUES, days=DAYS, band="LST_Day_1km", **options):
    place = options.pop("place", place_word(LAT, LON, values.shape[1]))
    name = options.pop("name", "a.csv")
    return write_csv(
        folder / name, "MOD11A2", band, days, values, place=place, **options
    )


def json_file(folder, change=lambda content: None):
    """A JSON file whose content is changed before it is written again."""
    path = folder / "a.json"
    write_json(path, "MOD11A2", "LST_Day_1km", DAYS, VALUES, lat=LAT, lon=LON)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def points_file(folder, stored, layer="LST_Day_1km", product="MOD11A2_061", **options):
    point = {"id": "DE-One", "lat": LAT, "lon": LON, "days": DAYS}
    point |= {"layers": {layer: stored}} | options
    return write_points(folder / "a.csv", product, [point])


def rewritten(folder, change):
    """A CSV file whose text is changed."""
    path = csv_file(folder)
    path.write_bytes(change(path.read_bytes()))


def cut_json(folder):
    json_file(folder)
    path = folder / "a.json"
    path.write_text(path.read_text()[:-700])


def latin_inside(folder):
    csv_file(folder, place="Köln")
    path = folder / "a.csv"
    path.write_bytes(path.read_bytes().decode().encode("latin-1"))


def twice(folder):
    csv_file(folder)
    csv_file(folder, VALUES + 1, name="b.csv")


def twice_in_points(folder):
    path = points_file(folder, np.full(46, 14500))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, lines[5].replace("290.0", "291.0")]) + "\n")


def other_dates_of_quality(folder):
    csv_file(folder)
    csv_file(folder, VALUES[1:] * 0, DAYS[1:], "QC_Day", name="qc.csv")


def unscaled_points(folder):
    path = points_file(folder, np.full(46, 14500))
    path.write_text(path.read_text().replace("290.0", "14500.0"))


def unscaled_et(folder):
    """Stored ET lies in the range of scaled ET: whole numbers give it away."""
    stored = np.arange(46) + 80
    path = points_file(folder, stored, "ET_500m", "MOD16A2GF_061")
    lines = path.read_text().splitlines()
    written = [
        f"{line.rpartition(',')[0]},{value:.1f}"
        for line, value in zip(lines[1:], stored, strict=True)
    ]
    path.write_text("\n".join([lines[0], *written]) + "\n")


def no_latitude(folder):
    path = points_file(folder, np.full(46, 14500))
    path.write_text(path.read_text().replace(f",{LAT},", ",,", 1))


def neither_name_nor_place(folder):
    json_file(folder, lambda c: (c.pop("latitude"), c.pop("longitude")))


def two_towers_off_the_middle(folder):
    csv_file(folder, place=place_word(LAT + 0.02, LON + 0.02, 9))


def named_elsewhere(folder):
    def change(content):
        content["header"] = "https://modis.ornl.gov/rst/api/v1/MOD11A2/DE-One/subset?"
        content["latitude"] = 10.0

    json_file(folder, change)


def drop_pixel(content):
    content["subset"][3]["data"].pop()


def shift_calendar(content):
    content["subset"][3]["calendar_date"] = "2003-01-26"


def put(key, value):
    def change(content):
        content[key] = value

    return change


# name: (what is written, words of the line in order)
FAULTS = {
    "truncated JSON": (cut_json, ["a.json: file: expected whole JSON, found damaged"]),
    "JSON cut off in its header": (
        lambda f: (f / "a.json").write_text('{"xllcorner": "139'),
        ["a.json: file: expected readable JSON, found Unterminated string"],
    ),
    "text that is not CSV": (
        lambda f: (f / "a.csv").write_text("<!doctype html>\n<p>Sign in"),
        ["a.csv: file: expected ORNL subset CSV or JSON", "'<!doctype html>'"],
    ),
    "empty file": (
        lambda f: (f / "a.csv").write_text(""),
        ["a.csv: file: expected ORNL", "found an empty file"],
    ),
    "semicolons": (
        lambda f: rewritten(f, lambda b: b.replace(b",", b";")),
        ["a.csv: file: expected ORNL", "found fields with ';' between them"],
    ),
    "another encoding": (
        latin_inside,
        ["a.csv: encoding: expected UTF-8, found byte 0xf6 at position"],
    ),
    "UTF-16": (
        lambda f: rewritten(f, lambda b: b.decode().encode("utf-16")),
        ["a.csv: encoding: expected UTF-8, found byte 0xff at position 0"],
    ),
    "mixed encodings": (
        lambda f: rewritten(f, lambda b: b + b.replace(b"Lat", b"L\xe4t")),
        ["a.csv: encoding: expected UTF-8, found byte 0xe4"],
    ),
    "a row cut off": (
        lambda f: rewritten(f, lambda b: b[:-60]),
        ["a.csv: LST_Day_1km: expected 81 pixels (9 x 9), found 7", "in image 46"],
    ),
    "no square": (
        lambda f: rewritten(f, lambda b: b.replace(b",14500.0", b"", 1)),
        ["a.csv: LST_Day_1km: expected 81 pixels (9 x 9), found 80 in image 1"],
    ),
    "no square of a named place": (
        lambda f: csv_file(f, VALUES[:, :8], place="DE-One"),
        ["a.csv: LST_Day_1km: expected 64 pixels (8 x 8), found 72"],
    ),
    "a pixel less than nrows x ncols": (
        lambda f: json_file(f, drop_pixel),
        ["a.json: LST_Day_1km: expected 81 pixels (9 x 9), found 80 in image 4"],
    ),
    "no size": (
        lambda f: json_file(f, lambda c: c.pop("nrows")),
        ["a.json: nrows: expected a count, found None"],
    ),
    "no images": (
        lambda f: json_file(f, put("subset", [])),
        ["a.json: subset: expected images, found none"],
    ),
    "a size that is infinite": (
        lambda f: json_file(f, put("nrows", float("inf"))),
        ["a.json: nrows: expected a count, found inf"],
    ),
    "images that are words": (
        lambda f: json_file(f, put("subset", ["A2003009"])),
        ["a.json: subset: expected images, found something else"],
    ),
    "pixels in one text": (
        lambda f: json_file(f, lambda c: c["subset"][0].update(data="1" * 81)),
        ["a.json: LST_Day_1km: expected a list of pixels in image 1, found str"],
    ),
    "no pixels but a number": (
        lambda f: json_file(f, lambda c: c["subset"][0].update(data=5)),
        ["a.json: LST_Day_1km: expected a list of pixels in image 1, found int"],
    ),
    "a list": (
        lambda f: (f / "a.json").write_text('["{", {"subset": [], "nrows": 1}]'),
        ["a.json: file: expected"],
    ),
    "a field without an end": (
        lambda f: rewritten(f, lambda b: b + b'"' + b"1" * 200_000),
        ["a.csv: file: expected comma-separated rows, found field larger than"],
    ),
    "no product": (
        lambda f: json_file(f, put("header", "")),
        ["a.json: product: expected a key 'product' or the address"],
    ),
    "another grid": (
        lambda f: json_file(f, put("cellsize", 463.3)),
        ["a.json: cellsize: expected 926.625 m, as MOD11A2 has, found 463.3"],
    ),
    "two dates of one image": (
        lambda f: json_file(f, shift_calendar),
        [
            "a.json: calendar_date: expected 2003-01-25, as A2003025 is, found 2003-01-26"
        ],
    ),
    "no date": (
        lambda f: rewritten(f, lambda b: b.replace(b",A2003009,", b",9 Jan,")),
        ["a.csv: date: expected such as A2003009, found '9 Jan'"],
    ),
    "a day that the year does not have": (
        lambda f: rewritten(f, lambda b: b.replace(b",A2003009,", b",A2003366,")),
        ["a.csv: date: expected such as A2003009, found 'A2003366'"],
    ),
    "day zero": (
        lambda f: rewritten(f, lambda b: b.replace(b",A2003009,", b",A2003000,")),
        ["a.csv: date: expected such as A2003009, found 'A2003000'"],
    ),
    "a day between composites": (
        lambda f: csv_file(f, VALUES[:1], DAYS[:1] + 3),
        ["a.csv: date: expected first days of composites", "found 2003-01-04"],
    ),
    "text for pixels": (
        lambda f: rewritten(f, lambda b: b.replace(b"14500.0", b"warm", 1)),
        ["a.csv: pixels: expected numbers", "'warm' on line 1"],
    ),
    "fractions": (
        lambda f: rewritten(f, lambda b: b.replace(b"14500.0", b"290.02")),
        ["a.csv: LST_Day_1km: expected stored integers, found 290.02"],
    ),
    "beyond the type": (
        lambda f: csv_file(f, VALUES * 5),
        ["a.csv: LST_Day_1km: expected uint16 from 0 to 65535, found 72500"],
    ),
    "two values of one date": (
        twice,
        ["b.csv: MOD11A2 LST_Day_1km: expected each composite once", "2003-01-01 and"],
    ),
    "two values of one date and point": (
        twice_in_points,
        [
            "a.csv: MOD11A2 LST_Day_1km: expected each composite once",
            "2003-02-02 twice",
        ],
    ),
    "quality of other dates": (
        other_dates_of_quality,
        [
            "qc.csv: MOD11A2 QC_Day: expected an image of each date of a.csv",
            "2003-01-01",
        ],
    ),
    "no coordinates": (
        neither_name_nor_place,
        ["a.json: latitude, longitude: expected coordinates or the name of a tower"],
    ),
    "an unknown name without coordinates": (
        lambda f: csv_file(f, place="XX-Foo"),
        ["a.csv: latitude, longitude: expected coordinates", "the name XX-Foo"],
    ),
    "no coordinates of a point": (
        no_latitude,
        ["a.csv: Latitude: expected a number, found an empty cell on line 2"],
    ),
    "a named tower elsewhere": (
        named_elsewhere,
        [
            "a.json: latitude, longitude: expected DE-One at 48.5, 7.25",
            "around 10, 7.25",
        ],
    ),
    "points that are not scaled": (
        unscaled_points,
        ["a.csv: MOD11A2_061_LST_Day_1km: expected values scaled by AppEEARS", "14500"],
    ),
    "ET that is not scaled": (
        unscaled_et,
        ["a.csv: MOD16A2GF_061_ET_500m: expected values scaled", "whole numbers only"],
    ),
    "text in points": (
        lambda f: points_file(f, np.full(46, 14500)).write_text(
            (f / "a.csv").read_text().replace("290.0", "n.a.", 1)
        ),
        ["a.csv: MOD11A2_061_LST_Day_1km: expected a number, found 'n.a.' on line 2"],
    ),
    "no date of a point": (
        lambda f: points_file(f, np.full(46, 14500)).write_text(
            (f / "a.csv").read_text().replace("2003-01-09", "9.1.2003")
        ),
        ["a.csv: Date: expected dates such as 2003-01-09, found '9.1.2003' on line 3"],
    ),
    "no tower at all": (
        lambda f: csv_file(f, place=place_word(10.0, 7.25, 9)),
        ["towers.subsets: expected a file (ORNL", "found none among 1 files"],
    ),
    "another product alone": (
        lambda f: write_csv(
            f / "a.csv", "MOD15A2H", "Lai_500m", DAYS, VALUES, place="DE-One"
        ),
        ["towers.subsets: expected a file", "found none among 1 files"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line_with_the_file(tmp_path, name):
    write, words = FAULTS[name]
    write(tmp_path)
    with pytest.raises(InputError) as caught:
        collect(tmp_path, ONE)
    line = str(caught.value)
    assert "\n" not in line
    assert str(tmp_path) in line
    position = 0
    for word in words:
        position = line.index(word, position)


def test_two_towers_in_a_window_without_a_name_are_a_fault(tmp_path):
    two_towers_off_the_middle(tmp_path)
    sites = towers(DE_One=(LAT, LON), DE_Two=(LAT + 0.01, LON))
    with pytest.raises(InputError, match=r"one tower in the window.*DE-One, DE-Two"):
        collect(tmp_path, sites)


def test_names_of_two_towers_are_a_fault(tmp_path):
    points_file(tmp_path, np.full(46, 14500), category="DE-Two")
    sites = towers(DE_One=(LAT, LON), DE_Two=(LAT + 0.01, LON))
    with pytest.raises(InputError, match="site: expected the name of one tower"):
        collect(tmp_path, sites)


def test_a_folder_that_is_not_there_and_an_empty_one_are_named(tmp_path):
    with pytest.raises(InputError, match=r"towers.subsets: .* found no such folder"):
        list_subset_files(str(tmp_path / "none"))
    (tmp_path / ".hidden").touch()
    with pytest.raises(InputError, match=r"towers.subsets: .* found an empty folder"):
        list_subset_files(str(tmp_path))
    assert list_subset_files(None) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rain: {layers: []}", "rain: expected one of ndvi"),
        (
            "et: {layers: [], scale: 1}",
            "et.scale: expected one of layers.* unknown key",
        ),
        (
            "et: {layers: [{products: [A], tier: 1}]}",
            "et.layers.0.tier: expected one of products.*unknown key",
        ),
        ("et: {layers: [", "file: expected readable YAML"),
    ],
)
def test_a_table_of_layers_is_checked(tmp_path, text, line):
    path = tmp_path / "subsets.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=line):
        read_subset_table(path, PRODUCTS)
    assert set(SUBSET_TABLE.variables) < set(PRODUCTS.variables)
