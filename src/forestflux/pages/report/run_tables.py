"""Tables of the report on the run: towers and site-years, citations, versions, timings."""

from importlib import metadata
from pathlib import Path

import pandas as pd

from forestflux.core.input_errors import InputError
from forestflux.core.names import FOREST_TYPES
from forestflux.pages.labels_and_colours import TYPE_NAMES
from forestflux.pages.report.shown_table import Field, ShownTable, show_table
from forestflux.pages.tower_citations import NO_CITATION

PACKAGES = (
    *("numpy", "pandas", "xarray", "zarr", "torch", "scikit-learn", "lightgbm"),
    *("matplotlib", "cartopy", "snakemake"),
)


def types_without_towers(samples: pd.DataFrame) -> list[str]:
    """Forest types of which no tower trains the network."""
    trained = set(samples.loc[samples["used"], "igbp"])
    return [f"{TYPE_NAMES[n]} ({n})" for n in TYPE_NAMES if n not in trained]


def sample_table(samples: pd.DataFrame) -> ShownTable:
    """Towers and site-years by forest type, used and dropped."""
    kind = samples["igbp"].where(samples["forest"], "other")
    rows = []
    for name in [*FOREST_TYPES, "other"]:
        part = samples[kind == name]
        used = part[part["used"]]
        label = f"{name}, {TYPE_NAMES[name]}" if name in TYPE_NAMES else "not forest"
        rows.append((label, used["site"].nunique(), len(used), len(part) - len(used)))
    fields = (
        Field("type", "land cover"),
        Field("towers", "towers", "d"),
        Field("used", "site-years used", "d"),
        Field("dropped", "site-years dropped", "d"),
    )
    table = pd.DataFrame(rows, columns=[field.column for field in fields])
    caption = "Labelled site-years by land cover (IGBP)"
    return show_table(table, fields, caption=caption)


def reason_table(samples: pd.DataFrame) -> ShownTable:
    """Dropped site-years by reason."""
    reasons = samples.loc[~samples["used"], "reason"].fillna("not given")
    counts = reasons.value_counts().rename_axis("reason").reset_index(name="count")
    counts = counts.sort_values(["count", "reason"], ascending=[False, True])
    fields = (Field("reason", "reason"), Field("count", "site-years", "d"))
    return show_table(counts, fields, caption="Why site-years were dropped")


def left_out_table(left_out: pd.DataFrame) -> ShownTable:
    """Every site, year and file of an archive that is left out."""
    keys = ["site", "file", "reason"]
    years = left_out.fillna({"site": "-"}).groupby(keys, sort=True)["year"]
    rows = years.agg(format_years).reset_index(name="years")
    rows["file"] = rows["file"].map(lambda path: Path(path).name)
    fields = (Field(name, name) for name in ("site", "years", "reason", "file"))
    caption = "What the archive holds and the run left out"
    return show_table(rows, fields, caption=caption)


def format_years(years: pd.Series) -> str:
    """`1999, 2001`, or `all`."""
    given = years.dropna().astype(int)
    return ", ".join(map(str, given)) if len(given) else "all"


def handover_table(handovers: pd.DataFrame) -> ShownTable:
    """How far each product and its successor differ in a year that both cover."""
    fields = (
        *(Field(n, n) for n in ("variable", "where", "before", "after")),
        Field("first_year", "from", "d"),
        Field("shared_year", "compared in", "d"),
        Field("difference", "difference", "+.3g"),
        Field("spread", "spread", ".2g"),
        Field("cells", "cells", ",d"),
        Field("unit", "unit"),
    )
    caption = "Successor minus product, mean over cells; spread from cell to cell"
    return show_table(handovers, fields, caption=caption)


def citation_table(citations: pd.DataFrame) -> ShownTable:
    """Citations of the used towers; a tower without one is named as such."""
    rows = citations.fillna("")
    rows["citation"] = rows["citation"].where(rows["citation"] != "", NO_CITATION)
    fields = (
        *(Field(n, n) for n in ("site", "name", "policy", "citation", "doi")),
        Field("site_years", "site-years", "d"),
    )
    return show_table(rows, fields, caption="Cite the towers as their policies ask")


def version_table() -> ShownTable:
    """Versions of the packages that are installed where the report is written."""
    rows = []
    for name in PACKAGES:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue  # the environment of a rule holds only what the rule needs
    table = pd.DataFrame(rows, columns=["package", "version"])
    fields = (Field("package", "package"), Field("version", "version"))
    return show_table(table, fields, caption="Versions")


def timing_table(benchmarks: Path) -> ShownTable | None:
    """Jobs, time and memory by stage from benchmark files of Snakemake; None without.

    Parameters
    ----------
    benchmarks : folder of files `{stage}.tsv`, `{stage}.{job}.tsv` or `{stage}/{job}.tsv`
    """
    jobs = []
    for file in sorted(benchmarks.rglob("*.tsv")):
        stage = file.relative_to(benchmarks).parts[0].split(".")[0]
        table = pd.read_csv(file, sep="\t", na_values="-")
        if not {"s", "max_rss"} <= set(table.columns):
            raise InputError(
                file,
                variable="columns",
                expected="s and max_rss, as Snakemake writes",
                found=", ".join(table.columns),
            )
        jobs.append(table[["s", "max_rss"]].assign(stage=stage))
    if not jobs:
        return None
    rows = pd.concat(jobs).groupby("stage", sort=True)
    stages = rows.agg(
        jobs=("s", "size"),
        total=("s", "sum"),
        longest=("s", "max"),
        rss=("max_rss", "max"),
    ).reset_index()
    fields = (
        Field("stage", "stage"),
        Field("jobs", "jobs", "d"),
        Field("total", "all jobs (s)", ",.1f"),
        Field("longest", "longest job (s)", ",.1f"),
        Field("rss", "largest memory (MB)", ",.0f"),
    )
    return show_table(stages, fields, caption="Wall-clock time and memory of the jobs")
