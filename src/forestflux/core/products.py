"""The product table: what each variable is in the archive and how its numbers are read."""

import json
from collections.abc import Mapping
from pathlib import Path

import xarray as xr
import yaml

from forestflux.core.errors import InputError
from forestflux.core.names import REASONS, VARIABLES

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
        "grid",
        "years",
        "latitudes",
        "archive",
        "average",
        "request_cells",
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
        "share",
    },
}


def read_products(path: Path, alternates: Mapping[str, str] | None = None) -> dict:
    """The whole product table, checked: {variable: {units, tile, tower, table}}.

    Parameters
    ----------
    path : the table; other products for a variable lie beside it in `alternates.yaml`
    alternates : variable and name of the product that it takes instead

    Raises
    ------
    InputError : a file is not YAML, a variable is missing, a key is not known, a rule's
    reason is not one of ours, there is no such product for a variable
    """
    table = read_table(path)
    missing = [name for name in VARIABLES if name not in table]
    if missing:
        raise InputError(
            path, variable=missing[0], expected="an entry", found="nothing"
        )
    if alternates:
        beside = path.with_name("alternates.yaml")
        others = read_table(beside)
        for variable, name in alternates.items():
            known = others.get(variable, {})
            if name not in known:
                raise InputError(
                    beside,
                    variable=f"alternates.{variable}",
                    expected=f"one of {', '.join(known) or 'none'}",
                    found=name,
                )
            table[variable] = merged(table[variable], known[name])
    for variable, entry in table.items():
        for variant in ("tile", "tower", "table"):
            if variant in entry:
                check_entry(path, f"{variable}.{variant}", entry[variant])
    return table


def read_table(path: Path) -> dict:
    """The content of a table of products.

    Raises
    ------
    InputError : the file is not YAML
    """
    try:
        # The NaN of YAML has a sign, that of JSON, in which jobs get the table, has none.
        return json.loads(json.dumps(yaml.safe_load(path.read_text())))
    except (OSError, yaml.YAMLError) as error:
        raise InputError(
            path, variable="file", expected="readable YAML", found=str(error)
        ) from error


def merged(entry: dict, changes: dict) -> dict:
    """An entry with what differs, key by key; a null removes a key."""
    result = dict(entry)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


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
    rules = [*entry.get("mask", {}).get("quality", [])]
    rules += entry.get("extract", {}).get("average", {}).get("quality", [])
    for rule in rules:
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


def sections_of(products: dict) -> dict:
    """The `extract` sections of a part of the product table by variable."""
    return {variable: entry["extract"] for variable, entry in products.items()}


def cells_before(section: dict) -> int:
    """Cells by which a coarser product's first pixel reaches beyond a tile's north-west corner.

    ERA5-Land has its grid points at whole tenths of a degree, so its pixels begin half a
    pixel before the meridian at 180 W and before the pole.
    """
    factor = section.get("cells_per_pixel", 1)
    if factor == 1 or "grid" not in section:
        return 0
    west = -180 - section["grid"]["corner"][0]
    return round(west / section["grid"]["pixel"] * factor)


def native_shape(section: dict, cells: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of native pixels over a place of so many cells."""
    window, coarse = section["window"], section.get("cells_per_pixel", 1)
    before = cells_before(section)
    return tuple(-(-(length * window + before) // coarse) for length in cells)
