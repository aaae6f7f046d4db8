"""The months of a region as a finished run has them, and its season in words."""

from calendar import month_name
from pathlib import Path

import numpy as np
import xarray as xr

from forestflux.change.change_schemas import MONTH_REGIONS
from forestflux.core.calendars.months import MONTH_FLUX_UNIT
from forestflux.core.names import FLUXES
from forestflux.core.total_units import TotalUnit
from forestflux.publish.region_search import Region

# Largest part of GPP by which twelve totals of nine digits may miss that of the year.
ROUNDING = 1e-7
VALUES = ("mean", "total")


def read_region_months(
    folder: Path, region: Region, annual: xr.Dataset
) -> xr.Dataset | None:
    """Means and totals (flux, year, month) of a region; None of a run without months.

    A table whose months do not add up to the year is left from an earlier run that had months: it
    counts as none.

    Parameters
    ----------
    folder : of the run
    region : that is asked for
    annual : `total` (flux, year), PgC yr-1

    Raises
    ------
    InputError : the table is damaged
    """
    if not (folder / MONTH_REGIONS.path).is_file():
        return None
    table = MONTH_REGIONS.read(folder)
    own = (table["stratum"] == region.name) & (table["kind"] == region.kind)
    if not own.any():
        return None
    keys = ["variable", "year", "month"]
    months = table[own].set_index(keys)[list(VALUES)].to_xarray()
    months = months.rename(variable="flux").sel(flux=list(FLUXES))
    units = {column.name: column.unit for column in MONTH_REGIONS.columns}
    for name in VALUES:
        months[name].attrs = {"units": units[name]}
    return months if adds_up(months["total"], annual["total"]) else None


def adds_up(months: xr.DataArray, annual: xr.DataArray) -> bool:
    """Whether totals (flux, year, month) are months of the totals (flux, year) of these years."""
    if not np.isin(months["year"], annual["year"]).all():
        return False
    wanted = annual.sel(year=months["year"])
    left = abs(months.sum("month") - wanted)
    return bool((left <= ROUNDING * abs(wanted).max("flux")).all())


def describe_season(months: xr.Dataset, year: int, unit: TotalUnit) -> str:
    """The month of the largest uptake, and those of the largest and the least GPP.

    Parameters
    ----------
    months : as `read_region_months` gives them, with the year
    year : of the text
    unit : in which totals are written
    """
    now = months.sel(year=year)
    nee, gpp = (now["total"].sel(flux=flux).values for flux in ("nee", "gpp"))
    best = int(nee.argmin())
    mean = float(now["mean"].sel(flux="nee")[best])
    if np.isnan(mean):
        return "no forest"
    head = "largest uptake" if nee[best] < 0 else "no uptake, least release"
    most, least = (month_name[int(at) + 1] for at in (gpp.argmax(), gpp.argmin()))
    return (
        f"{head} in {month_name[best + 1]}: NEE {mean:.3g} {MONTH_FLUX_UNIT} of forest,"
        f" {nee[best] * unit.factor:.3g} {unit.mass}; GPP is largest in {most}, least in"
        f" {least}; months of a region have no interval"
    )
