"""Intervals that hold at sites no model has seen: conformal, with the site as the unit.

The years of a site go together: one year of each site is drawn, in every possible way
(Dunn, Wasserman and Ramdas 2018, arXiv 1809.07441; Lee, Barber and Willett 2023, arXiv
2306.06342). Each forest type with enough sites has a half-width of its own (Mondrian:
Vovk et al. 2005); the others share that of all types. One width for all covers the
evergreen broadleaf forests, whose fluxes vary most, too rarely.

What holds: where an unseen site is like those of the calibration (exchangeable), a year
of it is inside with probability `level`. Between two residuals the half-width is
interpolated (Beran and Hall 1993, J. R. Stat. Soc. B 55, 643-652). The larger of the two
alone would keep at least `level` for certain, but covers 94 % with the 15 sites that a
type has when 90 % are asked for; interpolated, the level itself is met up to an error
that falls faster than one over the number of sites. The share of site-years inside is
another number: long records count more in it, and their sites are often estimated better.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES, TARGET_FLUXES
from forestflux.ensemble.intervals.gap_widening import GapWidening
from forestflux.ensemble.model_record import POOLED

# Residuals of this split calibrate the map and the holdout sites: most map cells are
# far from any tower, while folds by site leave a neighbour in the training.
MAP_SPLIT = "cluster"


@dataclass(frozen=True)
class Calibration:
    """Half-widths of intervals, gC m-2 yr-1.

    Attributes
    ----------
    level : nominal coverage, 0-1
    half_width : by target (`gpp`, `nee`) and forest type; `all` is for other types
    widening : by target, how much wider an interval is where inputs are missing
    """

    level: float
    half_width: Mapping[str, Mapping[str, float]]
    widening: Mapping[str, GapWidening] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Calibration":
        """The calibration that `calibrate` gave, perhaps read from JSON: None is infinite."""
        half_width = {
            target: {n: math.inf if w is None else w for n, w in widths.items()}
            for target, widths in content["half_width"].items()
        }
        widening = {
            target: GapWidening.from_dict(each)
            for target, each in content.get("widening", {}).items()
        }
        return cls(content["level"], half_width, widening)

    def check_finite(self, source: Path) -> None:
        """Refuse intervals without an end, which no map can show.

        Raises
        ------
        InputError : fewer sites than `sites_needed` calibrated them
        """
        if not all(math.isfinite(own[POOLED]) for own in self.half_width.values()):
            raise InputError(
                source,
                variable="half_width",
                expected=f"intervals of {self.level:.0%} for the maps, which need"
                f" {sites_needed(self.level)} forest sites with GPP and NEE",
                found="too few sites",
            )

    def widths(self, forest_type: np.ndarray) -> dict[str, np.ndarray]:
        """Half-widths (sample,) of both targets where nothing is missing, gC m-2 yr-1.

        Parameters
        ----------
        forest_type : (sample,), codes 1-5 or names such as `ENF`; any other is pooled
        """
        names = type_names(forest_type)
        result = {}
        for target, widths in self.half_width.items():
            result[target] = np.full(len(names), widths[POOLED])
            for name in widths.keys() - {POOLED}:
                result[target][names == name] = widths[name]
        return result

    def interval(
        self,
        gpp: np.ndarray,
        nee: np.ndarray,
        forest_type: np.ndarray,
        *,
        hidden_series: np.ndarray | None = None,
        gap_fraction: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """`gpp_lower`, `gpp_upper`, `nee_lower`, `nee_upper` (sample,), gC m-2 yr-1.

        Parameters
        ----------
        gpp, nee : (sample,), ensemble means
        forest_type : (sample,), codes 1-5 or names such as `ENF`; any other is pooled
        hidden_series, gap_fraction : (sample,), what is missing, as
            `forestflux.prepare.masked_series.count_gaps` gives it; nothing where not given
        """
        bounds = {}
        widths = self.widths(forest_type)
        for target, middle in (("gpp", gpp), ("nee", nee)):
            half = widths[target]
            if hidden_series is not None and gap_fraction is not None:
                widening = self.widening.get(target)
                if widening:
                    half = half * widening.factor(hidden_series, gap_fraction)
            # GPP cannot be negative; NEE has both signs.
            lowest = 0.0 if target == "gpp" else -np.inf
            bounds[f"{target}_lower"] = np.maximum(middle - half, lowest)
            bounds[f"{target}_upper"] = np.asarray(middle) + half
        return bounds


def calibrate(
    predictions: pd.DataFrame, *, level: float, min_quality: float
) -> dict[str, Any]:
    """`{"level": ..., "half_width": {target: {type: ...}}}` for `Calibration`.

    Parameters
    ----------
    predictions : rows of one model and one split, each predicted by a model that did
        not know its site: columns site, igbp, nee_qc, gpp_obs, gpp_pred, nee_obs,
        nee_pred
    level : nominal coverage, 0-1
    min_quality : rows of lower `nee_qc` do not count: their labels are wrong by more
        than the estimates

    Fewer sites than `sites_needed` give infinite widths: nothing finite could be held
    to. A row without a label of a target does not count for it.

    Raises
    ------
    InputError : a row with a label has a prediction that is no number
    """
    good = predictions[predictions["nee_qc"] >= min_quality]
    needed = sites_needed(level)
    half_widths = {}
    for target in TARGET_FLUXES:
        rows = good[np.isfinite(good[f"{target}_obs"].to_numpy(float))]
        sites, igbp = rows["site"].to_numpy(str), rows["igbp"].to_numpy(str)
        error = (rows[f"{target}_pred"] - rows[f"{target}_obs"]).to_numpy(float)
        if not np.isfinite(error).all():
            site = sites[~np.isfinite(error)][0]
            raise InputError(
                "predictions",
                variable=f"{target}_pred",
                expected="a finite number for each site-year",
                found=f"another value at {site}",
            )
        widths = {POOLED: half_width(error, sites, level=level)}
        for name in FOREST_TYPES:
            own = igbp == name
            if len(np.unique(sites[own])) >= needed:
                widths[name] = half_width(error[own], sites[own], level=level)
        half_widths[target] = widths
    return {"level": level, "half_width": half_widths}


def half_width(residuals: np.ndarray, sites: np.ndarray, *, level: float) -> float:
    """Half-width that covers a year of an unseen site with probability `level`.

    Of n absolute residuals, one a site, the one of rank level x (n + 1), between two
    ranks interpolated; its mean over all ways to draw one year of each site.

    Parameters
    ----------
    residuals : (row,), predicted minus observed
    sites : (row,), names
    level : nominal coverage, 0-1

    Returns
    -------
    The half-width in the unit of the residuals, infinite with fewer sites than
    `sites_needed`
    """
    names, position, years = np.unique(sites, return_inverse=True, return_counts=True)
    # A rounding error in the rank must not ask for one residual more.
    rank = level * (len(names) + 1)
    below = math.floor(rank + 1e-9)
    share = max(rank - below, 0.0)
    if below + (share > 1e-9) > len(names):
        return math.inf
    size = np.abs(np.asarray(residuals, float))
    order = np.argsort(size)
    own = np.eye(len(names))[position[order]]
    chance = np.cumsum(own, axis=0) / years
    # Chance that so many sites are not above each residual (row, count): site by site.
    count = np.zeros((len(size), len(names) + 2))
    count[:, 0] = 1
    for site in chance.T:
        count[:, 1:] += site[:, None] * (count[:, :-1] - count[:, 1:])
        count[:, 0] *= 1 - site
    ends = []
    for wanted in (below, below + 1):
        reached = count[:, wanted:].sum(axis=1)
        ends.append(size[order] @ np.diff(reached, prepend=0.0) if wanted else 0.0)
    return float(ends[0] + share * (ends[1] - ends[0]))


def sites_needed(level: float) -> int:
    """Fewest sites that give a finite interval, n with n / (n + 1) >= level."""
    return math.ceil(level / (1 - level) - 1e-9)


def add_intervals(
    predictions: pd.DataFrame, *, level: float, min_quality: float
) -> pd.DataFrame:
    """Predictions with `gpp_lower`, `gpp_upper`, `nee_lower`, `nee_upper` appended.

    The rows of a fold have intervals calibrated on the other folds of their model and
    split; holdout rows on all folds of the split `cluster`, as the map.

    Parameters
    ----------
    predictions : columns model, split, fold and those that `calibrate` needs
    level, min_quality : as in `calibrate`
    """
    settings = {"level": level, "min_quality": min_quality}
    parts = []
    for (model, split, fold), rows in predictions.groupby(["model", "split", "fold"]):
        own = predictions[predictions["model"] == model]
        if split == "holdout":
            known = own[own["split"] == MAP_SPLIT]
        else:
            known = own[(own["split"] == split) & (own["fold"] != fold)]
        calibration = Calibration.from_dict(calibrate(known, **settings))
        bounds = calibration.interval(
            rows["gpp_pred"].to_numpy(),
            rows["nee_pred"].to_numpy(),
            rows["igbp"].to_numpy(),
        )
        parts.append(rows.assign(**bounds))
    return pd.concat(parts).loc[predictions.index]


def type_names(forest_type: np.ndarray) -> np.ndarray:
    """Names of forest types given as codes 1-5 or as names already."""
    given = np.asarray(forest_type)
    if given.dtype.kind not in "iu":
        return given.astype(str)
    names = np.array([POOLED, *FOREST_TYPES])
    return names[np.where((given >= 1) & (given <= len(FOREST_TYPES)), given, 0)]
