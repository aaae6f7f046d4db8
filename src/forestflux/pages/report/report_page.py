"""The report: one page that explains a run and works offline."""

from collections.abc import Mapping
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from forestflux.change.change_schemas import (
    DRIVERS,
    MONTH_REGIONS,
    PAIR,
    REGION_CHANGES,
    REGIONS,
    TOTALS,
)
from forestflux.core.interval_text import set_units
from forestflux.core.reading.plain_text import hide_credentials
from forestflux.evaluation.compare.comparison_schemas import COMPARISON
from forestflux.evaluation.evaluation_schemas import (
    CALIBRATION,
    GAPS,
    INTERANNUAL,
    RECOVERY,
    SANITY,
    SCORES,
)
from forestflux.evaluation.evidence import explain_differences
from forestflux.evaluation.gates.gate_rows import FAIL
from forestflux.evaluation.gates.gates_manifest import GATES
from forestflux.jobs.configuration import Configuration
from forestflux.pages.first_screen import (
    read_shared_script,
    render_answer,
    render_boxes,
)
from forestflux.pages.headline_numbers import HEADLINE
from forestflux.pages.plain_answer import answer_run
from forestflux.pages.region_records import collect_region_records
from forestflux.pages.report import (
    compare_tables,
    map_tables,
    run_tables,
    skill_tables,
)
from forestflux.pages.report.report_pictures import read_picture, read_sink
from forestflux.pages.shown_totals import choose_run_unit
from forestflux.pages.tower_citations import BIBLIOGRAPHY
from forestflux.prepare.handover_table import HANDOVERS, describe_rows
from forestflux.prepare.sample_schema import SAMPLES
from forestflux.towers.tower_schemas import LEFT_OUT

ASSETS = ("templates",)  # read by `forestflux.jobs.code_checksum` as well
SAMPLE_COLUMNS = ("site", "igbp", "forest", "used", "reason")
# Figures that are never folded. Where the truth is known, the series beside it is shown.
FIRST_FIGURES = ("level_map", "change_map", "truth_series")
# Title and figures of each folded section, in the order of the page; what a section says
# stands in templates/sections.html under the same key.
SECTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "summary": ("Headline numbers", ()),
    "gates": ("Tests of the results", ()),
    "reading": ("How to read it", ()),
    "method": ("Method", ("network",)),
    "scores": ("Scores at unseen towers", ("scores", "scatter")),
    "years": ("Years of one place", ("tower_series",)),
    "coverage": ("Coverage of the intervals", ("calibration",)),
    "months": ("Months", ("seasons", "month_zones")),
    "gaps": (
        "Gaps and reasons",
        ("gap_curve", "importance", "attributions", "activations"),
    ),
    "maps": (
        "Maps and totals",
        ("maps", "uncertainty", "zonal", "series", "regions"),
    ),
    "change": (
        "Change",
        ("change", "change_table", "windows", "decomposition", "drivers"),
    ),
    "compare": ("Beside other products", ("comparison",)),
    "recovery": ("Recovery of the planted truth", ("recovery",)),
    "handover": ("Products that take over", ()),
    "samples": ("Towers and site-years", ("towers", "timeline")),
    "run": ("Configuration, versions, timings", ()),
}
# Sections that not every run has.
OF_SOME_RUNS = ("gates", "maps", "change", "compare", "months", "recovery", "handover")


def write_report(
    tables: Mapping[str, Path],
    figures: Mapping[str, Path],
    *,
    benchmarks: Path,
    configuration: Configuration,
) -> str:
    """One self-contained HTML page: nothing is loaded from elsewhere.

    Parameters
    ----------
    tables : CSV files by the name of the file; those of maps and of an archive are missing
        where the run has none
    figures : PNG files by the name of the figure
    benchmarks : folder of the benchmark files of Snakemake, which may be missing
    configuration : of the run

    Raises
    ------
    InputError : a table or a figure is missing or not as the contracts say
    """
    simulated = configuration.layers_from == "simulated"
    sink = read_sink(tables, configuration)
    pictures = {
        name: read_picture(name, path, configuration, sink=sink)
        for name, path in figures.items()
    }
    content = read_skill(tables, simulated=simulated)
    answer = answer_run(
        tables,
        members=configuration.train.members,
        simulated=simulated,
        mapped_years=configuration.mapped_years if configuration.has_maps else (),
    )
    content["answer"] = render_answer(answer)
    content["sink"] = sink
    content |= read_run(tables, configuration, benchmarks)
    shown = set(SECTIONS) - set(OF_SOME_RUNS)
    if "seasons" in figures:
        shown.add("months")
    if configuration.has_maps:
        content |= read_gates(tables)
        shown |= {"gates", "maps"}
    if configuration.has_change:
        content |= read_change(tables, configuration)
        shown.add("change")
    if "comparison" in tables:
        content["compare"] = compare_tables.show_comparison(
            COMPARISON.read_file(tables["comparison"])
        )
        shown.add("compare")
    if "recovery" in tables:
        content["recovery"] = map_tables.recovery_table(
            RECOVERY.read_file(tables["recovery"])
        )
        shown.add("recovery")
    if "handover" in tables:
        handovers = HANDOVERS.read_file(tables["handover"])
        content["handover"] = run_tables.handover_table(handovers)
        content["handover_lines"] = describe_rows(handovers)
        shown.add("handover")
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,  # names of the user are text, not markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    first = [name for name in FIRST_FIGURES if name in pictures]
    if "truth_series" not in first and "tower_series" in pictures:
        first.append("tower_series")
    return environment.get_template("report.html").render(
        content=content,
        shared_script=read_shared_script(),
        first=[pictures.pop(name) for name in first],
        sections=[
            (key, title, [pictures[name] for name in names if name in pictures])
            for key, (title, names) in SECTIONS.items()
            if key in shown
        ],
    )


