"""How well the maps of the simulated planet recover its planted truth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from forestflux.change.trends.theil_sen import theil_sen
from forestflux.core.names import (
    FLUX_SLOPE_UNIT,
    FLUX_UNIT,
    FLUXES,
    TARGET_FLUXES,
    TOTAL_UNIT,
)
from forestflux.evaluation.change_detection import compare_detections
from forestflux.evaluation.evaluation_schemas import RECOVERY
from forestflux.evaluation.truth_comparison import TruthComparison
from forestflux.jobs.settings.change_settings import LatitudeBandSettings


def score_recovery(
    both: TruthComparison,
    *,
    change: xr.Dataset,
    pair: tuple[int, int],
    bands: Sequence[LatitudeBandSettings],
    alpha: float,
) -> pd.DataFrame:
    """What the maps recover of the truth (docs/reference/tables.md, recovery).

    Both sides are summed over the same cells with the same weights, so that an error
    is one of the flux. Only the forest area is that of each side's own cells.
    `error` is mapped minus truth. A root mean square has the truth 0 and is in percent
    of the true mean; an R2 has the truth 1; a share within the interval has the
    nominal one.

    Parameters
    ----------
    both : truth and map of the same cells
    change : the change store of the maps
    pair : the two years of the change
    bands : latitude bands
    alpha : level at which a change counts as found
    """
    rows = [
        make_row("forest_area", "m2", both.area["truth"], both.area["mapped"]),
        *total_rows(both),
        *cell_rows(both),
        *zonal_rows(both),
        *pair_rows(both, pair),
        *slope_rows(both),
        *disturbance_rows(both),
        *(
            make_row(n, "1", *values)
            for n, *values in compare_detections(both, change, alpha=alpha)
        ),
    ]
    for position, band in enumerate(bands):
        part = both.band_part(position)
        if part.row.size:
            rows += band_rows(part, band.name)
    return pd.DataFrame(rows, columns=RECOVERY.names)


def make_row(
    quantity: str,
    unit: str,
    truth: float,
    mapped: float,
    *,
    relative_to: float | None = None,
) -> dict[str, object]:
    """A row of the table; the error in percent of the truth, or of what is given."""
    error = mapped - truth
    reference = abs(truth if relative_to is None else relative_to)
    return {
        "quantity": quantity,
        "unit": unit,
        "truth": truth,
        "mapped": mapped,
        "error": error,
        "error_percent": 100 * error / reference if reference > 0 else np.nan,
    }


def total_rows(both: TruthComparison) -> list[dict]:
    """Total of each flux and year; mean flux of the forest over all years."""
    rows = []
    for name in FLUXES:
        for year, *sides in zip(both.years, *both.totals(name), strict=True):
            rows.append(make_row(f"{name}_total_{year}", TOTAL_UNIT, *sides))
    for name in FLUXES:
        means = (side.mean() for side in both.means(name))
        rows.append(make_row(f"{name}_mean", FLUX_UNIT, *means))
    return rows


def cell_rows(both: TruthComparison) -> list[dict]:
    """Root mean square and R2 over all cells and years, share within the interval.

    The share stands apart for cells inside and outside the area of applicability.
    """
    rows = []
    for name in FLUXES:
        rms, r2, mean = weighted_agreement(
            both.truth[name], both.mapped[name], both.weights
        )
        rows.append(make_row(f"{name}_cell_rms", FLUX_UNIT, 0.0, rms, relative_to=mean))
        rows.append(make_row(f"{name}_cell_r2", "1", 1.0, r2))
    for name in TARGET_FLUXES:
        for suffix, chosen in (
            ("", np.full(both.applicable.shape, True)),
            ("_inside", both.applicable),
            ("_outside", ~both.applicable),
        ):
            if chosen.any():
                share = both.covered[name][chosen].mean()
                quantity = f"{name}_share_within_interval{suffix}"
                rows.append(make_row(quantity, "1", both.level, share))
    return rows


def weighted_agreement(
    truth: np.ndarray, mapped: np.ndarray, weights: np.ndarray
) -> tuple[float, float, float]:
    """Weighted root mean square of the error, R2, and mean of the truth."""
    mean = np.average(truth, weights=weights)
    square = np.average((mapped - truth) ** 2, weights=weights)
    variance = np.average((truth - mean) ** 2, weights=weights)
    r2 = 1 - square / variance if variance > 0 else np.nan
    return np.sqrt(square), r2, mean


def zonal_rows(both: TruthComparison) -> list[dict]:
    """Root mean square between the profiles over latitude of the mean year."""
    weight = np.bincount(both.row, both.weights.mean(axis=0))
    there = weight > 0
    rows = []
    for name in FLUXES:
        truth, mapped = (
            np.bincount(both.row, (side[name] * both.weights).mean(axis=0))[there]
            / weight[there]
            for side in (both.truth, both.mapped)
        )
        rms = np.sqrt(((mapped - truth) ** 2).mean())
        mean = both.means(name)[0].mean()
        rows.append(
            make_row(f"{name}_zonal_rms", FLUX_UNIT, 0.0, rms, relative_to=mean)
        )
    return rows


def pair_rows(both: TruthComparison, pair: tuple[int, int]) -> list[dict]:
    """Change of the total between the two years; R2 of the cells' change."""
    first, second = np.searchsorted(both.years, pair)
    rows = []
    for name in FLUXES:
        change = (side[second] - side[first] for side in both.totals(name))
        rows.append(make_row(f"{name}_change", TOTAL_UNIT, *change))
        truth, mapped = (
            side[name][second] - side[name][first] for side in (both.truth, both.mapped)
        )
        _, r2, _ = weighted_agreement(truth, mapped, both.weights[second])
        rows.append(make_row(f"{name}_change_cell_r2", "1", 1.0, r2))
    return rows


