"""Configuration, batches, digests and targets that the rule files share; no rules here."""

import json
import shlex
import sys
from pathlib import Path

SCRIPTS = Path(workflow.basedir, "workflow", "scripts")
sys.path.insert(0, str(SCRIPTS))

from snakemake.exceptions import WorkflowError

from forestflux.archive.names import Listing, list_archive
from forestflux.config import check_config, has_maps, labels_of, source_of
from forestflux.digest import code_digest
from forestflux.errors import InputError
from forestflux.figures.registry import module_of, needs
from forestflux.grid import Grid
from forestflux.plan import batches, mapped_years, span, tower_years
from forestflux.products import read_products, sections_of, select
from forestflux.subsets.folder import subset_files
from forestflux.subsets.layers import read_layers, with_numbers

try:
    complete = check_config(
        config, Path(workflow.basedir, "workflow/schemas/config.schema.yaml")
    )
    PRODUCTS = read_products(
        Path(workflow.basedir, complete["products"]), complete["alternates"]
    )
    ARCHIVE = (
        list_archive(Path(complete["towers"]["archive"]))
        if labels_of(complete) == "archive"
        else Listing({}, [], [])
    )
    TOWER_YEARS = tower_years(complete)
    LAYERS = with_numbers(
        read_layers(Path(workflow.basedir, "config/subsets.yaml"), PRODUCTS), PRODUCTS
    )
    SUBSET_FILES = (
        subset_files(complete["towers"]["subsets"])
        if source_of(complete) == "files"
        else []
    )
except InputError as error:
    raise WorkflowError(str(error))
config.update(complete)

SOURCE = source_of(config)
LABELS = labels_of(config)
MAPPED = has_maps(config)
SIMULATED = SOURCE == "simulated"
COUNTERFACTUAL = MAPPED and config["counterfactual"]["enabled"]
# Folders of files that only a run with maps has.
OF_MAPS = ("maps/", "change/", "gates/")
SPLITS = ("site", "cluster", "random", "holdout")

JOBS = config["jobs"]
YEARS = mapped_years(config) if MAPPED else []
YEAR_BATCHES = batches(YEARS, JOBS["years"], name=span)
TOWER_BATCHES = batches(TOWER_YEARS, JOBS["tower_years"], name=span)
TILES = [tile.name for tile in Grid(**config["grid"]).tiles()] if MAPPED else []
GRID = {name: config["grid"][name] for name in ("resolution_deg", "tile_cells")}
TILE_BATCHES = batches(
    TILES, JOBS["tiles"], name=lambda tiles: f"{tiles[0]}-{tiles[-1]}"
)
FOLD_BATCHES = batches(range(config["folds"]["count"]), JOBS["folds"], name=span)
MEMBER_BATCHES = batches(range(config["train"]["members"]), JOBS["members"], name=span)
MODELS = config["baseline"]["models"]
UNLABELLED_YEAR = config["samples"]["unlabelled_year"] or (YEARS[0] if MAPPED else None)

# Doubled, because a prefix is formatted like a command.
ACCESS = json.dumps(config["earthengine"]).replace("{", "{{").replace("}", "}}")

# Variables of every job's shell, not params: where the project lies and how much memory a
# job may take change no number and make nothing stale; nor does the way to Earth Engine.
shell.prefix(
    "set -euo pipefail;"
    f" SCRIPTS={shlex.quote(str(SCRIPTS))};"
    f" BATCH_CELLS={config['infer']['batch_cells']};"
    f" ACCESS={shlex.quote(ACCESS)}; "
)


wildcard_constraints:
    places=r"towers|r\d+c\d+-r\d+c\d+",
    years=r"\d{4}(-\d{4})?",
    split="|".join(SPLITS),
    folds=r"\d+(-\d+)?",
    members=r"\d+(-\d+)?",
    model=r"[a-z_]+",
    figure=r"[a-z_]+",
    site=r"[A-Z]{2}-[A-Za-z0-9]{3}",


def settings(**sections):
    """Only the settings that a job reads, as JSON; others do not make it stale."""
    return json.dumps(sections, sort_keys=True)


def code(*names):
    """Digest of a rule's script and of every module behind it."""
    return code_digest(SCRIPTS, *names)


def growing(amount):
    """A resource of a job that grows with each attempt, for profiles that try again."""
    return lambda wildcards, attempt: amount * attempt


