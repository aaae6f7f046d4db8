"""Whether intervals hold where inputs are missing, at towers that no network had seen."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from forestflux.core.names import NETWORK, TARGET_FLUXES
from forestflux.ensemble.intervals.conformal import MAP_SPLIT, Calibration, calibrate
from forestflux.ensemble.intervals.gap_calibration import (
    fit_widening,
    measure_gap_errors,
)
from forestflux.evaluation.evaluation_schemas import GAP_FIFTH
from forestflux.evaluation.scores import score_coverage
from forestflux.models.network_regressor import NetworkRegressor
from forestflux.prepare.sample_table import Samples

FIFTHS = 5


def tabulate_gap_coverage(
    ensembles: Mapping[tuple[str, int], Sequence[NetworkRegressor]],
    predictions: pd.DataFrame,
    samples: Samples,
    *,
    responds: bool,
    level: float,
    min_quality: float,
    seed: int,
) -> pd.DataFrame:
    """Rows of `evaluate/calibration.csv` by kind of gap and by fifth of the share of gaps.

    The rows of a fold have half-widths and widening from the other folds. Rows with gaps that
    were put in count beside those as they are.

    Parameters
    ----------
    ensembles : trained networks by split and fold; those of the split that calibrates count
    predictions : columns as `evaluate/predictions.csv`
    samples : all used rows
    responds : whether differences between years follow the response
    level : nominal coverage, 0-1
    min_quality : rows of lower `nee_qc` do not count
    seed : of the gaps and of the bootstrap over sites
    """
    folds = {fold: m for (split, fold), m in ensembles.items() if split == MAP_SPLIT}
    own = (predictions["model"] == NETWORK) & (predictions["split"] == MAP_SPLIT)
    known = predictions[own]
    others = {
        fold: Calibration.from_dict(
            calibrate(
                known[known["fold"] != fold], level=level, min_quality=min_quality
            )
        )
        for fold in folds
    }
    errors = measure_gap_errors(
        folds,
        samples,
        others,
        responds=responds,
        min_quality=min_quality,
        seed=seed,
    )
    widened = widen_unseen(errors, series=len(samples.variables), level=level)
    key = {"model": NETWORK, "split": MAP_SPLIT}
    rows = []
    for subset, chosen in list_gap_subsets(errors):
        sites = errors.loc[chosen, "site"].to_numpy(str)
        for target in TARGET_FLUXES:
            factor = widened.loc[chosen, target].to_numpy()
            size = errors.loc[chosen, target].abs().to_numpy()
            width = 2 * factor * errors.loc[chosen, f"{target}_width"].to_numpy()
            score = score_coverage(
                (size <= factor).astype(float), width, sites, seed=seed
            )
            row = {**key, "target": target, "subset": subset, "nominal": level}
            rows.append(row | score)
    return pd.DataFrame(rows)


def widen_unseen(errors: pd.DataFrame, *, series: int, level: float) -> pd.DataFrame:
    """Factors on the half-widths of each row, from the rows of other folds: gpp, nee.

    Parameters
    ----------
    errors : as `measure_gap_errors` gives them
    series : number of input series
    level : nominal coverage
    """
    factors = pd.DataFrame(index=errors.index, columns=TARGET_FLUXES, dtype=float)
    for fold, rows in errors.groupby("fold"):
        known = errors[errors["fold"] != fold]
        missing = rows["hidden_series"].to_numpy(), rows["share"].to_numpy()
        for target in TARGET_FLUXES:
            widening = fit_widening(known, target, series=series, level=level)
            factors.loc[rows.index, target] = widening.factor(*missing)
    return factors


def list_gap_subsets(errors: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Name and membership (row,) of rows with a kind of gap, then of fifths by share of gaps.

    Parameters
    ----------
    errors : as `measure_gap_errors` gives them
    """
    for number in sorted(errors["hidden"].unique()):
        chosen = (errors["hidden"] == number) & (errors["thinned"] == 0)
        yield f"hidden_series={number}", chosen.to_numpy()
    for share in sorted(set(errors["thinned"]) - {0.0}):
        yield f"hidden_values={share:g}", (errors["thinned"] == share).to_numpy()
    rank = errors["share"].rank(method="first", pct=True)
    fifth = np.ceil(FIFTHS * rank).astype(int)
    for number in range(1, FIFTHS + 1):
        yield f"{GAP_FIFTH}={number}", (fifth == number).to_numpy()