def slope_rows(both: TruthComparison, suffix: str = "") -> list[dict]:
    """Planted trend of mean GPP against the mapped series; slopes of both series.

    Both series have the same weather in them; the planted trend has none.
    """
    planted = np.average(both.planted_slope, weights=both.weights.mean(axis=0))
    rows = []
    for name in FLUXES:
        slopes = [float(theil_sen(side, both.years)) for side in both.means(name)]
        if name == "gpp":
            rows.append(
                make_row(
                    f"gpp_planted_slope{suffix}", FLUX_SLOPE_UNIT, planted, slopes[1]
                )
            )
        rows.append(make_row(f"{name}_series_slope{suffix}", FLUX_SLOPE_UNIT, *slopes))
    return rows


def disturbance_rows(both: TruthComparison) -> list[dict]:
    """Mean NEE in and after a disturbance minus before, over cells with both."""
    chosen = both.disturbed.any(axis=0) & ~both.disturbed.all(axis=0)
    if not chosen.any():
        return []
    after = both.disturbed[:, chosen]
    weights = both.weights.mean(axis=0)[chosen]
    effects = []
    for side in (both.truth, both.mapped):
        nee = side["nee"][:, chosen]
        means = [
            np.where(when, nee, 0).sum(axis=0) / when.sum(axis=0)
            for when in (after, ~after)
        ]
        effects.append(np.average(means[0] - means[1], weights=weights))
    return [make_row("nee_disturbance_effect", FLUX_UNIT, *effects)]


def band_rows(part: TruthComparison, band: str) -> list[dict]:
    """Mean annual totals of GPP and NEE and planted trend of one latitude band."""
    rows = []
    for name in TARGET_FLUXES:
        mean = (side.mean() for side in part.totals(name))
        rows.append(make_row(f"{name}_total_{band}", TOTAL_UNIT, *mean))
    return rows + slope_rows(part, f"_{band}")[:1]
