"""What an edit makes stale: exactly these rules, no more and no fewer."""

import pytest

from tests.builders.projects import edit, planned

REPORT = {"report", "final_check"}
PAGES = {"figure", "explorer", "headline"} | REPORT
CHANGE = {"change", "recovery", "gates"} | PAGES
PRODUCTS = {"publish", "collection"}
MAPS = {"infer", "map", "counterfactual", "drivers"} | CHANGE | PRODUCTS
AFTER_TRAIN = {"evaluate", "model", "explain", "card"} | MAPS
AFTER_SAMPLES = {"train", "baseline"} | AFTER_TRAIN
AFTER_MASK = {"samples"} | AFTER_SAMPLES
AFTER_CUBE = {"mask"} | AFTER_MASK
AFTER_EXTRACT = {"cube"} | AFTER_CUBE
FORESTFLUX = "src/forestflux"

# name: (file, old text or None to append, new text, rules that must run)
EDITS = {
    "a key of extract: the clouds of the planet": (
        "micro.yaml",
        "run: micro",
        "run: micro\nplanet: {cloudiness: 0.9}",
        {"truth", "tower_fluxes", "extract"} | AFTER_EXTRACT,
    ),
    "a product's composite length": (
        "config/products.yaml",
        "cube: {step_days: 1, daily: true}",
        "cube: {step_days: 2, daily: true}",
        {"cube"} | AFTER_CUBE,
    ),
    "a product's quality rule": (
        "config/products.yaml",
        "{bits: [0, 1], values: [3], reason: cloud}",
        "{bits: [0, 1], values: [1, 3], reason: cloud}",
        AFTER_CUBE,
    ),
    "a quality rule of pixels that are averaged before they are stored": (
        "config/products.yaml",
        "{bits: [6, 7], values: [2, 3], reason: low_quality}",
        "{bits: [6, 7], values: [3], reason: low_quality}",
        {"extract"} | AFTER_EXTRACT,
    ),
    "a key of mask": (
        "micro.yaml",
        "run: micro",
        "run: micro\nmask: {min_valid_share: 0.4}",
        AFTER_CUBE,
    ),
    "a key of samples": (
        "micro.yaml",
        "unlabelled: 200",
        "unlabelled: 210",
        AFTER_MASK,
    ),
    "a holdout tower": (
        "micro.yaml",
        "run: micro",
        "run: micro\ntowers: {holdout: [US-Ha1]}",
        AFTER_MASK,
    ),
    "a key of train": (
        "micro.yaml",
        "forest: 3",
        "forest: 4",
        {"train"} | AFTER_TRAIN,
    ),
    "a key of baseline": (
        "micro.yaml",
        "candidates: 1",
        "candidates: 2",
        {"baseline", "evaluate", "card", "collection"} | PAGES,
    ),
    "gaps that are put in to measure them": (
        "micro.yaml",
        "run: micro",
        "run: micro\nevaluate: {gaps: {months: [2]}}",
        AFTER_SAMPLES,
    ),
    "a key of model": (
        "micro.yaml",
        "run: micro",
        "run: micro\nmodel: {dissimilarity_quantile: 0.9}",
        AFTER_TRAIN,
    ),
    "a key of infer": (
        "micro.yaml",
        "run: micro",
        "run: micro\ninfer: {min_forest_fraction: 0.2}",
        MAPS,
    ),
    "a key of infer that cannot change a number": (
        "micro.yaml",
        "run: micro",
        "run: micro\ninfer: {batch_cells: 100}",
        REPORT,
    ),
    "a key of publish": (
        "micro.yaml",
        "run: micro",
        "run: micro\npublish: {max_gap_fraction: 0.5}",
        PRODUCTS | REPORT,
    ),
    "the way to Earth Engine, which changes no number": (
        "micro.yaml",
        "run: micro",
        "run: micro\nearthengine: {in_flight: 3}",
        REPORT,
    ),
    "a key of change": (
        "micro.yaml",
        "pair: [2003, 2004]",
        "pair: [2003, 2004], fdr_alpha: 0.2",
        CHANGE,
    ),
    "a bound of a gate": (
        "micro.yaml",
        "nee_total: 200",
        "nee_total: 190",
        {"gates"} | REPORT,
    ),
    "whether a failed gate ends the run": (
        "micro.yaml",
        "gates: {",
        "gates: {fail: false, ",
        REPORT,
    ),
    "no counterfactual runs any more": (
        "micro.yaml",
        "run: micro",
        "run: micro\ncounterfactual: {enabled: false}",
        REPORT,
    ),
    "the swap of the counterfactual runs": (
        f"{FORESTFLUX}/change/drivers/one_at_a_time.py",
        None,
        "WIDER = 1",
        {"counterfactual", "drivers", "figure"} | REPORT,
    ),
    "the resolution of figures": (
        "micro.yaml",
        "dpi: 50",
        "dpi: 60",
        {"figure"} | REPORT,
    ),
    "the style of figures": (
        f"{FORESTFLUX}/pages/figures/figure_style.py",
        None,
        "WIDER = 1",
        {"figure"} | REPORT,
    ),
    "a colour, which is in no table of numbers": (
        f"{FORESTFLUX}/pages/labels_and_colours.py",
        'PALE = "#D0D0D0"',
        'PALE = "#D1D1D1"',
        {"figure", "explorer"} | REPORT,
    ),
    "a helper two imports deep": (
        f"{FORESTFLUX}/change/trends/theil_sen.py",
        "def theil_sen(",
        "def unused() -> None:\n    pass\n\n\ndef theil_sen(",
        CHANGE,
    ),
    "a script": (
        "workflow/scripts/mask.py",
        "    cubes = upstream_stores(upstream)",
        "    cubes = upstream_stores(*[upstream])",
        AFTER_CUBE,
    ),
    "a comment in a script": (
        "workflow/scripts/mask.py",
        "    cubes = ",
        "    # Cubes of the same places and years.\n    cubes = ",
        set(),
    ),
    "a comment and a docstring in a module": (
        f"{FORESTFLUX}/core/eight_day.py",
        '"""The calendar: ',
        '# A calendar.\n"""The one calendar: ',
        set(),
    ),
    "a key that is set to its default": (
        "micro.yaml",
        "run: micro",
        "run: micro\nsource: auto",
        set(),
    ),
}


