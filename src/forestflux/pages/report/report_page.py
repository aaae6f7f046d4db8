"""The report: one page that explains a run and works offline."""

import base64
from html import escape
from pathlib import Path
from string import Template

import pandas as pd
import yaml

from forestflux.core.errors import InputError
from forestflux.core.names import TARGET_FLUXES
from forestflux.jobs.configuration import Configuration
from forestflux.jobs.tables import read_table
from forestflux.pages.figures.captions import caption_of
from forestflux.pages.labels_and_colours import model_label, split_label
from forestflux.pages.report import report_tables
from forestflux.pages.report.driver_section import drivers
from forestflux.pages.report.gate_section import gates, gates_banner
from forestflux.pages.report.left_out_section import left_out
from forestflux.pages.report.reading_section import read_samples, reading
from forestflux.pages.report.reason_section import reasons
from forestflux.pages.tower_citations import COLUMNS as CITED

ASSETS = ("report_page.html",)  # read by `forestflux.jobs.code_checksum` as well
SIMULATED = (
    "Simulated planet: not the real Earth. Numbers test the method; none is a finding."
)
# Which figure belongs to which section, in order.
PLACES = {
    "samples": ("towers", "timeline"),
    "method": ("network",),
    "scores": ("scores", "scatter"),
    "coverage": ("calibration",),
    "gaps": ("gap_curve", "importance", "attributions", "activations"),
    "maps": ("maps", "uncertainty", "zonal", "series", "regions"),
    "change": ("change", "change_table", "windows", "decomposition", "drivers"),
    "recovery": ("recovery",),
}
TITLES = {
    "summary": "Summary",
    "gates": "Tests of the results",
    "reading": "How to read it",
    "method": "Method",
    "scores": "Scores at unseen towers",
    "coverage": "Coverage of the intervals",
    "gaps": "Gaps and reasons",
    "maps": "Maps and totals",
    "change": "Change",
    "recovery": "Recovery of the planted truth",
    "samples": "Towers and site-years",
    "run": "Configuration, versions, timings",
}


def write_report(
    results: Path, *, figures: list[str], configuration: Configuration
) -> str:
    """One self-contained HTML page: nothing is loaded from elsewhere.

    Parameters
    ----------
    results : folder of the run, with the tables and `figures/{name}.png`
    figures : names of the figures to show
    configuration : the complete configuration of the run

    Raises
    ------
    InputError : a table or a figure is missing or not as the contracts say
    """
    images = {
        name: figure_html(results, name, configuration=configuration)
        for name in figures
    }
    texts = {
        "summary": summary(results),
        "gates": gates(results) if configuration.has_maps else "",
        "reading": reading(results, configuration),
        "method": "",
        "scores": scores(results),
        "coverage": coverage(results),
        "gaps": reasons(results),
        "maps": totals(results, configuration) if configuration.has_maps else "",
        "change": change(results, configuration) if configuration.has_maps else "",
        "recovery": recovery(results)
        if configuration.layers_from == "simulated"
        else "",
        "samples": samples(results, configuration),
        "run": run_facts(results, configuration),
    }
    sections = {}
    for key, text in texts.items():
        shown = [images[name] for name in PLACES.get(key, ()) if name in images]
        if text or shown:
            heading = f'<h2 id="{key}">{TITLES[key]}</h2>'
            sections[key] = f"<section>{heading}{text}{''.join(shown)}</section>"
    simulated = configuration.layers_from == "simulated"
    banner = gates_banner(results) if configuration.has_maps else ""
    banner += f'<p class="banner">{SIMULATED}</p>' if simulated else ""
    return Template(Path(__file__).with_name(*ASSETS).read_text()).substitute(
        run=escape(configuration.run),
        banner=banner,
        navigation="".join(
            f'<li><a href="#{k}">{TITLES[k]}</a></li>' for k in sections
        ),
        sections="\n".join(sections.values()),
    )


def figure_html(results: Path, name: str, *, configuration: Configuration) -> str:
    """A figure with its picture inside the page, alternative text and caption."""
    path = results / "figures" / f"{name}.png"
    if not path.is_file():
        raise InputError(
            path, variable="file", expected="a drawn figure", found="nothing"
        )
    pair, level = configuration.change.pair, configuration.evaluate.level
    caption = caption_of(name, pair=pair, level=level)
    data = base64.b64encode(path.read_bytes()).decode()
    return (
        f'<figure id="figure-{name}"><img alt="{escape(caption.alt)}"'
        f' src="data:image/png;base64,{data}">'
        f"<figcaption><strong>{escape(caption.title)}.</strong> {escape(caption.text)}"
        "</figcaption></figure>"
    )


