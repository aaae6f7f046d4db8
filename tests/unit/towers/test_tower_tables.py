"""Tower tables at the door: what is read, and one line for each kind of bad input."""

from pathlib import Path

import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.core.reading.yaml_files import read_yaml
from forestflux.jobs.configuration import read_configuration
from forestflux.towers.clusters import link_clusters
from forestflux.towers.tower_tables import read_site_years, read_sites
from forestflux.towers.tower_years import find_tower_years
from tests.builders.paths import REAL_DATA, ROOT
from tests.builders.tower_folders import read_towers, tower_folder

REAL = REAL_DATA / "towers"


@pytest.fixture
def folder(tmp_path):
    return tower_folder(tmp_path / "towers")


def edit(path, **changes):
    """Change columns of a CSV file: {column: function of the table}."""
    table = pd.read_csv(path)
    for column, change in changes.items():
        table[column] = change(table)
    table.to_csv(path, index=False)


def set_cell(path, column, value, row=1):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row, column] = value
    table.to_csv(path, index=False)


def drop_column(path, column):
    pd.read_csv(path).drop(columns=column).to_csv(path, index=False)


def with_header(path, column, *names):
    """The same table with a column several times, under these names."""
    table = pd.read_csv(path)
    parts = [table.drop(columns=column), *(table[column].rename(n) for n in names)]
    pd.concat(parts, axis=1).to_csv(path, index=False)


def rename_column(path, old, new):
    pd.read_csv(path).rename(columns={old: new}).to_csv(path, index=False)


def repeat_row(path):
    table = pd.read_csv(path)
    pd.concat([table, table.iloc[[2]]]).to_csv(path, index=False)


def line_of(folder):
    with pytest.raises(InputError) as caught:
        read_towers(folder)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_valid_folder_gives_canonical_tables(folder):
    sites, site_years = read_towers(folder)
    assert list(sites) == ["site", "lat", "lon", "igbp", "cluster"]
    assert list(site_years) == ["site", "year", "gpp", "reco", "nee", "nee_qc"]
    assert (len(sites), len(site_years)) == (8, 16)
    assert sites["cluster"].nunique() == 8
    raw = pd.read_csv(folder / "site_years.csv")
    pd.testing.assert_frame_equal(site_years, raw[list(site_years)], check_dtype=False)


