"""All FLUXNET sites together: towers, fluxes, citations, what is left out."""

import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.jobs.manifests import write_manifest
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.jobs.tables import write_table
from forestflux.towers.fluxnet.annual_table import ANNUAL_COLUMNS
from forestflux.towers.fluxnet.file_names import list_fluxnet_files
from forestflux.towers.fluxnet.fluxnet_towers import collect_site_years, collect_sites
from forestflux.towers.fluxnet.site_reader import read_site
from forestflux.towers.fluxnet.site_record import SiteRecord
from forestflux.towers.tower_schemas import SITE_YEARS
from tests.builders.fluxnet_files import information, place, write_site, write_zip

BIF = "FLX_AA-Flx_BIF_LATEST.csv"
PLACES = {
    "DE-Aaa": place(50.5, 6.5, "ENF", SITE_NAME="Wood of A"),
    "DE-Bbb": place(50.6, 6.5, "DBF"),
    "ZA-Ccc": place(-25.0, 31.5, "WSA"),
}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "fluxnet"
    for number, site in enumerate(PLACES):
        write_site(root, site, (2003, 2004), resolutions=("YY",), seed=number)
    (root / BIF).write_text(information(PLACES))
    return root


def unclosed(table):
    table = table.copy()
    table.loc[0, ["GPP_NT_VUT_REF", "RECO_NT_VUT_REF"]] = [800.0, 100.0]
    table.loc[0, "NEE_VUT_REF"] = -500.0
    return table


def collect(folder, **options):
    """What the rule fluxnet and the rules of towers after it make of a folder."""
    settings = FluxnetSettings(**options)
    listing, out = list_fluxnet_files(folder), folder.parent / "results"
    for site, files in listing.sites.items():
        rows, record = read_site(site, files, settings=settings)
        write_table(
            pd.DataFrame(rows, columns=list(ANNUAL_COLUMNS)), out / f"{site}.csv"
        )
        file = out / f"{site}.json"
        write_manifest(file, SiteRecord.read(record, file))
    sites, citations, left = collect_sites(
        [out / f"{site}.json" for site in listing.sites],
        listing.information,
        [path.name for path in listing.unknown],
        settings=settings,
    )
    site_years = collect_site_years([out / f"{s}.csv" for s in listing.sites], sites)
    return sites, citations, left, site_years


def test_sites_fluxes_and_citations_come_in_canonical_columns(folder):
    sites, citations, left, site_years = collect(folder)
    assert list(sites) == ["site", "lat", "lon", "igbp", "cluster"]
    assert sites["igbp"].tolist() == ["ENF", "DBF", "WSA"]
    assert sites["cluster"].tolist() == [0, 0, 1]
    assert list(citations) == ["site", "name", "policy", "citation", "doi"]
    assert citations["name"].tolist() == ["Wood of A", "", ""]
    assert left.empty
    assert list(site_years)[:6] == SITE_YEARS.names
    assert list(zip(site_years["site"], site_years["year"], strict=True)) == [
        (site, year) for site in PLACES for year in (2003, 2004)
    ]
    assert site_years["gpp_sd"].notna().all()
    residual = site_years["reco"] - site_years["gpp"] - site_years["nee"]
    assert residual.abs().max() < 1


def test_further_classes_are_forest_where_the_user_says_so(folder):
    sites, *_ = collect(folder, classes={"WSA": "EBF"})
    assert sites.set_index("site").loc["ZA-Ccc", "igbp"] == "EBF"


def test_a_sites_own_information_goes_before_the_table_for_all(folder):
    own = information({"DE-Aaa": {"IGBP": "MF"}}, delimiter=",")
    (folder / "FLX_DE-Aaa_FLUXNET_BIF_2003-2004_v1_r1.csv").write_text(own)
    sites, *_ = collect(folder)
    assert sites.loc[0, ["lat", "igbp"]].tolist() == [50.5, "MF"]


def rewrite(**changes):
    def change(folder):
        (folder / BIF).write_text(information(PLACES | changes))

    return change


def cut(folder):
    path = next(folder.glob("FLX_DE-Aaa*.zip"))
    path.write_bytes(path.read_bytes()[:100])


def another_version(folder):
    write_site(folder, "DE-Aaa", (2003,), resolutions=("YY",), version="1-3")


def no_text(folder):
    path = next(folder.glob("FLX_DE-Aaa*.zip"))
    name = path.name.replace("SUBSET", "SUBSET_YY").replace(".zip", ".csv")
    write_zip(path, {name: "We are sorry.\n"})


