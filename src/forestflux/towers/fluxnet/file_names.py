"""What the names of FLUXNET files say: network, site, product, resolution, years, version.

Only names are looked at here, because this is asked each time the workflow is planned.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from forestflux.core.errors import InputError

# From the coarsest to the finest; HH files hold half hours, HR files hours.
RESOLUTIONS = ("YY", "MM", "WW", "DD", "HH", "HR")

SUFFIXES = (".csv", ".zip", ".xlsx")
NAME = re.compile(
    r"([A-Za-z0-9]+)_([A-Z]{2}-[A-Za-z0-9]{3})_(.+)\.(csv|zip|xlsx)", re.I
)
YEARS = re.compile(r"(\d{4})-(\d{4})")
PRODUCTS = {"FLUXNET2015", "FLUXNET", "ARCHIVE"}
PARTS = {"FULLSET", "SUBSET", "FLUXMET"}
INFORMATION = {"BIF", "SITEINFO"}

# Parts of a product that hold no annual fluxes: reanalysis, diagnostics, variable lists.
BESIDE = {"ERA5", "ERAI", "AUXMETEO", "AUXNEE", "BIFVARINFO", "VARINFO"}
BESIDE |= {"ANCILLARY", "FLUXES", "METEO", "METEOSENS", "INTERIM"}

# Sites of this name stand for all sites: tables of site information.
ALL_SITES = "AA-"

# Satellites begin in this year; before it no tower has predictors.
FIRST_YEAR = 2000

EXAMPLE = "FLX_US-MMS_FLUXNET2015_SUBSET_1999-2014_1-4.zip"


@dataclass(frozen=True)
class FileName:
    """What a name says; empty or None where it is silent.

    Attributes
    ----------
    kind : fluxes (one resolution), archive (a zip with several), information or beside
    network : FLX, AMF, ICOSETC, TERN, ...
    part : FULLSET, SUBSET or FLUXMET
    resolution : one of `RESOLUTIONS`
    years : first and last
    version : the words that no other attribute takes, such as `1-4`, `v1.3_r1`, `L2`
    """

    kind: str
    network: str
    site: str
    product: str
    part: str
    resolution: str
    years: tuple[int, int] | None
    version: str

    @property
    def release(self) -> str:
        """Which processing of the site this is; files of one release belong together."""
        years = "{}-{}".format(*self.years) if self.years else ""
        words = (self.network, self.product, years, self.version)
        return " ".join(word for word in words if word)


def parse(name: str) -> FileName | None:
    """What a file's name says; None where it is no FLUXNET product's."""
    match = NAME.fullmatch(name)
    if match is None:
        return None
    network, site, text, suffix = match.groups()
    words = text.split("_")
    capitals = [word.upper() for word in words]
    product = next((word for word in capitals if word in PRODUCTS), "")
    part = next((word for word in capitals if word in PARTS), "")
    resolution = next((word for word in capitals if word in RESOLUTIONS), "")
    spans = (YEARS.fullmatch(word) for word in words)
    years = next(((int(s[1]), int(s[2])) for s in spans if s), None)
    if BESIDE & set(capitals):
        kind = "beside"
    elif INFORMATION & set(capitals):
        kind = "information"
    elif product and suffix.lower() == "zip":
        kind = "archive"
    elif product and resolution and suffix.lower() == "csv":
        kind = "fluxes"
    else:
        return None
    known = PRODUCTS | PARTS | INFORMATION | BESIDE | set(RESOLUTIONS)
    rest = [
        word
        for word, capital in zip(words, capitals, strict=True)
        if capital not in known and not YEARS.fullmatch(word)
    ]
    version = "_".join(rest)
    return FileName(kind, network, site, product, part, resolution, years, version)


@dataclass(frozen=True)
class Listing:
    """The files of an archive folder.

    Attributes
    ----------
    sites : files of each site that has fluxes, sorted by name
    information : tables of site information of all sites
    unknown : zip, CSV and Excel files whose names are of no known product
    """

    sites: dict[str, list[Path]]
    information: list[Path]
    unknown: list[Path]


def list_archive(folder: Path) -> Listing:
    """The FLUXNET files below a folder by site.

    Raises
    ------
    InputError : no folder, or no file of a FLUXNET product in it
    """
    if not folder.is_dir():
        raise InputError(
            folder,
            variable="towers.fluxnet",
            expected=f"a folder of FLUXNET files such as {EXAMPLE}",
            found="a file" if folder.exists() else "no such folder",
        )
    of_site: dict[str, list[Path]] = {}
    with_fluxes, information, unknown = set(), [], []
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    for path in files:
        name = parse(path.name)
        if name is None:
            unknown.append(path)
        elif name.kind == "information" and name.site.startswith(ALL_SITES):
            information.append(path)
        elif name.kind != "beside":
            of_site.setdefault(name.site, []).append(path)
            if name.kind in ("archive", "fluxes"):
                with_fluxes.add(name.site)
    if not with_fluxes:
        raise InputError(
            folder,
            variable="towers.fluxnet",
            expected=f"FLUXNET files such as {EXAMPLE}",
            found=f"none among {len(files)} zip, CSV and Excel files",
        )
    sites = {site: of_site[site] for site in sorted(with_fluxes)}
    return Listing(sites, information, unknown)


def archive_years(folder: Path) -> list[int]:
    """Every year from the first to the last that the names of the flux files give.

    Years before `FIRST_YEAR` are left out: their labels are kept, but no satellite saw
    them.

    Raises
    ------
    InputError : what `list_archive` refuses; a name without years; no year that a
        satellite saw
    """
    named = [parse(path.name) for path in flux_files(list_archive(folder))]
    silent = next((name for name in named if name.years is None), None)
    if silent is not None:
        raise InputError(
            "configuration",
            variable="towers.years",
            expected="the first and last tower year, because names of files give none",
            found=f"null, and files of {silent.site} named {silent.release}",
        )
    last = max(name.years[1] for name in named)
    if last < FIRST_YEAR:
        raise InputError(
            folder,
            variable="towers.fluxnet",
            expected=f"years from {FIRST_YEAR}, when satellites begin",
            found=f"years up to {last}",
        )
    first = min(name.years[0] for name in named)
    return list(range(max(first, FIRST_YEAR), last + 1))


def flux_files(listing: Listing) -> Iterable[Path]:
    """The files of all sites that hold fluxes."""
    for paths in listing.sites.values():
        for path in paths:
            if parse(path.name).kind in ("archive", "fluxes"):
                yield path
