"""Contradictions between keys of a configuration, each named on one line.

What a single key or section can judge stands in its type (`forestflux.jobs.settings`).
"""

import math
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from pydantic import ValidationError

from forestflux.core.grids.grid import Grid
from forestflux.core.input_errors import InputError
from forestflux.core.names import FULL, GAP_PATTERNS, LAND_COVER, NETWORK
from forestflux.core.reading.typed_input import explain
from forestflux.jobs.settings.training_settings import (
    ClassicalModel,
    TrainSettings,
    with_changes,
)

if TYPE_CHECKING:
    from forestflux.jobs.configuration import Configuration

# More tiles than this take minutes to plan, and hours if each is a file.
MOST_TILES = 100_000
# A region may lie in one tile, and one cell alone has no side.
LEAST_CELLS = 2


def refuse_contradictions(configuration: "Configuration") -> None:
    """Refuse a configuration of which two keys contradict each other.

    Raises
    ------
    InputError : the first of them
    """
    check_sources(configuration)
    check_years(configuration)
    check_grid(configuration)
    check_figures(configuration)
    check_inputs(configuration)
    check_co2(configuration)
    check_compare(configuration)
    check_months(configuration)
    check_variants(configuration)


def check_sources(configuration: "Configuration") -> None:
    """Refuse real layers without real labels, and folders that the source does not read."""
    source, towers = configuration.layers_from, configuration.towers
    for name in ("folder", "fluxnet", "subsets"):
        folder = getattr(towers, name)
        if folder and configuration.source == "simulated":
            refuse(f"towers.{name}", "null, because source is simulated", folder)
    if towers.subsets and source != "files":
        expected = f"null, because series come from the source {source}"
        refuse("towers.subsets", expected, towers.subsets)
    if source != "simulated" and configuration.labels_from == "simulated":
        expected = f"a folder (or towers.fluxnet), because source is {source}"
        refuse("towers.folder", expected, "none")
    if source == "files" and configuration.successors:
        names = ", ".join(configuration.successors)
        refuse(
            "successors", "none, because source is files, which has no archive", names
        )
    if source == "files" and not (towers.folder or towers.subsets):
        refuse("towers.subsets", "a folder of series (or towers.folder)", "none")


def check_years(configuration: "Configuration") -> None:
    """Refuse listed years, pairs, windows and a year of series outside the mapped years."""
    if configuration.years[1] is None:
        return  # `close_years` has the years checked
    first, last = configuration.closed_years
    if first > last:
        refuse("years", "the first year before the last", f"{first} and {last}")
    if not configuration.has_maps:
        return
    change, listed = configuration.change, configuration.only_years
    (start, end), (later_start, later_end) = change.windows
    if not start <= end < later_start <= later_end:
        expected = "two windows in order that share no year"
        refuse("change.windows", expected, str([list(w) for w in change.windows]))
    for year in listed:
        if not first <= year <= last:
            refuse("only_years", f"years within {first}-{last}", str(year))
    mapped, unlabelled = (
        configuration.mapped_years,
        configuration.samples.unlabelled_year,
    )
    # One year has no change, which the rule says if it is asked for.
    for year in change.pair if len(mapped) > 1 else ():
        if not first <= year <= last:
            refuse("change.pair", f"years within {first}-{last}", str(year))
        if year not in mapped:
            expected = f"the years of change.pair, {year} among them"
            refuse("only_years", expected, "others")
    if change.pair[0] == change.pair[1] and len(mapped) > 1:
        refuse("change.pair", "two different years", f"{change.pair[0]} twice")
    if unlabelled is not None and unlabelled not in mapped:
        years = ", ".join(map(str, mapped)) if listed else f"{first}-{last}"
        refuse("samples.unlabelled_year", f"a mapped year of {years}", str(unlabelled))


def check_grid(configuration: "Configuration") -> None:
    """Refuse cells that do not divide the globe, too many tiles, a region without a map."""
    resolution = configuration.grid.resolution_deg
    rows = 180 / resolution
    if abs(rows - round(rows)) > 1e-9:
        refuse("grid.resolution_deg", "a divisor of 180", str(resolution))
    if configuration.has_maps and not configuration.region:
        grid = Grid(**configuration.grid.model_dump())
        tiles = math.prod(grid.tiles_across())
        if tiles > MOST_TILES:
            expected = f"tiles of which {MOST_TILES} or fewer cover the globe"
            refuse("grid.tile_cells", expected, f"{grid.tile_cells}, {tiles} tiles")
    if configuration.region and configuration.grid.tile_cells < LEAST_CELLS:
        expected = f"{LEAST_CELLS} cells or more, with a region"
        refuse("grid.tile_cells", expected, str(configuration.grid.tile_cells))
    if configuration.region and not configuration.has_maps:
        expected = "none, because a run of series at towers has no map"
        refuse("region", expected, str(list(configuration.region)))


def check_inputs(configuration: "Configuration") -> None:
    """Refuse gaps and layers of variables that are no input of the run."""
    inputs = configuration.inputs
    for name, listed, others in (
        ("evaluate.gaps.patterns", configuration.evaluate.gaps.patterns, GAP_PATTERNS),
        ("preview.layers", configuration.preview.layers, (LAND_COVER,)),
    ):
        for one in listed:
            if one not in (*inputs, *others):
                refuse(name, f"some of {', '.join((*others, *inputs))}", one)


def check_co2(configuration: "Configuration") -> None:
    """Refuse CO2 on top of years that differ like places: there is no level to multiply."""
    model = configuration.model
    if model.co2 != "none" and model.years != "response":
        refuse("model.co2", "none, because model.years is between", model.co2)


def check_compare(configuration: "Configuration") -> None:
    """Refuse products to compare with where there are no maps."""
    if configuration.compare and not configuration.has_maps:
        expected = "none, because a run of series at towers has no maps"
        refuse("compare", expected, ", ".join(configuration.compare))


def check_months(configuration: "Configuration") -> None:
    """Refuse files of months without months."""
    fluxes = configuration.fluxes
    if fluxes.ilamb and not fluxes.months:
        refuse("fluxes.ilamb", "false, because fluxes.months is false", "true")


def check_figures(configuration: "Configuration") -> None:
    """Refuse figures without PNG, which the report shows."""
    if "png" not in configuration.figures.formats:
        refuse(
            "figures.formats",
            "png among them",
            ", ".join(configuration.figures.formats),
        )


def check_variants(configuration: "Configuration") -> None:
    """Refuse variants of the ablation that cannot be, or are named like another model."""
    taken = (FULL, NETWORK, *get_args(ClassicalModel))
    for name, changes in configuration.ablation.variants.items():
        if name in taken:
            expected = f"another name than {', '.join(taken)}"
            refuse("ablation.variants", expected, name)
        check_variant(configuration.train, name, changes)


def check_variant(train: TrainSettings, name: str, changes: dict[str, Any]) -> None:
    """Refuse a variant of the ablation that changes keys of `train` to what they do not take."""
    try:
        with_changes(train, changes)
    except ValidationError as error:
        within = f"ablation.variants.{name}"
        raise explain(error, TrainSettings, "configuration", within=within) from None


def refuse(variable: str, expected: str, found: str) -> NoReturn:
    """Raise the one-line error of a configuration key."""
    raise InputError("configuration", variable=variable, expected=expected, found=found)
