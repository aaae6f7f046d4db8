"""Sanity of reasons: whether importance depends on what was learnt, and methods agree.

A table of importance can look sensible and say nothing about the model (Adebayo et al. 2018,
arXiv 1810.03292). Four checks of the run's own ensemble: its members agree; drawing the
weights anew destroys the importance; hiding and integrated gradients agree; hiding the values
that importance names first moves the estimate more than hiding any.
"""

import copy
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import spearmanr

from forestflux.core.names import FOREST_TYPES
from forestflux.ensemble.trained_ensemble import Ensemble
from forestflux.evaluation.evaluation_schemas import SANITY
from forestflux.evaluation.explain.explanations import (
    iterate_types,
    measure_occlusion,
    predict_fluxes,
    season_months,
)
from forestflux.evaluation.explain.integrated_gradients import measure_attribution
from forestflux.models.torch_contexts import seeded
from forestflux.prepare.sample_table import Samples

# Lowest and highest value that passes. Ranks of the 72 variables and months of one type
# correlate by chance to 0.23 in one of twenty cases. Attributions are compared with their
# sign: their size alone says much of the departures, which no weight changes.
PASS_LIMITS = {
    "members_agree": (0.3, 1.0),
    "random_weights": (-1.0, 0.5),
    "methods_agree": (0.3, 1.0),
    "deletion": (1.0, np.inf),
}
# Rows of a forest type that the networks without learning are asked about.
RANDOM_ROWS = 30
# Shares of variables and months that are hidden, and random orders to compare with.
HIDDEN_SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
ORDERS = 3


def tabulate_sanity(
    model: Ensemble,
    samples: Samples,
    *,
    occlusion: xr.DataArray,
    attribution: xr.DataArray,
    seed: int,
) -> pd.DataFrame:
    """The checks, one row each by method and flux, columns of `SANITY`.

    Rank correlations are means over forest types; `sd` is their standard deviation over
    members, or over forest types where the ensemble mean is compared. `deletion` is the
    area under the curve of the change of the estimate against the hidden share, over
    that of a random order. A correlation that is not defined (one member, importance that is
    the same everywhere) is NaN, and so is its status `not applicable`.

    Parameters
    ----------
    model, samples : as in `measure_occlusion`
    occlusion : result of `measure_occlusion` for them
    attribution : signed ones of `measure_attribution` for them
    seed : of the drawn weights, rows and orders
    """
    inputs = list(samples.variables)
    importance = {
        "occlusion": occlusion,
        "attribution": attribution.sel(variable=inputs),
    }
    few = draw_rows(samples, seed=seed)
    drawn = randomise_weights(model, seed=seed)
    random = {
        "occlusion": measure_occlusion(drawn, few),
        "attribution": measure_attribution(drawn, few)[0].sel(variable=inputs),
    }
    checked: list[tuple[str, str, str, Sequence[float] | np.ndarray]] = []
    for flux in occlusion["flux"].values:
        own = {name: part.sel(flux=flux) for name, part in importance.items()}
        for name, part in own.items():
            members = [part.sel(member=m) for m in part["member"].values]
            drawn_members = random[name].sel(flux=flux).transpose("member", ...)
            checks: dict[str, Sequence[float] | np.ndarray] = {
                "members_agree": [
                    rank_correlations(*pair).mean() for pair in combinations(members, 2)
                ],
                "random_weights": [
                    rank_correlations(*pair).mean()
                    for pair in zip(members, drawn_members, strict=True)
                ],
                "deletion": deletion_ratio(
                    model, samples, abs(part.mean("member")), seed=seed
                ),
            }
            checked += [(check, name, flux, values) for check, values in checks.items()]
        both = rank_correlations(*(abs(part.mean("member")) for part in own.values()))
        checked.append(("methods_agree", "both", flux, both))
    rows = []
    for check, method, flux, values in checked:
        known = np.asarray(values) if len(values) else np.array([np.nan])
        rows.append((check, method, flux, known.mean(), known.std()))
    return judge_checks(pd.DataFrame(rows, columns=SANITY.names[:5]))


