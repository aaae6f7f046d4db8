"""Doubts about one tower: named on one line, accepted where the user has confirmed the tower."""

import numpy as np
import pandas as pd
import pytest

from forestflux.core.input_errors import InputError
from forestflux.towers.doubtful_fluxes import doubt_fluxes
from forestflux.towers.doubtful_places import doubt_places
from forestflux.towers.flux_checks import check_fluxes
from forestflux.towers.fluxnet.fluxnet_towers import collect_site_years
from forestflux.towers.tower_schemas import FLUXNET_SITE_YEARS
from forestflux.towers.tower_tables import read_site_years, read_sites
from tests.builders.tower_folders import read_towers, tower_folder

SITE = "F2"
FLUXES = ["gpp", "nee", "reco"]


@pytest.fixture
def towers(tmp_path):
    """Towers and site-years of three years each."""
    return read_towers(tower_folder(tmp_path, years=(2003, 2004, 2005)))


def change(site_years, site=SITE, years=(2003, 2004, 2005), **columns):
    """The site-years with columns of one tower changed: {column: function of its rows}."""
    table = site_years.copy()
    rows = (table["site"] == site) & table["year"].isin(years)
    for name, of in columns.items():
        table.loc[rows, name] = of(table[rows])
    return table


def in_unit(factor, names=FLUXES):
    return {name: lambda t, name=name: t[name] * factor for name in names}


def strong_sink(share):
    """NEE with the other sign at a tower that keeps so much of its GPP, and its sum."""
    return {
        "nee": lambda t: share * t["gpp"],
        "reco": lambda t: (1 + share) * t["gpp"],
    }


# What is changed, where and in which years, and parts of the line.
DOUBTS = {
    "kgC": (SITE, in_unit(1 / 1000), ["gpp: expected gC m-2 yr-1", "another unit?"]),
    "umol": (SITE, in_unit(1 / 379), ["gpp: expected gC m-2 yr-1", "another unit?"]),
    "mgC": (SITE, in_unit(1000), ["gpp: expected gC m-2 yr-1", "another unit?"]),
    "negative": (
        SITE,
        {"gpp": lambda t: -t["gpp"], "reco": lambda t: t["nee"] + t["gpp"]},
        ["is GPP negative there?"],
    ),
    "kgC where there is no forest": (
        "X1",
        in_unit(1 / 1000),
        ["gpp: expected gC m-2 yr-1, more than 20 in some year", "another unit?"],
    ),
    "NEE alone in kgC": (
        SITE,
        {"nee": lambda t: t["nee"] / 1000, "reco": lambda t: t["gpp"]},
        ["nee: expected gC m-2 yr-1, more than 5 or less than -5", "another unit?"],
    ),
    "NEE alone in gCO2": (
        SITE,
        {"nee": lambda t: -t["gpp"] * 1.05, "reco": lambda t: -0.05 * t["gpp"]},
        ["nee: expected reco - gpp, and (gpp + nee) / gpp above 0.1", "found -0.05"],
    ),
    "NEE with the other sign": (
        SITE,
        strong_sink(0.4),
        ["nee: expected reco - gpp, and (gpp + nee) / gpp below 1.25", "gpp - reco?"],
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_a_doubtful_tower_is_named_until_it_is_confirmed(towers, case):
    sites, site_years = towers
    site, columns, parts = DOUBTS[case]
    table = change(site_years, site, **columns)
    with pytest.raises(InputError) as caught:
        check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=())
    line = str(caught.value)
    assert "\n" not in line
    for part in (*parts, f"add {site} to towers.confirmed"):
        assert part in line
    check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=[site])


def test_one_year_in_another_unit_is_named(towers):
    sites, site_years = towers
    table = change(site_years, years=[2004], **in_unit(44 / 12))
    with pytest.raises(InputError, match=r"gpp: expected 0.2 to 3 times .* in 2004"):
        check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=())


def test_every_doubtful_tower_is_listed(towers):
    sites, site_years = towers
    table = change(change(site_years, **in_unit(0.001)), "F4", **in_unit(0.001))
    with pytest.raises(InputError, match=r"add F2 to .*; also doubtful: F4$"):
        check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=())
    with pytest.raises(InputError, match=r"add F4 to towers.confirmed$"):
        check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=["F2"])


def test_a_source_whose_nee_falls_with_gpp_has_the_right_sign(towers):
    """As at a forest after windthrow: a source, and less of one in a better year."""
    sites, site_years = towers
    falling = np.array([900.0, 700.0, 500.0])
    gpp = np.array([1000.0, 1300.0, 1600.0])
    columns = {"gpp": gpp, "nee": falling, "reco": gpp + falling}
    table = change(
        site_years, **{name: lambda t, v=values: v for name, values in columns.items()}
    )
    check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=())
    rising = {"nee": falling[::-1], "reco": gpp + falling[::-1]}
    table = change(table, **{name: lambda t, v=v: v for name, v in rising.items()})
    with pytest.raises(InputError, match="gpp - reco"):
        check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=())