def read_skill(tables: Mapping[str, Path], *, simulated: bool) -> dict[str, object]:
    """Headline numbers, and what is shown of scores, coverage, gaps and reasons."""
    scores = SCORES.read_file(tables["scores"])
    interannual = INTERANNUAL.read_file(tables["interannual"], empty=True)
    headline = HEADLINE.read_file(tables["headline"])
    return {
        "headline": skill_tables.headline_table(headline),
        "best_models": skill_tables.best_models(scores),
        "scores": skill_tables.score_tables(scores),
        "years": skill_tables.interannual_tables(interannual),
        "evidence": set_units(explain_differences(interannual, simulated=simulated)),
        "coverage": skill_tables.coverage_tables(
            CALIBRATION.read_file(tables["calibration"])
        ),
        "gaps": skill_tables.gap_table(GAPS.read_file(tables["gaps"])),
        "sanity": skill_tables.sanity_table(SANITY.read_file(tables["sanity"])),
    }


def read_gates(tables: Mapping[str, Path]) -> dict[str, object]:
    """What is shown of the tests of the maps."""
    gates = GATES.read_file(tables["gates"])
    return {
        "failed": list(gates.loc[gates["status"] == FAIL, "gate"]),
        "statuses": map_tables.count_statuses(gates),
        "gates": map_tables.gate_tables(gates),
    }


def read_change(
    tables: Mapping[str, Path], configuration: Configuration
) -> dict[str, object]:
    """What is shown of totals and change; drivers only where they were run."""
    pair, level = configuration.change.pair, configuration.evaluate.level
    totals = TOTALS.read_file(tables["totals"])
    unit = choose_run_unit(totals)
    content: dict[str, object] = {
        "totals": map_tables.total_table(totals, pair=pair, level=level),
        "changes": map_tables.change_table(
            PAIR.read_file(tables["pair"]), level=level, unit=unit
        ),
        "pair": f"{pair[0]}-{pair[1]}",
        "drivers": [],
        "regions": collect_region_records(
            REGIONS.read_file(tables["regions"]),
            REGION_CHANGES.read_file(tables["region_changes"]),
            MONTH_REGIONS.read_file(tables["region_months"])
            if "region_months" in tables
            else None,
        ),
    }
    if "drivers" in tables:
        drivers = DRIVERS.read_file(tables["drivers"])
        content["drivers"] = map_tables.driver_tables(drivers, level=level, unit=unit)
    return content


def read_run(
    tables: Mapping[str, Path], configuration: Configuration, benchmarks: Path
) -> dict[str, object]:
    """What is shown of the run: towers and site-years, configuration, versions, timings."""
    samples = SAMPLES.read_file(tables["samples"], columns=SAMPLE_COLUMNS)
    left_out = LEFT_OUT.read_file(tables["left_out"], empty=True)
    citations = None
    if "bibliography" in tables:
        cited = BIBLIOGRAPHY.read_file(tables["bibliography"])
        citations = run_tables.citation_table(cited)
    settings = yaml.safe_dump(
        configuration.model_dump(mode="json"), sort_keys=False, allow_unicode=True
    )
    return {
        "run": configuration.run,
        "simulated": configuration.layers_from == "simulated",
        "has_maps": configuration.has_maps,
        "boxes": render_boxes(
            configuration.run,
            has_maps=configuration.has_maps,
            has_change=configuration.has_change,
            license_name=configuration.publish.license,
        ),
        "regions": None,
        "totals": None,
        "failed": [],
        "types_without_towers": run_tables.types_without_towers(samples),
        "samples": run_tables.sample_table(samples),
        "reasons": run_tables.reason_table(samples),
        "left_out": run_tables.left_out_table(left_out) if len(left_out) else None,
        "whole_left_out": int(left_out["year"].isna().sum()),
        "years_left_out": int(left_out["year"].notna().sum()),
        "citations": citations,
        "configuration": hide_credentials(settings),
        "to_choose": configuration.publish.to_choose(),
        "versions": run_tables.version_table(),
        "timings": run_tables.timing_table(benchmarks),
    }
