"""Tests of the simulated planet's maps against its truth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forestflux.core.names import FLUXES, TARGET_FLUXES
from forestflux.evaluation.gates.gate_rows import TREND_YEARS, make_row
from forestflux.jobs.settings.gate_settings import TruthLimits

# Strata of these kinds are counted together; there are too few others.
STRATA_KINDS = ("type", "band", "continent", "country")
QUANTITIES = ("total", "change", "slope")


def gate_truth(
    recovery: pd.DataFrame, years: Sequence[int], limits: TruthLimits, *, part: str
) -> list[dict]:
    """Areas and totals of the whole simulated planet against its truth.

    Changes, trends and totals of a region are not: errors of places do not average out over so
    little forest, and their intervals say so. `gate_coverage` tests those.

    Parameters
    ----------
    recovery : `recovery.csv`
    years : the mapped years
    limits : largest errors in percent
    part : why nothing can be compared, else empty
    """
    error = recovery.set_index("quantity")["error_percent"]

    def gate_error(quantity: str, limit: float, label: str) -> dict:
        return make_row(
            "truth",
            f"error of {label}",
            "percent",
            (-limit, limit),
            float(error.get(quantity, np.nan)),
            not_applicable=part,
        )

    limit, label = limits.forest_area, "the forest area"
    rows = [gate_error("forest_area", limit, label)]
    for year in years:
        for flux in TARGET_FLUXES:
            label = f"the total of {flux.upper()}"
            test = gate_error(
                f"{flux}_total_{year}", getattr(limits, f"{flux}_total"), label
            )
            rows.append(test | {"year": year})
    return rows


def gate_coverage(
    coverage: pd.DataFrame, years: Sequence[int], limits: TruthLimits
) -> list[dict]:
    """How often intervals of totals, changes and trends hold the planet's truth.

    Parameters
    ----------
    coverage : `coverage.csv`
    years : the mapped years
    limits : least share
    """
    strata = coverage[coverage["kind"].isin(STRATA_KINDS)]
    short = f"{len(years)} years, {TREND_YEARS} are needed"
    rows = []
    for quantity in QUANTITIES:
        for flux in FLUXES:
            own = strata[
                (strata["quantity"] == quantity) & (strata["variable"] == flux)
            ]
            held = (own["covered"] * own["n"]).sum()
            share = held / own["n"].sum() if own["n"].sum() else np.nan
            needs_years = quantity == "slope" and len(years) < TREND_YEARS
            rows.append(
                make_row(
                    "coverage",
                    f"strata whose interval of the {quantity} of {flux.upper()} holds",
                    "1",
                    (limits.coverage, 1.0),
                    float(share),
                    not_applicable=short if needs_years else "",
                )
            )
    return rows
