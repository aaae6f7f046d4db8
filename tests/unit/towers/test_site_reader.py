"""One site of FLUXNET: which table is read, which years leave, which fault is told."""

import csv

import numpy as np
import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.towers.fluxnet.annual_table import ANNUAL_COLUMNS
from forestflux.towers.fluxnet.file_names import list_fluxnet_files
from forestflux.towers.fluxnet.site_reader import read_site
from tests.builders.fluxnet_files import (
    file_name,
    information,
    place,
    write_site,
    write_zip,
)
from tests.builders.paths import REAL_DATA

SITE = "DE-Aaa"
REAL = REAL_DATA / "fluxnet2015"


def read(folder, site=SITE, **settings):
    files = list_fluxnet_files(folder).sites[site]
    return read_site(site, files, settings=FluxnetSettings(**settings))


def line_of(record):
    assert record["fault"] is not None
    line = str(InputError(**record["fault"]))
    assert "\n" not in line
    assert f": {record['site']}: " in line
    return line


@pytest.mark.parametrize("zipped", [True, False])
def test_the_coarsest_table_is_read_and_the_finer_agree(tmp_path, zipped):
    found = {}
    every = ("YY", "MM", "WW", "DD", "HR")
    for start in range(len(every)):
        folder = tmp_path / every[start]
        write_site(folder, SITE, (2004,), resolutions=every[start:], zipped=zipped)
        rows, record = read(folder)
        assert record["resolution"] == every[start]
        assert f"_{every[start]}_" in record["file"]
        found[every[start]] = rows
    for name in every[1:]:
        for one, other in zip(found["YY"], found[name], strict=True):
            for column in set(ANNUAL_COLUMNS) - {"site", "resolution"}:
                expected = pytest.approx(other[column], rel=1e-6, nan_ok=True)
                assert one[column] == expected, column


def test_the_table_has_fluxes_spread_and_quality(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), part="FULLSET")
    (row,), record = read(tmp_path)
    assert tuple(row) == ANNUAL_COLUMNS
    assert record["fault"] is None
    assert row["gpp"] == row["gpp_nt"] != row["gpp_dt"]
    assert row["gpp_dt"] == pytest.approx(0.96 * row["gpp"])
    assert row["reco"] == pytest.approx(row["gpp"] + row["nee"])
    for percentile, factor in (("05", 0.9), ("25", 0.97), ("75", 1.03), ("95", 1.1)):
        assert row[f"gpp_p{percentile}"] == pytest.approx(factor * row["gpp"])
        moved = row["nee"] + (factor - 1) * row["gpp"]
        assert row[f"nee_p{percentile}"] == pytest.approx(moved)
    assert row["gpp_sd"] == pytest.approx((1.05 - 0.94) / 2 * row["gpp"])
    assert row["nee_sd"] == pytest.approx((1.05 - 0.94) / 2 * row["gpp"])
    assert row["completeness"] == 1


def test_a_subset_has_the_spread_of_the_quartiles(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("DD",))
    (row,), _ = read(tmp_path)
    assert np.isnan(row["gpp_p05"])
    assert np.isnan(row["nee_p95"])
    assert row["gpp_sd"] == pytest.approx(0.06 / 1.349 * row["gpp"])


