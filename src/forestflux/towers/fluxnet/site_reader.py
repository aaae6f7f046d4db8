"""One site of an archive: its annual table, what is known of it, what is left out."""

from collections.abc import Sequence
from pathlib import Path

from forestflux.core.errors import InputError
from forestflux.towers.fluxnet.annual_table import annual_table
from forestflux.towers.fluxnet.archive_members import Member
from forestflux.towers.fluxnet.file_names import parse
from forestflux.towers.fluxnet.releases import choose_release, open_site
from forestflux.towers.fluxnet.site_information import (
    POLICY_FILE,
    licence_of,
    read_information,
    site_information,
)

GIGABYTE = 1e9


def read_site(
    site: str, files: Sequence[Path], *, settings: dict
) -> tuple[list[dict], dict]:
    """The annual table of a site and the record beside it.

    A fault of the files is recorded, not raised: whether it ends the run is decided
    where all sites are collected, so that one look shows them all and an edit of that
    choice reads nothing again.

    Parameters
    ----------
    files : zip and CSV files of the site
    settings : section `archive`

    Returns
    -------
    rows : years that are kept (`forestflux.towers.fluxnet.annual_table.COLUMNS`)
    record : site, file (that was read), resolution, information (texts by name), left (year,
        reason and fault of each year that leaves), fault (the parts of its line, or None)
    """
    record = {"site": site, "information": {}, "left": [], "fault": None}
    try:
        limit = settings["max_file_gb"] * GIGABYTE
        fluxes, others = open_site(site, files, max_bytes=limit)
        record["information"] = own_information(site, others, files)
        tables = choose_release(fluxes, versions=settings["versions"])
        annual = annual_table(site, tables, settings=settings)
    except InputError as error:
        record["fault"] = parts_of(error, site)
        return [], record
    record |= {"file": annual.member.label, "resolution": annual.resolution}
    record["left"] = [left._asdict() for left in annual.left]
    return annual.rows, record


def parts_of(error: InputError, site: str) -> dict[str, str]:
    """The parts of a fault's line, the site among them: arguments of `InputError`."""
    return {
        "source": error.source,
        "variable": f"{site}: {error.variable}",
        "expected": error.expected,
        "found": error.found,
    }


def own_information(
    site: str, others: Sequence[Member], files: Sequence[Path]
) -> dict[str, str]:
    """What the site's own files say of it.

    Raises
    ------
    InputError : a table of site information that does not read
    """
    rows = []
    for member in others:
        name = parse(member.name)
        if name is not None and name.kind == "information":
            rows += read_information(member).get(site, [])
    unpacked = sorted({path.parent / POLICY_FILE for path in files})
    policies = [*others, *(Member(path) for path in unpacked if path.is_file())]
    return licence_of(policies) | site_information(rows)
