import numpy as np
import pandas as pd
import pytest

from forestflux.evaluation.scores import r2
from forestflux.evaluation.skill_comparisons import tabulate_differences


def predictions(error: float, *, seed: int = 1) -> pd.DataFrame:
    """Forty sites of three years; the network errs by 100, the other by `error`."""
    rng = np.random.default_rng(seed)
    site = np.repeat([f"S{i:02d}" for i in range(40)], 3)
    gpp = 1500 + 500 * rng.standard_normal(120)
    table = pd.DataFrame({"site": site, "year": np.tile([2001, 2002, 2003], 40)})
    table = table.assign(split="site", nee_qc=1.0, gpp_obs=gpp, nee_obs=-0.2 * gpp)
    parts = []
    for model, size in (("cnn", 100.0), ("svr", error)):
        wrong = gpp + size * rng.standard_normal(120)
        part = table.assign(model=model, gpp_pred=wrong, nee_pred=-0.2 * wrong)
        parts.append(part.assign(reco_pred=part["gpp_pred"] + part["nee_pred"]))
    return pd.concat(parts, ignore_index=True)


def gpp_row(table: pd.DataFrame) -> pd.Series:
    return (
        tabulate_differences(table, min_quality=0.8, seed=3)
        .set_index("target")
        .loc["gpp"]
    )


def test_a_worse_model_is_worse_for_all_towers_that_could_have_been() -> None:
    table = predictions(400.0)
    row = gpp_row(table)
    scores = {m: r2(p["gpp_obs"], p["gpp_pred"]) for m, p in table.groupby("model")}
    assert row["r2_minus"] == pytest.approx(scores["cnn"] - scores["svr"])
    assert 0 < row["lower"] < row["r2_minus"] < row["upper"]
    assert (row["n"], row["n_sites"], row["other"]) == (120, 40, "svr")


def test_equal_models_cannot_be_told_apart() -> None:
    row = gpp_row(predictions(100.0))
    assert row["lower"] < 0 < row["upper"]


def test_rows_of_low_quality_do_not_count() -> None:
    table = predictions(100.0)
    table.loc[table["site"] == "S00", "nee_qc"] = 0.1
    assert gpp_row(table)["n"] == 117


def test_without_the_network_there_is_nothing_to_compare() -> None:
    table = predictions(100.0)
    others = table[table["model"] == "svr"]
    assert tabulate_differences(others, min_quality=0.8, seed=3).empty
