"""What an edit makes stale: exactly these rules, no more and no fewer."""

import shutil
from contextlib import contextmanager

import pytest

from tests.builders.projects import RuleGraph, edit, planned

FORESTFLUX = "src/forestflux"

# Rules whose stores are of single years, so that a year more leaves those of others as they are.
PER_YEAR = {
    "extract",
    "cube",
    "mask",
    "infer",
    "infer_seasons",
    "truth",
    "truth_months",
}

# rule: the rules whose files it reads. A new rule is a line here; every edit below follows.
# The last look at the gates, `final_check`, comes after everything and has no line.
READS = RuleGraph(
    {
        rule: frozenset(read.split())
        for rule, read in {
            "tower_sites": "",
            "tower_fluxes": "tower_sites",
            "extract": "tower_sites",
            "cube": "extract",
            "mask": "cube",
            "samples": "mask tower_fluxes tower_sites",
            "train": "samples",
            "baseline": "samples",
            "evaluate": "baseline samples train",
            "model": "samples train",
            "tower_months": "tower_fluxes tower_sites",
            "season_folds": "samples tower_months",
            "season": "evaluate samples season_folds tower_months",
            "month_scores": "evaluate samples season season_folds tower_months",
            "explain": "model samples",
            "card": "evaluate model samples",
            "departures": "mask",
            "infer": "mask model",
            "level": "departures infer",
            "map": "departures infer level model",
            "infer_seasons": "mask season",
            "map_months": "infer_seasons map season",
            "truth_months": "",
            "month_recovery": "map map_months truth_months",
            "month_zones": "map map_months",
            "month_regions": "map map_months",
            "publish_months": "map map_months season",
            "change": "departures map model",
            "drivers": "departures infer level model",
            "compare": "map",
            "truth": "",
            "recovery": "change map truth",
            "gates": "evaluate map recovery",
            "publish": "map model",
            "collection": "card publish publish_months",
            "figure": "change compare drivers evaluate explain map model month_scores month_zones"
            " recovery samples",
            "explorer": "change compare evaluate map map_months mask model recovery samples",
            "headline": "change evaluate",
            "report": "change compare departures drivers evaluate explain figure gates headline"
            " infer level map month_regions recovery samples tower_sites truth",
        }.items()
    }
)