def test_sources_are_no_doubt_where_signs_are_not_checked(towers):
    sites, site_years = towers
    table = change(site_years, **strong_sink(0.4))
    check_fluxes(table, sites, "t.csv", check_sign=False, confirmed=())


def test_years_that_were_hardly_measured_are_not_judged(towers):
    sites, site_years = towers
    table = change(site_years, **in_unit(0.001), nee_qc=lambda t: 0.3)
    check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=())


def test_a_flipped_budget_is_certain_and_nobody_can_confirm_it(towers):
    sites, site_years = towers
    table = change(site_years, "X1", nee=lambda t: -t["nee"])
    with pytest.raises(InputError, match=r"gpp - reco in the median .* X1 .sign flip"):
        check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=["X1"])


def test_a_small_flux_with_the_other_sign_is_found_below_the_tolerance_of_budgets(
    towers,
):
    sites, site_years = towers
    small = change(site_years, nee=lambda t: -20.0, reco=lambda t: t["gpp"] - 20.0)
    flipped = change(small, nee=lambda t: 20.0)
    with pytest.raises(InputError, match=f"the years of {SITE} .sign flipped"):
        check_fluxes(flipped, sites, "t.csv", check_sign=True, confirmed=())


@pytest.mark.parametrize("case", DOUBTS)
def test_archives_are_judged_like_tables(towers, tmp_path, case):
    """One rule: what is refused in a user's table is refused in FLUXNET files."""
    sites, site_years = towers
    site, columns, _ = DOUBTS[case]
    table = change(site_years, site, **columns)
    path = tmp_path / "site_years.csv"
    table.to_csv(path, index=False)
    with pytest.raises(InputError) as own:
        read_site_years(path, sites)
    parts = []
    for name, rows in table.groupby("site"):
        parts.append(tmp_path / f"{name}.csv")
        whole = rows.reindex(columns=FLUXNET_SITE_YEARS.names)
        FLUXNET_SITE_YEARS.write(whole, parts[-1])
    with pytest.raises(InputError) as archive:
        collect_site_years(parts, sites)
    assert str(archive.value) == str(own.value).replace(str(path), "towers.fluxnet")
    assert len(collect_site_years(parts, sites, confirmed=[site])) == len(table)


def test_a_year_of_negative_gpp_is_no_doubt(towers):
    """The samples drop such a year of a table and of an archive alike, with its reason."""
    sites, site_years = towers
    columns = {"gpp": lambda t: -50.0, "reco": lambda t: t["nee"] - 50.0}
    table = change(site_years, years=[2004], **columns)
    check_fluxes(table, sites, "t.csv", check_sign=True, confirmed=())


PLACES = {
    "exchanged, by code": ("DE-Tha", 13.565, 50.963, "lat and lon exchanged?"),
    "the west for the east": ("DE-Tha", 50.963, -13.565, "the other sign of lon?"),
    "the north for the south": ("AU-Wac", 37.426, 145.19, "the other sign of lat?"),
    "exchanged, in the sea": ("Guyane", -52.925, 5.2788, "lat and lon exchanged?"),
    "a code of the network": ("UK-Gri", -3.798, 56.607, "lat and lon exchanged?"),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_doubtful_place_is_named_until_it_is_confirmed(tmp_path, case):
    site, lat, lon, slip = PLACES[case]
    path = tmp_path / "sites.csv"
    path.write_text(f"site,lat,lon,igbp\nF0,50,10,ENF\n{site},{lat},{lon},ENF\n")
    with pytest.raises(InputError) as caught:
        read_sites(path)
    line = str(caught.value)
    assert f"lat, lon: expected a place {'on' if 'sea' in case else 'in'}" in line
    assert f"at {site} ({slip}); if it is right, add {site} to" in line
    assert site in set(read_sites(path, confirmed=[site])["site"])


@pytest.mark.parametrize(
    ("site", "lat", "lon"),
    [
        ("DE-Tha", 50.963, 13.565),
        ("GF-Guy", 5.2788, -52.925),
        ("XX-Foo", 9.0, 48.0),  # no country of this code
        ("Azores", 38.7, -27.2),  # an island that coarse outlines lack
        ("IT-Noe", 40.606, 8.1517),
    ],
)
def test_places_that_may_be_right_are_no_doubt(site, lat, lon):
    assert doubt_places(pd.DataFrame({"site": [site], "lat": lat, "lon": lon})) == []


def test_a_confirmed_tower_that_is_none_is_named(tmp_path):
    path = tower_folder(tmp_path) / "sites.csv"
    with pytest.raises(
        InputError, match=r"towers.confirmed: expected sites .*, found XX-Foo"
    ):
        read_sites(path, confirmed=["XX-Foo"])


def test_doubts_come_in_the_order_of_names(towers):
    _, site_years = towers
    table = change(change(site_years, "F4", **in_unit(0.001)), **in_unit(0.001))
    is_forest = table["site"].str.startswith("F")
    doubts = doubt_fluxes(table, is_forest=is_forest, doubt_sources=True)
    assert [doubt.site for doubt in doubts] == ["F2", "F4"]
