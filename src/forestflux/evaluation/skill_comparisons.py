"""Paired comparisons of skill: the network against other models, and what gaps cost.

Both are differences of two R2 on the same rows. Their 95 % interval is a bootstrap over sites,
with the same draws of towers for everything that is compared.
"""

import pandas as pd

from forestflux.core.names import FLUXES, NETWORK
from forestflux.evaluation.evaluation_schemas import DIFFERENCES, GAPS
from forestflux.evaluation.scores import observed_and_predicted, r2, rmse
from forestflux.evaluation.site_bootstrap import (
    bootstrap_interval,
    bootstrap_r2,
    draw_sites,
)
from forestflux.models.observed_predictions import GAP_CASE


def tabulate_differences(
    predictions: pd.DataFrame, *, min_quality: float, seed: int
) -> pd.DataFrame:
    """R2 of the network minus that of each other model on the same rows, by split.

    Where the interval contains zero, the ranking may depend on which towers were sampled.

    Parameters
    ----------
    predictions : columns as `evaluate/predictions.csv`
    min_quality : rows of lower `nee_qc` are not scored
    seed : of the bootstrap
    """
    good = predictions[predictions["nee_qc"] >= min_quality]
    rows = []
    for split, part in good.groupby("split", sort=False):
        models = {
            model: own.set_index(["site", "year"]).sort_index()
            for model, own in part.groupby("model", sort=False)
        }
        network = models.pop(NETWORK, None)
        if network is None:
            continue
        sites = network.index.get_level_values("site").to_numpy()
        draws = draw_sites(sites, seed=seed)
        for target in FLUXES:
            own = observed_and_predicted(network, target)
            own_draws = bootstrap_r2(draws, *own)
            for other, table in models.items():
                pair = observed_and_predicted(table.reindex(network.index), target)
                ends = bootstrap_interval(own_draws - bootstrap_r2(draws, *pair))
                size = (len(network), len(set(sites)))
                difference = r2(*own) - r2(*pair)
                rows.append((split, target, other, *size, difference, *ends))
    return pd.DataFrame(rows, columns=DIFFERENCES.names)


def tabulate_gaps(
    joined: pd.DataFrame, *, min_quality: float, seed: int
) -> pd.DataFrame:
    """Skill of each model and kind of artificial gap, and what the gaps took from it.

    R2 and root mean square error are pooled over the folds by site. `r2_lost` is R2 of
    the observed series minus that of the case.

    Parameters
    ----------
    joined : result of `forestflux.models.observed_predictions.join_observed`
    min_quality : rows of lower `nee_qc` are not scored
    seed : of the bootstrap
    """
    good = joined[(joined["split"] == "site") & (joined["nee_qc"] >= min_quality)]
    rows = []
    for model, own in good.groupby("model", sort=False):
        cases = {
            case: part.set_index(["site", "year"]).sort_index()
            for case, part in own.groupby(GAP_CASE)
        }
        whole = cases["none", 0.0]
        sites = whole.index.get_level_values("site").to_numpy()
        draws = draw_sites(sites, seed=seed)
        for target in FLUXES:
            observed = observed_and_predicted(whole, target)
            full, full_draws = r2(*observed), bootstrap_r2(draws, *observed)
            for (pattern, fraction), part in cases.items():
                pair = observed_and_predicted(part.reindex(whole.index), target)
                ends = bootstrap_interval(full_draws - bootstrap_r2(draws, *pair))
                score = r2(*pair)
                key = (model, target, pattern, fraction, len(part), len(set(sites)))
                rows.append((*key, score, rmse(*pair), full - score, *ends))
    return pd.DataFrame(rows, columns=GAPS.names)
