"""The sites of an archive together: towers, annual fluxes, citations, what is left out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.errors import InputError
from forestflux.core.names import FOREST_TYPES, OTHER_CLASSES
from forestflux.jobs.small_files import read_json
from forestflux.towers.clusters import link_clusters
from forestflux.towers.fluxnet.site_information import read_all, site_information
from forestflux.towers.fluxnet.site_reader import parts_of
from forestflux.towers.tower_tables import (
    CITATION_COLUMNS,
    LEFT_COLUMNS,
    SITE_COLUMNS,
    SITE_YEAR_COLUMNS,
    check_presence,
)

# Beside the canonical columns of site-years.
FURTHER = ("gpp_nt", "gpp_dt", "gpp_sd", "nee_sd", "completeness", "resolution")
CITATIONS = CITATION_COLUMNS[1:]


def collect_sites(
    records: Sequence[Path],
    information: Sequence[Path],
    unknown: Sequence[str],
    *,
    classes: dict[str, str],
    skip_faulty: bool,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Towers, their citations, and what is left out.

    Parameters
    ----------
    records : `archive/{site}.json` of all sites
    information : tables of site information for all sites; a site's own files go first
    unknown : files whose names are of no known product
    classes : IGBP classes that count as a forest type, by class
    skip_faulty : whether a site or year with a fault is left out instead of ending the
        run

    Returns
    -------
    sites : `forestflux.towers.tower_tables.SITE_COLUMNS`
    citations : `CITATION_COLUMNS`, one row per tower, empty where not known
    left_out : `LEFT_COLUMNS`; year is empty where a whole site or file is left out

    Raises
    ------
    InputError : the first fault, where faults may not be skipped; no forest tower left
    """
    shared = read_all(information)
    towers, left, faults = [], [], []
    for path in records:
        record = read_json(path)
        site, fault = record["site"], record["fault"]
        known = site_information(shared.get(site, [])) | record["information"]
        if fault is None:
            try:
                tower = tower_of(record, known, classes=classes)
            except InputError as error:
                fault = parts_of(error, site)
        if fault is not None:
            faults.append(fault)
            left.append((site, None, fault["source"], str(InputError(**fault))))
            continue
        towers.append(tower)
        for year in record["left"]:
            left.append((site, year["year"], record["file"], year["reason"]))
            if year["fault"]:
                faults.append(fault_of_year(record, year))
    if faults and not skip_faulty:
        raise first_of(faults)
    reason = "the name is of no FLUXNET product"
    left += [("", None, file, reason) for file in unknown]
    table = pd.DataFrame(towers, columns=["site", "lat", "lon", "igbp", *CITATIONS])
    if not table["igbp"].isin(FOREST_TYPES).any():
        raise InputError(
            "towers.fluxnet",
            variable="igbp",
            expected=f"at least one forest tower ({', '.join(FOREST_TYPES)})",
            found=f"{len(table)} towers, none of them forest",
        )
    cluster = link_clusters(table["lat"].to_numpy(), table["lon"].to_numpy())
    sites = table.assign(cluster=cluster)[list(SITE_COLUMNS)]
    left_out = pd.DataFrame(left, columns=list(LEFT_COLUMNS))
    left_out["year"] = left_out["year"].astype("Int64")
    return sites, table[list(CITATION_COLUMNS)], left_out


def first_of(faults: Sequence[dict[str, str]]) -> InputError:
    """The first of some faults, on a line that says how many more there are and the way on."""
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    hint = "fluxnet.skip_faulty: true leaves out and lists what is faulty"
    return InputError(**faults[0] | {"found": f"{faults[0]['found']} ({hint}{more})"})


def fault_of_year(record: dict, year: dict) -> dict[str, str]:
    """The parts of the line for a year whose fluxes cannot be."""
    return {
        "source": record["file"],
        "variable": f"{record['site']}: {year['year']}",
        "expected": "GPP from zero and a budget that closes",
        "found": year["reason"],
    }


def tower_of(record: dict, known: dict[str, str], *, classes: dict[str, str]) -> dict:
    """A tower's row: site, lat, lon (degrees), igbp, and the texts of its citation.

    Parameters
    ----------
    record : of the site
    known : what tables of site information say of it

    Raises
    ------
    InputError : no coordinates, coordinates off the globe, no class or an unknown one
    """
    absent, file = "none (is its BIF file in the folder?)", record["file"]
    row = {"site": record["site"]}
    for key, name, limit in (("lat", "LAT", 90), ("lon", "LONG", 180)):
        value = pd.to_numeric(known.get(key), errors="coerce")
        if not np.abs(value) <= limit:
            raise InputError(
                file,
                variable=f"LOCATION_{name}",
                expected=f"degrees from -{limit} to {limit}",
                found=known.get(key, absent),
            )
        row[key] = float(value)
    igbp, allowed = known.get("igbp", "").upper(), (*FOREST_TYPES, *OTHER_CLASSES)
    if igbp not in allowed:
        expected = f"one of {', '.join(allowed)}"
        raise InputError(file, variable="IGBP", expected=expected, found=igbp or absent)
    texts = {key: " ".join(known.get(key, "").split()) for key in CITATIONS}
    return row | {"igbp": classes.get(igbp, igbp)} | texts


def collect_site_years(tables: Sequence[Path], sites: pd.DataFrame) -> pd.DataFrame:
    """Annual fluxes of the towers that are kept, canonical columns and `FURTHER`.

    Parameters
    ----------
    tables : `archive/{site}.csv` of all sites

    Raises
    ------
    InputError : no year of a forest tower
    """
    wanted = set(sites["site"])
    parts = [pd.read_csv(path) for path in tables if path.stem in wanted]
    table = pd.concat([part for part in parts if len(part)] or parts[:1])
    table = table.sort_values(["site", "year"], ignore_index=True)
    forest = sites.loc[sites["igbp"].isin(FOREST_TYPES), "site"]
    check_presence(table[table["site"].isin(forest)], Path("towers.fluxnet"))
    return table[[*SITE_YEAR_COLUMNS, *FURTHER]]
