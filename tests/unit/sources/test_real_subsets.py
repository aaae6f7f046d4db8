"""Real subsets at AU-Cum against plain arithmetic over the files, not through a reader."""

import csv
import json
from datetime import date, timedelta

import numpy as np
import pytest

from forestflux.core.names import REASONS
from tests.builders.inputs import VARIABLES
from tests.builders.paths import REAL_DATA
from tests.builders.subsets import collect, masked, towers

REAL = REAL_DATA / "modis_subsets"
SITES = towers(AU_Cum=(-33.6152, 150.7236), FI_Hyy=(61.847, 24.295))
LEAST = 0.3 * 25


@pytest.fixture(scope="module")
def real():
    if not REAL.is_dir():
        pytest.skip(f"the folder of real subsets is not here: {REAL.name}")
    return REAL


@pytest.fixture(scope="module")
def years(real, tmp_path_factory):
    """Masked years: 2003, 2004 with a leap day, 2000 and 2001 with absent composites."""
    return {
        year: masked(real, SITES, year, results=tmp_path_factory.mktemp(str(year)))
        for year in (2000, 2001, 2003, 2004)
    }


def json_images(path):
    """Pixels by day of a JSON file."""
    content = json.loads(path.read_text())
    return {image["calendar_date"]: image["data"] for image in content["subset"]}


def csv_images(path):
    """Pixels by day of a CSV file."""
    images = {}
    for row in csv.reader(path.open()):
        first = date(int(row[2][1:5]), 1, 1)
        day = first + timedelta(days=int(row[2][5:]) - 1)
        images[str(day)] = [float(word) for word in row[5:]]
    return images


def middle(pixels, side, window):
    """The window in the middle of an image that is written row by row."""
    first = (side - window) // 2
    lines = range(first, first + window)
    return [pixels[line * side + column] for line in lines for column in lines]


def days_of(year):
    return [str(date(year, 1, 1) + timedelta(days=8 * step)) for step in range(46)]


@pytest.mark.parametrize("year", [2000, 2003, 2004])
def test_et_is_the_mean_of_trusted_pixels_per_day(real, years, year):
    values = json_images(real / "Cumberland_ET_500m.json")
    codes = json_images(real / "Cumberland_ET_QC_500m.json")
    length = 366 if year % 4 == 0 else 365
    expected = []
    for step, day in enumerate(days_of(year)):
        days = 8 if step < 45 else length - 45 * 8
        pairs = zip(middle(values[day], 17, 5), middle(codes[day], 17, 5), strict=True)
        good = []
        for value, code in pairs:
            bits = int(code)
            cloud = (bits >> 3) & 3 == 1
            poor = bits & 1 == 1 or (bits >> 5) & 7 >= 4
            if value < 32761 and not cloud and not poor:
                good.append(0.1 * value / days)
        expected.append(sum(good) / len(good) if len(good) >= LEAST else np.nan)
    et = years[year]["et"].values[:, 0, 0]
    np.testing.assert_allclose(et, expected, rtol=1e-6)
    assert np.isfinite(expected).sum() > 25


def test_the_last_composite_of_a_year_is_divided_by_five_or_six_days(real, years):
    values = json_images(real / "Cumberland_ET_500m.json")
    for year, day, days in ((2003, "2003-12-27", 5), (2004, "2004-12-26", 6)):
        last = years[year]["et"].values[-1, 0, 0]
        good = [value for value in middle(values[day], 17, 5) if value < 32761]
        assert 0.1 * min(good) / days <= last <= 0.1 * max(good) / days
        assert last > 0.1 * np.mean(good) / 8


@pytest.mark.parametrize("name", ["Day", "Night"])
@pytest.mark.parametrize("year", [2000, 2001, 2003])
def test_lst_is_the_mean_of_what_is_no_fill(real, years, name, year):
    values = csv_images(real / f"Cumberland_LST_{name}_1km.csv")
    expected = []
    for day in days_of(year):
        good = [0.02 * v for v in middle(values.get(day, [0] * 81), 9, 3) if v != 0]
        expected.append(sum(good) / len(good) if len(good) >= 0.3 * 9 else np.nan)
    lst = years[year][f"lst_{name.lower()}"].values[:, 0, 0]
    np.testing.assert_allclose(lst, expected, rtol=1e-6)
    assert np.isfinite(expected).sum() > 30


def test_reasons_tell_fill_from_absent_and_quality(real, years):
    reason = years[2000]["reason"].values
    lst = VARIABLES.index("lst_day")
    # Composites begin on 18 February 2000; the first is fill alone.
    assert (reason[lst, :6, 0, 0] == REASONS.index("not_acquired")).all()
    assert reason[lst, 6, 0, 0] == REASONS.index("fill")
    # The files have QC 255 on the first dates of 2000: bit 0 says poor.
    assert reason[VARIABLES.index("et"), 0, 0, 0] == REASONS.index("low_quality")


def test_what_the_folder_lacks_is_not_acquired(years):
    for name in ("ndvi", "evi", "precip"):
        assert np.isnan(years[2003][name]).all()
        codes = years[2003]["reason"].values[VARIABLES.index(name)]
        assert (codes == REASONS.index("not_acquired")).all()


def test_another_tower_gets_nothing(years):
    for name in VARIABLES:
        assert np.isnan(years[2003][name].values[:, 1]).all()


def test_sources_say_what_is_there(real):
    _, sources = collect(real, SITES)
    rows = sources.set_index("variable")
    assert list(rows.index) == ["et", "lst_day", "lst_night"]
    assert (rows["site"] == "AU-Cum").all()
    assert rows.loc["et", "images"] == 25 * 46
    assert rows.loc["et", "quality"] == "ET_QC_500m"
    assert rows.loc["lst_day", "quality"] == "unknown"
    assert rows.loc["lst_day", "pixels"] == "9 x 9"