def test_the_day_time_partitioning_is_a_choice(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",))
    (night,), _ = read(tmp_path)
    (day,), _ = read(tmp_path, partitioning="day", reco="closed")
    assert day["gpp"] == day["gpp_dt"] == night["gpp_dt"]
    assert day["gpp_nt"] == night["gpp"]
    assert day["reco"] == pytest.approx(day["gpp"] + day["nee"])
    assert day["gpp_p25"] == pytest.approx(0.97 * day["gpp"])


def test_constant_thresholds_are_a_choice_that_subsets_lack(tmp_path):
    write_site(tmp_path / "full", SITE, (2003,), resolutions=("YY",), part="FULLSET")
    (variable,), _ = read(tmp_path / "full")
    (constant,), _ = read(tmp_path / "full", threshold="CUT")
    assert constant["nee"] == pytest.approx(0.98 * variable["nee"])
    write_site(tmp_path / "sub", SITE, (2003,), resolutions=("YY", "DD"))
    rows, record = read(tmp_path / "sub", threshold="CUT")
    assert rows == []
    line = line_of(record)
    assert "GPP_NT_CUT_REF, NEE_CUT_REF, RECO_NT_CUT_REF, NEE_CUT_REF_QC" in line
    assert "found none of 2 tables has them all" in line


def test_a_column_that_the_years_lack_is_found_in_the_days(tmp_path):
    def drop(table):
        yearly = table["TIMESTAMP"].str.len().eq(4).all()
        return table.drop(columns="RECO_NT_VUT_REF") if yearly else table

    write_site(tmp_path, SITE, (2003,), resolutions=("YY", "DD"), change=drop)
    _, record = read(tmp_path)
    assert record["resolution"] == "DD"
    _, record = read(tmp_path, reco="closed")
    assert record["resolution"] == "YY"


def set_years(column, value, years=("2003",)):
    def change(table):
        table = table.copy()
        table.loc[table["TIMESTAMP"].str[:4].isin(years), column] = value
        return table

    return change


# name: (what is done, reason of 2003, whether it is a fault)
LEFT = {
    "zeros": (
        set_years("GPP_NT_VUT_REF", 0.0),
        "GPP_NT_VUT_REF zero all year (partitioning failed)",
        False,
    ),
    "fill values": (
        set_years("GPP_NT_VUT_REF", -9999.0),
        "no value of GPP_NT_VUT_REF, NEE_VUT_REF, RECO_NT_VUT_REF",
        False,
    ),
    "a partial year": (
        lambda t: t[~t["TIMESTAMP"].between("20030101", "20030630")],
        "50% of the year present, below 98%",
        False,
    ),
    "a budget that is open": (
        set_years(
            ["GPP_NT_VUT_REF", "RECO_NT_VUT_REF", "NEE_VUT_REF"], [3.0, 2.0, -2.0]
        ),
        "RECO_NT_VUT_REF not GPP_NT_VUT_REF + NEE_VUT_REF within 50 gC m-2 yr-1,"
        " off by 365",
        True,
    ),
}


def test_a_year_of_negative_gpp_stays_for_the_range_that_own_tables_have_too(tmp_path):
    fluxes = ["GPP_NT_VUT_REF", "RECO_NT_VUT_REF", "NEE_VUT_REF"]
    change = set_years(fluxes, [-1.0, 1.0, 2.0])
    write_site(tmp_path, SITE, (2003, 2004), resolutions=("DD",), change=change)
    rows, record = read(tmp_path)
    assert record["left_out"] == []
    assert [row["year"] for row in rows] == [2003, 2004]
    assert rows[0]["gpp"] == pytest.approx(-365)


@pytest.mark.parametrize("case", LEFT)
def test_a_year_that_cannot_be_used_leaves_with_its_reason(tmp_path, case):
    change, reason, fault = LEFT[case]
    write_site(tmp_path, SITE, (2003, 2004), resolutions=("DD",), change=change)
    rows, record = read(tmp_path)
    assert [row["year"] for row in rows] == [2004]
    assert record["left_out"] == [{"year": 2003, "reason": reason, "fault": fault}]


def test_a_closed_reco_leaves_no_open_budget(tmp_path):
    change = LEFT["a budget that is open"][0]
    write_site(tmp_path, SITE, (2003,), resolutions=("DD",), change=change)
    (row,), record = read(tmp_path, reco="closed")
    assert record["left_out"] == []
    assert row["reco"] == pytest.approx(365)


@pytest.mark.parametrize("value", [0.0, -9999.0])
def test_the_other_partitioning_may_fail(tmp_path, value):
    change = set_years("GPP_DT_VUT_REF", value)
    write_site(tmp_path, SITE, (2003, 2004), resolutions=("DD",), change=change)
    rows, _ = read(tmp_path)
    assert [np.isnan(row["gpp_dt"]) for row in rows] == [True, False]
    assert not np.isnan([row["gpp"] for row in rows]).any()


def test_completeness_is_configured(tmp_path):
    change = LEFT["a partial year"][0]
    write_site(tmp_path, SITE, (2003,), resolutions=("DD",), change=change)
    (row,), record = read(tmp_path, min_completeness=0.4)
    assert record["left_out"] == []
    assert row["completeness"] == pytest.approx(184 / 365)


def test_two_releases_are_refused_or_the_newest_is_read(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), version="1-3")
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), version="1-10", seed=2)
    rows, record = read(tmp_path)
    assert rows == []
    line = line_of(record)
    assert "version: expected one release of a site" in line
    assert "FLX FLUXNET2015 2003-2003 1-3 in" in line
    assert line.index(" 1-3 in") < line.index(" 1-10 in")
    _, record = read(tmp_path, versions="newest")
    assert "_1-10.csv" in record["file"]


