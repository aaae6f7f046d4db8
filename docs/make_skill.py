"""Write the tables of docs/skill.md from the finished run on real towers and its ablation.

Run after `snakemake --configfile config/towers.yaml` and the same with `-- ablation`.
"""

from pathlib import Path

import pandas as pd
from make_readme import fill

from forestflux.evaluation.ablation_table import ablation_table
from forestflux.evaluation.scores import r2

ROOT = Path(__file__).parents[1]

PAGE = ROOT / "docs" / "skill.md"
RESULTS = ROOT / "results" / "towers"
MEMBERS = 5
MIN_QUALITY = 0.8
# Models whose mean is shown beside them; nothing else uses it.
TOGETHER = ("cnn", "gradient_boosting", "svr")
AIMS = {
    ("gpp", "site"): 0.80,
    ("gpp", "cluster"): 0.77,
    ("nee", "site"): 0.38,
    ("nee", "cluster"): 0.22,
}


def table(name: str) -> pd.DataFrame:
    """A table of the stage evaluate."""
    return pd.read_csv(RESULTS / "evaluate" / f"{name}.csv")


def label(name: str) -> str:
    """A name as a text has it."""
    return name.replace("_", " ")


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def scores() -> str:
    """R2 of all models beside the aim."""
    found = table("scores")
    found = found[found["subset"] == "all"].set_index(["model", "target", "split"])
    models = found.index.unique("model")
    head = ["R2", *(f"{t.upper()} by {s}" for t, s in AIMS)]
    rows = [["aim", *(f"{aim:.2f}" for aim in AIMS.values())]]
    rows += [
        [label(m), *(f"{found.loc[(m, *place)].r2:.3f}" for place in AIMS)]
        for m in models
    ]
    rows.append([f"mean of {', '.join(map(label, TOGETHER))}", *map(together, AIMS)])
    return markdown(head, rows)


def together(place: tuple[str, str]) -> str:
    """R2 of the mean of some models' estimates, of a target and split."""
    target, split = place
    found = table("predictions")
    found = found[(found["split"] == split) & (found["nee_qc"] >= MIN_QUALITY)]
    found = found[found["model"].isin(TOGETHER)].groupby(["site", "year"])
    return f"{r2(found[f'{target}_obs'].first(), found[f'{target}_pred'].mean()):.3f}"


def differences() -> str:
    """The network minus each classical model."""
    found = table("differences").set_index(["other", "target", "split"])
    head = ["R2 of the network minus", *(f"{t.upper()} by {s}" for t, s in AIMS)]
    rows = []
    for other in found.index.unique("other"):
        cells = [found.loc[(other, *place)] for place in AIMS]
        rows.append(
            [
                label(other),
                *(
                    f"{c.r2_minus:+.3f} ({c.lower:+.3f} to {c.upper:+.3f})"
                    for c in cells
                ),
            ]
        )
    return markdown(head, rows)


def gaps() -> str:
    """R2 of GPP lost with gaps, by model."""
    found = table("gaps")
    found = found[(found["target"] == "gpp") & (found["gap_pattern"] != "none")]
    found = found.set_index(["gap_pattern", "gap_fraction", "model"])["r2_lost"]
    losses = found.unstack("model")
    order = ["random", "block", "borrowed"]
    losses["place"] = [
        order.index(p) if p in order else len(order)
        for p in losses.index.get_level_values(0)
    ]
    losses = losses.sort_values("place", kind="stable").drop(columns="place")
    rows = []
    for (pattern, fraction), row in losses.iterrows():
        what = {
            "random": f"{fraction:.0%} at random",
            "block": f"{round(12 * fraction)} months on end, all variables",
            "borrowed": f"as another site-year has them ({fraction:.0%})",
        }.get(pattern, f"{pattern} missing")
        rows.append([what, *(f"{value:.3f}" for value in row)])
    return markdown(["hidden", *map(label, losses.columns)], rows)


