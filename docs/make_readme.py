"""Write the figures that the README quotes from finished runs, and the rule graph.

Run after `make demo` and `snakemake --configfile config/towers.yaml`: `make readme`.
"""

import json
import re
import subprocess
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
RECOVERY = {
    "gpp_total_2003": "GPP total 2003",
    "gpp_total_2018": "GPP total 2018",
    "nee_total_2003": "NEE total 2003",
    "nee_total_2018": "NEE total 2018",
    "gpp_zonal_rms": "zonal GPP, root mean square error",
    "nee_zonal_rms": "zonal NEE, root mean square error",
    "gpp_series_slope": "trend of mean GPP",
    "gpp_planted_slope": "the same against the slope planted, weather held still",
    "nee_series_slope": "trend of mean NEE",
    "gpp_cell_r2": "R2 of GPP over cells",
    "nee_cell_r2": "R2 of NEE over cells",
    "gpp_share_within_interval": "cells with true GPP inside the interval",
    "gpp_share_within_interval_inside": "the same inside the area of applicability",
    "gpp_share_within_interval_outside": "the same outside it",
    "nee_share_within_interval": "cells with true NEE inside the interval",
    "nee_share_within_interval_inside": "the same inside the area of applicability",
    "nee_share_within_interval_outside": "the same outside it",
}


def rulegraph() -> str:
    """The graph of rules as Mermaid; the target of all targets is left out."""
    graph = subprocess.run(
        ["snakemake", "--rulegraph", "mermaid-js"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", graph))
    edges = [
        f"  {names[source]} --> {names[target]}"
        for source, target in re.findall(r"(id\d+) --> (id\d+)", graph)
        if names[target] != "all"
    ]
    # Snakemake gives them in another order each time.
    return "\n".join(["```mermaid", "flowchart LR", *sorted(edges), "```"])


def demo() -> str:
    """Recovery of the planted truth, and what the jobs cost."""
    results = ROOT / "results" / "demo"
    table = pd.read_csv(results / "recovery" / "recovery.csv").set_index("quantity")
    lines = ["| quantity | unit | truth | mapped |", "|---|---|---|---|"]
    for name, label in RECOVERY.items():
        row = table.loc[name]
        lines.append(f"| {label} | {row.unit} | {row.truth:.4g} | {row.mapped:.4g} |")
    jobs = [pd.read_csv(f, sep="\t") for f in (results / "benchmarks").glob("*.tsv")]
    seconds = sum(float(job["cpu_time"].iloc[0]) for job in jobs)
    memory = max(float(job["max_rss"].iloc[0]) for job in jobs)
    lines += [
        "",
        f"Its jobs took {seconds / 60:.1f} minutes of processor time in all;"
        f" the largest held {memory:.0f} MB.",
    ]
    return "\n".join(lines)


def towers() -> str:
    """R2 and RMSE of all models on real towers."""
    scores = pd.read_csv(ROOT / "results" / "towers" / "evaluate" / "scores.csv")
    scores = scores[(scores["subset"] == "all") & (scores["target"] != "reco")]
    splits = {
        "site": "by site",
        "cluster": "by cluster",
        "random": "random (optimistic)",
    }
    heads = [
        f"{t.upper()} {label}" for t in ("gpp", "nee") for label in splits.values()
    ]
    lines = [f"| R2 / RMSE | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for model, part in scores.groupby("model"):
        cells = []
        for target in ("gpp", "nee"):
            for split in splits:
                row = part[(part["target"] == target) & (part["split"] == split)].iloc[
                    0
                ]
                cells.append(f"{row.r2:.2f} / {row.rmse:.0f}")
        lines.append(f"| {model.replace('_', ' ')} | {' | '.join(cells)} |")
    row = scores.iloc[0]
    return "\n".join([*lines, "", f"{row.n} site-years at {row.n_sites} towers."])


def inference() -> str:
    """Ratios of `make bench`."""
    found = json.loads((ROOT / "benchmarks" / "inference.json").read_text())
    lines = ["| ratio | found | lowest to highest | aim |", "|---|---|---|---|"]
    for row in found["ratios"]:
        aim = "" if row["aim"] is None else f"{row['aim']:g}"
        lines.append(
            f"| {row['name']} | {row['ratio']:.2f} |"
            f" {row['lowest']:.2f} to {row['highest']:.2f} | {aim} |"
        )
    runs, members = found["ratios"][0]["runs"], found["members"]
    return "\n".join(
        [
            *lines,
            "",
            f"Medians of {runs} turns on two cores, {members} members;"
            " trees and boosting need their gaps filled and features made, which is timed.",
        ]
    )


def fill(text: str, name: str, content: str) -> str:
    """The text with the block between `<!-- name -->` and its end replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    return pattern.sub(lambda match: f"{match[1]}{content}\n{match[2]}", text)


if __name__ == "__main__":
    readme = README.read_text()
    for block in (rulegraph, demo, towers, inference):
        readme = fill(readme, block.__name__, block())
    README.write_text(readme)
