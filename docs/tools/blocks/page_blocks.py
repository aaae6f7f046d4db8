"""Blocks of the pages, each made from tracked files alone."""

import textwrap

from tracked_files import (
    LINE_LENGTH,
    markdown_table,
    read_record,
    read_table,
    wrap_sentences,
)

from blocks import (
    cost_blocks,
    fine_blocks,
    month_blocks,
    online_blocks,
    planet_blocks,
    reliability_blocks,
    settings_blocks,
    skill_blocks,
    speed_blocks,
)
from forestflux.pages.table_reference import render_table_reference

RECOVERY = {
    "gpp_total_2003": "GPP total 2003",
    "gpp_total_2018": "GPP total 2018",
    "nee_total_2003": "NEE total 2003",
    "nee_total_2018": "NEE total 2018",
    "gpp_zonal_rms": "zonal GPP, root mean square error",
    "nee_zonal_rms": "zonal NEE, root mean square error",
    "gpp_series_slope": "trend of mean GPP",
    "gpp_planted_slope": "the same against the planted slope, weather held still",
    "reco_series_slope": "trend of mean RECO",
    "nee_series_slope": "trend of mean NEE",
    "gpp_change": "change of the GPP total 2003-2018",
    "reco_change": "change of the RECO total",
    "nee_change": "change of the NEE total",
    "nee_change_cell_r2": "R2 of the change of NEE over cells",
    "gpp_cell_r2": "R2 of GPP over cells",
    "nee_cell_r2": "R2 of NEE over cells",
    "gpp_share_within_interval": "cells with true GPP inside the interval",
    "gpp_share_within_interval_inside": "the same inside the area of applicability",
    "gpp_share_within_interval_outside": "the same outside it",
    "nee_share_within_interval": "cells with true NEE inside the interval",
    "nee_share_within_interval_inside": "the same inside the area of applicability",
    "nee_share_within_interval_outside": "the same outside it",
}


def demo_answer() -> str:
    """What the demo says, in plain words: the answer in short, then a list."""
    first, *rest = (
        f"**{one['lead']}.** {one['text']}"
        for one in read_record("demo_answer")["statements"]
    )
    points = (
        textwrap.fill(f"- {one}", LINE_LENGTH, subsequent_indent="  ") for one in rest
    )
    return "\n".join([textwrap.fill(first, LINE_LENGTH), "", *points])


def demo_recovery() -> str:
    """The demo's maps against the planted truth."""
    table = read_table("demo_recovery").set_index("quantity")
    rows = [
        [name, row.unit, f"{row.truth:.4g}", f"{row.mapped:.4g}"]
        for name, row in ((RECOVERY[key], table.loc[key]) for key in RECOVERY)
    ]
    return markdown_table(["quantity", "unit", "truth", "mapped"], rows)


def demo_coverage() -> str:
    """Share of the demo's truths inside their interval, percent."""
    table = read_table("demo_coverage")
    rows = []
    for (quantity, kind), part in table.groupby(["quantity", "kind"], sort=False):
        shares = part.set_index("variable")["covered"]
        rows.append(
            [
                str(quantity),
                str(kind),
                *(
                    f"{100 * shares[flux]:.0f}" if flux in shares else ""
                    for flux in ("gpp", "reco", "nee")
                ),
            ]
        )
    return markdown_table(["quantity", "strata", "GPP", "RECO", "NEE"], rows)


def stated_errors() -> str:
    """Largest errors to which a test holds the demo."""
    rows = [
        [row.name, f"{row.percent} %"]
        for row in read_table("stated_errors").itertuples(index=False, name="Row")
    ]
    return markdown_table(["quantity", "largest error"], rows)


def earthengine_plan() -> str:
    """What `snakemake plan` counts with an empty cache."""
    rows = [
        [row.run, f"{row.requests:,}", f"{row.mib:,g}", str(row.jobs)]
        for row in read_table("earthengine_plan").itertuples()
    ]
    return markdown_table(["run", "requests", "MiB at most", "jobs"], rows)


def trend_tests() -> str:
    """Trendless series in which each test finds a trend."""
    table = read_table("trend_tests")
    steps = table["autocorrelation"].unique()
    rows = []
    for name, part in table.groupby("test", sort=False):
        shares = [
            f"{row.found_16_years:.1f} / {row.found_20_years:.1f}"
            for row in part.itertuples()
        ]
        rows.append([str(name), *shares])
    return markdown_table(["autocorrelation", *(f"{s:g}" for s in steps)], rows)


def libraries() -> str:
    """Libraries that were taken or refused, with the reason."""
    rows = [
        [row.purpose, row.library, row.decision, row.reason]
        for row in read_table("libraries").fillna("").itertuples()
    ]
    return markdown_table(["for", "library", "decision", "reason"], rows)


def retired_words() -> str:
    """Words that must not come back, and the word to use instead."""
    rows = [
        [f"`{row.old}`", row.new, "yes" if row.enforced == "yes" else "not yet"]
        for row in read_table("retired_words").fillna("").itertuples()
    ]
    return markdown_table(["retired", "use instead", "enforced"], rows)


def tables() -> str:
    """Every table that has a schema, column by column."""
    return wrap_sentences(render_table_reference())


BLOCKS = {
    function.__name__: function
    for function in (
        demo_answer,
        demo_recovery,
        demo_coverage,
        cost_blocks.parts_of_the_tests,
        cost_blocks.slowest_tests,
        stated_errors,
        earthengine_plan,
        trend_tests,
        fine_blocks.resolutions,
        fine_blocks.fine_stages,
        fine_blocks.fine_disk,
        fine_blocks.fine_plans,
        online_blocks.online_proof,
        month_blocks.month_skill,
        month_blocks.season_dates,
        month_blocks.month_coverage,
        month_blocks.month_costs,
        month_blocks.month_sizes,
        planet_blocks.planet_hardness,
        planet_blocks.planet_coverage,
        planet_blocks.planet_changes,
        reliability_blocks.trials,
        reliability_blocks.damaged_files,
        reliability_blocks.wrong_fluxes,
        reliability_blocks.kills,
        libraries,
        retired_words,
        tables,
        settings_blocks.configuration,
        settings_blocks.scripts,
        skill_blocks.scores,
        skill_blocks.scores_of_all_splits,
        skill_blocks.interannual,
        skill_blocks.differences,
        skill_blocks.gaps,
        skill_blocks.coverage,
        skill_blocks.ablation,
        speed_blocks.inference,
        speed_blocks.shares,
        speed_blocks.roofline,
        speed_blocks.stage_roofline,
        speed_blocks.network_variants,
        speed_blocks.growth,
        speed_blocks.layout,
        speed_blocks.dry_runs,
    )
}
