"""Gates, row by row: what is expected of the facts, and the status that follows."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from forestflux.core.grid import ellipsoid_area
from forestflux.core.names import FLUX_UNIT, TARGET_FLUXES
from forestflux.evaluation.gates.cell_facts import CellFacts
from forestflux.evaluation.gates.seams import EDGE, MINIMUM_PAIRS, Seam

PASS, KNOWN, FAIL, NOT = "pass", "known bias", "fail", "not applicable"
# The worst first.
STATUSES = (FAIL, KNOWN, PASS, NOT)
COLUMNS = (
    "gate",
    "year",
    "cells",
    "quantity",
    "unit",
    "low",
    "high",
    "known_low",
    "known_high",
    "found",
    "status",
    "reference",
)
TOTAL_UNIT = "PgC yr-1"
NONE = (0, 0)
# Rounding of areas that are summed cell by cell.
AREA_TOLERANCE = 1e-6
# Fewer years have no trend worth a test.
TREND_YEARS = 10
REFERENCES = {
    "range": "limits of annual fluxes in the configuration",
    "closure": "NEE = RECO - GPP by definition; rounding of float32",
    "interval": "an interval holds its own mean",
    "finite": "each forest cell is estimated and no other cell is",
    "seam": "cells differ across a tile's border as they do beside it",
    "area": "area of the WGS 84 ellipsoid",
    "forest": "satellite maps have 32.1 to 41.4 million km2 (Sexton et al. 2016,"
    " doi 10.1038/nclimate2816); IGBP forest, with 60 % of trees, is less",
    "gpp": "forest GPP 1982-2011 with the forest fraction applied: 54 +/- 5 PgC yr-1",
    "nee": "forest sink by inventories: 3.5 +/- 0.4 PgC yr-1 (Pan et al. 2024, doi"
    " 10.1038/s41586-024-07602-x); NEE learnt at towers, in growing forests without"
    " fire and harvest, exceeds it several times",
    "applicability": "share of the forest that is like forest at towers",
    "jump": "weather moves a total by a few percent of GPP from year to year",
    "gaps": "an estimate needs input",
    "truth": "the planet's true fluxes, with the errors that the README states",
    "trend": "the planet's true fluxes; the mapped sink is known to grow several times"
    " too fast (README)",
}


def row(
    gate: str,
    quantity: str,
    unit: str,
    bounds: Sequence[float],
    found: float,
    *,
    cells: str = "forest",
    known: Sequence[float] = (np.nan, np.nan),
    reference: str = "",
    not_applicable: str = "",
) -> dict[str, object]:
    """A row of the table with its status; a NaN that was found never passes.

    Parameters
    ----------
    bounds : lowest and highest value that passes; infinite where there is no bound
    known : range of a known, documented bias
    reference : key of `REFERENCES`, else the gate's name
    not_applicable : why the test makes no sense here
    """
    low, high = bounds
    text = REFERENCES[reference or gate]
    if not_applicable:
        status, found, text = NOT, np.nan, f"{not_applicable}; {text}"
    elif low <= found <= high:
        status = PASS
    elif known[0] <= found <= known[1]:
        status = KNOWN
    else:
        status = FAIL
    ends = [end if np.isfinite(end) else np.nan for end in (low, high, *known)]
    values = (gate, None, cells, quantity, unit, *ends, found, status, text)
    return dict(zip(COLUMNS, values, strict=True))


def cell_rows(facts: CellFacts, settings: dict) -> list[dict]:
    """Ranges, closure, order of intervals, and values where forest is."""
    few, rounding = (0.0, settings["outside_share"]), (0.0, settings["rounding"])
    rows = []
    for flux, (low, high) in settings["ranges"].items():
        quantity = f"share of cells with {flux.upper()} outside {low} to {high}"
        share = facts.outside[flux] / max(facts.estimated, 1)
        rows.append(row("range", f"{quantity} {FLUX_UNIT}", "1", few, share))
    quantity = "shares outside 0 to 1, unknown forest types"
    rows.append(row("range", quantity, "cells", NONE, facts.impossible, cells="all"))
    for flux, count in facts.disorder.items():
        quantity = f"mean {flux.upper()} outside its interval"
        rows.append(row("interval", quantity, "cells", NONE, count))
    quantity = "largest difference of NEE and RECO - GPP"
    rows.append(row("closure", quantity, FLUX_UNIT, rounding, facts.closure))
    quantity = "largest difference of a flux and the mean of its members"
    rows.append(row("closure", quantity, FLUX_UNIT, rounding, facts.member_closure))
    some = (1, np.inf)
    return [
        *rows,
        row("finite", "with an estimate", "cells", some, facts.estimated),
        row("finite", "without a value", "cells", NONE, facts.missing),
        row("finite", "with a value", "cells", NONE, facts.extra, cells="other"),
    ]


def seam_rows(
    found: Mapping[str, Mapping[str, Sequence[Seam]]], settings: dict
) -> list[dict]:
    """Seams at tile borders and at 180 degrees; of several the one that is worst."""
    few = f"fewer than {MINIMUM_PAIRS} pairs of forest cells"
    rows = []
    for flux, of_flux in found.items():
        for place, of_place in of_flux.items():
            excess = settings["edge_excess" if place == EDGE else "seam_excess"]
            ratios = np.array([seam.ratio for seam in of_place if seam.known])
            noise = np.array([seam.noise for seam in of_place if seam.known])
            limits = 1 + excess + settings["seam_sigma"] * noise
            worst = np.argmax(ratios - limits) if len(ratios) else None
            some = worst is not None
            rows.append(
                row(
                    "seam",
                    f"jump of {flux.upper()} across / beside",
                    "1",
                    (0.0, limits[worst] if some else np.nan),
                    ratios[worst] if some else np.nan,
                    cells=place,
                    not_applicable="" if some else few,
                )
            )
    return rows


def global_rows(facts: CellFacts, settings: dict, *, earth: str) -> list[dict]:
    """Areas, totals, applicability and gaps.

    Parameters
    ----------
    earth : why published numbers of the Earth say nothing here, else empty
    """
    globe, forest = ellipsoid_area(), facts.forest_area or np.nan
    whole = (globe * (1 - AREA_TOLERANCE), globe * (1 + AREA_TOLERANCE))
    of_earth = {"not_applicable": earth}
    totals = {flux: float(np.mean(facts.totals[flux])) for flux in TARGET_FLUXES}
    return [
        row(
            "area",
            "area of the cells",
            "m2",
            whole,
            facts.area,
            cells="all",
        ),
        row(
            "area",
            "area of the forest",
            "m2",
            settings["forest_area"],
            facts.forest_area,
            known=settings["forest_area_known"],
            reference="forest",
            **of_earth,
        ),
        row(
            "total",
            "GPP",
            TOTAL_UNIT,
            settings["gpp_total"],
            totals["gpp"],
            reference="gpp",
            **of_earth,
        ),
        row(
            "total",
            "NEE",
            TOTAL_UNIT,
            settings["nee_total"],
            totals["nee"],
            known=settings["nee_total_known"],
            reference="nee",
            **of_earth,
        ),
        row(
            "applicability",
            "share of the area inside",
            "1",
            (settings["applicable_share"], 1.0),
            facts.inside_area / forest,
        ),
        row(
            "gaps",
            "mean share of gaps in the input",
            "1",
            (0.0, settings["gap_share"]),
            facts.gap_area / forest,
        ),
        row(
            "gaps",
            "share of the area without any input",
            "1",
            (0.0, settings["empty_share"]),
            facts.empty_area / forest,
        ),
    ]


def jump_rows(
    totals: Mapping[int, Mapping[str, np.ndarray]], settings: dict, *, part: str
) -> list[dict]:
    """Changes of the totals from each year to the next, in percent of GPP.

    Parameters
    ----------
    totals : by year and flux (member,), PgC yr-1
    part : why a jump cannot be judged, else empty
    """
    usual = np.mean([of_year["gpp"].mean() for of_year in totals.values()])
    rows = []
    for before, year in pairwise(sorted(totals)):
        if year > before + 1:
            continue
        for flux in TARGET_FLUXES:
            step = totals[year][flux].mean() - totals[before][flux].mean()
            test = row(
                "jump",
                f"{flux.upper()} of this year less the last, of mean GPP",
                "percent",
                (-settings["jump_percent"][flux], settings["jump_percent"][flux]),
                100 * step / usual,
                not_applicable=part,
            )
            rows.append(test | {"year": year})
    return rows


def truth_rows(
    recovery: pd.DataFrame, years: Sequence[int], settings: dict, *, part: str
) -> list[dict]:
    """Areas, totals and trends against the simulated planet's truth.

    Parameters
    ----------
    recovery : `recovery.csv`
    years : the mapped years
    settings : section `gates.truth`, largest errors in percent
    part : why the area cannot be compared, else empty; totals are of the same cells
    """
    error = recovery.set_index("quantity")["error_percent"]

    def against(quantity: str, limit: float, label: str, **options: object) -> dict:
        name = f"error of {label}"
        bounds, found = (-limit, limit), float(error.get(quantity, np.nan))
        return row("truth", name, "percent", bounds, found, **options)

    limit, options = settings["forest_area"], {"not_applicable": part}
    rows = [against("forest_area", limit, "the forest area", **options)]
    for year in years:
        for flux in TARGET_FLUXES:
            label = f"the total of {flux.upper()}"
            test = against(f"{flux}_total_{year}", settings[f"{flux}_total"], label)
            rows.append(test | {"year": year})
    short = f"{len(years)} years, {TREND_YEARS} are needed"
    reason = "" if len(years) >= TREND_YEARS else short
    known = {"nee": {"known": settings["nee_trend_known"], "reference": "trend"}}
    for flux in TARGET_FLUXES:
        label = f"the trend of mean {flux.upper()}"
        options = {"not_applicable": reason, **known.get(flux, {})}
        limit = settings[f"{flux}_trend"]
        rows.append(against(f"{flux}_series_slope", limit, label, **options))
    return rows
