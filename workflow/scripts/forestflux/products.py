"""The product table: what each variable is in the archive and how its numbers are read."""

from collections.abc import Mapping
from pathlib import Path

import xarray as xr
import yaml

from forestflux.errors import InputError
from forestflux.names import REASONS, VARIABLES

STAGES = ("extract", "cube", "mask")
KEYS = {
    "extract": {
        "collections",
        "band",
        "quality_band",
        "dtype",
        "quality_dtype",
        "absent",
        "quality_absent",
        "window",
        "cells_per_pixel",
        "sum_over_step",
        "classes",
    },
    "cube": {"step_days", "daily"},
    "mask": {
        "scale",
        "offset",
        "fill",
        "fill_reason_from_quality",
        "valid",
        "per_composite",
        "multiply",
        "clip_below",
        "physical",
        "quality",
    },
}


def read_products(path: Path) -> dict:
    """The whole product table, checked: {variable: {units, tile, tower, table}}.

    Raises
    ------
    InputError : the file is not YAML, a variable is missing, a key is not known, a
    rule's reason is not one of ours
    """
    try:
        table = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise InputError(
            path, variable="file", expected="readable YAML", found=str(error)
        ) from error
    missing = [name for name in VARIABLES if name not in table]
    if missing:
        raise InputError(
            path, variable=missing[0], expected="an entry", found="nothing"
        )
    for variable, entry in table.items():
        for variant in ("tile", "tower", "table"):
            if variant in entry:
                check_entry(path, f"{variable}.{variant}", entry[variant])
    return table


def check_entry(path: Path, name: str, entry: dict) -> None:
    """Refuse unknown stages, unknown keys and unknown reasons of one entry."""
    for stage, section in entry.items():
        unknown = set(section) - KEYS.get(stage, set())
        if stage not in STAGES or unknown:
            raise InputError(
                path,
                variable=f"{name}.{stage}",
                expected=f"only {', '.join(sorted(KEYS.get(stage, STAGES)))}",
                found=", ".join(sorted(unknown)) or stage,
            )
    for rule in entry.get("mask", {}).get("quality", []):
        if rule.get("reason") not in REASONS:
            raise InputError(
                path,
                variable=f"{name}.mask.quality.reason",
                expected=f"one of {', '.join(REASONS)}",
                found=str(rule.get("reason")),
            )


def select(table: dict, variant: str, *stages: str) -> dict:
    """The sections of some stages for one variant: {variable: {stage: section}}.

    Rules pass on only the sections that their stage reads, so that an edit of a quality
    rule leaves the extraction as it is.
    """
    return {
        variable: {stage: entry[variant].get(stage, {}) for stage in stages}
        for variable, entry in table.items()
        if variant in entry
    }


def pick(products: dict, variants: Mapping[str, str]) -> dict:
    """The sections that each variable's numbers follow: {variable: {stage: section}}.

    Parameters
    ----------
    products : by column of the product table what `select` gives; towers may mix columns
    variants : column of each variable; variables that are not named have no sections
    """
    variables = {name for column in products.values() for name in column}
    return {
        variable: products[variants[variable]][variable] if variable in variants else {}
        for variable in sorted(variables)
    }


def variants_of(dataset: xr.Dataset) -> dict[str, str]:
    """Column of the product table that each variable of a native store follows."""
    arrays = dataset.data_vars.items()
    return {name: a.attrs["variant"] for name, a in arrays if "variant" in a.attrs}
