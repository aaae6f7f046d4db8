"""All FLUXNET sites together: towers, annual fluxes, citations, what is left out."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES, OTHER_CLASSES
from forestflux.core.reading.plain_text import to_one_line
from forestflux.jobs.manifests import read_manifest
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.towers.clusters import link_clusters
from forestflux.towers.doubtful_places import doubt_places
from forestflux.towers.doubts import refuse_doubts, refuse_unknown_sites
from forestflux.towers.flux_checks import check_fluxes
from forestflux.towers.fluxnet.site_information import (
    Rows,
    read_shared_information,
    summarise_site,
)
from forestflux.towers.fluxnet.site_reader import describe_fault
from forestflux.towers.fluxnet.site_record import SiteRecord
from forestflux.towers.tower_schemas import (
    CITATIONS,
    FLUXNET_SITE_YEARS,
    LEFT_OUT,
    SITES,
)

CITATION_TEXTS = CITATIONS.names[1:]


def collect_sites(
    records: Sequence[Path],
    information: Sequence[Path],
    unknown: Sequence[str],
    *,
    settings: FluxnetSettings,
    confirmed: Collection[str] = (),
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Towers, their citations, and what is left out.

    Parameters
    ----------
    records : `fluxnet/{site}.json` of all sites
    information : tables of site information for all sites; a site's own files count first
    unknown : files whose names are of no known product
    confirmed : towers whose places the user has checked

    Returns
    -------
    sites, citations, left_out : tables of `forestflux.towers.tower_schemas`

    Raises
    ------
    InputError : the first fault, unless faults are skipped; no forest tower is left; a
        doubtful place, a confirmed tower that is none
    """
    shared, faults = read_shared_tables(information)
    left_out: list[tuple[str, int | None, str, str]] = [
        ("", None, fault["source"], str(InputError(**fault))) for fault in faults
    ]
    towers = []
    for path in records:
        record = read_manifest(path, SiteRecord).model_dump()
        site, fault = record["site"], record["fault"]
        known = summarise_site(shared.get(site, [])) | record["information"]
        if fault is None:
            try:
                towers.append(make_tower(record, known, classes=settings.classes))
            except InputError as error:
                fault = describe_fault(error, site)
        if fault is not None:
            faults.append(fault)
            left_out.append((site, None, fault["source"], str(InputError(**fault))))
            continue
        for year in record["left_out"]:
            left_out.append((site, year["year"], record["file"], year["reason"]))
            if year["fault"]:
                faults.append(describe_year_fault(record, year))
    if faults and not settings.skip_faulty:
        raise first_fault_error(faults)
    reason = "the name is of no FLUXNET product"
    left_out += [("", None, file, reason) for file in unknown]
    columns = ["site", "lat", "lon", "igbp", *CITATION_TEXTS]
    table = pd.DataFrame(towers, columns=columns)
    if not table["igbp"].isin(FOREST_TYPES).any():
        raise InputError(
            "towers.fluxnet",
            variable="igbp",
            expected=f"at least one forest tower ({', '.join(FOREST_TYPES)})",
            found=f"{len(table)} towers, none of them forest",
        )
    refuse_unknown_sites(confirmed, table["site"], "towers.confirmed")
    refuse_doubts(doubt_places(table), "towers.fluxnet", confirmed=confirmed)
    cluster = link_clusters(table["lat"].to_numpy(), table["lon"].to_numpy())
    sites = table.assign(cluster=cluster)[SITES.names]
    listed = pd.DataFrame(left_out, columns=LEFT_OUT.names)
    listed["year"] = listed["year"].astype("Int64")
    return sites, table[CITATIONS.names], listed


def read_shared_tables(
    information: Sequence[Path],
) -> tuple[Rows, list[dict[str, str]]]:
    """Rows by site of the tables for all sites, and the faults of those that cannot be read.

    A site that only a faulty table knows has no place then, which is a fault of its own.
    """
    shared: Rows = {}
    faults = []
    for path in information:
        try:
            shared = read_shared_information([path]) | shared
        except InputError as error:
            faults.append(describe_fault(error, ""))
    return shared, faults


def first_fault_error(faults: Sequence[dict[str, str]]) -> InputError:
    """The first of some faults; its line says how many more there are and how to skip them."""
    more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
    hint = "fluxnet.skip_faulty: true leaves out and lists what is faulty"
    return InputError(**faults[0] | {"found": f"{faults[0]['found']} ({hint}{more})"})


def describe_year_fault(record: dict, year: dict) -> dict[str, str]:
    """Arguments of `InputError` for a year whose fluxes are impossible."""
    return {
        "source": record["file"],
        "variable": f"{record['site']}: {year['year']}",
        "expected": "a budget that closes",
        "found": year["reason"],
    }


def make_tower(
    record: dict, known: Mapping[str, str], *, classes: Mapping[str, str]
) -> dict[str, Any]:
    """A tower's row: site, lat, lon (degrees), igbp, and the texts of its citation.

    Parameters
    ----------
    record : of the site, see `read_site`
    known : what tables of site information say of it
    classes : forest type by further IGBP class, section `fluxnet` of the configuration

    Raises
    ------
    InputError : no coordinates, coordinates off the globe, no class or an unknown one
    """
    missing, file = "none (is its BIF file in the folder?)", record["file"]
    row: dict[str, Any] = {"site": record["site"]}
    for key, name, limit in (("lat", "LAT", 90), ("lon", "LONG", 180)):
        value = pd.to_numeric(known.get(key, ""), errors="coerce")
        if not np.abs(value) <= limit:
            raise InputError(
                file,
                variable=f"LOCATION_{name}",
                expected=f"degrees from -{limit} to {limit}",
                found=known.get(key, missing),
            )
        row[key] = float(value)
    igbp, allowed = known.get("igbp", "").upper(), (*FOREST_TYPES, *OTHER_CLASSES)
    if igbp not in allowed:
        expected = f"one of {', '.join(allowed)}"
        raise InputError(
            file, variable="IGBP", expected=expected, found=igbp or missing
        )
    texts = {key: to_one_line(known.get(key, "")) for key in CITATION_TEXTS}
    return row | {"igbp": classes.get(igbp, igbp)} | texts


def collect_site_years(
    tables: Sequence[Path],
    sites: pd.DataFrame,
    *,
    check_sign: bool = True,
    confirmed: Collection[str] = (),
) -> pd.DataFrame:
    """Annual fluxes of the towers of a table of sites: the table `FLUXNET_SITE_YEARS`.

    Parameters
    ----------
    tables : `fluxnet/{site}.csv` of all sites
    check_sign, confirmed : as in `read_site_years`

    Raises
    ------
    InputError : what `check_fluxes` refuses, as of a user's own table
    """
    wanted = set(sites["site"])
    read = partial(FLUXNET_SITE_YEARS.read_file, empty=True)
    parts = [read(path) for path in tables if path.stem in wanted]
    table = pd.concat([part for part in parts if len(part)] or parts[:1])
    table = table.sort_values(["site", "year"], ignore_index=True)
    check_fluxes(
        table, sites, "towers.fluxnet", check_sign=check_sign, confirmed=confirmed
    )
    return table[FLUXNET_SITE_YEARS.names]
