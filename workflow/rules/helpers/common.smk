"""Configuration, settings of jobs and checksums of code that the rule files share; no rules here."""

import json
import math
import shlex
import sys
from pathlib import Path

SCRIPTS = Path(workflow.basedir, "workflow", "scripts")
SOURCE_ROOT = Path(workflow.basedir, "src")
# The package of this checkout, whatever else is installed: its checksum is a param of the rules.
sys.path.insert(0, str(SOURCE_ROOT))

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from forestflux.core.input_errors import InputError
from forestflux.core.grids.grid import Grid
from forestflux.core.product_tables.handovers import find_shared_years, list_handovers
from forestflux.core.calendars.last_year import find_last_year, this_day
from forestflux.core.grids.map_resolution import fit_resolution, map_column
from forestflux.core.names import LAND_COVER
from forestflux.core.product_tables.product_table import read_products
from forestflux.core.regions.region_paths import is_region_file, list_region_files
from forestflux.core.reading.yaml_files import read_yaml
from forestflux.evaluation.compare.compared_files import (
    list_compared_files,
    list_watched_files,
)
from forestflux.jobs.batches import batches, span
from forestflux.jobs.code_checksum import code_checksum
from forestflux.jobs.configuration import close_years, read_configuration
from forestflux.jobs.settings.run_settings import MappedGridSettings
from forestflux.jobs.settings.section import Section
from forestflux.pages.figures.captions import caption_of
from forestflux.pages.figures.figure_registry import FIGURES, needs
from forestflux.sources.modis_subsets.subset_folder import list_subset_files
from forestflux.sources.modis_subsets.subset_table import read_subset_table
from forestflux.sources.source_registry import SOURCES
from forestflux.towers.fluxnet.file_names import FluxnetFiles, list_fluxnet_files
from forestflux.towers.tower_years import find_tower_years, require_months

TODAY = this_day()

try:
    # Snakemake lets the second of two equal keys of a file win without a word.
    for file in workflow.configfiles:
        read_yaml(Path(file))
    CONFIG = read_configuration(config)
    TABLE = Path(workflow.basedir, CONFIG.products)
    PRODUCTS = read_products(
        TABLE,
        CONFIG.alternates,
        successors=CONFIG.successors,
        inputs=CONFIG.inputs,
    )
    if CONFIG.has_maps:
        PRODUCTS = fit_resolution(PRODUCTS, CONFIG.grid.resolution_deg)
    # The column of the product table that cells of the maps follow, and all that the run reads.
    MAP_COLUMN = map_column(CONFIG.grid.resolution_deg)
    READ_COLUMNS = [MAP_COLUMN, "tower"] if CONFIG.has_maps else ["tower", "table"]
    LAST_YEAR = find_last_year(PRODUCTS.every(READ_COLUMNS), today=TODAY)
    OPEN_END = CONFIG.years[1] is None
    CONFIG = close_years(CONFIG, LAST_YEAR.year)
    INPUTS = [series.model_dump() for series in PRODUCTS.series()]
    FLUXNET = (
        list_fluxnet_files(Path(CONFIG.towers.fluxnet))
        if CONFIG.labels_from == "fluxnet"
        else FluxnetFiles({}, [], [])
    )
    TOWER_YEARS = find_tower_years(CONFIG)
    require_months(CONFIG)
    SUBSET_TABLE = read_subset_table(
        Path(workflow.basedir, "config/subsets.yaml"),
        read_products(TABLE, CONFIG.alternates),
        inputs=CONFIG.inputs,
    )
    SUBSET_FILES = (
        list_subset_files(CONFIG.towers.subsets)
        if CONFIG.layers_from == "files"
        else []
    )
    COMPARED_FILES = [
        str(file)
        for name, product in CONFIG.compare.items()
        for file in list_watched_files(list_compared_files(name, product.files))
    ]
except InputError as error:
    raise WorkflowError(str(error))

if OPEN_END:
    logger.info(f"years: {LAST_YEAR.line}")

SOURCE = CONFIG.layers_from
LABELS = CONFIG.labels_from
MAPPED = CONFIG.has_maps
# A run of one year has maps and products, and nothing that needs a second year.
CHANGED = CONFIG.has_change
MONTHS = CONFIG.fluxes.months
SIMULATED = SOURCE == "simulated"
# Drivers are those of the response.
WITH_DRIVERS = CHANGED and CONFIG.drivers.enabled and CONFIG.model.years == "response"

WITH_COMPARED = MAPPED and bool(CONFIG.compare)


def runtime_variable(section):
    """A section's keys that change no number, as the value of a shell variable.

    Braces are doubled, because a prefix is formatted like a command.
    """
    text = json.dumps(section.runtime()).replace("{", "{{").replace("}", "}}")
    return shlex.quote(text)


# Variables of every job's shell and no params: what changes no number must make nothing stale.
# Whatever needs one says so in its command: `--runtime "$INFER_RUNTIME"`.
shell.prefix(
    "set -euo pipefail;"
    f" SCRIPTS={shlex.quote(str(SCRIPTS))};"
    f" export PYTHONPATH={shlex.quote(str(SOURCE_ROOT))};"
    f" INFER_RUNTIME={runtime_variable(CONFIG.infer)};"
    f" EARTHENGINE_RUNTIME={runtime_variable(CONFIG.earthengine)}; "
)


def settings(**values):
    """Only the settings that a job's numbers depend on, as JSON; others do not make it stale."""
    return json.dumps(values, sort_keys=True, default=Section.numbers)


def code(*names):
    """Checksum of a rule's script and of every module behind it."""
    return code_checksum(*names, roots=(SCRIPTS, SOURCE_ROOT))


def folder_of(kind):
    """Folder of this run's results, or of the stores that may lie on scratch."""
    chosen = {"results": CONFIG.folders.results, "scratch": CONFIG.folders.scratch}
    return f"{chosen[kind] or CONFIG.folders.results}/{CONFIG.run}"


def region_files():
    """The file of the user's regions with those that belong to it, first itself."""
    named = CONFIG.change.regions
    return list(map(str, list_region_files(Path(named)))) if named else []


def run_region_files():
    """The files of the run's region with those that belong to them."""
    named = [part for part in CONFIG.region if isinstance(part, str)]
    files = [list_region_files(Path(part)) for part in named if is_region_file(part)]
    return [str(file) for each in files for file in each]


def growing(amount):
    """A resource of a job that grows with each attempt, for profiles that try again."""
    return lambda wildcards, attempt: amount * attempt


def lasting(minutes):
    """Minutes of a job that grow with what it owns and with each attempt.

    Twenty, and `minutes` for each year of a tile of 400 x 400 cells.
    """
    share = (CONFIG.grid.tile_cells / 400) ** 2 * minutes
    return lambda wildcards, attempt: attempt * math.ceil(
        20 + share * len(places_of(wildcards)) * len(years_of(wildcards))
    )
