"""The annual table of a site: fluxes, their spread, quality, and why years leave."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from forestflux.core.names import CLOSURE_TOLERANCE, FLUX_UNIT
from forestflux.towers.fluxnet.annual_sums import AnnualSums, annual_sums
from forestflux.towers.fluxnet.archive_members import Member
from forestflux.towers.fluxnet.releases import coarsest

PARTITIONINGS = {"night": "NT", "day": "DT"}
PERCENTILES = ("05", "16", "25", "50", "75", "84", "95")
SPREAD = ("05", "25", "75", "95")  # of the percentiles, those that the table keeps
QUARTILES = 1.349  # standard deviations from the first to the third of a normal

COLUMNS = (
    *("site", "year", "gpp", "gpp_nt", "gpp_dt"),
    *(f"gpp_p{p}" for p in SPREAD),
    *("gpp_sd", "reco", "nee"),
    *(f"nee_p{p}" for p in SPREAD),
    *("nee_sd", "nee_qc", "completeness", "resolution"),
)


class Left(NamedTuple):
    """A year that is left out.

    Attributes
    ----------
    reason : in words
    fault : whether it is a fault of the data, which stops a run that skips no faults; a
        year that was not measured is none
    """

    year: int
    reason: str
    fault: bool


class Names(NamedTuple):
    """Columns of FLUXNET that an annual table is made from."""

    gpp: str
    nee: str
    reco: str
    quality: str
    other_gpp: str
    gpp_spread: tuple[str, ...]
    nee_spread: tuple[str, ...]


def names_of(*, partitioning: str, ustar: str) -> Names:
    """Names of columns for a partitioning (night, day) and a kind of threshold (VUT, CUT)."""
    here = PARTITIONINGS[partitioning]
    other = next(name for name in PARTITIONINGS.values() if name != here)
    return Names(
        gpp=f"GPP_{here}_{ustar}_REF",
        nee=f"NEE_{ustar}_REF",
        reco=f"RECO_{here}_{ustar}_REF",
        quality=f"NEE_{ustar}_REF_QC",
        other_gpp=f"GPP_{other}_{ustar}_REF",
        gpp_spread=tuple(f"GPP_{here}_{ustar}_{p}" for p in PERCENTILES),
        nee_spread=tuple(f"NEE_{ustar}_{p}" for p in PERCENTILES),
    )


class Annual(NamedTuple):
    """Annual fluxes of a site.

    Attributes
    ----------
    rows : one dictionary with `COLUMNS` for each year that is kept; NaN where unknown
    left : years that leave, and why
    member : the table that was read
    resolution : of that table
    """

    rows: list[dict]
    left: list[Left]
    member: Member
    resolution: str


def annual_table(site: str, tables: Sequence[Member], *, settings: dict) -> Annual:
    """The annual fluxes of a site from the coarsest of its tables that carries them.

    Parameters
    ----------
    tables : of one release, the coarsest first
    settings : section `archive`

    Raises
    ------
    InputError : a table that `annual_sums` refuses, or no table with the columns
    """
    names = names_of(partitioning=settings["partitioning"], ustar=settings["threshold"])
    needed = [names.gpp, names.nee]
    if settings["reco"] == "partitioned":
        needed.append(names.reco)
    member, resolution, header = coarsest(tables, [*needed, names.quality])
    wanted = (names.other_gpp, *names.gpp_spread, *names.nee_spread)
    further = [name for name in wanted if name in header]
    sums = annual_sums(
        member,
        resolution=resolution,
        needed=needed,
        quality=names.quality,
        further=further,
    )
    values = by_column(sums, [*needed, *further], settings["min_completeness"])
    rows, left = [], []
    for index, year in enumerate(sums.years):
        of_year = {name: float(column[index]) for name, column in values.items()}
        share = float(sums.shares[index, 0])
        reason, fault = why_left(of_year, share, needed, settings=settings)
        if reason:
            left.append(Left(int(year), reason, fault))
        else:
            row = row_of(of_year, names, settings["partitioning"])
            facts = {
                "site": site,
                "year": int(year),
                "nee_qc": float(sums.good[index]),
                "completeness": share,
                "resolution": resolution,
            }
            rows.append({name: (facts | row)[name] for name in COLUMNS})
    return Annual(rows, left, member, resolution)


def by_column(
    sums: AnnualSums, names: Sequence[str], min_completeness: float
) -> dict[str, np.ndarray]:
    """Annual values by column, NaN where a year has too little or a partitioning failed.

    Failed partitionings are zero all year in some files, -9999 in others. Only columns
    of GPP and RECO are asked; no year of measured NEE sums over zeros alone either.
    """
    values = {}
    for index, name in enumerate(names):
        known = (sums.shares[:, index] >= min_completeness) & ~sums.zero[:, index]
        values[name] = np.where(known, sums.sums[:, index], np.nan)
    return values


def why_left(
    values: dict[str, float], share: float, needed: Sequence[str], *, settings: dict
) -> tuple[str, bool]:
    """Why a year leaves, and whether that is a fault; an empty reason where it stays."""
    least = settings["min_completeness"]
    if share == 0:
        return f"no value of {', '.join(needed)}", False
    if share < least:
        return f"{share:.0%} of the year present, below {least:.0%}", False
    failed = [name for name in needed if np.isnan(values[name])]
    if failed:
        return f"{', '.join(failed)} zero all year (partitioning failed)", False
    gpp, nee, *reco = (values[name] for name in needed)
    if gpp < 0:
        return f"{needed[0]} below zero, {gpp:.0f} {FLUX_UNIT}", True
    residual = reco[0] - (gpp + nee) if reco else 0.0
    if abs(residual) > CLOSURE_TOLERANCE:
        return (
            f"{needed[2]} not {needed[0]} + {needed[1]} within"
            f" {CLOSURE_TOLERANCE:g} {FLUX_UNIT}, off by {residual:.0f}"
        ), True
    return "", False


def row_of(values: dict[str, float], names: Names, partitioning: str) -> dict:
    """The fluxes of a year under the table's names."""
    gpp, nee = values[names.gpp], values[names.nee]
    other = values.get(names.other_gpp, np.nan)
    night, day = (gpp, other) if partitioning == "night" else (other, gpp)
    row = {
        "gpp": gpp,
        "gpp_nt": night,
        "gpp_dt": day,
        "reco": values.get(names.reco, gpp + nee),
        "nee": nee,
    }
    for flux, spread in (("gpp", names.gpp_spread), ("nee", names.nee_spread)):
        at = {
            percentile: values.get(name, np.nan)
            for percentile, name in zip(PERCENTILES, spread, strict=True)
        }
        row |= {f"{flux}_p{percentile}": at[percentile] for percentile in SPREAD}
        row[f"{flux}_sd"] = spread_of(at)
    return row


def spread_of(at: dict[str, float]) -> float:
    """One standard deviation from percentiles: of 16 and 84, else of the quartiles."""
    wide = (at["84"] - at["16"]) / 2
    return abs(wide if np.isfinite(wide) else (at["75"] - at["25"]) / QUARTILES)
