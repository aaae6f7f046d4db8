"""The user's tables of towers: checked cell by cell and brought into canonical columns."""

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FLUXES, FOREST_TYPES, OTHER_CLASSES
from forestflux.jobs.user_tables import parse_numbers, read_csv, refuse_cell
from forestflux.towers.clusters import link_clusters
from forestflux.towers.doubtful_places import doubt_places
from forestflux.towers.doubts import refuse_doubts, refuse_unknown_sites
from forestflux.towers.flux_checks import check_fluxes
from forestflux.towers.place_tables import read_places
from forestflux.towers.tower_schemas import SITE_YEARS, SITES


def read_sites(path: Path, *, confirmed: Collection[str] = ()) -> pd.DataFrame:
    """One row per tower, sorted by name: site, lat, lon (degrees), igbp, cluster (integer).

    Parameters
    ----------
    confirmed : towers whose places the user has checked

    Raises
    ------
    InputError : an unreadable table, a site twice, a place off the globe or a doubtful
        one, an unknown class, no forest tower, a confirmed tower that is none
    """
    table = read_places(path, "igbp")
    allowed = (*FOREST_TYPES, *OTHER_CLASSES)
    unknown = ~table["igbp"].isin(allowed).to_numpy()
    expected = f"one of {', '.join(allowed)}"
    refuse_cell(unknown, table, "igbp", path=path, expected=expected)
    if not table["igbp"].isin(FOREST_TYPES).any():
        raise InputError(
            path,
            variable="igbp",
            expected=f"at least one forest tower ({', '.join(FOREST_TYPES)})",
            found=f"only {', '.join(sorted(set(table['igbp'])))}",
        )
    refuse_unknown_sites(confirmed, table["site"], "towers.confirmed")
    sites = table[["site", "igbp", "lat", "lon"]]
    sites = sites.sort_values("site", ignore_index=True)
    refuse_doubts(doubt_places(sites), path, confirmed=confirmed)
    cluster = link_clusters(sites["lat"].to_numpy(), sites["lon"].to_numpy())
    return sites.assign(cluster=cluster)[SITES.names]


def read_site_years(
    path: Path,
    sites: pd.DataFrame,
    *,
    check_sign: bool = True,
    confirmed: Collection[str] = (),
) -> pd.DataFrame:
    """One row per tower and year: site, year, gpp, reco, nee (gC m-2 yr-1), nee_qc (1).

    `reco` is `gpp + nee` where the table has no such column. Fluxes that are not known
    stay NaN.

    Parameters
    ----------
    sites : table of `read_sites`
    check_sign : whether forest towers that are mostly sources are refused
    confirmed : towers whose fluxes the user has checked

    Raises
    ------
    InputError : an unreadable table, a site that `sites` lacks, a site-year twice, no
        valid year or quality, what `check_fluxes` refuses
    """
    required = ("site", "year", "gpp", "nee", "nee_qc")
    table = read_csv(path, required, optional=("reco",))
    refuse_unknown_towers(table, sites, path=path)
    year = parse_years(table, path=path)
    given = [flux for flux in FLUXES if flux in table.columns]
    clean = table[["site"]].assign(
        year=year,
        **{
            column: parse_numbers(table, column, path=path, gaps=True)
            for column in (*given, "nee_qc")
        },
    )
    repeated = clean.duplicated(["site", "year"]).to_numpy()
    refuse_cell(repeated, table, "year", path=path, expected="each site and year once")
    outside = (clean["nee_qc"] < 0) | (clean["nee_qc"] > 1)
    expected = "a fraction from 0 to 1 (not percent)"
    refuse_cell(outside.to_numpy(), table, "nee_qc", path=path, expected=expected)
    check_fluxes(clean, sites, path, check_sign=check_sign, confirmed=confirmed)
    if "reco" not in given:
        clean["reco"] = clean["gpp"] + clean["nee"]
    return clean.sort_values(["site", "year"], ignore_index=True)[SITE_YEARS.names]


def refuse_unknown_towers(
    table: pd.DataFrame, sites: pd.DataFrame, *, path: Path
) -> None:
    """Refuse a user's table with a row of a tower that the table of sites lacks."""
    unknown = ~table["site"].isin(sites["site"]).to_numpy()
    refuse_cell(unknown, table, "site", path=path, expected="a site of sites.csv")


def parse_years(table: pd.DataFrame, *, path: Path) -> np.ndarray:
    """Calendar years of a user's table, int (row,).

    Raises
    ------
    InputError : a cell that is no whole year
    """
    year = parse_numbers(table, "year", path=path)
    no_year = (year != np.floor(year)) | (year < 1900) | (year > 2199)
    expected = "a whole year such as 2003"
    refuse_cell(no_year, table, "year", path=path, expected=expected)
    return year.astype(int)
