"""The annual table of a site: fluxes, their spread, quality, and which years are left out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from forestflux.core.names import CLOSURE_TOLERANCE, FLUX_UNIT
from forestflux.jobs.settings.tower_settings import FluxnetSettings
from forestflux.towers.fluxnet.packed_files import PackedFile
from forestflux.towers.fluxnet.period_sums import FluxSums, sum_by_period
from forestflux.towers.fluxnet.releases import find_coarsest_table

PARTITIONINGS = {"night": "NT", "day": "DT"}
PERCENTILES = ("05", "16", "25", "50", "75", "84", "95")
WRITTEN_PERCENTILES = ("05", "25", "75", "95")
# Distance of the first and third quartile of a normal distribution, standard deviations.
QUARTILE_DISTANCE = 1.349

ANNUAL_COLUMNS = (
    *("site", "year", "gpp", "gpp_nt", "gpp_dt"),
    *(f"gpp_p{p}" for p in WRITTEN_PERCENTILES),
    *("gpp_sd", "reco", "nee"),
    *(f"nee_p{p}" for p in WRITTEN_PERCENTILES),
    *("nee_sd", "nee_qc", "completeness", "resolution"),
)


class LeftOutYear(NamedTuple):
    """A year that is left out.

    Attributes
    ----------
    reason : in words
    fault : whether it is a fault of the data, which stops a run unless faults are skipped;
        a year that was not measured is none
    """

    year: int
    reason: str
    fault: bool


class FluxColumns(NamedTuple):
    """Columns of FLUXNET that an annual table is made from."""

    gpp: str
    nee: str
    reco: str
    quality: str
    other_gpp: str
    gpp_spread: tuple[str, ...]
    nee_spread: tuple[str, ...]


def choose_columns(*, partitioning: str, threshold: str) -> FluxColumns:
    """Columns for a partitioning (night, day) and a kind of threshold (VUT, CUT)."""
    chosen = PARTITIONINGS[partitioning]
    other = next(name for name in PARTITIONINGS.values() if name != chosen)
    return FluxColumns(
        gpp=f"GPP_{chosen}_{threshold}_REF",
        nee=f"NEE_{threshold}_REF",
        reco=f"RECO_{chosen}_{threshold}_REF",
        quality=f"NEE_{threshold}_REF_QC",
        other_gpp=f"GPP_{other}_{threshold}_REF",
        gpp_spread=tuple(f"GPP_{chosen}_{threshold}_{p}" for p in PERCENTILES),
        nee_spread=tuple(f"NEE_{threshold}_{p}" for p in PERCENTILES),
    )


class AnnualTable(NamedTuple):
    """Annual fluxes of a site.

    Attributes
    ----------
    rows : one dictionary with `ANNUAL_COLUMNS` for each year in the table; NaN where
        unknown
    left_out : the other years, and why they are left out
    file : the table that was read
    resolution : of that table
    """

    rows: list[dict]
    left_out: list[LeftOutYear]
    file: PackedFile
    resolution: str


def build_annual_table(
    site: str, tables: Sequence[PackedFile], *, settings: FluxnetSettings
) -> AnnualTable:
    """The annual fluxes of a site from the coarsest of its tables that carries them.

    Parameters
    ----------
    tables : of one release, the coarsest first

    Raises
    ------
    InputError : a table that `sum_by_period` refuses, or no table with the columns
    """
    columns = choose_columns(
        partitioning=settings.partitioning, threshold=settings.threshold
    )
    needed = [columns.gpp, columns.nee]
    if settings.reco == "partitioned":
        needed.append(columns.reco)
    file, resolution, header = find_coarsest_table(tables, [*needed, columns.quality])
    wanted = (columns.other_gpp, *columns.gpp_spread, *columns.nee_spread)
    further = [name for name in wanted if name in header]
    sums = sum_by_period(
        file,
        unit="Y",
        resolution=resolution,
        needed=needed,
        quality=columns.quality,
        further=further,
    )
    values = mask_incomplete_years(sums, [*needed, *further], settings.min_completeness)
    rows, left_out = [], []
    for index, year in enumerate(sums.years):
        fluxes = {name: float(column[index]) for name, column in values.items()}
        share = float(sums.shares[index, 0])
        reason, fault = find_reason_to_leave_out(
            fluxes, share, needed, min_share=settings.min_completeness
        )
        if reason:
            left_out.append(LeftOutYear(int(year), reason, fault))
        else:
            row = name_fluxes(fluxes, columns, settings.partitioning)
            facts = {
                "site": site,
                "year": int(year),
                "nee_qc": float(sums.good[index]),
                "completeness": share,
                "resolution": resolution,
            }
            rows.append({name: (facts | row)[name] for name in ANNUAL_COLUMNS})
    return AnnualTable(rows, left_out, file, resolution)


def mask_incomplete_years(
    sums: FluxSums, names: Sequence[str], min_completeness: float
) -> dict[str, np.ndarray]:
    """Annual values (year,) by column, NaN where a year is incomplete or a partitioning failed."""
    values = {}
    for index, name in enumerate(names):
        # Where a partitioning failed, some files hold zero all year, others -9999. The rule
        # is harmless for NEE: no year of measured NEE is zero all year.
        known = (sums.shares[:, index] >= min_completeness) & ~sums.zero[:, index]
        values[name] = np.where(known, sums.sums[:, index], np.nan)
    return values


def find_reason_to_leave_out(
    fluxes: dict[str, float], share: float, needed: Sequence[str], *, min_share: float
) -> tuple[str, bool]:
    """Why a year is left out, and whether that is a fault of the data.

    Parameters
    ----------
    fluxes : annual values by column, gC m-2 yr-1
    share : of the year with values
    needed : columns of GPP, NEE and perhaps RECO, in this order
    min_share : least share of the year

    Returns
    -------
    reason : empty where the year stays
    fault : see `LeftOutYear`
    """
    if share == 0:
        return f"no value of {', '.join(needed)}", False
    if share < min_share:
        return f"{share:.0%} of the year present, below {min_share:.0%}", False
    failed = [name for name in needed if np.isnan(fluxes[name])]
    if failed:
        return f"{', '.join(failed)} zero all year (partitioning failed)", False
    gpp, nee, *reco = (fluxes[name] for name in needed)
    residual = reco[0] - (gpp + nee) if reco else 0.0
    if abs(residual) > CLOSURE_TOLERANCE:
        return (
            f"{needed[2]} not {needed[0]} + {needed[1]} within"
            f" {CLOSURE_TOLERANCE:g} {FLUX_UNIT}, off by {residual:.0f}"
        ), True
    return "", False


def name_fluxes(
    fluxes: dict[str, float], columns: FluxColumns, partitioning: str
) -> dict[str, float]:
    """The fluxes of a year under the names of `ANNUAL_COLUMNS`."""
    gpp, nee = fluxes[columns.gpp], fluxes[columns.nee]
    other = fluxes.get(columns.other_gpp, np.nan)
    night, day = (gpp, other) if partitioning == "night" else (other, gpp)
    row = {
        "gpp": gpp,
        "gpp_nt": night,
        "gpp_dt": day,
        "reco": fluxes.get(columns.reco, gpp + nee),
        "nee": nee,
    }
    for flux, spread in (("gpp", columns.gpp_spread), ("nee", columns.nee_spread)):
        percentiles = {
            percentile: fluxes.get(name, np.nan)
            for percentile, name in zip(PERCENTILES, spread, strict=True)
        }
        row |= {f"{flux}_p{p}": percentiles[p] for p in WRITTEN_PERCENTILES}
        row[f"{flux}_sd"] = estimate_deviation(percentiles)
    return row


def estimate_deviation(percentiles: dict[str, float]) -> float:
    """One standard deviation from percentiles 16 and 84, else from the quartiles."""
    half_width = (percentiles["84"] - percentiles["16"]) / 2
    if np.isfinite(half_width):
        return abs(half_width)
    return abs((percentiles["75"] - percentiles["25"]) / QUARTILE_DISTANCE)
