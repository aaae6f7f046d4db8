"""Numbers of months at unseen real towers that pages quote, as pages round them."""

import json
from pathlib import Path

import pandas as pd

PAGE_SPLITS = ("site", "cluster")
DECIMALS = {"rmse": 1, "start_error": 0, "peak_error": 0, "end_error": 0}
# Networks of the map, that a run with months and one without both train.
FINAL = "train/holdout.*.json"


def score_table(results: Path) -> pd.DataFrame:
    """Skill of all months, seasons, anomalies and dates, of all models."""
    found = pd.read_csv(results / "months" / "scores.csv")
    chosen = (found["subset"] == "all") & found["split"].isin(PAGE_SPLITS)
    table = found[chosen].drop(columns="subset")
    return table.round(dict.fromkeys(table.filter(like="r2"), 3) | DECIMALS)


def coverage_table(results: Path) -> pd.DataFrame:
    """Share of months at unseen clusters inside their interval, by month of the season too."""
    found = pd.read_csv(results / "months" / "coverage.csv")
    table = found[found["split"] == "cluster"].drop(columns="split")
    return table.round(3)


def facts(results: Path, without_months: Path) -> dict:
    """What the runs consist of, and whether their networks of the year are the same.

    Parameters
    ----------
    results, without_months : a run with months, and one that differs in nothing else
    """
    record = json.loads((results / "model" / "season.json").read_text())
    jobs = (results / "benchmarks").glob("season*.tsv")
    seasons = sum(float(pd.read_csv(job, sep="\t")["cpu_time"].iloc[0]) for job in jobs)
    ours, theirs = (list_networks(folder) for folder in (results, without_months))
    shared = sorted(set(ours) & set(theirs))
    return {
        "season_sites": record["sites"],
        "season_site_years": record["site_years"],
        "season_processor_seconds": round(seasons),
        "networks": {name: ours[name] for name in shared},
        "networks_without_months": {name: theirs[name] for name in shared},
    }


def list_networks(results: Path) -> dict[str, str]:
    """Checksum of each network of the map of a run."""
    networks: dict[str, str] = {}
    for manifest in results.glob(FINAL):
        networks |= json.loads(manifest.read_text())["members"]
    return networks