def test_extra_columns_blanks_byte_order_mark_and_row_order_do_not_matter(folder):
    expected = read_towers(folder)
    for name in ("sites.csv", "site_years.csv"):
        table = pd.read_csv(folder / name, dtype=str).iloc[::-1]
        table["site"] = " " + table["site"] + " "
        table["remark"] = "a note"
        text = table.to_csv(index=False).replace("\n", "\r\n") + "\r\n\r\n"
        (folder / name).write_text(text, encoding="utf-8-sig", newline="")
    for one, other in zip(expected, read_towers(folder), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_reco_is_the_sum_where_the_table_has_none(folder):
    drop_column(folder / "site_years.csv", "reco")
    _, site_years = read_towers(folder)
    total = site_years["gpp"] + site_years["nee"]
    pd.testing.assert_series_equal(site_years["reco"], total, check_names=False)


def test_near_towers_share_a_cluster(folder):
    set_cell(folder / "sites.csv", "lat", "50.0", row=0)
    set_cell(folder / "sites.csv", "lon", "10.0", row=0)
    set_cell(folder / "sites.csv", "lat", "50.8", row=5)  # 89 km north
    set_cell(folder / "sites.csv", "lon", "10.0", row=5)
    sites = read_sites(folder / "sites.csv").set_index("site")
    assert sites.loc["F0", "cluster"] == sites.loc["F5", "cluster"]
    apart = link_clusters(sites["lat"], sites["lon"], distance_km=80)
    assert apart[sites.index.get_loc("F0")] != apart[sites.index.get_loc("F5")]


def test_unknown_flux_stays_missing_and_low_quality_stays(folder):
    set_cell(folder / "site_years.csv", "gpp", "")
    set_cell(folder / "site_years.csv", "nee_qc", "0.01", row=2)
    _, site_years = read_towers(folder)
    assert site_years["gpp"].isna().tolist() == [False, True] + [False] * 14
    assert site_years.loc[2, "nee_qc"] == 0.01


def test_a_whole_year_written_with_a_point_is_a_year(folder):
    edit(folder / "site_years.csv", year=lambda t: t["year"].astype(float))
    _, site_years = read_towers(folder)
    assert site_years["year"].dtype == "int64"


SITES, FLUXES = "sites.csv", "site_years.csv"
# name: (file, what is broken, parts of the line)
BAD = {
    "no sites file": (SITES, Path.unlink, ["sites.csv: file", "found no such file"]),
    "no flux file": (FLUXES, Path.unlink, ["site_years.csv: file", "no such file"]),
    "empty file": (SITES, lambda p: p.write_text(""), ["found an empty file"]),
    "header only": (
        SITES,
        lambda p: p.write_text("site,lat,lon,igbp\n"),
        ["rows: expected at least one, found none"],
    ),
    "binary": (
        SITES,
        lambda p: p.write_bytes(bytes(range(256)) * 20),
        ["sites.csv: file: expected a comma-separated table in UTF-8"],
    ),
    "a zip": (
        FLUXES,
        lambda p: p.write_bytes(b"PK\x03\x04\x14\x00\x00\x00\x08\x00" * 9),
        ["site_years.csv: file: expected a comma-separated table in UTF-8"],
    ),
    "semicolons": (
        SITES,
        lambda p: p.write_text(p.read_text().replace(",", ";")),
        ["expected a comma-separated table", "the one column 'site;lat;lon;igbp'"],
    ),
    "surplus fields": (
        SITES,
        lambda p: p.write_text(
            p.read_text().replace("\n", ",1,2\n").replace("igbp,1,2", "igbp")
        ),
        ["found rows with more fields than the header"],
    ),
    "missing lat": (
        SITES,
        lambda p: drop_column(p, "lat"),
        ["sites.csv: lat: expected a column", "found only site, lon, igbp"],
    ),
    "missing nee_qc": (
        FLUXES,
        lambda p: drop_column(p, "nee_qc"),
        ["site_years.csv: nee_qc: expected a column of this name"],
    ),
    "another spelling of an optional column": (
        FLUXES,
        lambda p: rename_column(p, "reco", "RECO"),
        ["reco: expected a column of this name, in these letters", "found RECO"],
    ),
    "a second column in capitals": (
        FLUXES,
        lambda path: with_header(path, "reco", "reco", "Reco"),
        ["reco: expected a column of this name", "no other like it, found Reco"],
    ),
    "optional column twice": (
        "site_years.csv",
        lambda path: with_header(path, "reco", "reco", "reco "),
        ["reco: expected one column of this name, found two"],
    ),
    "site that does not print": (
        "sites.csv",
        lambda path: set_cell(path, "site", "A\x1b[31m"),
        [
            "site: expected a name of printable characters",
            "'A\\x1b[31m' on line 3",
        ],
    ),
    "column twice": (
        SITES,
        lambda p: p.write_text(p.read_text().replace("lon", "lat", 1)),
        ["lat: expected one column of this name, found two"],
    ),
    "text for a number": (
        FLUXES,
        lambda p: set_cell(p, "gpp", "n.a."),
        ["gpp: expected a number, found 'n.a.' on line 3 (F0)"],
    ),
    "decimal comma": (
        SITES,
        lambda p: set_cell(p, "lat", "47,1"),
        ["lat: expected a number, found '47,1' on line 3 (F1)"],
    ),
    "empty latitude": (
        SITES,
        lambda p: set_cell(p, "lat", ""),
        ["lat: expected a number, found an empty cell on line 3 (F1)"],
    ),
    "fill value": (
        FLUXES,
        lambda p: set_cell(p, "nee", "-9999"),
        ["nee: expected an empty cell where there is no value, found '-9999'"],
    ),
    "infinite flux": (
        FLUXES,
        lambda p: set_cell(p, "gpp", "inf"),
        ["gpp: expected a number, found 'inf' on line 3"],
    ),
    "site twice": (
        SITES,
        repeat_row,
        ["site: expected each site once, found 'F2' on line 10"],
    ),
    "site without name": (
        SITES,
        lambda p: set_cell(p, "site", ""),
        ["site: expected a name, found an empty cell on line 3"],
    ),
    "site-year twice": (
        FLUXES,
        repeat_row,
        ["year: expected each site and year once, found '2003' on line 18 (F1)"],
    ),
    "latitude of 95": (
        SITES,
        lambda p: set_cell(p, "lat", "95"),
        ["lat: expected degrees from -90 to 90, found '95' on line 3 (F1)"],
    ),
    "longitude of 190": (
        SITES,
        lambda p: set_cell(p, "lon", "190.5"),
        ["lon: expected degrees from -180 to 180, found '190.5'"],
    ),
    "unknown class": (
        SITES,
        lambda p: set_cell(p, "igbp", "Pine"),
        ["igbp: expected one of ENF, EBF, DNF, DBF, MF, CSH", "found 'Pine'"],
    ),
    "no forest": (
        SITES,
        lambda p: edit(p, igbp=lambda t: "GRA"),
        ["igbp: expected at least one forest tower", "found only GRA"],
    ),
    "unknown site": (
        FLUXES,
        lambda p: set_cell(p, "site", "XX-Foo"),
        ["site: expected a site of sites.csv, found 'XX-Foo' on line 3"],
    ),
    "half a year": (
        FLUXES,
        lambda p: set_cell(p, "year", "2003.5"),
        ["year: expected a whole year such as 2003, found '2003.5' on line 3"],
    ),
    "a date for a year": (
        FLUXES,
        lambda p: set_cell(p, "year", "20030101"),
        ["year: expected a whole year such as 2003, found '20030101'"],
    ),
    "quality in percent": (
        FLUXES,
        lambda p: edit(p, nee_qc=lambda t: t["nee_qc"] * 100),
        ["nee_qc: expected a fraction from 0 to 1 (not percent)", "and 15 more"],
    ),
    "negative quality": (
        FLUXES,
        lambda p: set_cell(p, "nee_qc", "-1"),
        ["nee_qc: expected a fraction from 0 to 1", "found '-1' on line 3"],
    ),
    "GPP per day": (
        FLUXES,
        lambda p: edit(
            p, **{f: lambda t, f=f: t[f] / 365 for f in ("gpp", "nee", "reco")}
        ),
        ["gpp: expected gC m-2 yr-1, a median of a forest tower", "another unit?"],
    ),
    "GPP in milligrams": (
        FLUXES,
        lambda p: edit(
            p, **{f: lambda t, f=f: t[f] * 1000 for f in ("gpp", "nee", "reco")}
        ),
        ["gpp: expected gC m-2 yr-1", "from 20 to 20000", "another unit?"],
    ),
    "GPP negative": (
        FLUXES,
        lambda p: edit(p, gpp=lambda t: -t["gpp"]),
        ["gpp: expected gC m-2 yr-1", "is GPP negative there?"],
    ),
    "NEE flipped beside RECO": (
        FLUXES,
        lambda p: edit(p, nee=lambda t: -t["nee"]),
        ["nee: expected reco - gpp, negative where", "(sign flipped)"],
    ),
    "NEE flipped, RECO made from it": (
        FLUXES,
        lambda p: edit(p, nee=lambda t: -t["nee"], reco=lambda t: t["gpp"] + t["nee"]),
        ["nee: expected reco - gpp", "positive median at 6 of 6 forest towers"],
    ),
    "NEE flipped without RECO": (
        FLUXES,
        lambda p: (edit(p, nee=lambda t: -t["nee"]), drop_column(p, "reco")),
        ["nee: expected reco - gpp", "positive median at 6 of 6 forest towers"],
    ),
    "NEE is GPP": (
        FLUXES,
        lambda p: (edit(p, nee=lambda t: t["gpp"]), drop_column(p, "reco")),
        ["nee: expected reco - gpp", "a copy of gpp in 12 of 12 forest site-years"],
    ),
    "NEE is -GPP": (
        FLUXES,
        lambda p: (edit(p, nee=lambda t: -t["gpp"]), drop_column(p, "reco")),
        ["found a copy of -gpp in 12 of 12 forest site-years"],
    ),
    "open budget": (
        FLUXES,
        lambda p: edit(p, reco=lambda t: t["reco"] + 300 * (t.index == 3)),
        ["reco: expected gpp + nee within 50", "a difference of 300 at F1 2004"],
    ),
    "no flux of a forest": (
        FLUXES,
        lambda p: edit(p, nee=lambda t: t["nee"].where(t["site"].str.startswith("X"))),
        ["gpp, nee: expected numbers for at least one year of a forest tower"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_stops_with_one_line(folder, case):
    file, break_it, parts = BAD[case]
    break_it(folder / file)
    line = line_of(folder)
    assert file in line
    for part in parts:
        assert part in line


FILLS = ("-999", "-999.0", "-999.9", "-6999", "-9999", "-9999.9", "-9999.99", "-99999")


@pytest.mark.parametrize("fill", [*FILLS, "9999", "-32768", "1e20", "-3.4e38"])
@pytest.mark.parametrize("column", ["gpp", "nee", "nee_qc"])
def test_a_known_fill_is_named_in_every_column(folder, column, fill):
    drop_column(folder / FLUXES, "reco")
    set_cell(folder / FLUXES, column, fill)
    line = line_of(folder)
    assert f"{column}: expected an empty cell where there is no value" in line
    assert f"found '{fill}' on line 3 (F0)" in line


def test_numbers_near_a_fill_are_numbers(folder):
    path = folder / FLUXES
    drop_column(path, "reco")
    edit(path, nee=lambda t: t["nee"].where(t.index != 1, -999.5))
    edit(path, gpp=lambda t: t["gpp"].where(t.index != 1, 1500.0))
    assert -999.5 in read_towers(folder)[1]["nee"].to_numpy()


def test_missing_folder_names_the_key_and_the_files(tmp_path):
    towers = {"folder": str(tmp_path / "nowhere")}
    run = {"run": "a", "seed": 1, "years": [2003, 2018], "towers": towers}
    with pytest.raises(InputError) as caught:
        find_tower_years(read_configuration(run))
    line = str(caught.value)
    assert "nowhere: towers.folder: expected a folder with sites.csv" in line
    assert "own-towers.md" in line
    assert "towers.fluxnet" in line
    assert line.endswith("found no such folder")


def test_the_overlay_for_towers_reads_a_folder_that_anyone_can_fill():
    overlay = read_yaml(ROOT / "config/towers.yaml")
    assert overlay["towers"]["folder"] == "data/towers"
    assert "/data/" in (ROOT / ".gitignore").read_text().splitlines()


def test_towers_that_are_sources_pass_when_the_user_says_so(folder):
    path = folder / "site_years.csv"
    edit(path, nee=lambda t: -t["nee"], reco=lambda t: t["gpp"] + t["nee"])
    _, site_years = read_towers(folder, check_sign=False)
    assert (site_years["nee"] > 0).mean() > 0.8


def test_a_few_towers_that_are_sources_are_no_wrong_sign(tmp_path):
    folder = tower_folder(tmp_path, forest=4)
    path = folder / "site_years.csv"
    edit(path, nee=lambda t: t["nee"].abs() / 2, reco=lambda t: t["gpp"] + t["nee"])
    sites = read_sites(folder / "sites.csv")
    assert (read_site_years(path, sites)["nee"] > 0).all()


@pytest.mark.parametrize("name", ["sites.csv", "site_years.csv"])
def test_a_table_that_was_cut_is_one_line(folder, name):
    """A cut row must not be read as a row of gaps."""
    path = folder / name
    text = path.read_text().rstrip()
    path.write_text(text[: text.rindex(",")])
    count = len(text.splitlines())
    fields = text.split("\n")[0].count(",") + 1
    line = f"as many fields as the header has, found {fields - 1} instead of {fields}"
    assert f"{line} on line {count}" in line_of(folder)


def test_blank_lines_are_no_short_rows(folder):
    path = folder / "sites.csv"
    path.write_text(path.read_text() + "\n,,,\n\n")
    assert len(read_towers(folder)[0]) == 8


def test_a_table_of_many_columns_is_refused_at_once(folder):
    path = folder / "sites.csv"
    path.write_text(",".join(f"c{number}" for number in range(100_000)) + "\n1\n")
    assert "found 100000 columns, more than 5000" in line_of(folder)


def test_a_header_without_an_end_is_one_line(folder):
    (folder / "sites.csv").write_text('"' + "x" * 200_000)
    assert "file: expected a comma-separated table" in line_of(folder)


def test_real_towers_pass():
    if not REAL.is_dir():
        pytest.skip(f"the folder of real towers is not here: {REAL.name}")
    sites, site_years = read_towers(REAL)
    forest = sites[sites["igbp"].isin(["ENF", "EBF", "DNF", "DBF", "MF"])]
    assert (len(sites), len(forest), len(site_years)) == (176, 77, 1091)
    # The forest clusters that come with the data were made without the other towers,
    # which can only join clusters, never part them.
    given = pd.read_csv(REAL / "sites.csv")[["site", "cluster_100km"]]
    pairs = forest.merge(given, on="site").groupby("cluster_100km")["cluster"]
    assert (pairs.nunique() == 1).all()
