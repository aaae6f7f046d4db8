"""Which of a site's files are read: the coarsest table that suffices, of one release."""

import re
from collections.abc import Sequence
from pathlib import Path

from forestflux.core.errors import InputError
from forestflux.towers.fluxnet.file_names import RESOLUTIONS, FileName, parse_name
from forestflux.towers.fluxnet.flux_columns import read_header
from forestflux.towers.fluxnet.packed_files import PackedFile, list_files

# Of two files of one resolution the one with more columns is read.
PARTS_BY_COLUMNS = ("FULLSET", "FLUXMET", "", "SUBSET")


def list_site_files(
    site: str, files: Sequence[Path], *, max_bytes: float
) -> tuple[list[PackedFile], list[PackedFile]]:
    """A site's tables of fluxes, and what else its files hold (information, policies).

    Raises
    ------
    InputError : a zip that `list_files` refuses, or one that holds another site's fluxes
    """
    fluxes, others = [], []
    for path in files:
        for file in list_files(path, max_bytes=max_bytes):
            name = parse_name(file.name)
            if name is None or name.kind != "fluxes":
                others.append(file)
                continue
            if name.site != site:
                raise InputError(
                    file.label,
                    variable="site",
                    expected=f"fluxes of {site}, as the zip is named",
                    found=name.site,
                )
            fluxes.append(file)
    if not fluxes:
        raise InputError(
            files[0],
            variable="fluxes",
            expected=f"a table named ..._{'|'.join(RESOLUTIONS)}_...csv",
            found=f"none among {len(others)} files",
        )
    return fluxes, others


def choose_release(fluxes: Sequence[PackedFile], *, versions: str) -> list[PackedFile]:
    """The tables of one release, the coarsest first.

    Parameters
    ----------
    fluxes : tables of fluxes, by their names
    versions : refuse (there must be one release) or newest (the last year decides, then
        the version)

    Raises
    ------
    InputError : several releases, of which none may be chosen
    """
    by_release: dict[str, list[tuple[FileName, PackedFile]]] = {}
    for file in fluxes:
        if name := parse_name(file.name):
            by_release.setdefault(name.release, []).append((name, file))
    releases = sorted(by_release, key=lambda r: rank_release(by_release[r][0][0]))
    if len(releases) > 1:
        rank = [rank_release(by_release[release][0][0]) for release in releases[-2:]]
        if versions == "refuse" or rank[0] == rank[1]:
            listed = (f"{r} in {by_release[r][0][1].label}" for r in releases)
            raise InputError(
                by_release[releases[-1]][0][1].path,
                variable="version",
                expected="one release of a site (or fluxnet.versions: newest)",
                found=" and ".join(listed),
            )
    chosen = by_release[releases[-1]]
    return [
        file
        for _, file in sorted(
            chosen,
            key=lambda pair: (
                RESOLUTIONS.index(pair[0].resolution),
                PARTS_BY_COLUMNS.index(pair[0].part),
                # Of one table, once zipped and once unpacked, the unpacked one is read.
                pair[1].inside != "",
                pair[1].label,
            ),
        )
    ]


def rank_release(name: FileName) -> tuple[int, tuple[int, ...]]:
    """Rank of a release, higher for a newer one: its last year, then its version."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", name.version))
    return (name.years[1] if name.years else 0, numbers)


def find_coarsest_table(
    tables: Sequence[PackedFile], needed: Sequence[str]
) -> tuple[PackedFile, str, list[str]]:
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
    for file in tables:
        header, parsed = read_header(file), parse_name(file.name)
        missing = [name for name in needed if name not in header]
        if parsed is not None and not missing:
            return file, parsed.resolution, header
        lacking = lacking or ", ".join(missing)
    raise InputError(
        tables[0].label,
        variable=lacking,
        expected="these columns in a table of the site",
        found=f"none of {len(tables)} tables has them all",
    )
