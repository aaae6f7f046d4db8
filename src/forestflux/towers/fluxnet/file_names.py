"""What the names of FLUXNET files say: network, site, product, resolution, years, version.

Files are not opened here, because a folder is listed each time the workflow is planned.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from forestflux.core.input_errors import InputError
from forestflux.jobs.small_files import refuse_odd_names

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

COUNTRY = re.compile(r"[A-Z]{2}-")

# Parts of a product that hold no annual fluxes: reanalysis, diagnostics, variable lists.
OTHER_PARTS = {"ERA5", "ERAI", "AUXMETEO", "AUXNEE", "BIFVARINFO", "VARINFO"}
OTHER_PARTS |= {"ANCILLARY", "FLUXES", "METEO", "METEOSENS", "INTERIM"}

# A site of this name stands for all sites: the file is a table of site information.
ALL_SITES = "AA-"

# Satellites begin in this year; before it no tower has predictors.
FIRST_SATELLITE_YEAR = 2000

EXAMPLE = "FLX_US-MMS_FLUXNET2015_SUBSET_1999-2014_1-4.zip"


@dataclass(frozen=True)
class FileName:
    """What a name says; an attribute is empty or None where the name does not say it.

    Attributes
    ----------
    kind : fluxes (a table of one resolution), zip (several such tables), information
        (of sites) or other
    network : FLX, AMF, ICOSETC, TERN, ...
    part : FULLSET, SUBSET or FLUXMET
    resolution : one of `RESOLUTIONS`
    years : first and last
    version : the words that no other attribute takes, such as `1-4`, `v1.3_r1`, `L2`
    """

    kind: Literal["fluxes", "zip", "information", "other"]
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


def parse_name(name: str) -> FileName | None:
    """What a file's name says; None for a file of no FLUXNET product."""
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
    kind: Literal["fluxes", "zip", "information", "other"]
    if OTHER_PARTS & set(capitals):
        kind = "other"
    elif INFORMATION & set(capitals):
        kind = "information"
    elif product and suffix.lower() == "zip":
        kind = "zip"
    elif product and resolution and suffix.lower() == "csv":
        kind = "fluxes"
    else:
        return None
    known = PRODUCTS | PARTS | INFORMATION | OTHER_PARTS | set(RESOLUTIONS)
    rest = [
        word
        for word, capital in zip(words, capitals, strict=True)
        if capital not in known and not YEARS.fullmatch(word)
    ]
    version = "_".join(rest)
    return FileName(kind, network, site, product, part, resolution, years, version)


@dataclass(frozen=True)
class FluxnetFiles:
    """The files of a folder.

    Attributes
    ----------
    sites : files of each site that has fluxes, sorted by name
    information : tables of site information of all sites
    unknown : zip, CSV and Excel files whose names are of no known product
    """

    sites: dict[str, list[Path]]
    information: list[Path]
    unknown: list[Path]


def list_fluxnet_files(folder: Path) -> FluxnetFiles:
    """The FLUXNET files below a folder by site.

    Raises
    ------
    InputError : no folder, no file of a FLUXNET product in it, a name in other letters than
        it had when it was downloaded, or one whose years are out of order
    """
    if not folder.is_dir():
        raise InputError(
            folder,
            variable="towers.fluxnet",
            expected=f"a folder of FLUXNET files such as {EXAMPLE}",
            found="a file" if folder.exists() else "no such folder",
        )
    by_site: dict[str, list[Path]] = {}
    with_fluxes: set[str] = set()
    information, unknown = [], []
    files = sorted(
        p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()
    )
    refuse_odd_names(files)
    for path in files:
        name = parse_name(path.name)
        if name is None:
            unknown.append(path)
            continue
        check_name(name, path)
        if name.kind == "information" and name.site.startswith(ALL_SITES):
            information.append(path)
        elif name.kind != "other":
            by_site.setdefault(name.site, []).append(path)
            if name.kind in ("zip", "fluxes"):
                with_fluxes.add(name.site)
    if not with_fluxes:
        raise InputError(
            folder,
            variable="towers.fluxnet",
            expected=f"FLUXNET files such as {EXAMPLE}",
            found=f"none among {len(files)} zip, CSV and Excel files",
        )
    sites = {site: by_site[site] for site in sorted(with_fluxes)}
    return FluxnetFiles(sites, information, unknown)


def check_name(name: FileName, path: Path) -> None:
    """Refuse what no downloaded file is named: a site in small letters, years out of order.

    Site codes tell capitals from small letters. Lowered ones cannot be brought back.
    """
    expected = found = None
    if not COUNTRY.match(name.site):
        expected, found = "a site code as downloaded, such as US-MMS", name.site
    elif name.years and name.years[0] > name.years[1]:
        expected, found = "the first year before the last", "{}-{}".format(*name.years)
    if expected and found:
        raise InputError(path, variable="name", expected=expected, found=found)


def list_fluxnet_years(folder: Path) -> list[int]:
    """Every year from the first to the last that the names of the flux files give.

    Years before `FIRST_SATELLITE_YEAR` are left out: no satellite saw them, although their fluxes
    stay in the table of site-years.

    Raises
    ------
    InputError : what `list_fluxnet_files` refuses; a name without years; no year that a
        satellite saw
    """
    spans = []
    for name in list_flux_names(list_fluxnet_files(folder)):
        if name.years is None:
            raise InputError(
                "configuration",
                variable="towers.years",
                expected="the first and last tower year, because names of files give none",
                found=f"null, and files of {name.site} named {name.release}",
            )
        spans.append(name.years)
    last = max(span[1] for span in spans)
    if last < FIRST_SATELLITE_YEAR:
        raise InputError(
            folder,
            variable="towers.fluxnet",
            expected=f"years from {FIRST_SATELLITE_YEAR}, when satellites begin",
            found=f"years up to {last}",
        )
    first = min(span[0] for span in spans)
    return list(range(max(first, FIRST_SATELLITE_YEAR), last + 1))


def list_flux_names(files: FluxnetFiles) -> list[FileName]:
    """What the names of all files with fluxes say."""
    names = (parse_name(path.name) for paths in files.sites.values() for path in paths)
    return [name for name in names if name and name.kind in ("zip", "fluxes")]
