"""Numbers of a finished run on real towers that pages quote, as pages round them."""

from pathlib import Path

import pandas as pd

from forestflux.evaluation.ablation_table import tabulate_ablation
from forestflux.evaluation.scores import r2

MEMBERS = 5
MIN_QUALITY = 0.8
NETWORK = "cnn"
# Models whose mean is shown beside them; nothing else uses it.
TOGETHER = ("cnn", "gradient_boosting", "svr")
TARGETS = ("gpp", "nee")
PAGE_SPLITS = ("site", "cluster", "random")


def read_evaluation(results: Path, name: str) -> pd.DataFrame:
    """A table of the stage evaluate."""
    return pd.read_csv(results / "evaluate" / f"{name}.csv")


def score_table(results: Path) -> pd.DataFrame:
    """R2 and RMSE of all models, and R2 of the mean of some (`together`)."""
    found = read_evaluation(results, "scores")
    found = found[(found["subset"] == "all") & found["target"].isin(TARGETS)]
    found = found[found["split"].isin(PAGE_SPLITS)]
    rows = [
        (row.model, row.target, row.split, f"{row.r2:.3f}", f"{row.rmse:.0f}")
        for row in found.itertuples()
    ]
    rows += [
        ("together", t, s, f"{mean_r2(results, t, s):.3f}", "")
        for t in TARGETS
        for s in PAGE_SPLITS[:2]
    ]
    return pd.DataFrame(rows, columns=["model", "target", "split", "r2", "rmse"])


def mean_r2(results: Path, target: str, split: str) -> float:
    """R2 of the mean of some models' estimates."""
    found = good_predictions(results, split)
    found = found[found["model"].isin(TOGETHER)].groupby(["site", "year"])
    return r2(found[f"{target}_obs"].first(), found[f"{target}_pred"].mean())


def good_predictions(results: Path, split: str) -> pd.DataFrame:
    """Predictions of a split for site-years of the quality that is scored."""
    found = read_evaluation(results, "predictions")
    return found[(found["split"] == split) & (found["nee_qc"] >= MIN_QUALITY)]


def difference_table(results: Path) -> pd.DataFrame:
    """R2 of the network minus that of each classical model."""
    found = read_evaluation(results, "differences")
    found = found[found["target"].isin(TARGETS) & found["split"].isin(PAGE_SPLITS[:2])]
    names = ["other", "target", "split", "r2_minus", "lower", "upper"]
    return found[names].round(3)


def gap_table(results: Path) -> pd.DataFrame:
    """R2 of GPP lost with artificial gaps."""
    found = read_evaluation(results, "gaps")
    found = found[(found["target"] == "gpp") & (found["gap_pattern"] != "none")]
    table = found[["gap_pattern", "gap_fraction", "model", "r2_lost"]].copy()
    table["gap_fraction"] = table["gap_fraction"].round(4)
    table["r2_lost"] = table["r2_lost"].round(3) + 0.0  # no minus zero
    return table


def coverage_table(results: Path) -> pd.DataFrame:
    """Share of unseen site-years inside the network's 90 % interval."""
    found = read_evaluation(results, "calibration")
    found = found[(found["model"] == NETWORK) & found["split"].isin(PAGE_SPLITS[:2])]
    found = found[found["target"].isin(TARGETS)]
    # Fifths of the gaps mix what the other rows show apart.
    found = found[~found["subset"].str.startswith("gap_fifth")]
    numbers = found.groupby("subset", sort=False)["n"].agg(["min", "max"])
    return pd.DataFrame(
        [
            (
                row.subset,
                row.target,
                row.split,
                *numbers.loc[row.subset],
                round(row.covered, 2),
            )
            for row in found.itertuples()
        ],
        columns=["subset", "target", "split", "n_least", "n_most", "covered"],
    )


def interannual_table(results: Path) -> pd.DataFrame:
    """Skill in time of all models and forms, at all scored sites."""
    found = read_evaluation(results, "interannual")
    found = found[(found["subset"] == "all") & found["split"].isin(PAGE_SPLITS[:2])]
    names = ["model", "form", "split", "target", "n", "n_sites", "r2", "r2_lower"]
    names += ["r2_upper", "slope", "sd_observed", "trend_sign_share", "halves_r2"]
    return found[names].round(3)


def facts(results: Path) -> dict:
    """Numbers of site-years, of the towers that weigh most, and what the run took."""
    scores = read_evaluation(results, "scores")
    first = scores[scores["subset"] == "all"].iloc[0]
    found = good_predictions(results, "cluster")
    found = found[found["model"] == NETWORK]
    heaviest = {}
    for target in TARGETS:
        square = (found[f"{target}_pred"] - found[f"{target}_obs"]) ** 2
        share = square.groupby(found["site"]).sum() / square.sum()
        heaviest[target] = {
            "site": share.idxmax(),
            "share": round(float(share.max()), 2),
        }
    jobs = {
        file.stem: pd.read_csv(file, sep="\t").iloc[0]
        for file in (results / "benchmarks").glob("*.tsv")
    }
    final = jobs[f"train.holdout.0.0-{MEMBERS - 1}"]
    return {
        "site_years": int(first.n),
        "sites": int(first.n_sites),
        "heaviest": heaviest,
        "jobs": len(jobs),
        "processor_minutes": round(
            sum(float(j["cpu_time"]) for j in jobs.values()) / 60
        ),
        "largest_mb": round(max(float(job["max_rss"]) for job in jobs.values())),
        "member_seconds": round(float(final["s"]) / MEMBERS),
    }


def ablation_rows(results: Path) -> pd.DataFrame:
    """What each choice of the network is worth: mean and spread over repeats, cost."""
    samples = pd.read_csv(results / "samples" / "samples.csv")
    rows = []
    for split in ("cluster", "site"):
        files = sorted((results / "ablation").glob(f"*.{split}.*.csv"))
        parts = [pd.read_csv(file) for file in files]
        found = tabulate_ablation(parts, samples, min_quality=MIN_QUALITY)
        found = found.set_index(["variant", "target"])
        gpp = found.xs("gpp", level="target").sort_values("r2", ascending=False)
        for variant, own in gpp.iterrows():
            nee = found.loc[(variant, "nee")]
            row = {"variant": variant, "split": split, "repeats": int(own.repeats)}
            for target, part in (("gpp", own), ("nee", nee)):
                row[f"{target}_r2"] = round(part.r2, 3)
                row[f"{target}_r2_sd"] = round(part.r2_sd, 3)
                row[f"{target}_minus_full"] = round(part.r2_minus_full, 3)
                row[f"{target}_minus_full_sd"] = round(part.r2_minus_full_sd, 3)
            row["gpp_lost_half_hidden"] = round(own.r2_lost_half_hidden, 3)
            row["worst_type"] = own.worst_type
            row["worst_rmse"] = round(own.worst_rmse)
            row["seconds"] = round(own.seconds, 1)
            row["parameters"] = int(own.parameters)
            rows.append(row)
    return pd.DataFrame(rows)
