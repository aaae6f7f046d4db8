"""Sums of one table by year and month: every resolution, every trait of the files."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.towers.fluxnet.packed_files import PackedFile
from forestflux.towers.fluxnet.period_sums import sum_by_period
from tests.builders.fluxnet_files import CARBON, half_hours, table_of

NEEDED = ("GPP_NT_VUT_REF", "NEE_VUT_REF", "RECO_NT_VUT_REF")
QUALITY = "NEE_VUT_REF_QC"
YEARS = (2003, 2004)  # a year and a leap year
RESOLUTIONS = ("YY", "MM", "WW", "DD", "HH", "HR")


@pytest.fixture(scope="module")
def hours():
    return {30: half_hours(YEARS, seed=5), 60: half_hours(YEARS, seed=5, minutes=60)}


def write(path, table, *, line_end="\n"):
    text = table.fillna(-9999).to_csv(index=False, lineterminator=line_end)
    path.write_text(text, newline="")
    return PackedFile(path)


def sums(file, resolution, **changes):
    options = {"needed": NEEDED, "quality": QUALITY, "unit": "Y"} | changes
    return sum_by_period(file, resolution=resolution, **options)


def truth(hours, flux, year):
    """The annual sum by plain arithmetic over half hours."""
    rows = hours[hours.index.year == year]
    seconds = (hours.index[1] - hours.index[0]).total_seconds()
    return float(sum(rows[flux].tolist()) * CARBON * seconds)


@pytest.mark.parametrize("resolution", RESOLUTIONS)
def test_every_resolution_gives_the_annual_sum(tmp_path, hours, resolution):
    source = hours[60 if resolution == "HR" else 30]
    file = write(tmp_path / "a.csv", table_of(resolution, source))
    found = sums(file, resolution)
    assert found.years.tolist() == list(YEARS)
    for row, year in enumerate(YEARS):
        for column, flux in enumerate(("gpp", "nee", "reco")):
            expected = truth(source, flux, year)
            assert found.sums[row, column] == pytest.approx(expected, rel=1e-9)
        good = source.loc[source.index.year == year, "quality"].le(1).mean()
        assert found.good[row] == pytest.approx(good, abs=1e-9)
    np.testing.assert_allclose(found.shares, 1)
    assert not found.zero.any()


def test_leap_years_have_a_day_more(tmp_path, hours):
    table = table_of("DD", hours[30]).assign(GPP_NT_VUT_REF=2.0)
    found = sums(write(tmp_path / "a.csv", table), "DD")
    assert found.sums[:, 0].tolist() == pytest.approx([730, 732])
    monthly = table_of("MM", hours[30]).assign(GPP_NT_VUT_REF=2.0)
    found = sums(write(tmp_path / "b.csv", monthly), "MM")
    assert found.sums[:, 0].tolist() == pytest.approx([730, 732])


@pytest.mark.parametrize("line_end", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize("resolution", ["YY", "DD"])
def test_line_ends_do_not_matter(tmp_path, hours, resolution, line_end):
    table = table_of(resolution, hours[30])
    expected = sums(write(tmp_path / "a.csv", table), resolution)
    found = sums(write(tmp_path / "b.csv", table, line_end=line_end), resolution)
    np.testing.assert_array_equal(found.sums, expected.sums)


@pytest.mark.slow
@pytest.mark.parametrize("stamp", ["TIMESTAMP_START", "TIMESTAMP_END"])
@pytest.mark.parametrize("resolution", ["HH", "HR"])
def test_half_hours_may_tell_start_or_end_alone(tmp_path, hours, resolution, stamp):
    source = hours[60 if resolution == "HR" else 30]
    other = {"TIMESTAMP_START", "TIMESTAMP_END"} - {stamp}
    table = table_of(resolution, source)
    expected = sums(write(tmp_path / "a.csv", table), resolution)
    found = sums(write(tmp_path / "b.csv", table.drop(columns=other)), resolution)
    assert found.years.tolist() == list(YEARS)
    np.testing.assert_allclose(found.sums, expected.sums)


def test_hours_in_a_file_of_half_hours_are_known_by_their_ends(tmp_path, hours):
    table = table_of("HH", hours[60])
    found = sums(write(tmp_path / "a.csv", table), "HH")
    assert found.sums[0, 0] == pytest.approx(truth(hours[60], "gpp", 2003))


def test_a_week_across_the_year_belongs_to_both(tmp_path):
    table = pd.DataFrame(
        {
            "TIMESTAMP_START": [20031225, 20040101],
            "TIMESTAMP_END": [20031231, 20040107],
            **dict.fromkeys(NEEDED, 1.0),
            QUALITY: 1.0,
        }
    )
    table["TIMESTAMP_START"] = [20031229, 20040105]
    table["TIMESTAMP_END"] = [20040104, 20040111]
    found = sums(write(tmp_path / "a.csv", table), "WW")
    days = found.shares[:, 0] * [365, 366]
    assert days.tolist() == pytest.approx([3, 11])


def test_missing_days_count_as_the_mean_of_the_rest_and_are_told(tmp_path, hours):
    table = table_of("DD", hours[30])
    table["GPP_NT_VUT_REF"] = 2.0
    gone = table["TIMESTAMP"].str.startswith("200301")
    table.loc[gone, "GPP_NT_VUT_REF"] = np.nan
    found = sums(write(tmp_path / "a.csv", table), "DD")
    assert found.shares[0].tolist() == pytest.approx([334 / 365] * 3)
    assert found.sums[0, 0] == pytest.approx(730)
    # NEE counts on the same days as GPP, so that the year closes.
    assert found.sums[0, 2] == pytest.approx(
        365
        * table.loc[~gone & table["TIMESTAMP"].str.startswith("2003"), NEEDED[2]].mean()
    )


def test_spellings_of_the_fill_value_are_gaps(tmp_path):
    rows = ["-9999", "-9999.0", "-9999.9", "", "NaN", "-9999.0000000001"]
    rows += ["-6999", "-999", "-999.9", "-99999"]
    lines = [f"200301{i + 1:02d},{text},1,1,1" for i, text in enumerate(rows)]
    path = tmp_path / "a.csv"
    header = ",".join(("TIMESTAMP", *NEEDED, QUALITY))
    path.write_text("\n".join([header, *lines, "20030131,3,1,1,1"]) + "\n")
    found = sums(PackedFile(path), "DD")
    assert found.shares[0, 0] == pytest.approx(1 / 365)
    assert found.sums[0, 0] == pytest.approx(3 * 365)


def test_columns_of_zeros_and_columns_of_gaps_are_told_apart(tmp_path, hours):
    table = table_of("DD", hours[30])
    table["GPP_DT_VUT_REF"] = 0.0
    table["RECO_DT_VUT_REF"] = -9999
    found = sums(
        write(tmp_path / "a.csv", table),
        "DD",
        further=("GPP_DT_VUT_REF", "RECO_DT_VUT_REF"),
    )
    assert found.zero[:, 3].all()
    assert not found.zero[:, [0, 1, 2, 4]].any()
    assert np.isnan(found.sums[:, 4]).all()
    assert (found.shares[:, 4] == 0).all()


def test_a_first_and_last_year_may_be_partial(tmp_path, hours):
    table = table_of("HH", hours[30])
    kept = table["TIMESTAMP_START"].between("200307010000", "200403010000")
    found = sums(write(tmp_path / "a.csv", table[kept]), "HH")
    assert found.shares[:, 0] == pytest.approx([184 / 365, 60 / 366], abs=1e-4)


def test_flags_and_shares_of_quality_are_told_apart(tmp_path, hours):
    for resolution, value, line in (
        ("HH", 0.5, "expected a flag 0, 1, 2 or 3, found 0.5"),
        ("DD", 95.0, "expected a share from 0 to 1, found 95"),
    ):
        table = table_of(resolution, hours[30].iloc[:4800])
        table = table.astype({QUALITY: float})
        table.loc[3, QUALITY] = value
        with pytest.raises(InputError, match=f"{QUALITY}: {line}"):
            sums(write(tmp_path / "a.csv", table), resolution)


def test_a_quality_that_is_missing_is_not_good(tmp_path, hours):
    table = table_of("DD", hours[30])
    table[QUALITY] = 1.0
    table.loc[:72, QUALITY] = np.nan
    found = sums(write(tmp_path / "a.csv", table), "DD")
    assert found.good[0] == pytest.approx(292 / 365)


@pytest.mark.slow
def test_order_is_kept_across_the_pieces_of_a_long_file(tmp_path, hours):
    table = table_of("HH", hours[30])
    wide = pd.concat(
        [table, pd.DataFrame(1.25, table.index, [f"X{i}" for i in range(20)])], axis=1
    )
    file = write(tmp_path / "a.csv", wide)
    assert file.path.stat().st_size > 5 << 20
    found = sums(file, "HH")
    assert found.sums[1, 0] == pytest.approx(truth(hours[30], "gpp", 2004))
    turned = pd.concat([wide.iloc[20_000:], wide.iloc[:20_000]])
    with pytest.raises(InputError, match="each time stamp once and in order"):
        sums(write(tmp_path / "b.csv", turned), "HH")


def swap(table, one=4, other=5):
    table = table.copy()
    table.loc[[one, other], "TIMESTAMP"] = table.loc[[other, one], "TIMESTAMP"].values
    return table


def put(column, value, row=4):
    def change(table):
        table = table.astype({column: object})
        table.loc[row, column] = value
        return table

    return change


# name: (what is done to a daily table, parts of the line)
BAD = {
    "a day twice": (
        lambda t: pd.concat([t.iloc[:5], t.iloc[4:]]),
        [
            "TIMESTAMP: expected each time stamp once and in order",
            "2003-01-05",
            "twice",
        ],
    ),
    "days out of order": (swap, ["once and in order, found 2003-01-05"]),
    "no date": (put("TIMESTAMP", 20030230), ["dates as YYYYMMDD, found 20030230"]),
    "months for days": (put("TIMESTAMP", 200302), ["dates as YYYYMMDD, found 200302"]),
    "a written date": (
        put("TIMESTAMP", "2003-01-05"),
        ["TIMESTAMP: expected a number in each row, found '2003-01-05' on line 6"],
    ),
    "an empty stamp": (put("TIMESTAMP", ""), ["a time stamp in each row, found 1"]),
    "a word": (
        put("NEE_VUT_REF", "wet"),
        ["NEE_VUT_REF: expected a number", "found 'wet' on line 6"],
    ),
    "infinite": (put("NEE_VUT_REF", "inf"), ["NEE_VUT_REF: expected finite numbers"]),
    "no stamp": (
        lambda t: t.drop(columns="TIMESTAMP"),
        ["file: expected a comma-separated table with a header and a column TIMESTAMP"],
    ),
    "half hours' stamps alone": (
        lambda t: t.rename(columns={"TIMESTAMP": "TIMESTAMP_END"}),
        ["expected TIMESTAMP or TIMESTAMP_START, found TIMESTAMP_END"],
    ),
    "a column twice": (
        lambda t: t.rename(columns={"TA_F": "NEE_VUT_REF"}),
        ["NEE_VUT_REF: expected one column of this name, found two"],
    ),
    "no rows": (lambda t: t.head(0), ["rows: expected at least one, found none"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_stops_with_one_line(tmp_path, hours, case):
    change, parts = BAD[case]
    check(write(tmp_path / "a.csv", change(table_of("DD", hours[30]))), parts)


HEADER = ",".join(("TIMESTAMP", *NEEDED, QUALITY))
TEXTS = {
    "semicolons": (
        f"{HEADER}\n20030101,1,1,1,1\n".replace(",", ";").encode(),
        ["semicolons"],
    ),
    "tabs": (f"{HEADER}\n20030101,1,1,1,1\n".replace(",", "\t").encode(), ["tabs"]),
    "a letter": (b"Dear user,\nthe data are on the other server.\n", ["'Dear user,'"]),
    "a web page": (b"<!DOCTYPE html><html>login</html>", ["'<!DOCTYPE html>"]),
    "nothing": (b"", ["found an empty file"]),
    "UTF-16": (f"{HEADER}\n".encode("utf-16"), ["UTF-16 text or binary data"]),
    "binary": (bytes(range(256)) * 9, ["UTF-16 text or binary data"]),
    "Latin header": (
        "TIMESTAMP,Wärme\n".encode("latin-1"),
        ["header that is not ASCII"],
    ),
    "mixed encodings": (
        f"{HEADER}\n20030101,1,1,1,1\n20030102,".encode() + b"1,\x8e,1,1\n",
        ["NEE_VUT_REF: expected a number in each row, found '?' on line 3"],
    ),
    "a cut line": (
        f"{HEADER}\n20030101,1,1,1,1\n20030102,1".encode(),
        ["rows: expected", "found 2 instead of 5 on line 3"],
    ),
    "a line without end": (
        f"{HEADER}\n20030101,".encode() + b"1" * 3_000_000,
        ["a line of more than 1048576 bytes"],
    ),
    "an open quote": (
        f'{HEADER}\n20030101,"1,1,1,1\n20030102,1,1,1,1\n'.encode(),
        ["GPP_NT_VUT_REF: expected a number"],
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_what_is_no_table_stops_with_one_line(tmp_path, case):
    content, parts = TEXTS[case]
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    check(PackedFile(path), parts)


def test_a_byte_order_mark_and_quoted_names_do_not_matter(tmp_path):
    path = tmp_path / "a.csv"
    header = ",".join(f'"{name}"' for name in ("TIMESTAMP", *NEEDED, QUALITY))
    path.write_text(f"{header}\n20030101,2,1,1,1\n", encoding="utf-8-sig")
    assert sums(PackedFile(path), "DD").sums[0, 0] == pytest.approx(730)


def check(file, parts):
    with pytest.raises(InputError) as caught:
        sums(file, "DD")
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"{file.path}: ")
    for part in parts:
        assert part in line
