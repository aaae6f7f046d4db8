"""Entries of the product table as YAML has them: other products and successors are merged in."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from forestflux.core.input_errors import InputError
from forestflux.core.reading.yaml_files import read_yaml

# Columns of products that an archive has; a successor must have the first two of them.
NEEDED = ("tile", "tower")
ARCHIVED = (*NEEDED, "fine_tile")
SUCCESSOR = "successor"

Entry = dict[str, Any]


def choose_products(
    content: dict[str, Entry],
    beside: Path,
    *,
    alternates: Mapping[str, str],
    successors: Mapping[str, int],
) -> dict[str, Entry]:
    """The table with the products that a run chooses.

    Parameters
    ----------
    content : entries by variable
    beside : the file of other products
    alternates : variable and name of the product that it takes instead
    successors : variable and the first year of the product that its own one names

    Raises
    ------
    InputError : there is no such product for a variable, or it lacks tiles or towers
    """
    others = read_yaml(beside) if alternates or successors else {}
    chosen = dict(content)
    for variable, name in alternates.items():
        alternate = find_alternate(others, beside, variable, name)
        chosen[variable] = merge_alternate(chosen[variable], alternate)
    for variable, first_year in successors.items():
        named = {each: entry.get(SUCCESSOR) for each, entry in chosen.items()}
        successor = named.get(variable)
        if successor is None:
            listed = ", ".join(each for each, other in named.items() if other)
            raise InputError(
                "configuration",
                variable=f"successors.{variable}",
                expected=f"a variable whose product has a successor: {listed or 'none'}",
                found="none",
            )
        alternate = find_alternate(others, beside, variable, successor)
        for column in NEEDED:
            if column in chosen[variable] and column not in alternate:
                raise InputError(
                    beside,
                    variable=f"{variable}.{successor}.{column}",
                    expected="this column of a product that is a successor",
                    found="nothing",
                )
        chosen[variable] = add_successor(chosen[variable], alternate, first_year)
    return {
        variable: {key: part for key, part in entry.items() if key != SUCCESSOR}
        for variable, entry in chosen.items()
    }


def find_alternate(
    others: Mapping[str, Mapping[str, Entry]], beside: Path, variable: str, name: str
) -> Entry:
    """What differs of another product for a variable.

    Raises
    ------
    InputError : there is none of this name
    """
    choices = others.get(variable, {})
    if name not in choices:
        raise InputError(
            beside,
            variable=f"alternates.{variable}",
            expected=f"one of {', '.join(choices) or 'none'}",
            found=name,
        )
    return choices[name]


def add_successor(entry: Entry, alternate: Entry, first_year: int) -> Entry:
    """An entry each of whose products knows what takes over from a year on.

    Cells finer than the alternate knows of have no product at all: years on both sides would
    else be of one product in silence.
    """
    columns = {
        column: entry[column]
        | {
            SUCCESSOR: {
                "first_year": first_year,
                "product": merge(entry[column], alternate[column]),
            }
        }
        for column in ARCHIVED
        if column in entry and column in alternate
    }
    kept = {key: part for key, part in entry.items() if key not in ARCHIVED}
    return kept | columns


def add_units(product: Entry, units: object) -> Entry:
    """A product with the unit of its variable, its successor too."""
    after = product.get(SUCCESSOR)
    if isinstance(after, dict):
        later = add_units(after["product"], units)
        product = product | {SUCCESSOR: after | {"product": later}}
    return product | {"units": units}


def merge_alternate(entry: Entry, alternate: Entry) -> Entry:
    """An entry with another product; cells finer than the alternate knows of have none."""
    merged = merge(entry, alternate)
    if "fine_tile" not in alternate:
        merged.pop("fine_tile", None)
    return merged


def merge(entry: Entry, changes: Entry) -> Entry:
    """An entry with what differs, key by key; a null removes a key."""
    result = dict(entry)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = value
    return result
