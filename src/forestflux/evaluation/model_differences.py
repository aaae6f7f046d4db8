"""Differences: how much better or worse than each classical model the network is."""

import pandas as pd

from forestflux.core.names import FLUXES, NETWORK
from forestflux.evaluation.scores import observed_and_predicted, r2
from forestflux.evaluation.site_bootstrap import drawn_r2, interval, site_draws

COLUMNS = ("split", "target", "other", "n", "n_sites", "r2_minus", "lower", "upper")


def difference_table(
    predictions: pd.DataFrame, *, min_quality: float, seed: int
) -> pd.DataFrame:
    """R2 of the network minus that of each other model on the same rows, by split.

    `lower` and `upper` are a 95 % bootstrap over sites; an interval that holds zero says
    that other towers could have turned the order.

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
        draws = site_draws(sites, seed=seed)
        for target in FLUXES:
            own = observed_and_predicted(network, target)
            drawn = drawn_r2(draws, *own)
            for other, table in models.items():
                pair = observed_and_predicted(table.reindex(network.index), target)
                ends = interval(drawn - drawn_r2(draws, *pair))
                size = (len(network), len(set(sites)))
                row = (split, target, other, *size, r2(*own) - r2(*pair), *ends)
                rows.append(row)
    return pd.DataFrame(rows, columns=list(COLUMNS))
