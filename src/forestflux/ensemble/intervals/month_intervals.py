"""Intervals of a month that hold at sites no model has seen; those of the year are others.

As for the year (`forestflux.ensemble.intervals.conformal`) the site is the unit: one year of each
site is drawn, in every possible way. Each month of the season has a half-width of its own, because
errors of July are many times those of January, and so has each forest type with enough sites.
Errors of the months of a year are not independent: widths of months do not add up to that of the
year, and each interval is that of one month by itself.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forestflux.core.calendars.months import MONTHS
from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.ensemble.intervals.conformal import (
    MAP_SPLIT,
    half_width,
    sites_needed,
    type_names,
)
from forestflux.ensemble.model_record import POOLED

HALF_YEAR = MONTHS // 2


@dataclass(frozen=True)
class MonthCalibration:
    """Half-widths of the intervals of months, gC m-2 month-1.

    Attributes
    ----------
    level : nominal coverage, 0-1
    half_width : by target (`gpp`, `nee`) and forest type (`all` is for other types), twelve
        numbers by month of the season: southern years are moved by half a year
    """

    level: float
    half_width: Mapping[str, Mapping[str, tuple[float, ...]]]

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "MonthCalibration":
        """The calibration from plain numbers, perhaps of JSON: None is infinite."""
        half_width = {
            target: {
                name: tuple(math.inf if w is None else w for w in own)
                for name, own in widths.items()
            }
            for target, widths in content["half_width"].items()
        }
        return cls(content["level"], half_width)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers for JSON; infinite is None."""
        half_width = {
            target: {
                name: [w if math.isfinite(w) else None for w in own]
                for name, own in widths.items()
            }
            for target, widths in self.half_width.items()
        }
        return {"level": self.level, "half_width": half_width}

    def widths(self, forest_type: np.ndarray, lat: np.ndarray) -> dict[str, np.ndarray]:
        """Half-widths of both targets by calendar month (sample, month), gC m-2 month-1.

        Parameters
        ----------
        forest_type : (sample,), codes 1-5 or names such as `ENF`; any other is pooled
        lat : (sample,), degrees north
        """
        names = type_names(forest_type)
        south = np.asarray(lat) < 0
        result = {}
        for target, widths in self.half_width.items():
            own = np.tile(np.array(widths[POOLED], float), (len(names), 1))
            for name in widths.keys() - {POOLED}:
                own[names == name] = widths[name]
            own[south] = np.roll(own[south], HALF_YEAR, axis=1)
            result[target] = own
        return result

    def interval(
        self,
        gpp: np.ndarray,
        nee: np.ndarray,
        forest_type: np.ndarray,
        lat: np.ndarray,
    ) -> dict[str, np.ndarray]:
        """`gpp_lower`, `gpp_upper`, `nee_lower`, `nee_upper` (sample, month), gC m-2 month-1.

        Parameters
        ----------
        gpp, nee : (sample, month), ensemble means
        forest_type, lat : as in `widths`
        """
        widths = self.widths(forest_type, lat)
        bounds = {}
        for target, middle in (("gpp", gpp), ("nee", nee)):
            # GPP cannot be negative; NEE has both signs.
            lowest = 0.0 if target == "gpp" else -np.inf
            bounds[f"{target}_lower"] = np.maximum(middle - widths[target], lowest)
            bounds[f"{target}_upper"] = middle + widths[target]
        return bounds


def calibrate_months(
    predictions: pd.DataFrame, *, level: float, min_quality: float
) -> MonthCalibration:
    """The half-widths that errors at unseen sites ask for.

    Parameters
    ----------
    predictions : the table `MONTH_PREDICTIONS`, rows of one model and one split
    level : nominal coverage, 0-1
    min_quality : years of lower `nee_qc` do not count

    Fewer sites than `sites_needed` give infinite widths: nothing finite could be held to.
    """
    known = predictions["gpp_obs"].notna() & (predictions["nee_qc"] >= min_quality)
    good = predictions[known]
    sites, igbp = good["site"].to_numpy(str), good["igbp"].to_numpy(str)
    season = season_month(good["month"].to_numpy(int), good["lat"].to_numpy(float))
    needed = sites_needed(level)
    groups = {POOLED: np.ones(len(good), bool)}
    for name in FOREST_TYPES:
        if len(np.unique(sites[igbp == name])) >= needed:
            groups[name] = igbp == name
    widths = {}
    for target in TARGET_FLUXES:
        error = good[f"{target}_pred"].to_numpy(float) - observe_flux(good, target)
        widths[target] = {
            name: tuple(
                half_width(error[rows], sites[rows], level=level)
                for rows in (own & (season == month) for month in range(1, MONTHS + 1))
            )
            for name, own in groups.items()
        }
    return MonthCalibration(level, widths)


def observe_flux(predictions: pd.DataFrame, target: str) -> np.ndarray:
    """Measured months (row,) of GPP or NEE as intervals are held against them.

    Night-time partitioning gives a little negative GPP in winter, which no interval of GPP can
    hold; it counts as none.
    """
    observed = predictions[f"{target}_obs"].to_numpy(float)
    return np.maximum(observed, 0.0) if target == "gpp" else observed


def season_month(month: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Month of the season, 1-12, of calendar months: those of the south moved by half a year."""
    moved = (month - 1 + HALF_YEAR) % MONTHS + 1
    return np.where(np.asarray(lat) < 0, moved, month)


def add_month_intervals(
    predictions: pd.DataFrame, *, level: float, min_quality: float
) -> pd.DataFrame:
    """Months of the folds by cluster and of the holdout, with their intervals appended.

    The rows of a fold have intervals calibrated on the other folds, holdout rows on all folds.

    Parameters
    ----------
    predictions : the table `MONTH_PREDICTIONS`, rows of one model
    level, min_quality : as in `calibrate_months`
    """
    settings = {"level": level, "min_quality": min_quality}
    known = predictions[predictions["split"] == MAP_SPLIT]
    parts = []
    for split, fold in predictions[["split", "fold"]].drop_duplicates().values:
        if split not in (MAP_SPLIT, "holdout"):
            continue
        own = (predictions["split"] == split) & (predictions["fold"] == fold)
        rows = predictions[own]
        others = known if split == "holdout" else known[known["fold"] != fold]
        parts.append(
            rows.assign(**bound_rows(rows, calibrate_months(others, **settings)))
        )
    return pd.concat(parts)


def bound_rows(
    rows: pd.DataFrame, calibration: MonthCalibration
) -> dict[str, np.ndarray]:
    """Bounds (row,) of predicted months, each row a month."""
    place = rows["month"].to_numpy(int) - 1
    every = {
        flux: np.tile(rows[f"{flux}_pred"].to_numpy(float)[:, None], MONTHS)
        for flux in TARGET_FLUXES
    }
    bounds = calibration.interval(
        every["gpp"],
        every["nee"],
        rows["igbp"].to_numpy(str),
        rows["lat"].to_numpy(float),
    )
    return {name: ends[np.arange(len(rows)), place] for name, ends in bounds.items()}