def source_settings(places):
    """What the source reads of the configuration; towers do not depend on the grid."""
    if SOURCE == "files":
        return {"towers": {"folder": config["towers"]["folder"]}}
    if SOURCE == "earthengine":
        kept = {"forest_only": config["earthengine"]["forest_only"]}
    else:
        kept = {"seed": config["seed"], "planet": config["planet"]}
    return kept | ({} if places == "towers" else {"grid": GRID})


def tower_file(*names):
    """A file of the towers' folder, the first of these that is there; none without a folder."""
    if LABELS == "simulated" or not config["towers"]["folder"]:
        return []
    files = [Path(config["towers"]["folder"], name) for name in names]
    return str(next((file for file in files if file.is_file()), files[0]))


def archive_files(kind):
    """The annual table (csv) or the record (json) of each site of the archive."""
    return [f"<results>/archive/{site}.{kind}" for site in ARCHIVE.sites]


def tower_settings(kind):
    """What the towers' `sites` or `fluxes` depend on beside their files."""
    if LABELS == "archive" and kind == "sites":
        keys = ("classes", "skip_faulty")
        unknown = [str(path) for path in ARCHIVE.unknown]
        return {"unknown": unknown} | {key: config["archive"][key] for key in keys}
    if LABELS == "archive" or kind == "sites":
        return {}
    if LABELS == "folder":
        return {"check_sign": config["towers"]["check_sign"]}
    simulated = {"seed": config["seed"], "planet": config["planet"]}
    return simulated | {"years": TOWER_YEARS}


def predictor_table():
    """The table of eight-day series of the towers' folder; with subsets it may be missing."""
    names = ("predictors_8day.parquet", "predictors_8day.csv")
    file = tower_file(*names) if SOURCE == "files" else []
    return [] if file and SUBSET_FILES and not Path(file).is_file() else file


def known_sites():
    """Tables with the towers' places that are there already, the checked one first."""
    checked = Path("results", config["run"], "towers", "sites.csv")
    folder = config["towers"]["folder"]
    files = [checked, *([Path(folder, "sites.csv")] if folder else [])]
    return [str(file) for file in files if file.is_file()][:1]


def variants(places):
    """Columns of the product table that a place's numbers may follow, variable by variable."""
    if SOURCE == "files":
        return ["tower", "table"] if SUBSET_FILES else ["table"]
    return ["tower" if places == "towers" else "tile"]


def products(places, *stages):
    """Sections of the product table that a stage reads for a place, by column."""
    return {name: select(PRODUCTS, name, *stages) for name in variants(places)}


def places_of(wildcards):
    """Places that a job owns."""
    return TILE_BATCHES.get(wildcards.places, ["towers"])


def years_of(wildcards):
    """Years that a job owns; towers and tiles have batches of their own."""
    if getattr(wildcards, "places", "") == "towers":
        return TOWER_BATCHES[wildcards.years]
    return YEAR_BATCHES[wildcards.years]


def folds_of(wildcards):
    """Folds that a job owns; the holdout split has one."""
    return [0] if wildcards.split == "holdout" else FOLD_BATCHES[wildcards.folds]


def year_batch(year):
    """Name of the batch in which a mapped year lies."""
    return next(name for name, years in YEAR_BATCHES.items() if year in years)


def towers_targets():
    """Checked tower tables."""
    names = ("sites", "site_years", "citations", "left_out")
    return [f"<results>/towers/{name}.csv" for name in names]


def subsets_targets():
    """Manifest of the subsets; none where the run has none."""
    return ["<results>/subsets/subsets.json"] if SUBSET_FILES else []


def tower_stage(stage):
    """A stage's manifests of the towers."""
    return [f"<results>/{stage}/towers.{years}.json" for years in TOWER_BATCHES]


def tile_stage(stage, years=None):
    """A stage's manifests of all tiles, of some batches of years or of all."""
    batches_of_years = YEAR_BATCHES if years is None else years
    return [
        f"<results>/{stage}/{places}.{batch}.json"
        for places in TILE_BATCHES
        for batch in batches_of_years
    ]


def stage_targets(stage):
    """All manifests of extract, cube or mask."""
    return tower_stage(stage) + tile_stage(stage)


def bibliography_targets():
    """Citations of the used towers, where labels come from an archive."""
    kinds = ("csv", "md") if LABELS == "archive" else ()
    return [f"<results>/samples/bibliography.{kind}" for kind in kinds]


def fold_batches(split):
    """Names of the fold batches of a split."""
    return ["0"] if split == "holdout" else list(FOLD_BATCHES)


def train_targets(split=None):
    """Manifests of all networks, or of one split."""
    return [
        f"<results>/train/{name}.{folds}.{members}.json"
        for name in ([split] if split else SPLITS)
        for folds in fold_batches(name)
        for members in MEMBER_BATCHES
    ]


