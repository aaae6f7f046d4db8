"""Flux towers: the user's tables at the door, checked and in canonical columns."""

from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.errors import InputError
from forestflux.core.names import (
    CLOSURE_TOLERANCE,
    FLUX_UNIT,
    FLUXES,
    FOREST_TYPES,
    OTHER_CLASSES,
)
from forestflux.jobs.user_tables import numbers, read_csv, refuse_cell
from forestflux.towers.clusters import link_clusters

SITE_COLUMNS = ("site", "lat", "lon", "igbp", "cluster")
SITE_YEAR_COLUMNS = ("site", "year", "gpp", "reco", "nee", "nee_qc")
CITATION_COLUMNS = ("site", "name", "policy", "citation", "doi")
LEFT_COLUMNS = ("site", "year", "file", "reason")

# Medians of forest towers that no forest reaches: GPP in gC m-2 day-1 or kgC m-2 yr-1
# is below, in mgC above. The most productive forests stay below 5,000 gC m-2 yr-1.
PLAUSIBLE_MEDIAN = (20.0, 20_000.0)

# The sign of NEE is judged from forest towers together: one clear-cut or drained tower
# may well be a source, four of five are hardly so by chance.
SIGN_MIN_TOWERS = 5
SIGN_MAX_SOURCES = 0.8


