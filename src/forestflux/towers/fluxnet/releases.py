"""Which of a site's files are read: the coarsest table that suffices, of one release."""

import re
from collections.abc import Sequence
from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.towers.fluxnet.file_names import RESOLUTIONS, FileName, parse_name
from forestflux.towers.fluxnet.flux_columns import read_header
from forestflux.towers.fluxnet.packed_files import PackedFile, list_files

# Every other product came after it.
OLDEST_PRODUCT = "FLUXNET2015"
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
    versions : refuse (there must be one release) or newest, see `find_newest`

    Raises
    ------
    InputError : several releases, of which none may be chosen
    """
    releases: dict[str, list[tuple[FileName, PackedFile]]] = {}
    for file in fluxes:
        if name := parse_name(file.name):
            releases.setdefault(name.release, []).append((name, file))
    contenders = sorted(releases.values(), key=lambda tables: version_of(tables[0][0]))
    expected = "one release of a site (or fluxnet.versions: newest)"
    if versions == "newest":
        names = [tables[0][0] for tables in contenders]
        newest = {name.release for name in find_newest(names)}
        contenders = [t for t in contenders if t[0][0].release in newest]
        expected = "releases of which one is the newest; leave one in the folder"
    if len(contenders) > 1:
        raise InputError(
            contenders[-1][0][1].path,
            variable="version",
            expected=expected,
            found=" and ".join(
                f"{t[0][0].release} in {t[0][1].label}" for t in contenders
            ),
        )
    return [
        file
        for _, file in sorted(
            contenders[0],
            key=lambda pair: (
                RESOLUTIONS.index(pair[0].resolution),
                PARTS_BY_COLUMNS.index(pair[0].part),
                # Of one table, once zipped and once unpacked, the unpacked one is read.
                pair[1].inside != "",
                pair[1].label,
            ),
        )
    ]


def find_newest(names: Sequence[FileName]) -> Sequence[FileName]:
    """The newest of some releases; several where their names do not tell.

    What networks and the Shuttle release is newer than FLUXNET2015. Then the last year
    decides, then the version, which counts within one line of products only: 3-5 of
    AmeriFlux is no later than v1.3 of the Shuttle.
    """
    if any(name.product != OLDEST_PRODUCT for name in names):
        names = [name for name in names if name.product != OLDEST_PRODUCT]
    if any(name.years is None for name in names):
        return names
    last = max(name.years[1] for name in names if name.years)
    names = [name for name in names if name.years and name.years[1] == last]
    forms = {re.sub(r"\d+", "0", f"{n.network} {n.product} {n.version}") for n in names}
    if len(forms) > 1:
        return names
    highest = max(version_of(name) for name in names)
    return [name for name in names if version_of(name) == highest]


def version_of(name: FileName) -> tuple[int, ...]:
    """The numbers of a version, in order."""
    return tuple(int(number) for number in re.findall(r"\d+", name.version))


def select_of_release(
    others: Sequence[PackedFile],
    fluxes: Sequence[PackedFile],
    chosen: Sequence[PackedFile],
) -> list[PackedFile]:
    """The other files of a site without those of a release that is not read.

    A file belongs to the release of the zip in which it is, or whose network, years and
    version its own name says.

    Parameters
    ----------
    others, fluxes : results of `list_site_files`
    chosen : result of `choose_release`
    """
    kept = set(chosen)
    left = [file for file in fluxes if file not in kept]
    left_zips = {file.path for file in left if file.inside}
    kept_zips = {file.path for file in chosen if file.inside}
    left_words, kept_words = (
        {words_of(file) for file in files} for files in (left, chosen)
    )
    return [
        file
        for file in others
        if file.path not in left_zips - kept_zips
        and (file.inside or words_of(file) not in left_words - kept_words)
    ]


def words_of(file: PackedFile) -> tuple[str, tuple[int, int] | None, str] | None:
    """Network, years and version that a file's name says; None where it says nothing."""
    name = parse_name(file.name)
    return None if name is None else (name.network, name.years, name.version)


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
