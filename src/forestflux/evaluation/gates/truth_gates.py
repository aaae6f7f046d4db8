"""Tests of the simulated planet's maps against its truth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forestflux.core.names import TARGET_FLUXES
from forestflux.evaluation.gates.gate_rows import TREND_YEARS, UNBIASED, make_row
from forestflux.jobs.settings.gate_settings import TruthLimits


def gate_truth(
    recovery: pd.DataFrame, years: Sequence[int], limits: TruthLimits, *, part: str
) -> list[dict]:
    """Areas, totals and trends against the simulated planet's truth.

    Parameters
    ----------
    recovery : `recovery.csv`
    years : the mapped years
    limits : largest errors in percent
    part : why the area cannot be compared, else empty; totals are of the same cells
    """
    error = recovery.set_index("quantity")["error_percent"]

    def gate_error(
        quantity: str,
        limit: float,
        label: str,
        *,
        known: Sequence[float] = UNBIASED,
        reference: str = "",
        not_applicable: str = "",
    ) -> dict:
        return make_row(
            "truth",
            f"error of {label}",
            "percent",
            (-limit, limit),
            float(error.get(quantity, np.nan)),
            known=known,
            reference=reference,
            not_applicable=not_applicable,
        )

    limit, label = limits.forest_area, "the forest area"
    rows = [gate_error("forest_area", limit, label, not_applicable=part)]
    for year in years:
        for flux in TARGET_FLUXES:
            label = f"the total of {flux.upper()}"
            test = gate_error(
                f"{flux}_total_{year}", getattr(limits, f"{flux}_total"), label
            )
            rows.append(test | {"year": year})
    short = f"{len(years)} years, {TREND_YEARS} are needed"
    reason = "" if len(years) >= TREND_YEARS else short
    for flux in TARGET_FLUXES:
        test = gate_error(
            f"{flux}_series_slope",
            getattr(limits, f"{flux}_trend"),
            f"the trend of mean {flux.upper()}",
            known=limits.nee_trend_known if flux == "nee" else UNBIASED,
            reference="trend" if flux == "nee" else "",
            not_applicable=reason,
        )
        rows.append(test)
    return rows
