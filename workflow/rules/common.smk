"""Configuration, batches and digests that the rule files share; no rules here."""

import json
import math
import shlex
import sys
from pathlib import Path

SCRIPTS = Path(workflow.basedir, "workflow", "scripts")
SOURCE_ROOT = Path(workflow.basedir, "src")
# The package of this checkout, whatever else is installed: its digest is a param of the rules.
sys.path.insert(0, str(SOURCE_ROOT))

from snakemake.exceptions import WorkflowError

from forestflux.towers.fluxnet.file_names import Listing, list_archive
from forestflux.jobs.configuration import check_config, has_maps, labels_of, source_of
from forestflux.jobs.code_digest import code_digest
from forestflux.core.errors import InputError
from forestflux.pages.figures.figure_registry import module_of, needs
from forestflux.core.grid import Grid
from forestflux.jobs.batches import batches, mapped_years, span
from forestflux.towers.tower_years import tower_years
from forestflux.core.products import read_products, sections_of, select
from forestflux.sources.source_registry import SOURCES
from forestflux.sources.modis_subsets.subset_folder import subset_files
from forestflux.sources.modis_subsets.subset_layers import read_layers, with_numbers

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
    f" export PYTHONPATH={shlex.quote(str(SOURCE_ROOT))};"
    f" BATCH_CELLS={config['infer']['batch_cells']};"
    f" DEVICE={config['infer']['device']};"
    f" ACCESS={shlex.quote(ACCESS)}; "
)


wildcard_constraints:
    places=r"towers|r\d+c\d+-r\d+c\d+",
    years=r"\d{4}(-\d{4})?",
    split="|".join(SPLITS),
    folds=r"\d+(-\d+)?",
    members=r"\d+(-\d+)?",
    model=r"[a-z_]+",
    variant=r"[a-z_]+",
    repeat=r"\d+",
    figure=r"[a-z_]+",
    site=r"[A-Z]{2}-[A-Za-z0-9]{3}",


def settings(**sections):
    """Only the settings that a job reads, as JSON; others do not make it stale."""
    return json.dumps(sections, sort_keys=True)


def code(*names):
    """Digest of a rule's script and of every module behind it."""
    return code_digest(*names, roots=(SCRIPTS, SOURCE_ROOT))


def folder_of(kind):
    """Folder of this run's results, or of the stores that may lie on scratch."""
    folders = config["folders"]
    return f"{folders[kind] or folders['results']}/{config['run']}"


def growing(amount):
    """A resource of a job that grows with each attempt, for profiles that try again."""
    return lambda wildcards, attempt: amount * attempt


def lasting(minutes):
    """Minutes of a job that grow with what it owns and with each attempt.

    Twenty, and `minutes` for each year of a tile of 400 x 400 cells.
    """
    share = (config["grid"]["tile_cells"] / 400) ** 2 * minutes
    return lambda wildcards, attempt: attempt * math.ceil(
        20 + share * len(places_of(wildcards)) * len(years_of(wildcards))
    )


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
