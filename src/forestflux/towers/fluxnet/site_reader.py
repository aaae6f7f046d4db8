"""One site of FLUXNET: its annual table, what is known of it, and what is left out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from forestflux.core.input_errors import InputError
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.towers.fluxnet.annual_table import build_annual_table
from forestflux.towers.fluxnet.file_names import parse_name
from forestflux.towers.fluxnet.packed_files import PackedFile
from forestflux.towers.fluxnet.releases import (
    choose_release,
    list_site_files,
    select_of_release,
)
from forestflux.towers.fluxnet.site_information import (
    POLICY_FILE,
    find_licence,
    read_information,
    summarise_site,
)

GIGABYTE = 1e9  # bytes


def read_site(
    site: str, files: Sequence[Path], *, settings: FluxnetSettings
) -> tuple[list[dict], dict]:
    """The annual table of a site and the record beside it.

    A fault of the files is recorded, not raised. Whether it ends the run is decided where
    all sites are put together: one error then tells how many faults there are, and a
    change of that decision reads no file again.

    Parameters
    ----------
    files : zip and CSV files of the site

    Returns
    -------
    rows : one dictionary with `ANNUAL_COLUMNS` for each year that is not left out
    record : site, file (that was read), resolution, information (texts by name), left_out
        (year, reason and fault of each year that is left out), fault (arguments of
        `InputError`, or None)
    """
    record: dict[str, Any] = {"site": site, "information": {}, "left_out": []}
    record["fault"] = None
    try:
        limit = settings.max_file_gb * GIGABYTE
        fluxes, others = list_site_files(site, files, max_bytes=limit)
        tables = choose_release(fluxes, versions=settings.versions)
        others = select_of_release(others, fluxes, tables)
        record["information"] = read_own_information(site, others, tables)
        annual = build_annual_table(site, tables, settings=settings)
    except InputError as error:
        record["fault"] = describe_fault(error, site)
        return [], record
    record |= {"file": annual.file.label, "resolution": annual.resolution}
    record["left_out"] = [year._asdict() for year in annual.left_out]
    return annual.rows, record


def describe_fault(error: InputError, site: str) -> dict[str, str]:
    """Arguments of `InputError` for the same fault, with the site, if it has one, in the line."""
    return {
        "source": error.source,
        "variable": f"{site}: {error.variable}" if site else error.variable,
        "expected": error.expected,
        "found": error.found,
    }


def read_own_information(
    site: str, others: Sequence[PackedFile], tables: Sequence[PackedFile]
) -> dict[str, str]:
    """What the site's own files say of it: texts by name.

    Parameters
    ----------
    others : files of the release that is read
    tables : of fluxes of that release; a policy lies beside them

    Raises
    ------
    InputError : a table of site information that cannot be read
    """
    rows = []
    for file in others:
        name = parse_name(file.name)
        if name is not None and name.kind == "information":
            rows += read_information(file).get(site, [])
    folders = [file.path for file in tables]
    unpacked = sorted({path.parent / POLICY_FILE for path in folders})
    policies = [*others, *(PackedFile(path) for path in unpacked if path.is_file())]
    return find_licence(policies) | summarise_site(rows)