def test_a_finished_run_has_nothing_to_do(finished):
    assert planned(finished) == {}


@pytest.mark.parametrize("name", EDITS)
def test_exactly_the_stale_rules_run(project, name):
    file, old, new, rules = EDITS[name]
    if old is None:
        (project / file).write_text(f"{(project / file).read_text()}\n\n{new}\n")
    else:
        edit(project, file, old, new)
    assert set(planned(project)) == rules


def test_a_year_more_runs_that_year_and_what_looks_at_all_years(project):
    edit(project, "micro.yaml", "years: [2003, 2004]", "years: [2003, 2005]")
    edit(
        project, "micro.yaml", "run: micro", "run: micro\ntowers: {years: [2003, 2004]}"
    )
    jobs = planned(project)
    per_year = {"extract", "cube", "mask", "infer", "map", "truth"}
    assert set(jobs) == per_year | CHANGE | PRODUCTS
    tiles = len(list((project / "results/micro/extract").glob("r*.2003.json")))
    assert {jobs[rule] for rule in ("extract", "cube", "mask", "infer")} == {tiles}
    assert jobs["map"] == jobs["truth"] == jobs["publish"] == 1


def test_a_moved_project_has_nothing_to_do(project, tmp_path):
    moved = project.rename(tmp_path / "elsewhere")
    assert planned(moved) == {}


def test_a_fresh_checkout_over_results_has_nothing_to_do(project):
    for folder in ("src", "workflow", "config"):
        for file in (project / folder).rglob("*.*"):
            file.touch()
    assert planned(project) == {}
