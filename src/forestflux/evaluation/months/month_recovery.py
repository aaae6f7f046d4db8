"""Months of the maps against those of the simulated planet, on every cell that both have."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from forestflux.core.calendars.months import MONTH_FLUX_UNIT, list_month_lengths
from forestflux.core.grids.forest_area import AREA_LAYERS, measure_forest_area
from forestflux.core.input_errors import InputError
from forestflux.core.layers import REGION_LAYERS
from forestflux.core.names import FLUXES, FOREST_TYPES, TARGET_FLUXES
from forestflux.evaluation.months.season_dates import circular_error, date_seasons
from forestflux.evaluation.scores import mean_or_nan
from forestflux.jobs.stores.store import load_store
from forestflux.jobs.tables import Column, TableSchema

MONTH_RECOVERY = TableSchema(
    "months/recovery.csv",
    "a flux and a subset of the cells of the simulated planet",
    (
        Column("target", "`gpp`, `reco` or `nee`", "text"),
        Column("subset", "`all`, or cells of one forest type (`igbp=`)", "text"),
        Column("n", "cells", "integer"),
        Column("r2", "R2 of the months of all years, by area", unit="1"),
        Column("rmse", "root mean square error, by area", unit=MONTH_FLUX_UNIT),
        Column(
            "r2_season",
            "R2 of the mean season of each cell without its annual mean, by area",
            unit="1",
        ),
        Column("peak_error", "mean absolute error of the peak of season", unit="d"),
        Column(
            "covered",
            "share of months whose truth lies inside the interval; empty for RECO",
            unit="1",
        ),
    ),
)


def score_month_recovery(
    months: Mapping[int, Path], truth: Mapping[int, Path], maps: Mapping[int, Path]
) -> pd.DataFrame:
    """The table `MONTH_RECOVERY`.

    Parameters
    ----------
    months, truth, maps : by year, stores of the months of the maps, of the planet, and maps of the
        year, whose forest type and area count

    Raises
    ------
    InputError : years of one side are missing on the other
    """
    if not set(months) == set(truth) == set(maps):
        raise InputError(
            "months/recovery.csv",
            variable="years",
            expected=f"those of the maps, {sorted(maps)}",
            found=f"{sorted(months)} of months and {sorted(truth)} of the truth",
        )
    layers = ("forest_type", *AREA_LAYERS)
    first = load_store(maps[min(maps)], layers, optional=REGION_LAYERS)
    area = measure_forest_area(first)
    sides = {
        flux: [load_flux(stores, flux) for stores in (truth, months)] for flux in FLUXES
    }
    known = np.isfinite(sides["gpp"]).all(axis=(0, 1, 2)) & (area > 0)
    widths = {
        flux: load_store(months[min(months)], [f"{flux}_half_width"])[
            f"{flux}_half_width"
        ].values
        for flux in TARGET_FLUXES
    }
    kind = first["forest_type"].values
    days = list_month_lengths(np.array(sorted(months)))
    rows = []
    for subset, chosen in list_cells(kind, known):
        for flux in FLUXES if chosen.any() else ():
            real, told = (side[..., chosen] for side in sides[flux])
            width = widths[flux][:, chosen] if flux in widths else None
            row = {"target": flux, "subset": subset, "n": int(chosen.sum())}
            rows.append(
                row | score_cells(real, told, area[chosen], width, flux, days=days)
            )
    return pd.DataFrame(rows, columns=MONTH_RECOVERY.names)


def load_flux(stores: Mapping[int, Path], flux: str) -> np.ndarray:
    """A flux of all years (year, month, y, x), gC m-2 month-1; NEE is RECO - GPP."""
    names = ("reco", "gpp") if flux == "nee" else (flux,)
    years = []
    for year in sorted(stores):
        layers = load_store(stores[year], names)
        parts = [layers[name].values.astype(float) for name in names]
        years.append(parts[0] - parts[1] if flux == "nee" else parts[0])
    return np.stack(years)


def list_cells(kind: np.ndarray, known: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Name and membership (y, x) of all known cells, then of those of each forest type."""
    yield "all", known
    for code, name in enumerate(FOREST_TYPES, start=1):
        yield f"igbp={name}", known & (kind == code)


def score_cells(
    truth: np.ndarray,
    mapped: np.ndarray,
    area: np.ndarray,
    width: np.ndarray | None,
    flux: str,
    *,
    days: np.ndarray,
) -> dict[str, float]:
    """The numbers of a row of `MONTH_RECOVERY`.

    Parameters
    ----------
    truth, mapped : (year, month, cell)
    area : of forest (cell,), m2
    width : half-width of the interval (month, cell); None where there is none
    days : of each month (year, month), by which sums become rates, of which peaks are
    """
    error = mapped - truth
    seasons = [side.mean(axis=0) for side in (truth, mapped)]
    courses = [season - season.mean(axis=0) for season in seasons]
    sign = -1 if flux == "nee" else 1
    daily = [(side / days[:, :, None]).mean(axis=0) for side in (truth, mapped)]
    peaks = [date_seasons(sign * season.T).peak for season in daily]
    days = circular_error(*peaks)
    covered = np.nan
    if width is not None:
        covered = float(np.average(np.abs(error) <= width, axis=2, weights=area).mean())
    return {
        "r2": weigh_r2(truth, error, area),
        "rmse": float(np.sqrt(np.average(error**2, axis=2, weights=area).mean())),
        "r2_season": weigh_r2(courses[0], courses[1] - courses[0], area),
        "peak_error": mean_or_nan(days[np.isfinite(days)]),
        "covered": covered,
    }


def weigh_r2(truth: np.ndarray, error: np.ndarray, area: np.ndarray) -> float:
    """R2 of values (..., cell) by area; NaN where all true values are equal."""
    mean = np.average(truth, axis=-1, weights=area).mean()
    spread = ((truth - mean) ** 2 @ area).sum()
    return float(1 - (error**2 @ area).sum() / spread) if spread > 0 else float("nan")