# name: (what is done, the site, parts of the line)
FAULTS = {
    "a truncated zip": (cut, "DE-Aaa", ["zip: expected a whole zip file"]),
    "two versions": (another_version, "DE-Aaa", ["1-3 in", "1-4 in"]),
    "no table": (no_text, "DE-Aaa", ["expected a comma-separated table"]),
    "no information": (
        lambda folder: (folder / BIF).unlink(),
        "DE-Aaa",
        ["LOCATION_LAT: expected degrees from -90 to 90, found none (is its BIF"],
    ),
    "no longitude": (
        rewrite(**{"DE-Bbb": {"LOCATION_LAT": 50, "IGBP": "ENF"}}),
        "DE-Bbb",
        ["LOCATION_LONG: expected degrees from -180 to 180, found none"],
    ),
    "off the globe": (
        rewrite(**{"DE-Bbb": place(95, 6, "ENF")}),
        "DE-Bbb",
        ["LOCATION_LAT: expected degrees from -90 to 90, found 95"],
    ),
    "degrees in words": (
        rewrite(**{"DE-Bbb": place("50 N", 6, "ENF")}),
        "DE-Bbb",
        ["LOCATION_LAT", "found 50 N"],
    ),
    "an unknown class": (
        rewrite(**{"DE-Bbb": place(50, 6, "Pine")}),
        "DE-Bbb",
        ["IGBP: expected one of ENF, EBF", "found PINE"],
    ),
    "no class": (
        rewrite(**{"DE-Bbb": {"LOCATION_LAT": 50, "LOCATION_LONG": 6}}),
        "DE-Bbb",
        ["IGBP: expected one of ENF", "found none (is its BIF"],
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_faulty_site_ends_the_run_with_one_line(folder, case):
    change, site, parts = FAULTS[case]
    change(folder)
    with pytest.raises(InputError) as caught:
        collect(folder)
    line = str(caught.value)
    assert "\n" not in line
    assert f"_{site}_" in line.split(": ")[0]
    assert f": {site}: " in line
    assert "fluxnet.skip_faulty: true leaves out" in line
    for part in parts:
        assert part in line


@pytest.mark.parametrize("case", sorted(set(FAULTS) - {"no information"}))
def test_the_other_sites_go_on_where_the_configuration_allows_it(folder, case):
    change, site, parts = FAULTS[case]
    change(folder)
    sites, citations, left, site_years = collect(folder, skip_faulty=True)
    others = sorted(set(PLACES) - {site})
    assert sites["site"].tolist() == citations["site"].tolist() == others
    assert sorted(set(site_years["site"])) == others
    assert left["site"].tolist() == [site]
    assert left["year"].isna().all()
    assert f"_{site}_" in left["file"][0]
    for part in parts:
        assert part in left["reason"][0]


def test_a_damaged_table_for_all_sites_is_a_fault_like_any_other(folder):
    """Sites that other tables know go on; the damaged file is listed."""
    other = folder / "FLX_AA-Flx_BIF_MM_20200501.zip"
    write_zip(other, {"FLX_AA-Flx_BIF_MM_20200501.csv": information(PLACES)})
    other.write_bytes(other.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"zip: expected a whole zip .*skip_faulty"):
        collect(folder)
    sites, _, left, _ = collect(folder, skip_faulty=True)
    assert sorted(sites["site"]) == sorted(PLACES)
    assert left["file"].tolist() == [str(other)]
    assert "expected a whole zip file" in left["reason"][0]


def test_all_faults_are_counted(folder):
    cut(folder)
    rewrite(**{"DE-Bbb": place(95, 6, "ENF")})(folder)
    with pytest.raises(InputError, match=r"DE-Aaa: zip: .*, and 1 more\)"):
        collect(folder)


def test_a_faulty_year_ends_the_run_or_leaves_alone(folder):
    write_site(folder, "DE-Aaa", (2003, 2004), resolutions=("YY",), change=unclosed)
    line = "DE-Aaa: 2003: expected a budget that closes, found RECO_NT_VUT_REF not"
    with pytest.raises(InputError, match=line):
        collect(folder)
    sites, _, left, site_years = collect(folder, skip_faulty=True)
    assert len(sites) == 3
    assert left[["site", "year"]].to_numpy().tolist() == [["DE-Aaa", 2003]]
    assert site_years.query("site == 'DE-Aaa'")["year"].tolist() == [2004]


def test_a_year_that_was_not_measured_ends_nothing(folder):
    write_site(
        folder,
        "DE-Aaa",
        (2003, 2004),
        resolutions=("YY",),
        change=lambda table: table.assign(
            GPP_NT_VUT_REF=[-9999.0, 1500.0], NEE_VUT_REF=-300.0, RECO_NT_VUT_REF=1200.0
        ),
    )
    _, _, left, site_years = collect(folder)
    assert left["reason"].tolist() == [
        "no value of GPP_NT_VUT_REF, NEE_VUT_REF, RECO_NT_VUT_REF"
    ]
    assert site_years.query("site == 'DE-Aaa'")["year"].tolist() == [2004]


def test_files_of_no_product_are_listed(folder):
    (folder / "AMF_US-CRT_BASE-BADM_4-5.zip").write_bytes(b"")
    _, _, left, _ = collect(folder)
    assert left["file"].tolist() == ["AMF_US-CRT_BASE-BADM_4-5.zip"]
    assert left["reason"].tolist() == ["the name is of no FLUXNET product"]


def test_a_folder_without_forest_is_refused(folder):
    rewrite(**{site: place(1, 2, "GRA") for site in PLACES})(folder)
    with pytest.raises(InputError, match="at least one forest tower"):
        collect(folder)