def summary(results: Path) -> str:
    """The headline numbers in boxes, then the best models."""
    columns = ("name", "text", "remark")
    boxes = "".join(
        f"<div><dt>{escape(row.name)}</dt>"
        f"<dd>{escape(row.text)}<small>{escape(row.remark)}</small></dd></div>"
        for row in read_table(results / "headline.csv", columns=columns)
        .fillna({"remark": ""})
        .itertuples(index=False)
    )
    return f'<dl class="facts">{boxes}</dl>{best_models(results)}'


def best_models(results: Path) -> str:
    """The model with the highest R2 for each split and flux, whichever it is."""
    rows = read_scores(results)
    rows = rows[(rows["subset"] == "all") & rows["target"].isin(TARGET_FLUXES)]
    best = rows.loc[rows.groupby(["target", "split"])["r2"].idxmax()]
    best = report_tables.in_order(best).assign(
        optimistic=lambda t: t["split"] == "random"
    )
    formats = {
        "target|flux": str.upper,
        "split|split": split_label,
        "model|best model": model_label,
        "r2|R2": ".2f",
        "rmse|RMSE (gC m-2 yr-1)": ",.0f",
        "n_sites|sites": "d",
    }
    caption = "Best model for each split, all forests"
    return report_tables.html_table(best, formats, caption=caption, mark="optimistic")


def scores(results: Path) -> str:
    """All scores: over all forests in view, by group behind a click."""
    table = read_scores(results)
    whole = report_tables.scores_table(table, lambda name: name == "all")
    parts = report_tables.scores_table(table, lambda name: name != "all")
    return whole + report_tables.behind_a_click(parts)


def coverage(results: Path) -> str:
    """Coverage of the intervals: over all forests in view, by group behind a click."""
    table = read_calibration(results)
    whole = report_tables.coverage_table(table, lambda name: name == "all")
    parts = report_tables.coverage_table(table, lambda name: name != "all")
    return whole + report_tables.behind_a_click(parts)


def totals(results: Path, configuration: Configuration) -> str:
    """Totals of the pair of years."""
    return report_tables.totals_table(read_totals(results), configuration.change.pair)


def change(results: Path, configuration: Configuration) -> str:
    """Change and slopes, and what drove the change."""
    return report_tables.change_table(read_pair(results)) + drivers(
        results, configuration
    )


def recovery(results: Path) -> str:
    """Everything that was compared with the truth, behind a click."""
    columns = ("quantity", "unit", "truth", "mapped", "error", "error_percent")
    rows = read_table(results / "recovery/recovery.csv", columns=columns)
    formats = {
        "quantity|quantity": lambda name: name.replace("_", " "),
        "unit|unit": str,
    }
    formats |= {name + "|" + name: ",.3f" for name in ("truth", "mapped", "error")}
    formats["error_percent|error (%)"] = ".1f"
    table = report_tables.html_table(
        rows, formats, caption="Mapped against planted values"
    )
    banner = f'<p class="banner">{SIMULATED}</p>'
    return f"{banner}<details><summary>All quantities</summary>{table}</details>"


def samples(results: Path, configuration: Configuration) -> str:
    """Used and dropped site-years; what an archive held beside them, and its citations."""
    table = read_samples(results)
    shown = (
        report_tables.sample_table(table)
        + report_tables.reason_table(table)
        + left_out(results)
    )
    if configuration.labels_from == "fluxnet":
        cited = read_table(results / "samples/bibliography.csv", columns=CITED)
        shown += report_tables.citation_table(cited)
    return shown


def run_facts(results: Path, configuration: Configuration) -> str:
    """Configuration, versions and timings."""
    text = escape(
        yaml.safe_dump(
            configuration.model_dump(mode="json"), sort_keys=False, allow_unicode=True
        )
    )
    shown = (
        f"<details><summary>Complete configuration</summary><pre>{text}</pre></details>"
    )
    return shown + report_tables.version_table() + report_tables.timing_table(results)


def read_scores(results: Path) -> pd.DataFrame:
    """`evaluate/scores.csv`."""
    columns = "model split target subset n n_sites r2 rmse mae bias r2_site_mean"
    return read_table(results / "evaluate/scores.csv", columns=columns.split())


def read_calibration(results: Path) -> pd.DataFrame:
    """`evaluate/calibration.csv`."""
    columns = "model split target subset nominal covered covered_lower covered_upper"
    columns += " covered_site_mean n n_sites mean_width"
    return read_table(results / "evaluate/calibration.csv", columns=columns.split())


def read_totals(results: Path) -> pd.DataFrame:
    """`change/totals.csv`."""
    columns = "year stratum kind area variable mean total total_lower total_upper"
    return read_table(results / "change/totals.csv", columns=columns.split())


def read_pair(results: Path) -> pd.DataFrame:
    """`change/pair.csv`."""
    columns = "stratum variable change change_lower change_upper slope slope_lower"
    columns += " slope_upper p_value"
    return read_table(results / "change/pair.csv", columns=columns.split())
