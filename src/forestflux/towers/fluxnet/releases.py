"""Which of a site's files are read: one release, and of it the coarsest that suffices."""

import re
from collections.abc import Sequence
from pathlib import Path

from forestflux.core.errors import InputError
from forestflux.towers.fluxnet.archive_members import Member, members_of
from forestflux.towers.fluxnet.file_names import RESOLUTIONS, FileName, parse
from forestflux.towers.fluxnet.flux_columns import header_of

# Of two files of one resolution the one with more columns.
PARTS = ("FULLSET", "FLUXMET", "", "SUBSET")


def open_site(
    site: str, files: Sequence[Path], *, max_bytes: float
) -> tuple[list[Member], list[Member]]:
    """A site's tables of fluxes, and what else its files hold (information, policies).

    Raises
    ------
    InputError : a zip that `members_of` refuses, or one that holds another site's fluxes
    """
    fluxes, others = [], []
    for path in files:
        for member in members_of(path, max_bytes=max_bytes):
            name = parse(member.name)
            if name is None or name.kind != "fluxes":
                others.append(member)
                continue
            if name.site != site:
                raise InputError(
                    member.label,
                    variable="site",
                    expected=f"fluxes of {site}, as the zip is named",
                    found=name.site,
                )
            fluxes.append(member)
    if not fluxes:
        raise InputError(
            files[0],
            variable="fluxes",
            expected=f"a table named ..._{'|'.join(RESOLUTIONS)}_...csv",
            found=f"none among {len(others)} files",
        )
    return fluxes, others


def choose_release(fluxes: Sequence[Member], *, versions: str) -> list[Member]:
    """The tables of one release, the coarsest first.

    Parameters
    ----------
    versions : refuse (one release must be there) or newest (the last year decides, then
        the version)

    Raises
    ------
    InputError : several releases that may not be chosen from
    """
    by_release: dict[str, list[tuple[FileName, Member]]] = {}
    for member in fluxes:
        name = parse(member.name)
        by_release.setdefault(name.release, []).append((name, member))
    releases = sorted(by_release, key=lambda r: newness(by_release[r][0][0]))
    if len(releases) > 1:
        rank = [newness(by_release[release][0][0]) for release in releases[-2:]]
        if versions == "refuse" or rank[0] == rank[1]:
            there = (f"{r} in {by_release[r][0][1].label}" for r in releases)
            raise InputError(
                by_release[releases[-1]][0][1].path,
                variable="version",
                expected="one release of a site (or fluxnet.versions: newest)",
                found=" and ".join(there),
            )
    chosen = by_release[releases[-1]]
    return [
        member
        for _, member in sorted(
            chosen,
            key=lambda pair: (
                RESOLUTIONS.index(pair[0].resolution),
                PARTS.index(pair[0].part),
                # Once zipped and once unpacked: the same table.
                pair[1].inside != "",
                pair[1].label,
            ),
        )
    ]


def newness(name: FileName) -> tuple:
    """What orders releases: the last year, then the numbers of the version."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", name.version))
    return (name.years[1] if name.years else 0, numbers)


def coarsest(
    tables: Sequence[Member], needed: Sequence[str]
) -> tuple[Member, str, list[str]]:
    """The first table with all needed columns, its resolution and its header.

    Parameters
    ----------
    tables : the coarsest first
    needed : names of columns

    Raises
    ------
    InputError : no table has them all
    """
    lacking = ""
    for member in tables:
        header = header_of(member)
        missing = [name for name in needed if name not in header]
        if not missing:
            return member, parse(member.name).resolution, header
        lacking = lacking or ", ".join(missing)
    raise InputError(
        tables[0].label,
        variable=lacking,
        expected="these columns in a table of the site",
        found=f"none of {len(tables)} tables has them all",
    )
