"""Configuration, batches, digests and targets that the rule files share; no rules here."""

import json
import shlex
import sys
from pathlib import Path

SCRIPTS = Path(workflow.basedir, "workflow", "scripts")
sys.path.insert(0, str(SCRIPTS))

from snakemake.exceptions import WorkflowError

from forestflux.config import check_config, has_maps, labels_of, source_of
from forestflux.digest import code_digest
from forestflux.errors import InputError
from forestflux.figures.registry import module_of, needs
from forestflux.grid import Grid
from forestflux.plan import batches, span, tower_years
from forestflux.products import read_products, select
from forestflux.subsets.folder import subset_files
from forestflux.subsets.layers import read_layers, with_numbers

try:
    complete = check_config(
        config, Path(workflow.basedir, "workflow/schemas/config.schema.yaml")
    )
    PRODUCTS = read_products(Path(workflow.basedir, complete["products"]))
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
SPLITS = ("site", "cluster", "random", "holdout")

JOBS = config["jobs"]
YEARS = list(range(config["years"][0], config["years"][1] + 1)) if MAPPED else []
YEAR_BATCHES = batches(YEARS, JOBS["years"], name=span)
TOWER_BATCHES = batches(TOWER_YEARS, JOBS["tower_years"], name=span)
TILES = [tile.name for tile in Grid(**config["grid"]).tiles()] if MAPPED else []
TILE_BATCHES = batches(
    TILES, JOBS["tiles"], name=lambda tiles: f"{tiles[0]}-{tiles[-1]}"
)
FOLD_BATCHES = batches(range(config["folds"]["count"]), JOBS["folds"], name=span)
MEMBER_BATCHES = batches(range(config["train"]["members"]), JOBS["members"], name=span)
MODELS = config["baseline"]["models"]
UNLABELLED_YEAR = config["samples"]["unlabelled_year"] or (YEARS[0] if MAPPED else None)

# Variables of every job's shell, not params: where the project lies and how much memory a
# job may take change no number and make nothing stale.
shell.prefix(
    "set -euo pipefail;"
    f" SCRIPTS={shlex.quote(str(SCRIPTS))};"
    f" BATCH_CELLS={config['infer']['batch_cells']}; "
)


wildcard_constraints:
    places=r"towers|r\d+c\d+-r\d+c\d+",
    years=r"\d{4}(-\d{4})?",
    split="|".join(SPLITS),
    folds=r"\d+(-\d+)?",
    members=r"\d+(-\d+)?",
    model=r"[a-z_]+",
    figure=r"[a-z_]+",


def settings(**sections):
    """Only the settings that a job reads, as JSON; others do not make it stale."""
    return json.dumps(sections, sort_keys=True)


def code(*names):
    """Digest of a rule's script and of every module behind it."""
    return code_digest(SCRIPTS, *names)


def source_settings(places):
    """What the source reads of the configuration; towers do not depend on the grid."""
    if SOURCE == "files":
        return {"towers": {"folder": config["towers"]["folder"]}}
    kept = {"seed": config["seed"], "planet": config["planet"]}
    return kept | ({} if places == "towers" else {"grid": config["grid"]})


def tower_file(*names):
    """A file of the towers' folder, the first of these that is there; none without a folder."""
    if LABELS == "simulated" or not config["towers"]["folder"]:
        return []
    files = [Path(config["towers"]["folder"], name) for name in names]
    return str(next((file for file in files if file.is_file()), files[0]))


def predictor_table():
    """The table of eight-day series of the towers' folder; with subsets it may be missing."""
    names = ("predictors_8day.parquet", "predictors_8day.csv")
    file = tower_file(*names) if SOURCE == "files" else []
    return [] if file and SUBSET_FILES and not Path(file).is_file() else file


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
    return ["<results>/towers/sites.csv", "<results>/towers/site_years.csv"]


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


def map_targets():
    """Everything that only a run with maps has."""
    if not MAPPED:
        return []
    simulated = yearly("truth") + ["<results>/recovery/recovery.csv"]
    return [
        *tile_stage("infer"),
        *yearly("maps"),
        "<results>/change/change.json",
        *(simulated if SIMULATED else []),
    ]


def figure_names():
    """Figures that this run can draw."""
    return [
        name
        for name, files in needs().items()
        if (MAPPED or not any(f.startswith(("maps/", "change/")) for f in files))
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