def rank_correlations(first: xr.DataArray, second: xr.DataArray) -> np.ndarray:
    """Rank correlation (igbp,) of two tables of importance (igbp, variable, month)."""
    ranks = []
    for igbp in first["igbp"].values:
        pair = (part.sel(igbp=igbp).values.ravel() for part in (first, second))
        ranks.append(spearmanr(*pair).statistic)
    return np.array(ranks)


def randomise_weights(model: Ensemble, *, seed: int) -> Ensemble:
    """The model with every weight of its networks drawn anew, as before any training."""
    members = []
    for index, member in enumerate(model.members):
        drawn = copy.copy(member)
        drawn.network = copy.deepcopy(member.network)
        with seeded(seed + index):
            for part in drawn.network.modules():
                reset = getattr(part, "reset_parameters", None)
                if callable(reset):
                    reset()
        members.append(drawn)
    return Ensemble(
        members,
        response=model.response,
        errors=model.errors,
        calibration=model.calibration,
        applicability=model.applicability,
        inputs=model.inputs,
        ranges=model.ranges,
        metadata=model.metadata,
    )


def draw_rows(samples: Samples, *, seed: int) -> Samples:
    """At most `RANDOM_ROWS` random rows of each forest type that the model trained on."""
    rng = np.random.default_rng(seed)
    known = ~samples.table["holdout"].to_numpy(bool)
    rows = [
        rng.permutation(np.flatnonzero(of_type & known))[:RANDOM_ROWS]
        for _, of_type in iterate_types(samples)
    ]
    return samples.take(np.sort(np.concatenate(rows)))


def deletion_ratio(
    model: Ensemble, samples: Samples, named: xr.DataArray, *, seed: int
) -> np.ndarray:
    """Area under the deletion curve over that of random orders, by member (member,).

    Parameters
    ----------
    named : (igbp, variable, month), the larger the earlier it is hidden
    seed : of the random orders
    """
    flux = str(named["flux"].values)
    samples = samples.take(samples.table["igbp"].isin(FOREST_TYPES).to_numpy())
    rng = np.random.default_rng(seed)
    size = named.sizes["variable"] * named.sizes["month"]
    order = {
        t: np.argsort(-named.sel(igbp=t).values.ravel()) for t in named["igbp"].values
    }
    curve = deletion_curve(model, samples, order, flux=flux)
    random = [
        deletion_curve(
            model, samples, {t: rng.permutation(size) for t in order}, flux=flux
        )
        for _ in range(ORDERS)
    ]
    shares = [0, *HIDDEN_SHARES]
    return np.trapezoid(curve, shares) / np.trapezoid(np.mean(random, axis=0), shares)


def deletion_curve(
    model: Ensemble, samples: Samples, order: dict[str, np.ndarray], *, flux: str
) -> np.ndarray:
    """Mean absolute change of the estimate (member, hidden share), first nothing hidden.

    Parameters
    ----------
    samples : of forest types only
    order : by forest type the places of (variable, month) in the order of hiding
    flux : gpp or nee
    """
    months = season_months(model, samples)
    whole = predict_fluxes(model, samples, samples.series)[flux]
    curve = [np.zeros(len(whole))]
    for share in HIDDEN_SHARES:
        hidden = np.zeros(samples.series.shape, bool)
        for igbp, rows in iterate_types(samples):
            places = np.zeros(len(order[igbp]), bool)
            places[order[igbp][: round(share * len(places))]] = True
            table = places.reshape(-1, 12)  # variable, month
            hidden[rows] = table[:, months[rows] - 1].transpose(1, 0, 2)
        series = np.where(hidden, np.float32(np.nan), samples.series)
        change = np.abs(predict_fluxes(model, samples, series)[flux] - whole)
        curve.append(change.mean(axis=1))
    return np.stack(curve, axis=1)


def judge_checks(table: pd.DataFrame) -> pd.DataFrame:
    """Checks with their bounds, and as `status` pass, fail or not applicable."""
    low, high = (table["check"].map(lambda c, i=i: PASS_LIMITS[c][i]) for i in (0, 1))
    value = table["value"]
    status = np.where(value.between(low, high), "pass", "fail")
    status = np.where(value.isna(), "not applicable", status)
    return table.assign(low=low, high=high, status=status)[SANITY.names]
