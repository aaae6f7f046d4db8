"""Names of FLUXNET files: what they say, which sites a folder holds, which years."""

import os
from pathlib import Path

import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.configuration import read_configuration
from forestflux.towers.fluxnet.file_names import (
    list_fluxnet_files,
    list_fluxnet_years,
    parse_name,
)
from forestflux.towers.tower_years import find_tower_years
from tests.builders.fluxnet_files import write_site

# name: kind, site, part, resolution, years, release
NAMES = {
    "FLX_US-MMS_FLUXNET2015_SUBSET_1999-2014_1-4.zip": (
        *("zip", "US-MMS", "SUBSET", "", (1999, 2014)),
        "FLX FLUXNET2015 1999-2014 1-4",
    ),
    "FLX_US-MMS_FLUXNET2015_FULLSET_HH_1999-2014_1-4.csv": (
        *("fluxes", "US-MMS", "FULLSET", "HH", (1999, 2014)),
        "FLX FLUXNET2015 1999-2014 1-4",
    ),
    "FLX_BE-Bra_FLUXNET2015_FULLSET_YY_1996-2020_beta-3.csv": (
        *("fluxes", "BE-Bra", "FULLSET", "YY", (1996, 2020)),
        "FLX FLUXNET2015 1996-2020 beta-3",
    ),
    "AMF_US-Ha1_FLUXNET_SUBSET_WW_1991-2020_3-5.csv": (
        *("fluxes", "US-Ha1", "SUBSET", "WW", (1991, 2020)),
        "AMF FLUXNET 1991-2020 3-5",
    ),
    "AMF_US-MMS_FLUXNET_1999-2023_v1.3_r1.zip": (
        *("zip", "US-MMS", "", "", (1999, 2023)),
        "AMF FLUXNET 1999-2023 v1.3_r1",
    ),
    "AMF_US-MMS_FLUXNET_FLUXMET_HR_1999-2023_v1.3_r1.csv": (
        *("fluxes", "US-MMS", "FLUXMET", "HR", (1999, 2023)),
        "AMF FLUXNET 1999-2023 v1.3_r1",
    ),
    "ICOSETC_FI-Hyy_ARCHIVE_L2.zip": (
        *("zip", "FI-Hyy", "", "", None),
        "ICOSETC ARCHIVE L2",
    ),
    "ICOSETC_FI-Hyy_FLUXNET_DD_L2.csv": (
        *("fluxes", "FI-Hyy", "", "DD", None),
        "ICOSETC FLUXNET L2",
    ),
}
OTHERS = (
    "FLX_US-MMS_FLUXNET2015_ERAI_DD_1989-2014_1-4.csv",
    "FLX_US-MMS_FLUXNET2015_AUXNEE_1999-2014_1-4.csv",
    "AMF_US-MMS_FLUXNET_ERA5_YY_1981-2024_v1.3_r1.csv",
    "AMF_US-MMS_FLUXNET_BIFVARINFO_DD_1999-2023_v1.3_r1.csv",
    "ICOSETC_FI-Hyy_VARINFO_FLUXNET_DD_L2.csv",
)
INFORMATION = (
    "FLX_AA-Flx_BIF_LATEST.csv",
    "FLX_AA-Flx_BIF_DD_20200501.csv",
    "EUF_ES-LJu_FLUXNET_BIF_2004-2024_v1.3_r1.csv",
    "ICOSETC_FI-Hyy_SITEINFO_L2.csv",
    "FLX_AA-Flx_BIF_DD_20200501.xlsx",
    "AMF_AA-Flx_BIF_CCBY4_20201218.xlsx",
)
NO_PRODUCT = ("AMF_US-CRT_BASE-BADM_4-5.zip", "notes.csv", "FLX_US-MMS.zip")
NO_PRODUCT += ("FLX_US-MMS_FLUXNET2015_SUBSET_DD_1999-2014_1-4.xlsx",)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_what_the_file_holds(name):
    found = parse_name(name)
    said = (found.kind, found.site, found.part, found.resolution, found.years)
    assert (*said, found.release) == NAMES[name]


@pytest.mark.parametrize("name", OTHERS)
def test_reanalysis_diagnostics_and_variable_lists_are_no_fluxes(name):
    assert parse_name(name).kind == "other"


@pytest.mark.parametrize("name", INFORMATION)
def test_site_information_is_known_by_its_name(name):
    assert parse_name(name).kind == "information"


@pytest.mark.parametrize("name", NO_PRODUCT)
def test_other_names_are_of_no_product(name):
    assert parse_name(name) is None


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "fluxnet"
    write_site(root, "DE-Aaa", (1998, 1999, 2000, 2001), resolutions=("YY",))
    write_site(root / "deep/er", "DE-Bbb", (2004,), resolutions=("YY",), zipped=False)
    (root / "FLX_AA-Flx_BIF_LATEST.csv").write_text("SITE_ID\n")
    (root / "notes.csv").write_text("a,b\n")
    (root / "README.txt").write_text("x")
    return root


