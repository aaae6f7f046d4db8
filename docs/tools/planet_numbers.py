"""How well a finished run does at the towers of its planet, beside real ones."""

from pathlib import Path

import pandas as pd

NETWORK, SPLIT = "cnn", "cluster"


def skill_table(results: Path) -> pd.DataFrame:
    """Scores of the network by cluster, over site-years and within sites, a row a flux."""
    scores, time = (
        pd.read_csv(results / "evaluate" / f"{name}.csv")
        for name in ("scores", "interannual")
    )
    scores, time = (
        table[
            (table["model"] == NETWORK)
            & (table["split"] == SPLIT)
            & (table["subset"] == "all")
        ].set_index("target")
        for table in (scores, time[time["form"] == "response"])
    )
    within = time[["r2", "r2_lower", "r2_upper", "slope", "sd_observed"]]
    joined = scores[["r2", "rmse"]].join(within.rename(columns={"r2": "within_r2"}))
    return joined.round(3).reset_index()