SHUTTLE = {"network": "AMF", "product": "FLUXNET", "version": "v1.3_r1"}
REGIONAL = {"network": "AMF", "product": "FLUXNET", "version": "3-5"}


@pytest.mark.parametrize("last", [2004, 2003])
@pytest.mark.parametrize("newer", [SHUTTLE, REGIONAL])
def test_every_release_is_newer_than_fluxnet2015(tmp_path, newer, last):
    years = range(2003, last + 1)
    write_site(tmp_path, SITE, (2003, 2004), resolutions=("YY",), version="9-9")
    write_site(tmp_path, SITE, tuple(years), resolutions=("YY",), **newer)
    _, record = read(tmp_path, versions="newest")
    assert "AMF_DE-Aaa" in record["file"]


@pytest.mark.parametrize(
    "other",
    [REGIONAL, {"network": "ICOSETC", "product": "ARCHIVE", "version": "L2"}],
)
def test_versions_of_different_products_are_not_compared(tmp_path, other):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), **SHUTTLE)
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), **other)
    rows, record = read(tmp_path, versions="newest")
    assert rows == []
    assert "version: expected releases of which one is the newest" in line_of(record)


def test_within_a_product_the_higher_version_is_read(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), **SHUTTLE)
    later = SHUTTLE | {"version": "v1.10_r1"}
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), **later)
    _, record = read(tmp_path, versions="newest")
    assert "v1.10_r1" in record["file"]


@pytest.mark.parametrize("zipped", [True, False])
def test_a_site_is_described_by_the_release_that_is_read(tmp_path, zipped):
    for lat, words in ((10.0, {"version": "9-9"}), (50.0, SHUTTLE)):
        name = file_name(SITE, "BIF", (2003,), **words).replace("SUBSET_", "")
        extra = {
            name: information({SITE: place(lat, 8.0, "ENF")}),
            "DATA_POLICY_LICENSE_AND_INSTRUCTIONS.txt": f"CC-BY-4.{int(lat) // 50}",
        }
        write_site(
            tmp_path,
            SITE,
            (2003,),
            resolutions=("YY",),
            zipped=zipped,
            extra=extra,
            **words,
        )
    _, record = read(tmp_path, versions="newest")
    assert record["information"]["lat"] == "50.0"
    assert record["information"]["policy"] == "CC-BY-4.1"


def test_a_later_year_is_newer_than_a_higher_version(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), version="9-9")
    write_site(tmp_path, SITE, (2003, 2004), resolutions=("YY",), version="1-4")
    _, record = read(tmp_path, versions="newest")
    assert "_1-4.csv" in record["file"]


def test_a_release_zipped_and_unpacked_counts_once(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",))
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), zipped=False)
    rows, record = read(tmp_path)
    assert len(rows) == 1
    assert ".zip" not in record["file"]


def test_of_fullset_and_subset_the_one_with_more_columns_is_read(tmp_path):
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",))
    write_site(tmp_path, SITE, (2003,), resolutions=("YY",), part="FULLSET")
    _, record = read(tmp_path)
    assert "FULLSET" in record["file"]


def zip_of(folder, content, name=None):
    inside = name or file_name(SITE, "DD", (2003,))
    return write_zip(
        folder / file_name(SITE, "", (2003,), suffix="zip"), {inside: content}
    )