def coverage() -> str:
    """Share of unseen site-years inside the network's 90 % interval."""
    found = table("calibration")
    found = found[(found["model"] == "cnn") & found["split"].isin(["site", "cluster"])]
    found = found.set_index(["subset", "target", "split"])
    head = ["site-years", "number", *(f"{t.upper()} by {s}" for t, s in AIMS)]
    rows = []
    for subset, part in found.groupby(level="subset", sort=False):
        cells = [part.loc[(subset, *place)] for place in AIMS]
        numbers = sorted({f"{int(cell.n)}" for cell in cells}, key=int)
        rows.append(
            [
                subset.replace("=", " "),
                " to ".join(dict.fromkeys([numbers[0], numbers[-1]])),
                *(f"{cell.covered:.0%}" for cell in cells),
            ]
        )
    return markdown(head, rows)


def heaviest() -> str:
    """The towers that hold most of the network's squared error by cluster."""
    found = table("predictions")
    found = found[(found["model"] == "cnn") & (found["split"] == "cluster")]
    found = found[found["nee_qc"] >= MIN_QUALITY]
    lines = []
    for target in ("gpp", "nee"):
        square = (found[f"{target}_pred"] - found[f"{target}_obs"]) ** 2
        share = square.groupby(found["site"]).sum() / square.sum()
        lines.append(
            f"{share.idxmax()} alone holds {share.max():.2f} of {target.upper()}"
        )
    return f"Of the squared error by cluster {' and '.join(lines)}."


def ablation() -> str:
    """What each choice is worth: mean over repeats, spread, cost."""
    folder = RESULTS / "ablation"
    samples = pd.read_csv(RESULTS / "samples" / "samples.csv")
    tables = []
    for split in ("cluster", "site"):
        parts = [pd.read_csv(file) for file in sorted(folder.glob(f"*.{split}.*.csv"))]
        found = ablation_table(parts, samples, min_quality=MIN_QUALITY)
        tables.append(ablation_of(found, split))
    return "\n\n".join(tables)


def ablation_of(found: pd.DataFrame, split: str) -> str:
    """The table of one split, the best GPP first."""
    found = found.set_index(["variant", "target"])
    gpp = found.xs("gpp", level="target").sort_values("r2", ascending=False)
    head = [
        f"by {split}",
        "dealt",
        "GPP",
        "to full",
        "NEE",
        "to full",
        "GPP lost, half hidden",
        "worst type, RMSE of GPP",
        "seconds",
        "parameters",
    ]
    rows = []
    for variant, own in gpp.iterrows():
        nee = found.loc[(variant, "nee")]
        row = [label(variant), f"{own.repeats:.0f}"]
        for part in (own, nee):
            row.append(spread(f"{part.r2:.3f}", part.r2_sd))
            row.append(spread(f"{part.r2_minus_full:+.3f}", part.r2_minus_full_sd))
        lost = own.r2_lost_half_hidden
        row.append("" if pd.isna(lost) else f"{lost:.3f}")
        row.append(f"{own.worst_type} {own.worst_rmse:.0f}")
        row += [f"{own.seconds:.1f}", f"{own.parameters:,.0f}"]
        rows.append(row)
    return markdown(head, rows)


def spread(value: str, sd: float) -> str:
    """A number with its standard deviation, where there is one."""
    return value if pd.isna(sd) else f"{value} ± {sd:.3f}"


def cost() -> str:
    """What the jobs of the run took."""
    jobs = {
        file.stem: pd.read_csv(file, sep="\t").iloc[0]
        for file in (RESULTS / "benchmarks").glob("*.tsv")
    }
    minutes = sum(float(job["cpu_time"]) for job in jobs.values()) / 60
    memory = max(float(job["max_rss"]) for job in jobs.values())
    final = jobs[f"train.holdout.0.0-{MEMBERS - 1}"]
    return (
        f"Its {len(jobs)} jobs with networks, tuning or tables took {minutes:.0f} minutes of"
        f" processor time, the largest {memory:.0f} MB. The final training of a member"
        f" took {float(final['s']) / MEMBERS:.0f} s on one core (a job trains {MEMBERS})."
    )


if __name__ == "__main__":
    page = PAGE.read_text()
    for block in (scores, differences, heaviest, gaps, coverage, ablation, cost):
        page = fill(page, block.__name__, block())
    PAGE.write_text(page)
