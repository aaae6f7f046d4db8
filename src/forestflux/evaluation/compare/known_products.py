"""What is known of products that people compare with: the one place for their names and signs."""

from dataclasses import dataclass
from typing import Literal

Flux = Literal["gpp", "reco", "nee"]
Ground = Literal["land", "cell", "forest", "forest_in_cell"]


@dataclass(frozen=True)
class KnownProduct:
    """A product as its makers publish it.

    Attributes
    ----------
    title : as a reader knows it
    variable : that holds the flux
    flux : which it is
    unit : where its files do not say one
    uptake : sign of uptake in its NEE
    per : what its m2 is of
    land : variable with the share of a cell that is land, where its files have one
    valid : least and largest stored number, where its files do not say so
    beside : a variable, or a beginning of the name of a file, that tells it from another product
        with the same variable
    source : where this is documented; empty, as the title, where the name alone is known
    """

    title: str
    variable: str
    flux: Flux
    source: str
    unit: str | None = None
    uptake: Literal["positive", "negative"] = "negative"
    per: Ground = "land"
    land: str | None = None
    valid: tuple[float, float] | None = None
    beside: str | None = None


X_BASE = "Nelson et al. 2024, doi 10.5194/bg-21-5079-2024; data doi 10.18160/5NZG-JMJE"
FLUXCOM = "Jung et al. 2020, doi 10.5194/bg-17-1343-2020"
APPEEARS = "Running and Zhao 2019, MOD17 user's guide; NetCDF of AppEEARS"

# What tells a product apart comes before what any file may have.
KNOWN_PRODUCTS = (
    KnownProduct(
        "FLUXCOM-X X-BASE",
        "GPP",
        "gpp",
        X_BASE,
        land="land_fraction",
        beside="land_fraction",
    ),
    KnownProduct(
        "FLUXCOM-X X-BASE",
        "NEE",
        "nee",
        X_BASE,
        land="land_fraction",
        beside="land_fraction",
    ),
    KnownProduct("FLUXCOM", "GPP", "gpp", FLUXCOM, beside="GPP."),
    KnownProduct("FLUXCOM", "TER", "reco", FLUXCOM, beside="TER."),
    KnownProduct("FLUXCOM", "NEE", "nee", FLUXCOM, beside="NEE."),
    KnownProduct(
        "CEDAR-GPP",
        "GPP_mean",
        "gpp",
        "Kang et al. 2025, doi 10.5194/essd-17-3009-2025; data doi 10.5281/zenodo.11238533",
        unit="gC m-2 d-1",
        valid=(0, 60000),
    ),
    KnownProduct(
        "GOSIF-GPP",
        "GOSIF_GPP",
        "gpp",
        "Li and Xiao 2019, globalecology.unh.edu: 65534 is ice and snow, 65535 water",
        valid=(0, 65533),
    ),
    KnownProduct("MOD17", "Gpp_500m", "gpp", APPEEARS, unit="kgC m-2 8d-1"),
    KnownProduct("MOD17", "Gpp", "gpp", APPEEARS, unit="kgC m-2 8d-1"),
    KnownProduct(
        "CarbonTracker",
        "bio_flux_opt",
        "nee",
        "CarbonTracker CT2022, doi 10.25925/Z1GJ-3254",
        unit="mol m-2 s-1",
        per="cell",
    ),
    KnownProduct(
        "CAMS inversion",
        "flux_apos_bio",
        "nee",
        "CAMS inversion-optimised greenhouse gas fluxes, doi 10.24381/ed2851d2",
        unit="kgC m-2 month-1",
        per="cell",
        land="lsf",
    ),
    KnownProduct(
        "Jena CarboScope",
        "co2flux_land",
        "nee",
        "Jena CarboScope, www.bgc-jena.mpg.de/CarboScope",
        unit="PgC yr-1",
        per="cell",
    ),
    KnownProduct("CMIP and TRENDY", "gpp", "gpp", "CMOR table Lmon, CMIP6"),
    KnownProduct(
        "CMIP and TRENDY", "nbp", "nee", "CMOR table Lmon, CMIP6", uptake="positive"
    ),
    KnownProduct(
        "CMIP and TRENDY", "nep", "nee", "CMOR table Emon, CMIP6", uptake="positive"
    ),
    # Many makers call their fluxes so; whose they are the file does not say.
    KnownProduct("", "GPP", "gpp", ""),
    KnownProduct("", "NEE", "nee", ""),
    KnownProduct("", "RECO", "reco", ""),
    KnownProduct("", "TER", "reco", ""),
)


def recognise(variables: set[str], file_name: str) -> list[KnownProduct]:
    """What is known of the fluxes in a file, the first entry of each variable.

    Parameters
    ----------
    variables : names in the file
    file_name : its own name, without folders
    """
    found: dict[str, KnownProduct] = {}
    for known in KNOWN_PRODUCTS:
        beside = known.beside
        told = beside is None or beside in variables or file_name.startswith(beside)
        if known.variable in variables and told:
            found.setdefault(known.variable, known)
    return list(found.values())