# name: (file, old text or None to append, new text, rules that it makes stale themselves;
# whatever reads what they make follows from READS)
EDITS = {
    "a key of extract: the clouds of the planet": (
        "micro.yaml",
        "run: micro",
        "run: micro\nplanet: {cloudiness: 0.9}",
        "truth truth_months tower_fluxes tower_months extract",
    ),
    "a product's composite length": (
        "config/products.yaml",
        "cube: {step_days: 1, daily: true}",
        "cube: {step_days: 2, daily: true}",
        "cube !departures",  # daily values are those of towers
    ),
    "a product's quality rule": (
        "config/products.yaml",
        "{bits: [0, 1], values: [3], reason: cloud}",
        "{bits: [0, 1], values: [1, 3], reason: cloud}",
        "mask",
    ),
    "a quality rule of pixels that are averaged before they are stored": (
        "config/products.yaml",
        "{bits: [6, 7], values: [2, 3], reason: low_quality}",
        "{bits: [6, 7], values: [3], reason: low_quality}",
        "extract",
    ),
    "a key of mask": (
        "micro.yaml",
        "run: micro",
        "run: micro\nmask: {min_valid_share: 0.4}",
        "mask",
    ),
    "a key of samples": (
        "micro.yaml",
        "unlabelled: 200",
        "unlabelled: 210",
        "samples",
    ),
    "a holdout tower": (
        "micro.yaml",
        "run: micro",
        "run: micro\ntowers: {holdout: [US-Ha1]}",
        "samples",
    ),
    "a key of train": (
        "micro.yaml",
        "forest: 3",
        "forest: 4",
        "train season_folds",
    ),
    "a key of baseline": (
        "micro.yaml",
        "candidates: 1",
        "candidates: 2",
        "baseline",
    ),
    "a key of the season": (
        "micro.yaml",
        "season: {epochs: 3}",
        "season: {epochs: 4}",
        "season_folds report",
    ),
    "no months any more": (
        "micro.yaml",
        "fluxes: {months: true",
        "fluxes: {months: false",
        "collection explorer report",
    ),
    "gaps that are put in to measure them": (
        "micro.yaml",
        "run: micro",
        "run: micro\nevaluate: {gaps: {months: [2]}}",
        "baseline =train",  # networks of folds by site, which make no map
    ),
    "a key of model": (
        "micro.yaml",
        "run: micro",
        "run: micro\nmodel: {dissimilarity_quantile: 0.9}",
        "evaluate model",
    ),
    "a key of infer": (
        "micro.yaml",
        "run: micro",
        "run: micro\ninfer: {min_forest_fraction: 0.2}",
        "infer infer_seasons",
    ),
    "a key of infer that cannot change a number": (
        "micro.yaml",
        "run: micro",
        "run: micro\ninfer: {batch_cells: 100}",
        "report",
    ),
    "a key of publish": (
        "micro.yaml",
        "run: micro",
        "run: micro\npublish: {max_gap_fraction: 0.5}",
        "publish publish_months report",
    ),
    "the way to Earth Engine, which changes no number": (
        "micro.yaml",
        "run: micro",
        "run: micro\nearthengine: {in_flight: 3}",
        "report",
    ),
    "a key of change": (
        "micro.yaml",
        "pair: [2003, 2004]",
        "pair: [2003, 2004], fdr_alpha: 0.2",
        "change",
    ),
    "the bands of the tables, which months of regions have as well": (
        "micro.yaml",
        "pair: [2003, 2004]",
        "pair: [2003, 2004], bands: [{name: whole, south: -90, north: 90}]",
        "change drivers month_regions",
    ),
    "what is said of a compared product": (
        "micro.yaml",
        "{files: [other/gpp.nc]}",
        "{files: [other/gpp.nc], per: forest}",
        "compare",
    ),
    "no other products any more": (
        "micro.yaml",
        "compare: {other: {files: [other/gpp.nc]}}",
        "compare: {}",
        "explorer report",
    ),
    "how areas are weighted": (
        f"{FORESTFLUX}/evaluation/compare/area_weights.py",
        None,
        "WIDER = 1",
        "compare",
    ),
    "a bound of a gate": (
        "micro.yaml",
        "nee_total: 200",
        "nee_total: 190",
        "gates",
    ),
    "whether a failed gate ends the run": (
        "micro.yaml",
        "gates: {",
        "gates: {fail: false, ",
        "report",
    ),
    "no drivers any more": (
        "micro.yaml",
        "run: micro",
        "run: micro\ndrivers: {enabled: false}",
        "report",
    ),
    "the effects of the drivers": (
        f"{FORESTFLUX}/change/drivers/departure_effects.py",
        None,
        "WIDER = 1",
        "drivers",
    ),
    "the resolution of figures": (
        "micro.yaml",
        "dpi: 50",
        "dpi: 60",
        "figure",
    ),
    "the style of figures": (
        f"{FORESTFLUX}/pages/figures/figure_style.py",
        None,
        "WIDER = 1",
        "figure",
    ),
    "a colour, which is in no table of numbers": (
        f"{FORESTFLUX}/pages/labels_and_colours.py",
        'PALE = "#D0D0D0"',
        'PALE = "#D1D1D1"',
        "figure explorer",
    ),
    "a helper two imports deep": (
        f"{FORESTFLUX}/change/trends/theil_sen.py",
        "def theil_sen(",
        "def unused() -> None:\n    pass\n\n\ndef theil_sen(",
        "change compare",
    ),
    "a script": (
        "workflow/scripts/prepare/mask.py",
        "    cubes = upstream_stores(upstream)",
        "    cubes = upstream_stores(*[upstream])",
        "mask",
    ),
    "a comment in a script": (
        "workflow/scripts/prepare/mask.py",
        "    cubes = ",
        "    # Cubes of the same places and years.\n    cubes = ",
        "",
    ),
    "a comment and a docstring in a module": (
        f"{FORESTFLUX}/core/calendars/eight_day.py",
        '"""The calendar: ',
        '# A calendar.\n"""The one calendar: ',
        "",
    ),
    "a key that is set to its default": (
        "micro.yaml",
        "run: micro",
        "run: micro\nsource: auto",
        "",
    ),
}


