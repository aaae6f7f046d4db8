"""Numbers of months at unseen real towers that pages quote, as pages round them."""

import json
from pathlib import Path

import pandas as pd

SPLITS = ("site", "cluster")
DECIMALS = {"rmse": 1, "start_error": 0, "peak_error": 0, "end_error": 0}


def score_table(results: Path) -> pd.DataFrame:
    """Skill of all months, seasons, anomalies and dates, of all models."""
    found = pd.read_csv(results / "months" / "scores.csv")
    chosen = (found["subset"] == "all") & found["split"].isin(SPLITS)
    table = found[chosen].drop(columns="subset")
    return table.round(dict.fromkeys(table.filter(like="r2"), 3) | DECIMALS)


def coverage_table(results: Path) -> pd.DataFrame:
    """Share of months at unseen clusters inside their interval, by month of the season too."""
    found = pd.read_csv(results / "months" / "coverage.csv")
    table = found[found["split"] == "cluster"].drop(columns="split")
    return table.round(3)


def facts(results: Path) -> dict:
    """What the run consists of."""
    record = json.loads((results / "model" / "season.json").read_text())
    jobs = (results / "benchmarks").glob("season*.tsv")
    seasons = sum(float(pd.read_csv(job, sep="\t")["cpu_time"].iloc[0]) for job in jobs)
    networks = (results / "train" / "holdout" / "fold0").glob("member*")
    return {
        "members": len(list(networks)),
        "season_sites": record["sites"],
        "season_site_years": record["site_years"],
        "season_processor_seconds": round(seasons),
    }