FAULTS = {
    "truncated": (
        lambda f: (p := zip_of(f, "TIMESTAMP\n" * 999)).write_bytes(
            p.read_bytes()[:99]
        ),
        ["zip: expected a whole zip file", "damaged or truncated"],
    ),
    "bomb": (lambda f: zip_of(f, b"0" * 60_000_000), ["zip bomb?"]),
    "path traversal": (
        lambda f: zip_of(f, "1", f"../{file_name(SITE, 'DD', (2003,))}"),
        ["zip: expected names below the zip's own folder"],
    ),
    "no fluxes": (lambda f: zip_of(f, "1", "README.txt"), ["fluxes: expected a table"]),
    "another site": (
        lambda f: zip_of(f, "1", file_name("DE-Zzz", "DD", (2003,))),
        ["site: expected fluxes of DE-Aaa, as the zip is named, found DE-Zzz"],
    ),
    "text": (lambda f: zip_of(f, "Dear user\n"), ["file: expected a comma-separated"]),
    "semicolons": (lambda f: zip_of(f, "TIMESTAMP;A\n1;2\n"), ["found semicolons"]),
    "lacking columns": (
        lambda f: zip_of(f, "TIMESTAMP,A\n1,2\n"),
        ["GPP_NT_VUT_REF, NEE_VUT_REF", "these columns in a table of the site"],
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_recorded_as_one_line_with_file_and_site(tmp_path, case):
    make, parts = FAULTS[case]
    make(tmp_path)
    rows, record = read(tmp_path)
    assert rows == []
    line = line_of(record)
    assert line.startswith(
        f"{tmp_path}/FLX_DE-Aaa_FLUXNET2015_SUBSET_2003-2003_1-4.zip"
    )
    for part in parts:
        assert part in line


def test_the_own_information_of_a_site_is_read(tmp_path):
    text = information(
        {SITE: place(50.5, 6.5, "DBF", SITE_NAME="A wood")}, delimiter=","
    )
    policy = "The data product is shared under the CC-BY-4.0 license (see below)."
    extra = {
        "AMF_DE-Aaa_FLUXNET_BIF_2003-2003_v1.3_r1.csv": text,
        "DATA_POLICY_LICENSE_AND_INSTRUCTIONS.txt": policy,
    }
    shuttle = {"network": "AMF", "product": "FLUXNET", "part": "FLUXMET"}
    shuttle |= {"version": "v1.3_r1", "extra": extra}
    for zipped in (True, False):
        folder = tmp_path / str(zipped)
        write_site(folder, SITE, (2003,), resolutions=("YY",), zipped=zipped, **shuttle)
        _, record = read(folder)
        assert record["information"] == {
            "lat": "50.5",
            "lon": "6.5",
            "igbp": "DBF",
            "name": "A wood",
            "policy": "CC-BY-4.0",
        }


def real_rows(site):
    if not REAL.is_dir():
        pytest.skip(f"the folder of real archives is not here: {REAL.name}")
    return read(REAL, site)


def plain_sums(path):
    """Annual sums of a daily table by plain arithmetic, {year: {column: sum}}."""
    sums = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            year = sums.setdefault(int(row["TIMESTAMP"][:4]), {"days": 0})
            year["days"] += 1
            for name, text in row.items():
                if name.startswith(("GPP", "RECO", "NEE")):
                    year[name] = year.get(name, 0.0) + float(text)
    return sums


@pytest.mark.parametrize("site", ["US-MMS", "AU-Lox", "US-CRT", "US-Wi7"])
def test_real_daily_files_give_their_plain_sums(site):
    rows, record = real_rows(site)
    expected = plain_sums(next(REAL.glob(f"FLX_{site}_*.csv")))
    assert record["left_out"] == []
    assert [row["year"] for row in rows] == sorted(expected)
    for row in rows:
        sums = expected[row["year"]]
        for column, name in (
            ("gpp", "GPP_NT_VUT_REF"),
            ("gpp_dt", "GPP_DT_VUT_REF"),
            ("reco", "RECO_NT_VUT_REF"),
            ("nee", "NEE_VUT_REF"),
            ("gpp_p25", "GPP_NT_VUT_25"),
            ("nee_p75", "NEE_VUT_75"),
        ):
            assert row[column] == pytest.approx(sums[name], abs=1e-6), column
        quality = sums["NEE_VUT_REF_QC"] / sums["days"]
        assert row["nee_qc"] == pytest.approx(quality, abs=1e-9)


def test_real_days_are_near_the_real_years_of_the_same_towers():
    """Years and days choose their reference by themselves, so they differ a little."""
    rows, _ = real_rows("US-MMS")
    towers = REAL.parent / "towers/site_years.csv"
    with towers.open(newline="") as file:
        yearly = {
            int(row["year"]): row
            for row in csv.DictReader(file)
            if row["site"] == "US-MMS"
        }
    pairs = [(row, yearly[row["year"]]) for row in rows if row["year"] in yearly]
    assert len(pairs) == 14
    for row, year in pairs:
        assert row["gpp"] == pytest.approx(float(year["gpp_nt"]), rel=0.04)
        assert row["nee"] == pytest.approx(float(year["nee"]), abs=20)
        assert row["nee_qc"] == pytest.approx(float(year["nee_qc"]), abs=0.01)
