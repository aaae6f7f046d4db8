"""Robustness: what gaps cost each model at sites that it has not seen."""

import pandas as pd

from forestflux.core.names import FLUXES
from forestflux.evaluation.scores import observed_and_predicted, r2, rmse
from forestflux.evaluation.site_bootstrap import drawn_r2, interval, site_draws

CASE = ["gap_pattern", "gap_fraction"]
GAP_COLUMNS = (
    "model",
    "target",
    *CASE,
    "n",
    "n_sites",
    "r2",
    "rmse",
    "r2_lost",
    "r2_lost_lower",
    "r2_lost_upper",
)


def gap_table(joined: pd.DataFrame, *, min_quality: float, seed: int) -> pd.DataFrame:
    """Skill of each model and gap case, and what the gaps took from it.

    R2 and root mean square error are pooled over the folds by site. `r2_lost` is R2 of
    the observed series minus that of the case; its 95 % interval is a bootstrap over
    sites, the same towers for every model and case.

    Parameters
    ----------
    joined : result of `forestflux.evaluation.tower_evaluation.join_observed`
    min_quality : rows of lower `nee_qc` are not scored
    seed : of the bootstrap
    """
    of_site = joined[(joined["split"] == "site") & (joined["nee_qc"] >= min_quality)]
    rows = []
    for model, own in of_site.groupby("model", sort=False):
        cases = {
            case: part.set_index(["site", "year"]).sort_index()
            for case, part in own.groupby(CASE)
        }
        whole = cases["none", 0.0]
        sites = whole.index.get_level_values("site").to_numpy()
        draws = site_draws(sites, seed=seed)
        for target in FLUXES:
            before = drawn_r2(draws, *observed_and_predicted(whole, target))
            full = r2(*observed_and_predicted(whole, target))
            for (pattern, fraction), part in cases.items():
                pair = observed_and_predicted(part.reindex(whole.index), target)
                lower, upper = interval(before - drawn_r2(draws, *pair))
                score = r2(*pair)
                key = (model, target, pattern, fraction, len(part), len(set(sites)))
                lost = (full - score, lower, upper)
                rows.append((*key, score, rmse(*pair), *lost))
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS))