def baseline_targets():
    """Predictions of all classical models."""
    return [
        f"<results>/baseline/{model}.{split}.{folds}.csv"
        for model in MODELS
        for split in SPLITS
        for folds in fold_batches(split)
    ]


def unlabelled_batches():
    """Batch of the year whose tiles give unlabelled series; none without maps.

    One year only: with all of them, every year added to the map would train anew.
    """
    return [year_batch(UNLABELLED_YEAR)] if MAPPED else []


def yearly(folder):
    """Manifests of a stage whose jobs own years: maps or truth."""
    return [f"<results>/{folder}/{batch}.json" for batch in YEAR_BATCHES]


def of_pair(stage, places):
    """Manifests of a tile stage for the pair of years, each once."""
    names = dict.fromkeys(year_batch(year) for year in config["change"]["pair"])
    return [f"<results>/{stage}/{places}.{batch}.json" for batch in names]


def map_targets():
    """Everything that only a run with maps has."""
    if not MAPPED:
        return []
    simulated = yearly("truth") + ["<results>/recovery/recovery.csv"]
    drivers = ["<results>/counterfactual/drivers.json"]
    return [
        *tile_stage("infer"),
        *yearly("maps"),
        "<results>/change/change.json",
        *(drivers if COUNTERFACTUAL else []),
        *(simulated if SIMULATED else []),
        "<results>/gates/gates.csv",
    ]


def publish_settings():
    """What a product depends on and reports: every section that a map depends on.

    Years are not among them, so that a year more publishes that year alone.
    """
    names = "run seed grid planet mask samples folds train model publish".split()
    kept = {name: config[name] for name in names}
    kept["towers"] = {k: v for k, v in config["towers"].items() if k != "years"}
    kept["infer"] = {"min_forest_fraction": config["infer"]["min_forest_fraction"]}
    kept["evaluate"] = {k: config["evaluate"][k] for k in ("level", "min_quality")}
    return kept | {"source": SOURCE}


def product_targets():
    """Files that readers open, of a run with maps."""
    if not MAPPED:
        return []
    return [*yearly("products"), "<results>/products/collection.json"]


def explorer_maps():
    """What the explorer reads of a run with maps; the tiles of the pair of years only."""
    if not MAPPED:
        return []
    pair = {year_batch(year): None for year in config["change"]["pair"]}
    return [
        *yearly("maps"),
        *tile_stage("mask", years=pair),
        "<results>/change/change.json",
        "<results>/change/totals.csv",
    ]


def figure_names():
    """Figures that this run can draw."""
    return [
        name
        for name, files in needs().items()
        if (MAPPED or not any(f.startswith(OF_MAPS) for f in files))
        and (COUNTERFACTUAL or not any(f.startswith("counterfactual/") for f in files))
        and (SIMULATED or not any(f.startswith("recovery/") for f in files))
    ]


def figure_inputs(wildcards):
    """Files that a figure reads; maps are known by the manifest of their years."""
    pair = {"first": config["change"]["pair"][0], "second": config["change"]["pair"][1]}
    files = []
    for name in needs()[wildcards.figure]:
        if name.startswith("maps/"):
            batch = year_batch(pair[Path(name).stem])
            files.append(f"<results>/maps/{batch}.json")
        else:
            files.append(f"<results>/{name}")
    return files


def figure_targets():
    """All figures of this run."""
    formats = config["figures"]["formats"]
    return [
        f"<results>/figures/{name}.{kind}"
        for name in figure_names()
        for kind in formats
    ]


def run_targets():
    """Everything of a run but the verdict.

    Every intermediate is a target: after a failed job, "nothing to be done" would
    otherwise hide a stale result behind a finished one.
    """
    return [
        *towers_targets(),
        *subsets_targets(),
        *stage_targets("extract"),
        *stage_targets("cube"),
        *stage_targets("mask"),
        "<results>/samples/samples.json",
        *bibliography_targets(),
        *train_targets(),
        *baseline_targets(),
        "<results>/evaluate/scores.csv",
        "<results>/model/model.json",
        "<results>/explain/importance.csv",
        "<results>/model/card.md",
        *map_targets(),
        *product_targets(),
        *figure_targets(),
        "<results>/explorer.html",
        "<results>/quoted.csv",
        "<results>/report.html",
    ]


def verdict_targets():
    """The gates' say over the run; a run without maps has no gates."""
    return ["<results>/gates/verdict.json"] if MAPPED else []
