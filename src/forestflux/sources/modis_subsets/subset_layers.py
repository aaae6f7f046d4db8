"""The table of layers: how files of subsets name what a variable needs."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from forestflux.core.eight_day import STEP_DAYS
from forestflux.core.errors import InputError
from forestflux.core.product_table import ProductTable

ROLES = ("band", "quality_band", "quality_detail")
KEYS = {"layers", "quality_codes", "quality_unknown"}
LAYER_KEYS = {"products", "pixel_m", *ROLES}
STORED = ("dtype", "quality_dtype", "absent", "quality_absent", "window")


def read_layers(path: Path, products: ProductTable) -> dict:
    """The checked table: {variable: {layers, quality_codes, quality_unknown}}.

    Parameters
    ----------
    products : the product table, whose variables may have layers

    Raises
    ------
    InputError : the file is not YAML, names an unknown variable, or an entry has other
        keys than these
    """
    try:
        table = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise InputError(
            path, variable="file", expected="readable YAML", found=str(error)
        ) from error
    for variable, entry in table.items():
        if variable not in products.variables:
            expected = f"one of {', '.join(products.variables)}"
            raise InputError(path, variable=variable, expected=expected, found="none")
        for keys, known in (
            (set(entry), KEYS),
            *((set(x), LAYER_KEYS) for x in entry["layers"]),
        ):
            if not keys <= known:
                raise InputError(
                    path,
                    variable=variable,
                    expected=f"only {', '.join(sorted(known))}",
                    found=", ".join(sorted(keys - known)),
                )
    return table


def with_numbers(layers: dict, products: ProductTable) -> dict:
    """The table of layers with what the product table's column `tower` says of numbers.

    Only what a reader of files needs: a quality rule may change without reading again.

    Parameters
    ----------
    layers : result of `read_layers`
    products : the product table

    Returns
    -------
    {variable: the entry, and `stored` (types, absent codes, window), `scaled` (scale,
        offset, fill, and physical in the unit of the stored number, sums over eight days
        where it is one)}
    """
    table, towers = {}, products.column("tower")
    for variable, entry in layers.items():
        extract, mask = towers[variable].extract, towers[variable].mask
        days = STEP_DAYS if mask.per_composite else 1
        scaled = {key: getattr(mask, key) for key in ("scale", "offset", "fill")}
        scaled["physical"] = [bound * days for bound in mask.physical]
        stored = {key: getattr(extract, key) for key in STORED}
        table[variable] = entry | {"stored": stored, "scaled": scaled}
    return table


def known_layers(table: Mapping[str, dict]) -> dict[tuple[str, str], dict]:
    """What is known of each layer by (product, layer).

    Returns
    -------
    role : `band`, `quality_band` or `quality_detail`
    pixel_m, native_m, window : side of its pixel, of the variable's native pixel, m, and
        native pixels of the window
    dtype : as which it is kept
    scaled : what undoes the scaling of AppEEARS; empty for quality layers
    """
    known = {}
    for entry in table.values():
        section = entry["stored"]
        for layer in entry["layers"]:
            for role in ROLES:
                if role not in layer:
                    continue
                dtype = section["dtype" if role == "band" else "quality_dtype"]
                facts = {
                    "role": role,
                    "pixel_m": layer["pixel_m"],
                    "native_m": entry["layers"][0]["pixel_m"],
                    "window": section["window"],
                    "dtype": "uint16" if role == "quality_detail" else dtype,
                    "scaled": entry["scaled"] if role == "band" else {},
                }
                for product in layer["products"]:
                    known[product, layer[role]] = facts
    return known