def test_a_folder_is_listed_by_site_at_any_depth(folder):
    listing = list_fluxnet_files(folder)
    assert list(listing.sites) == ["DE-Aaa", "DE-Bbb"]
    assert [path.suffix for path in listing.sites["DE-Bbb"]] == [".csv"]
    assert [path.name for path in listing.information] == ["FLX_AA-Flx_BIF_LATEST.csv"]
    assert [path.name for path in listing.unknown] == ["notes.csv"]


def test_information_alone_makes_no_site(folder):
    (folder / "ICOSETC_FI-Hyy_SITEINFO_L2.csv").write_text("SITE_ID\n")
    assert "FI-Hyy" not in list_fluxnet_files(folder).sites


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "flx_us-mms_fluxnet2015_subset_1999-2014_1-4.zip",
            "name: expected a site code as downloaded, such as US-MMS, found us-mms",
        ),
        ("FLX_aa-Flx_BIF_LATEST.csv", "such as US-MMS, found aa-Flx"),
        (
            "FLX_US-MMS_FLUXNET2015_SUBSET_2014-1999_1-4.zip",
            "name: expected the first year before the last, found 2014-1999",
        ),
        (
            "FLX_US-MMS_FLUXNET2015_\x1b[31m_1999-2014_1-4.zip",
            r"name: expected printable characters in UTF-8, found .*x1b\[31m",
        ),
        (b"notes\xff.csv", "name: expected printable characters in UTF-8"),
    ],
)
def test_a_name_that_no_download_has_stops_with_one_line(folder, name, line):
    Path(folder, os.fsdecode(name)).write_bytes(b"")
    with pytest.raises(InputError, match=line):
        list_fluxnet_files(folder)


def test_an_unpacked_folder_may_be_named_like_its_zip(folder):
    unpacked = folder / "FLX_DE-Ccc_FLUXNET2015_SUBSET_2004-2004_1-4.zip"
    write_site(unpacked, "DE-Ccc", (2004,), resolutions=("YY",), zipped=False)
    assert [p.suffix for p in list_fluxnet_files(folder).sites["DE-Ccc"]] == [".csv"]


def test_fluxes_of_two_places_are_refused(folder, tmp_path):
    config = {"run": "a", "seed": 1, "years": [2003, 2018]}
    config["towers"] = {"fluxnet": str(folder), "folder": str(tmp_path)}
    assert find_tower_years(read_configuration(config))
    (tmp_path / "site_years.csv").write_text("site,year\n")
    with pytest.raises(InputError, match=r"towers\.folder: expected no fluxes beside"):
        find_tower_years(read_configuration(config))


def test_years_come_from_names_without_holes_and_begin_with_satellites(folder):
    assert list_fluxnet_years(folder) == [2000, 2001, 2002, 2003, 2004]


def test_the_plan_takes_the_years_of_the_files(folder):
    config = {"run": "a", "seed": 1, "years": [2003, 2018]}
    config["towers"] = {"fluxnet": str(folder), "subsets": "s"}
    whole = read_configuration(config)
    assert find_tower_years(whole) == [2000, 2001, 2002, 2003, 2004]
    config["towers"]["years"] = [2001, 2002]
    assert find_tower_years(read_configuration(config)) == [2001, 2002]


def test_only_names_are_looked_at(folder):
    for path in folder.rglob("*.*"):
        path.write_bytes(b"")
    assert list_fluxnet_years(folder)[-1] == 2004


def test_names_without_years_ask_for_them(folder):
    (folder / "ICOSETC_FI-Hyy_ARCHIVE_L2.zip").write_bytes(b"")
    line = "towers.years: expected the first and last tower year, .* FI-Hyy"
    with pytest.raises(InputError, match=line):
        list_fluxnet_years(folder)


def test_years_before_satellites_alone_are_refused(tmp_path):
    write_site(tmp_path, "DE-Aaa", (1997, 1998), resolutions=("YY",))
    with pytest.raises(InputError, match=r"years from 2000, .* years up to 1998"):
        list_fluxnet_years(tmp_path)


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        (lambda path: None, "no such folder"),
        (lambda path: path.write_text(""), "a file"),
        (lambda path: path.mkdir(), "none among 0 zip, CSV and Excel files"),
    ],
)
def test_a_folder_without_sites_is_named(tmp_path, prepare, found):
    path = tmp_path / "fluxnet"
    prepare(path)
    with pytest.raises(InputError, match=f"towers.fluxnet: expected .* found {found}"):
        list_fluxnet_files(path)
