"""Doubts about the annual fluxes of one tower: another unit, the other sign, a year unlike others.

The bounds were set on 176 towers of FLUXNET2015 so that none of them is doubted; how often they
find a fault that is planted there stands in docs/data/flux_faults.csv.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forestflux.core.names import FLUX_UNIT
from forestflux.towers.doubts import Doubt

# Only years are judged of which so much is measured or well filled; others are garbage at
# many towers, and do not train by default.
JUDGED_QUALITY = 0.5
# Bounds of the median GPP of a forest tower. GPP in gC m-2 day-1, kgC or umolCO2 m-2 s-1
# lies below, GPP in mgC above. The most productive forests stay below 5,000 gC m-2 yr-1.
PLAUSIBLE_MEDIAN = (20.0, 20_000.0)
# The largest GPP and NEE (absolute) of a tower of any class are larger than these in all
# the years together; deserts and tundra reach 28 and 73 gC m-2 yr-1.
LEAST_GPP, LEAST_NEE = 20.0, 5.0
# RECO over GPP, median of a tower's years. The strongest sinks of FLUXNET2015 have 0.2;
# forests that were not disturbed stay below 1.2.
RATIO_OF_ANY_TOWER = 0.1
RATIO_OF_A_FOREST = 1.25
# Below so little GPP the ratio says nothing, gC m-2 yr-1.
LEAST_GPP_OF_A_RATIO = 100.0
# In years with more GPP a forest takes up more, so that NEE falls with GPP. A slope so many
# standard errors below zero says that the sign is right, as at a forest after windthrow.
CLEAR_SLOPE = -2.0
# GPP of a year over the median of the forest's years; in FLUXNET2015 from 0.49 to 1.82.
RATIO_OF_A_YEAR = (0.2, 3.0)
LEAST_YEARS = 3


def doubt_fluxes(
    site_years: pd.DataFrame, *, is_forest: pd.Series, doubt_sources: bool
) -> list[Doubt]:
    """All doubts about annual fluxes, tower by tower in the order of their names.

    Parameters
    ----------
    site_years : site, year, gpp, nee (gC m-2 yr-1), nee_qc (1)
    is_forest : bool (row,), whether the tower's class is a forest
    doubt_sources : whether a forest that releases much carbon is doubtful
    """
    judged = site_years[site_years["nee_qc"] >= JUDGED_QUALITY]
    judged = judged.dropna(subset=["gpp", "nee"])
    doubts: list[Doubt] = []
    for site, years in judged.groupby("site"):
        forest = bool(is_forest[years.index[0]])
        doubts += doubt_units(str(site), years, forest=forest)
        doubts += doubt_ratio(str(site), years, sources=forest and doubt_sources)
        if forest:
            doubts += doubt_years(str(site), years)
    return doubts


def doubt_units(site: str, years: pd.DataFrame, *, forest: bool) -> Iterator[Doubt]:
    """A doubt about the unit of GPP, or of NEE alone."""
    low, high = PLAUSIBLE_MEDIAN
    median, largest = years["gpp"].median(), years["gpp"].abs().max()
    if forest and not low <= median <= high:
        cause = "is GPP negative there?" if median < 0 else "another unit?"
        expected = f"{FLUX_UNIT}, a median of a forest tower from {low:g} to {high:g}"
        yield Doubt(site, "gpp", expected, f"{median:.4g} at {site} ({cause})")
    elif not forest and largest < LEAST_GPP:
        expected = f"{FLUX_UNIT}, more than {LEAST_GPP:g} in some year"
        yield Doubt(site, "gpp", expected, f"{largest:.4g} at {site} (another unit?)")
    elif years["nee"].abs().max() < LEAST_NEE:
        expected = f"{FLUX_UNIT}, more than {LEAST_NEE:g} or less than -{LEAST_NEE:g}"
        found = f"{years['nee'].abs().max():.4g} at most at {site} (another unit?)"
        yield Doubt(site, "nee", f"{expected} in some year", found)


def doubt_ratio(site: str, years: pd.DataFrame, *, sources: bool) -> Iterator[Doubt]:
    """A doubt about NEE beside GPP: RECO would be next to nothing, or far above GPP.

    Parameters
    ----------
    sources : whether RECO far above GPP is doubtful
    """
    if years["gpp"].median() < LEAST_GPP_OF_A_RATIO:
        return
    ratio = ((years["gpp"] + years["nee"]) / years["gpp"]).median()
    found = f"{ratio:.2f} in the median of the years of {site}"
    if ratio < RATIO_OF_ANY_TOWER:
        expected = f"reco - gpp, and (gpp + nee) / gpp above {RATIO_OF_ANY_TOWER:g}"
        yield Doubt(site, "nee", expected, f"{found} (NEE in another unit than GPP?)")
    elif sources and ratio > RATIO_OF_A_FOREST and not falls_with_gpp(years):
        expected = f"reco - gpp, and (gpp + nee) / gpp below {RATIO_OF_A_FOREST:g}"
        yield Doubt(site, "nee", expected, f"{found} (gpp - reco?)")


def falls_with_gpp(years: pd.DataFrame) -> bool:
    """Whether NEE clearly falls with GPP from year to year, as the right sign makes it."""
    if len(years) < LEAST_YEARS:
        return False
    gpp = years["gpp"].to_numpy() - years["gpp"].mean()
    nee = years["nee"].to_numpy() - years["nee"].mean()
    spread = (gpp**2).sum()
    if spread == 0:
        return False
    slope = (gpp * nee).sum() / spread
    residual = ((nee - slope * gpp) ** 2).sum() / (len(years) - 2)
    return bool(slope < CLEAR_SLOPE * np.sqrt(residual / spread))


def doubt_years(site: str, years: pd.DataFrame) -> Iterator[Doubt]:
    """A doubt about a year whose GPP is far from that of the forest's other years."""
    if len(years) < LEAST_YEARS:
        return
    low, high = RATIO_OF_A_YEAR
    ratio = years["gpp"] / years["gpp"].median()
    # A year of negative GPP trains nobody: the samples drop it, and say why.
    outside = years[(ratio >= 0) & ((ratio < low) | (ratio > high))]
    if len(outside):
        year = outside["year"].iloc[0]
        found = f"{ratio[outside.index[0]]:.3g} times that at {site} in {year}"
        expected = f"{low:g} to {high:g} times the median of the tower's years"
        yield Doubt(site, "gpp", expected, f"{found} (another unit?)")