def read_towers(
    folder: Path,
    *,
    cluster_km: float = 100.0,
    check_sign: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The canonical tables of a user's folder: towers and site-years.

    Parameters
    ----------
    folder : holds `sites.csv` and `site_years.csv` (docs/how-to/own-towers.md)
    cluster_km : towers closer than this share a cluster, km
    check_sign : whether forest towers that are mostly sources are refused

    Raises
    ------
    InputError : no folder, or a table that `read_sites` or `read_site_years` refuses
    """
    require_folder(folder)
    sites = read_sites(folder / "sites.csv", cluster_km=cluster_km)
    site_years = read_site_years(
        folder / "site_years.csv",
        sites,
        check_sign=check_sign,
    )
    return sites, site_years


def require_folder(folder: Path) -> None:
    """Refuse a tower folder that is not there."""
    if not folder.is_dir():
        raise InputError(
            folder,
            variable="towers.folder",
            expected="a folder with sites.csv, site_years.csv, predictors_8day.parquet",
            found="a file" if folder.exists() else "no such folder",
        )


def read_sites(path: Path, *, cluster_km: float = 100.0) -> pd.DataFrame:
    """One row per tower, by name: site, lat, lon (degrees), igbp, cluster (integer).

    Raises
    ------
    InputError : an unreadable table, a site twice, a place off the globe, an unknown
        class, no forest tower
    """
    table = read_csv(path, ("site", "lat", "lon", "igbp"))
    refuse_cell(
        table["site"].eq("").to_numpy(), table, "site", path=path, expected="a name"
    )
    repeated = table["site"].duplicated().to_numpy()
    refuse_cell(repeated, table, "site", path=path, expected="each site once")
    lat, lon = (numbers(table, column, path=path) for column in ("lat", "lon"))
    for column, values, limit in (("lat", lat, 90), ("lon", lon, 180)):
        refuse_cell(
            np.abs(values) > limit,
            table,
            column,
            path=path,
            expected=f"degrees from -{limit} to {limit}",
        )
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
    sites = table[["site", "igbp"]].assign(lat=lat, lon=lon)
    sites = sites.sort_values("site", ignore_index=True)
    cluster = link_clusters(
        sites["lat"].to_numpy(), sites["lon"].to_numpy(), distance_km=cluster_km
    )
    return sites.assign(cluster=cluster)[list(SITE_COLUMNS)]


def read_site_years(
    path: Path,
    sites: pd.DataFrame,
    *,
    check_sign: bool = True,
) -> pd.DataFrame:
    """One row per tower and year: site, year, gpp, reco, nee (gC m-2 yr-1), nee_qc (1).

    `reco` is `gpp + nee` where the table has no such column. Fluxes that are not known
    stay NaN.

    Parameters
    ----------
    sites : table of `read_sites`
    check_sign : whether forest towers that are mostly sources are refused

    Raises
    ------
    InputError : an unreadable table, a site that `sites` lacks, a site-year twice, a
        year or quality that is none, another unit, the other sign of NEE, budgets that
        do not close
    """
    table = read_csv(path, ("site", "year", "gpp", "nee", "nee_qc"))
    unknown = ~table["site"].isin(sites["site"]).to_numpy()
    refuse_cell(unknown, table, "site", path=path, expected="a site of sites.csv")
    year = numbers(table, "year", path=path)
    no_year = (year != np.floor(year)) | (year < 1900) | (year > 2200)
    expected = "a whole year such as 2003"
    refuse_cell(no_year, table, "year", path=path, expected=expected)
    given = [flux for flux in FLUXES if flux in table.columns]
    clean = table[["site"]].assign(
        year=year.astype(int),
        **{c: numbers(table, c, path=path, gaps=True) for c in (*given, "nee_qc")},
    )
    repeated = clean.duplicated(["site", "year"]).to_numpy()
    refuse_cell(repeated, table, "year", path=path, expected="each site and year once")
    outside = (clean["nee_qc"] < 0) | (clean["nee_qc"] > 1)
    expected = "a fraction from 0 to 1 (not percent)"
    refuse_cell(outside.to_numpy(), table, "nee_qc", path=path, expected=expected)
    forest = sites.loc[sites["igbp"].isin(FOREST_TYPES), "site"]
    of_forest = clean[clean["site"].isin(forest)]
    check_presence(of_forest, path)
    check_units(of_forest, path)
    check_sign_of_nee(of_forest, path, judge_towers=check_sign)
    if "reco" in given:
        check_closure(clean, path)
    else:
        clean["reco"] = clean["gpp"] + clean["nee"]
    return clean.sort_values(["site", "year"], ignore_index=True)[
        list(SITE_YEAR_COLUMNS)
    ]


def check_presence(of_forest: pd.DataFrame, path: Path) -> None:
    """Refuse a table without any forest site-year whose GPP and NEE are known."""
    if of_forest.dropna(subset=["gpp", "nee"]).empty:
        raise InputError(
            path,
            variable="gpp, nee",
            expected="numbers for at least one year of a forest tower",
            found="none",
        )


def check_units(of_forest: pd.DataFrame, path: Path) -> None:
    """Refuse GPP whose median over forest towers no forest has: another unit or sign.

    Parameters
    ----------
    of_forest : rows of forest towers
    """
    low, high = PLAUSIBLE_MEDIAN
    median = of_forest.groupby("site")["gpp"].median().median()
    if low <= median <= high:
        return
    cause = "is GPP negative there?" if median < 0 else "another unit?"
    raise InputError(
        path,
        variable="gpp",
        expected=f"{FLUX_UNIT}, a median of forest towers from {low:g} to {high:g}",
        found=f"{median:.4g} ({cause})",
    )


def check_sign_of_nee(
    of_forest: pd.DataFrame, path: Path, *, judge_towers: bool = True
) -> None:
    """Refuse NEE that is a copy of GPP or has the sign of NEP (positive = uptake).

    Certain where `reco` is given, because only one sign closes the budget. Else forest
    towers decide together, if there are enough: most forests are sinks in most years.

    Parameters
    ----------
    of_forest : rows of forest towers: site, gpp, nee and perhaps reco, gC m-2 yr-1
    judge_towers : whether many towers that are sources count as the wrong sign
    """
    known = of_forest.dropna(subset=["gpp", "nee"])
    expected = "reco - gpp, negative where the forest takes up carbon"
    found = None
    near = 1e-3 * known["gpp"].abs() + 1e-6
    for sign, text in ((1, "gpp"), (-1, "-gpp")):
        same = (known["nee"] - sign * known["gpp"]).abs() <= near
        if same.mean() > 0.5:
            found = (
                f"a copy of {text} in {same.sum()} of {len(known)} forest site-years"
            )
    if found is None and "reco" in known:
        found = closes_with_other_sign(known)
    if found is None and judge_towers:
        median = known.groupby("site")["nee"].median()
        sources = int((median > 0).sum())
        if len(median) >= SIGN_MIN_TOWERS and sources >= SIGN_MAX_SOURCES * len(median):
            found = (
                f"a positive median at {sources} of {len(median)} forest towers"
                " (gpp - reco? towers.check_sign: false if they are sources)"
            )
    if found is not None:
        raise InputError(path, variable="nee", expected=expected, found=found)


def closes_with_other_sign(known: pd.DataFrame) -> str | None:
    """What to say if reco = gpp - nee holds better than gpp + nee; None if not."""
    known = known.dropna(subset=["reco"])
    if known.empty:
        return None
    as_given = (known["reco"] - (known["gpp"] + known["nee"])).abs()
    flipped = (known["reco"] - (known["gpp"] - known["nee"])).abs()
    # A tenth: partitioning leaves some residual, the wrong sign leaves twice NEE.
    if flipped.median() >= 0.1 * as_given.median():
        return None
    return f"gpp - reco in the median of {len(known)} forest site-years (sign flipped)"


def check_closure(table: pd.DataFrame, path: Path) -> None:
    """Refuse site-years whose reco is not gpp + nee within `CLOSURE_TOLERANCE`."""
    residual = (table["reco"] - (table["gpp"] + table["nee"])).abs()
    bad = residual > CLOSURE_TOLERANCE
    if not bad.any():
        return
    worst = table.loc[residual.idxmax()]
    raise InputError(
        path,
        variable="reco",
        expected=f"gpp + nee within {CLOSURE_TOLERANCE:g} {FLUX_UNIT}, or no column",
        found=f"a difference of {residual.max():.0f} at {worst['site']} {worst['year']}"
        f" and {bad.sum()} such site-years in all",
    )
