"""Rows of the table of gates: what is expected of the facts, and the status that follows."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from forestflux.core.grids.grid import ellipsoid_area
from forestflux.core.names import FLUX_UNIT, FLUXES, TARGET_FLUXES, TOTAL_UNIT
from forestflux.evaluation.evaluation_schemas import GAP_FIFTH
from forestflux.evaluation.gates.cell_facts import CellFacts
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.evaluation.gates.seams import MINIMUM_PAIRS, WORST_EDGE, Seam
from forestflux.jobs.settings.gate_settings import GateSettings

PASS, KNOWN, FAIL = "pass", "known bias", "fail"
NOT_APPLICABLE = "not applicable"
# The worst first.
STATUSES = (FAIL, KNOWN, PASS, NOT_APPLICABLE)
NO_CELLS = (0, 0)
# No known bias.
UNBIASED = (np.nan, np.nan)
# Rounding error of areas that are summed cell by cell, relative.
AREA_TOLERANCE = 1e-6
# Coverage at fewer towers swings too much to be tested.
GAP_COVERAGE_SITES = 50
# A trend of fewer years is not tested.
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
    "gap coverage": "intervals widen with gaps so that they hold as often",
    "truth": "the planet's true fluxes, with the errors that docs/explanation/recovery.md states",
    "coverage": "an interval of 90 % holds the planet's truth in 90 % of many planets",
}


def make_row(
    gate: str,
    quantity: str,
    unit: str,
    bounds: Sequence[float],
    found: float,
    *,
    cells: str = "forest",
    known: Sequence[float] = UNBIASED,
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
        status, found, text = NOT_APPLICABLE, np.nan, f"{not_applicable}; {text}"
    elif low <= found <= high:
        status = PASS
    elif known[0] <= found <= known[1]:
        status = KNOWN
    else:
        status = FAIL
    ends = [end if np.isfinite(end) else np.nan for end in (low, high, *known)]
    values = (gate, None, cells, quantity, unit, *ends, found, status, text)
    return dict(zip(GATES.names, values, strict=True))


def gate_cells(facts: CellFacts, settings: GateSettings) -> list[dict]:
    """Ranges, closure, order of intervals, and values where forest is."""
    few, rounding = (0.0, settings.outside_share), (0.0, settings.rounding)
    rows = []
    for flux in sorted(FLUXES):
        low, high = getattr(settings.ranges, flux)
        quantity = f"share of cells with {flux.upper()} outside {low:g} to {high:g}"
        share = facts.outside[flux] / max(facts.estimated, 1)
        rows.append(make_row("range", f"{quantity} {FLUX_UNIT}", "1", few, share))
    quantity = "shares outside 0 to 1, unknown forest types"
    rows.append(
        make_row("range", quantity, "cells", NO_CELLS, facts.impossible, cells="all")
    )
    for flux, count in facts.disorder.items():
        quantity = f"mean {flux.upper()} outside its interval"
        rows.append(make_row("interval", quantity, "cells", NO_CELLS, count))
    quantity = "largest difference of NEE and RECO - GPP"
    rows.append(make_row("closure", quantity, FLUX_UNIT, rounding, facts.closure))
    quantity = "largest difference of a flux and the mean of its members"
    rows.append(
        make_row("closure", quantity, FLUX_UNIT, rounding, facts.member_closure)
    )
    some = (1, np.inf)
    return [
        *rows,
        make_row("finite", "with an estimate", "cells", some, facts.estimated),
        make_row("finite", "without a value", "cells", NO_CELLS, facts.missing),
        make_row(
            "finite", "with a value", "cells", NO_CELLS, facts.extra, cells="other"
        ),
    ]


def gate_seams(
    seams: Mapping[str, Mapping[str, Sequence[Seam]]], settings: GateSettings
) -> list[dict]:
    """Seams at tile borders and at 180 degrees; of several the worst one.

    Parameters
    ----------
    seams : by flux and place
    """
    few = f"fewer than {MINIMUM_PAIRS} pairs of forest cells"
    rows = []
    for flux, places in seams.items():
        for place, measured in places.items():
            excess = (
                settings.edge_excess if place == WORST_EDGE else settings.seam_excess
            )
            ratios = np.array([seam.ratio for seam in measured if seam.known])
            noise = np.array([seam.noise for seam in measured if seam.known])
            limits = 1 + excess + settings.seam_sigma * noise
            limit = ratio = np.nan
            if len(ratios):
                worst = np.argmax(ratios - limits)
                limit, ratio = limits[worst], ratios[worst]
            rows.append(
                make_row(
                    "seam",
                    f"jump of {flux.upper()} across / beside",
                    "1",
                    (0.0, limit),
                    ratio,
                    cells=place,
                    not_applicable="" if len(ratios) else few,
                )
            )
    return rows


def gate_globe(
    facts: CellFacts, settings: GateSettings, *, earth: str, part: str
) -> list[dict]:
    """Areas, totals, applicability and gaps.

    Parameters
    ----------
    earth : why published numbers of the Earth do not apply, else empty
    part : why the area is not that of the globe, else empty
    """
    globe, forest = ellipsoid_area(), facts.forest_area or np.nan
    whole = (globe * (1 - AREA_TOLERANCE), globe * (1 + AREA_TOLERANCE))
    totals = {flux: float(np.mean(facts.totals[flux])) for flux in TARGET_FLUXES}
    return [
        make_row(
            "area",
            "area of the cells",
            "m2",
            whole,
            facts.area,
            cells="all",
            not_applicable=part,
        ),
        make_row(
            "area",
            "area of the forest",
            "m2",
            settings.forest_area,
            facts.forest_area,
            known=settings.forest_area_known,
            reference="forest",
            not_applicable=earth,
        ),
        make_row(
            "total",
            "GPP",
            TOTAL_UNIT,
            settings.gpp_total,
            totals["gpp"],
            reference="gpp",
            not_applicable=earth,
        ),
        make_row(
            "total",
            "NEE",
            TOTAL_UNIT,
            settings.nee_total,
            totals["nee"],
            known=settings.nee_total_known,
            reference="nee",
            not_applicable=earth,
        ),
        make_row(
            "applicability",
            "share of the area inside",
            "1",
            (settings.applicable_share, 1.0),
            facts.inside_area / forest,
        ),
        make_row(
            "gaps",
            "mean share of gaps in the input",
            "1",
            (0.0, settings.gap_share),
            facts.gap_area / forest,
        ),
        make_row(
            "gaps",
            "share of the area without any input",
            "1",
            (0.0, settings.empty_share),
            facts.empty_area / forest,
        ),
    ]


def gate_jumps(
    totals: Mapping[int, Mapping[str, np.ndarray]], settings: GateSettings, *, part: str
) -> list[dict]:
    """Changes of the totals from each year to the next, in percent of GPP.

    Parameters
    ----------
    totals : by year and flux (member,), PgC yr-1
    part : why a jump cannot be tested, else empty
    """
    usual = np.mean([year["gpp"].mean() for year in totals.values()])
    rows = []
    for before, year in pairwise(sorted(totals)):
        if year > before + 1:
            continue
        for flux in TARGET_FLUXES:
            limit = getattr(settings.jump_percent, flux)
            step = totals[year][flux].mean() - totals[before][flux].mean()
            test = make_row(
                "jump",
                f"{flux.upper()} of this year less the last, of mean GPP",
                "percent",
                (-limit, limit),
                100 * step / usual,
                not_applicable=part,
            )
            rows.append(test | {"year": year})
    return rows


def gate_gaps(calibration: pd.DataFrame, settings: GateSettings) -> list[dict]:
    """Whether intervals hold at unseen towers however much of the inputs is missing.

    Parameters
    ----------
    calibration : `calibration.csv`
    settings : section `gates` of the configuration
    """
    fifths = calibration[calibration["subset"].str.startswith(f"{GAP_FIFTH}=")]
    rows = []
    for flux, own in fifths.groupby("target", sort=False):
        sites = int(own["n_sites"].min())
        few = f"{sites} towers, {GAP_COVERAGE_SITES} are needed"
        rows.append(
            make_row(
                "gap coverage",
                f"least share of {str(flux).upper()} inside its interval, fifths by gaps",
                "1",
                (settings.gap_coverage, 1.0),
                float(own["covered_site_mean"].min()),
                cells="unseen site-years",
                not_applicable=few if sites < GAP_COVERAGE_SITES else "",
            )
        )
    return rows