@pytest.fixture(scope="module")
def scratch(finished, tmp_path_factory):
    """A copy of the finished project for edits that are taken back."""
    copy = tmp_path_factory.mktemp("staleness") / "project"
    return shutil.copytree(finished, copy, symlinks=True)


@contextmanager
def edited(project, *edits):
    """Files of a project with texts replaced, or with a text more at their end."""
    before = {file: (project / file).read_text() for file, _, _ in edits}
    try:
        for file, old, new in edits:
            if old is None:
                (project / file).write_text(f"{before[file]}\n\n{new}\n")
            else:
                edit(project, file, old, new)
        yield
    finally:
        for file, text in before.items():
            (project / file).write_text(text)


def test_rules_read_what_is_stated(finished):
    reads = dict(RuleGraph.of(finished).reads)
    last = reads.pop("final_check")
    assert reads == READS.reads
    # Nothing escapes the last look, be it by way of another rule.
    assert {rule for rule in reads if not READS.from_here_on(rule) & last} == set()


def stale(*roots):
    """What rules make stale by READS, and the last look.

    `!rule` is left out; `=rule` has some jobs to do, but none that all of its readers read.
    """
    spared = {root[1:] for root in roots if root.startswith("!")}
    alone = {root[1:] for root in roots if root.startswith("=")}
    touched = [root for root in roots if root[0] not in "!="]
    last = {"final_check"} if touched else set()
    return (READS.from_here_on(*touched) | alone | last) - spared


def test_a_finished_run_has_nothing_to_do(finished):
    assert planned(finished) == {}


@pytest.mark.parametrize("name", EDITS)
def test_exactly_the_stale_rules_run(scratch, name):
    """Each kind of edit reruns the rules that it touches and what reads them, no others."""
    *change, roots = EDITS[name]
    with edited(scratch, change):
        assert set(planned(scratch)) == stale(*roots.split())


def test_another_caption_draws_its_figure_alone(scratch):
    file = f"{FORESTFLUX}/pages/figures/globe/globe_captions.py"
    with edited(scratch, (file, '"Months by latitude"', '"Months by zone"')):
        assert set(planned(scratch)) == stale("report")
    text = "The twelve months of a zone add up to its year."
    with edited(scratch, (file, text, "Twelve months add up to a year.")):
        jobs = planned(scratch)
    assert set(jobs) == stale("figure")
    assert jobs["figure"] == 1


def test_a_year_more_asks_the_networks_about_that_year_alone(scratch):
    years = ("micro.yaml", "years: [2003, 2004]", "years: [2003, 2005]")
    towers = ("micro.yaml", "run: micro", "run: micro\ntowers: {years: [2003, 2004]}")
    with edited(scratch, years, towers):
        jobs = planned(scratch)
    # The mean year changes, and with it what every year departs from.
    assert set(jobs) == PER_YEAR | stale("departures")
    tiles = len(list((scratch / "results/micro/extract").glob("r*.2003.json")))
    assert {jobs[rule] for rule in ("extract", "cube", "mask", "infer")} == {tiles}
    assert jobs["truth"] == 1
    assert jobs["map"] == 3


def test_an_open_end_takes_a_year_more_when_the_last_product_has_it(scratch):
    """What a product covers is judged when the run is planned; no number depends on it."""
    file, text = (
        "config/products.yaml",
        "years: [2001, 2024] # the catalogue's last year",
    )
    years = ("micro.yaml", "years: [2003, 2004]", "years: [2003, null]")
    towers = ("micro.yaml", "run: micro", "run: micro\ntowers: {years: [2003, 2004]}")
    ends = {end: text.replace("2024", str(end)) for end in (2004, 2005)}
    with edited(scratch, years, towers, (file, text, ends[2004])):
        assert set(planned(scratch)) <= stale("report")
    with edited(scratch, years, towers, (file, text, ends[2005])):
        jobs = planned(scratch)
    assert set(jobs) == PER_YEAR | stale("departures")
    assert jobs["truth"] == 1


def test_a_moved_project_has_nothing_to_do(project, tmp_path):
    moved = project.rename(tmp_path / "elsewhere")
    assert planned(moved) == {}


def test_a_fresh_checkout_over_results_has_nothing_to_do(scratch):
    for folder in ("src", "workflow", "config"):
        for file in (scratch / folder).rglob("*.*"):
            file.touch()
    assert planned(scratch) == {}
