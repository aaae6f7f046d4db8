"""Blocks with the skill on real towers, from `docs/data/towers_*`."""

import pandas as pd
from tracked_files import label, markdown_table, read_table

AIMS = {
    ("gpp", "site"): 0.80,
    ("gpp", "cluster"): 0.77,
    ("nee", "site"): 0.38,
    ("nee", "cluster"): 0.22,
}
SPLIT_HEADS = {
    "site": "by site",
    "cluster": "by cluster",
    "random": "random (optimistic)",
}
TOGETHER = "together"
# Forms that ask no model.
FORMS = {
    "constant": "no difference between years",
    "response": "**response** (mapped)",
}
PATTERNS = ["random", "block", "borrowed"]


def places() -> list[str]:
    """Heads of columns: each target with each honest split."""
    return [f"{target.upper()} by {split}" for target, split in AIMS]


def scores() -> str:
    """R2 of all models beside the aim."""
    found = read_table("towers_scores").set_index(["model", "target", "split"])["r2"]
    rows = [["aim", *(f"{aim:.2f}" for aim in AIMS.values())]]
    for model in found.index.unique("model"):
        name = label(model)
        if model == TOGETHER:
            name = "mean of cnn, gradient boosting and svr"
        rows.append([name, *(f"{found[(model, *place)]:.3f}" for place in AIMS)])
    return markdown_table(["R2", *places()], rows)


def scores_of_all_splits() -> str:
    """R2 and RMSE of all models, the optimistic random split among them."""
    found = read_table("towers_scores").set_index(["model", "target", "split"])
    columns = [(target, split) for target in ("gpp", "nee") for split in SPLIT_HEADS]
    rows = []
    for model in found.index.unique("model").drop(TOGETHER):
        cells = [found.loc[(model, *column)] for column in columns]
        rows.append([label(model), *(f"{c.r2:.2f} / {c.rmse:.0f}" for c in cells)])
    heads = [f"{target.upper()} {SPLIT_HEADS[split]}" for target, split in columns]
    return markdown_table(["R2 / RMSE", *heads], rows)


def interannual() -> str:
    """R2 and slope of differences between years, by cluster, of all models and forms."""
    found = read_table("towers_interannual").query("split == 'cluster'")
    found = found.set_index(["model", "form", "target"])
    targets = ("gpp", "nee", "reco")
    rows = []
    for model, form in found.index.droplevel("target").unique():
        cells = [found.loc[(model, form, target)] for target in targets]
        name = FORMS.get(form, f"{label(model)}, {form.replace('_', ' and ')}")
        rows.append(
            [
                name,
                *(f"{c.r2:.2f} ({c.r2_lower:.2f} to {c.r2_upper:.2f})" for c in cells),
            ]
            + [f"{c.slope:.2f}" if c.slope == c.slope else "" for c in cells[:2]]
        )
    heads = [target.upper() for target in targets]
    return markdown_table(["R2 by cluster", *heads, "slope GPP", "slope NEE"], rows)


def differences() -> str:
    """The network minus each classical model."""
    found = read_table("towers_differences").set_index(["other", "target", "split"])
    rows = []
    for other in found.index.unique("other"):
        cells = [found.loc[(other, *place)] for place in AIMS]
        texts = [f"{c.r2_minus:+.3f} ({c.lower:+.3f} to {c.upper:+.3f})" for c in cells]
        rows.append([label(other), *texts])
    return markdown_table(["R2 of the network minus", *places()], rows)


def gaps() -> str:
    """R2 of GPP lost with artificial gaps, by model."""
    found = read_table("towers_gaps")
    losses = found.pivot(
        index=["gap_pattern", "gap_fraction"], columns="model", values="r2_lost"
    )
    order = sorted(losses.index, key=lambda key: (rank(key[0]), key))
    rows = [
        [gap_name(*key), *(f"{value:.3f}" for value in losses.loc[key])]
        for key in order
    ]
    return markdown_table(["hidden", *map(label, losses.columns)], rows)


def rank(pattern: str) -> int:
    """Patterns in the order of the table, hidden variables after them."""
    return PATTERNS.index(pattern) if pattern in PATTERNS else len(PATTERNS)


def gap_name(pattern: str, fraction: float) -> str:
    """What is hidden, in words."""
    months = round(12 * fraction)
    names = {
        "random": f"{fraction:.0%} of the values at random",
        "block": f"{months} month{'s' if months > 1 else ''} in a row, all variables",
        "borrowed": f"the gaps of another site-year ({fraction:.0%})",
    }
    return names.get(pattern, f"{pattern}, the whole year")


def coverage() -> str:
    """Share of unseen site-years inside the network's 90 % interval; gaps by cluster only."""
    found = read_table("towers_coverage").set_index(["subset", "target", "split"])
    rows = []
    for subset, part in found.groupby(level="subset", sort=False):
        ends = (str(int(part["n_least"].iloc[0])), str(int(part["n_most"].iloc[0])))
        number = " to ".join(dict.fromkeys(ends))
        shares = part["covered"].loc[subset].to_dict()
        cells = [f"{shares[place]:.0%}" if place in shares else "" for place in AIMS]
        rows.append([name_subset(str(subset)), number, *cells])
    return markdown_table(["site-years", "number", *places()], rows)


def name_subset(subset: str) -> str:
    """Which site-years, in words."""
    key, _, value = subset.partition("=")
    if key == "hidden_series":
        return f"{value} of the six series hidden"
    if key == "hidden_values":
        return f"{float(value):.0%} of the values hidden"
    return subset.replace("=", " ")


def ablation() -> str:
    """What each choice is worth: mean over repeats, spread, cost."""
    found = read_table("towers_ablation")
    parts = found.groupby("split", sort=False)
    return "\n\n".join(ablation_of(part, str(split)) for split, part in parts)


def ablation_of(found: pd.DataFrame, split: str) -> str:
    """The table of one split, in the order of the file."""
    head = [
        f"by {split}",
        "repeats",
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
    for row in found.itertuples():
        lost = row.gpp_lost_half_hidden
        rows.append(
            [
                label(row.variant),
                str(row.repeats),
                with_spread(f"{row.gpp_r2:.3f}", row.gpp_r2_sd),
                with_spread(f"{row.gpp_minus_full:+.3f}", row.gpp_minus_full_sd),
                with_spread(f"{row.nee_r2:.3f}", row.nee_r2_sd),
                with_spread(f"{row.nee_minus_full:+.3f}", row.nee_minus_full_sd),
                "" if pd.isna(lost) else f"{lost:.3f}",
                f"{row.worst_type} {row.worst_rmse}",
                f"{row.seconds:.1f}",
                f"{row.parameters:,}",
            ]
        )
    return markdown_table(head, rows)


def with_spread(value: str, deviation: float) -> str:
    """A number with its standard deviation, where there is one."""
    return value if pd.isna(deviation) else f"{value} ± {deviation:.3f}"
