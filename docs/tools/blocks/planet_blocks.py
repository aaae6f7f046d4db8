"""Blocks of the page on simulated planets: how hard they are, and how often intervals hold."""

import pandas as pd
from tracked_files import markdown_table, read_benchmark, read_table

FLUXES = ("gpp", "reco", "nee")


def planet_hardness() -> str:
    """Scores of the network by cluster at towers of the demo's planet and at real ones."""
    planet = read_table("demo_skill").set_index("target")
    scores = read_table("towers_scores")
    scores = scores[(scores["model"] == "cnn") & (scores["split"] == "cluster")]
    scores = scores.set_index("target")
    time = read_table("towers_interannual")
    time = time[(time["form"] == "response") & (time["split"] == "cluster")]
    time = time.set_index("target")
    rows = []
    for target in ("gpp", "nee"):
        own, real, years = planet.loc[target], scores.loc[target], time.loc[target]
        name = target.upper()
        rows += [
            [f"{name}: R2 over site-years", f"{own.r2:.2f}", f"{real.r2:.2f}"],
            [f"{name}: RMSE (gC m-2 yr-1)", f"{own.rmse:.0f}", f"{real.rmse:.0f}"],
            [f"{name}: R2 within sites", *(with_ends(each) for each in (own, years))],
            [f"{name}: slope within sites", f"{own.slope:.2f}", f"{years.slope:.2f}"],
            [
                f"{name}: spread within sites (gC m-2 yr-1)",
                f"{own.sd_observed:.0f}",
                f"{years.sd_observed:.0f}",
            ],
        ]
    return markdown_table(
        ["at towers by cluster", "the demo's planet", "real towers"], rows
    )


def with_ends(row: pd.Series) -> str:
    """An R2 within sites and the ends of its interval."""
    score = row["within_r2"] if "within_r2" in row else row["r2"]
    return f"{score:.2f} ({row['r2_lower']:.2f} to {row['r2_upper']:.2f})"


def planet_coverage() -> str:
    """Share of truths inside their interval, mean over the planets that were run."""
    found = read_benchmark("planets")["rows"]
    rows = [
        [
            row["planet"],
            row["quantity"],
            row["division"],
            *(f"{100 * row[flux]:.0f}" if flux in row else "" for flux in FLUXES),
        ]
        for row in found
        if row["group"] == "coverage"
    ]
    head = ["planets", "quantity", "strata", "GPP", "RECO", "NEE"]
    return markdown_table(head, rows)


def planet_changes() -> str:
    """Error of the change of all forest, its interval, and what no information would give."""
    facts = read_benchmark("planets")["facts"]
    rows = []
    for kind in ("easy", "hard"):
        for flux in FLUXES:
            name = f"{kind}_{flux}_change"
            if f"{name}_half_width" in facts:
                values = [
                    f"{facts[f'{name}_{part}']:.2f}"
                    for part in ("rms_error", "half_width", "spread_of_truths")
                ]
                rows.append([kind, flux.upper(), *values])
    head = ["planets", "flux", "error (PgC yr-1)", "half-width", "without information"]
    return markdown_table(head, rows)
