"""The tables of the report: finished tables, cut to what a reader needs, as HTML."""

from collections.abc import Callable, Mapping
from html import escape
from importlib import metadata
from pathlib import Path

import pandas as pd

from forestflux.core.climates import CLIMATES
from forestflux.core.errors import InputError
from forestflux.core.names import (
    APPLICABILITY_SIDES,
    FOREST_TYPES,
    SPLITS,
    TARGET_FLUXES,
)
from forestflux.evaluation.scores import YEAR_CLASSES
from forestflux.pages.labels_and_colours import (
    TYPE_NAMES,
    model_label,
    order_models,
    split_label,
    subset_label,
)
from forestflux.pages.number_text import format_interval, format_p_value
from forestflux.pages.tower_citations import NONE

Format = str | Callable[[object], str]
PACKAGES = ("numpy", "pandas", "xarray", "zarr", "torch", "scikit-learn", "lightgbm")
PACKAGES += ("matplotlib", "cartopy", "snakemake")


def html_table(
    table: pd.DataFrame, formats: Mapping[str, Format], *, caption: str, mark: str = ""
) -> str:
    """An HTML table that scrolls by itself on a narrow screen.

    Parameters
    ----------
    table : rows to show
    formats : by `column|heading`, in order: a format such as `.2f` for numbers, or a
        function for words, which are aligned left
    caption : what the table says, above it
    mark : column of truth values; rows where it holds are shown as optimistic
    """
    columns = [(*key.split("|"), how) for key, how in formats.items()]
    head = "".join(
        f'<th scope="col"{words(how)}>{escape(heading)}</th>'
        for _, heading, how in columns
    )
    body = []
    for _, row in table.iterrows():
        cells = "".join(
            f"<td{words(how)}>{escape(show(row[name], how))}</td>"
            for name, _, how in columns
        )
        kind = ' class="optimistic"' if mark and row[mark] else ""
        body.append(f"<tr{kind}>{cells}</tr>")
    label = escape(caption)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">'
        f"<table><caption>{label}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def words(how: Format) -> str:
    """Class of columns that hold words."""
    return ' class="words"' if callable(how) else ""


def show(value: object, how: Format) -> str:
    """A cell's text; a dash where there is no number."""
    if callable(how):
        return how(value)
    return "-" if pd.isna(value) else format(value, how)


def scores_table(scores: pd.DataFrame, subset: Callable[[str], bool]) -> str:
    """Scores of every model, split and flux for the chosen subsets."""
    chosen = scores[scores["subset"].map(subset)]
    rows = in_order(chosen).assign(optimistic=lambda t: t["split"] == "random")
    formats = {
        "target|flux": str.upper,
        "split|split": split_label,
        "model|model": model_label,
        **({"subset|forests": subset_label} if rows["subset"].nunique() > 1 else {}),
        "r2|R2": ".2f",
        "rmse|RMSE": ",.0f",
        "mae|MAE": ",.0f",
        "bias|bias": "z,.0f",
        "r2_site_mean|R2 of site means": ".2f",
        "n|site-years": ",.0f",
        "n_sites|sites": ",.0f",
    }
    caption = (
        "RMSE, MAE and bias in gC m-2 yr-1; rows of the random split are optimistic"
    )
    return html_table(rows, formats, caption=caption, mark="optimistic")


def behind_a_click(parts: str) -> str:
    """A table by group, folded away."""
    summary = "By forest type, climate and scored years of the site"
    return f"<details><summary>{summary}</summary>{parts}</details>"


def coverage_table(calibration: pd.DataFrame, subset: Callable[[str], bool]) -> str:
    """Coverage of the intervals for the chosen subsets."""
    rows = in_order(calibration[calibration["subset"].map(subset)])
    rows = rows.assign(optimistic=rows["split"] == "random")
    ends = zip(rows["covered_lower"], rows["covered_upper"], strict=True)
    rows["ends"] = [f"{low:.0%} to {high:.0%}" for low, high in ends]
    formats = {
        "target|flux": str.upper,
        "split|split": split_label,
        "model|model": model_label,
        **({"subset|forests": subset_label} if rows["subset"].nunique() > 1 else {}),
        "nominal|nominal": ".0%",
        "covered|covered": ".0%",
        "ends|95 % over sites": str,
        "covered_site_mean|each site counted once": ".0%",
        "mean_width|mean width (gC m-2 yr-1)": ",.0f",
        "n|site-years": ",.0f",
        "n_sites|sites": ",.0f",
    }
    caption = "Share of observations inside the interval"
    return html_table(rows, formats, caption=caption, mark="optimistic")


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Rows by flux, split, model and subset in the order that figures use."""
    models = order_models(table["model"])
    orders = {
        "target": ["gpp", "reco", "nee"],
        "split": list(SPLITS),
        "model": models,
        "subset": [
            "all",
            *(f"applicable={name}" for name in APPLICABILITY_SIDES),
            *(f"igbp={name}" for name in FOREST_TYPES),
            *(f"climate={name}" for name in CLIMATES),
            *(f"years={name}" for _, _, name in YEAR_CLASSES),
        ],
    }
    return table.sort_values(
        list(orders),
        key=lambda column: column.map(
            {value: place for place, value in enumerate(orders[column.name])}
        ),
        kind="stable",
    )


def totals_table(totals: pd.DataFrame, years: tuple[int, int]) -> str:
    """Totals of GPP and NEE of the pair of years by stratum, with intervals."""
    rows = totals[totals["year"].isin(years) & totals["variable"].isin(TARGET_FLUXES)]
    rows = rows[rows["area"] > 0].sort_values("variable", kind="stable")
    bounds = zip(rows["total_lower"], rows["total_upper"], strict=True)
    rows = rows.assign(interval=[format_interval(*ends) for ends in bounds])
    formats = {
        "variable|flux": str.upper,
        "stratum|forests": subset_label,
        "year|year": "d",
        "area|forest area (Mkm2)": lambda area: f"{area * 1e-12:.2f}",
        "mean|mean (gC m-2 yr-1)": ",.0f",
        "total|total (PgC yr-1)": ".2f",
        "interval|interval": str,
    }
    return html_table(
        rows, formats, caption="Totals of the pair of years; NEE below zero: uptake"
    )


def change_table(pair: pd.DataFrame) -> str:
    """Change and slope of GPP and NEE by stratum, with intervals."""
    rows = pair[pair["variable"].isin(TARGET_FLUXES)]
    rows = rows.sort_values("variable", kind="stable")
    for name in ("change", "slope"):
        bounds = zip(rows[f"{name}_lower"], rows[f"{name}_upper"], strict=True)
        rows[f"{name}_interval"] = [format_interval(*ends) for ends in bounds]
    formats = {
        "variable|flux": str.upper,
        "stratum|forests": subset_label,
        "change|change (PgC yr-1)": "+.2f",
        "change_interval|interval": str,
        "slope|slope (PgC yr-2)": "+.3f",
        "slope_interval|interval": str,
        "p_value|p of the slope": lambda p: "-" if pd.isna(p) else format_p_value(p),
    }
    caption = (
        "Second minus first year; slope of the series; NEE below zero: more uptake"
    )
    return html_table(rows, formats, caption=caption)


def sample_table(samples: pd.DataFrame) -> str:
    """Towers and site-years by forest type, used and dropped."""
    kind = samples["igbp"].where(samples["forest"], "other")
    rows = []
    for name in [*FOREST_TYPES, "other"]:
        part = samples[kind == name]
        used = part[part["used"]]
        label = f"{name}, {TYPE_NAMES[name]}" if name in TYPE_NAMES else "not forest"
        counts = (used["site"].nunique(), len(used), len(part) - len(used))
        rows.append((label, *counts))
    table = pd.DataFrame(rows, columns=["type", "towers", "used", "dropped"])
    formats = {"type|land cover": str, "towers|towers": "d"}
    formats |= {"used|site-years used": "d", "dropped|site-years dropped": "d"}
    return html_table(
        table, formats, caption="Labelled site-years by land cover (IGBP)"
    )


def reason_table(samples: pd.DataFrame) -> str:
    """Dropped site-years by reason."""
    reasons = samples.loc[~samples["used"], "reason"].fillna("not given")
    counts = reasons.value_counts().rename_axis("reason").reset_index(name="count")
    counts = counts.sort_values(["count", "reason"], ascending=[False, True])
    formats = {"reason|reason": str, "count|site-years": "d"}
    return html_table(counts, formats, caption="Why site-years were dropped")


def citation_table(cited: pd.DataFrame) -> str:
    """Citations of the used towers, folded away; a tower without one is named as such."""
    rows = cited.fillna("")
    rows = rows.assign(citation=rows["citation"].where(rows["citation"] != "", NONE))
    headings = ("site", "name", "policy", "citation", "doi")
    formats = {f"{name}|{name}": str for name in headings} | {
        "site_years|site-years": "d"
    }
    table = html_table(rows, formats, caption="Cite the towers as their policies ask")
    return f"<details><summary>Citations of the towers</summary>{table}</details>"


def timing_table(results: Path) -> str:
    """Jobs, time, memory by stage from benchmark files of Snakemake; empty without."""
    jobs = []
    for file in sorted((results / "benchmarks").rglob("*.tsv")):
        stage = file.relative_to(results / "benchmarks").parts[0].split(".")[0]
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
        return ""
    table = pd.concat(jobs).groupby("stage", sort=True)
    rows = table.agg(
        jobs=("s", "size"),
        total=("s", "sum"),
        longest=("s", "max"),
        rss=("max_rss", "max"),
    ).reset_index()
    formats = {
        "stage|stage": str,
        "jobs|jobs": "d",
        "total|all jobs (s)": ",.1f",
        "longest|longest job (s)": ",.1f",
        "rss|largest memory (MB)": ",.0f",
    }
    return html_table(rows, formats, caption="Wall-clock time and memory of the jobs")


def version_table() -> str:
    """Versions of the packages that are installed where the report is written."""
    rows = []
    for name in PACKAGES:
        try:
            rows.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue  # environments of single rules hold what the rule needs
    table = pd.DataFrame(rows, columns=["package", "version"])
    return html_table(
        table, {"package|package": str, "version|version": str}, caption="Versions"
    )
