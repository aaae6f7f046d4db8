"""The configuration: defaults filled in, every key known, one line for what is wrong."""

import copy
import difflib
from collections.abc import Iterator
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from forestflux.core.errors import InputError
from forestflux.core.grid import Grid


def check_config(config: dict, schema: Path) -> dict:
    """The configuration with every default filled in.

    Raises
    ------
    InputError : a key is unknown, missing, of the wrong type or out of range; or two
    keys contradict each other
    """
    rules = yaml.safe_load(schema.read_text())
    refuse_unknown(config, rules)
    complete = with_defaults(config, rules)
    error = best_match(Draft202012Validator(rules).iter_errors(complete))
    if error is not None:
        raise explain(error)
    check_across(complete)
    check_variants(complete, rules)
    return complete


def check_variants(config: dict, rules: dict) -> None:
    """Every variant of the ablation changes keys of `train` that exist, to what they take."""
    of_train = rules["properties"]["train"]
    for name, changes in config["ablation"]["variants"].items():
        refuse_unknown(changes, of_train, f"ablation.variants.{name}.")
        changed = merged(config["train"], changes)
        error = best_match(Draft202012Validator(of_train).iter_errors(changed))
        if error is not None:
            raise explain(error)


def merged(settings: dict, changes: dict) -> dict:
    """Settings with changes put in, section by section; both stay as they are."""
    result = dict(settings)
    for key, value in changes.items():
        whole = isinstance(value, dict) and isinstance(settings.get(key), dict)
        result[key] = merged(settings[key], value) if whole else value
    return result


def refuse_unknown(config: dict, rules: dict, path: str = "") -> None:
    """Stop at a key that the schema does not have and name the nearest one that it has."""
    known = rules.get("properties", {})
    for key, value in config.items():
        name = f"{path}{key}"
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            hint = f" (did you mean {path}{near[0]}?)" if near else ""
            raise InputError(
                "configuration",
                variable=name,
                expected=f"one of {', '.join(known)}{hint}",
                found="an unknown key",
            )
        if isinstance(value, dict) and "properties" in known[key]:
            refuse_unknown(value, known[key], f"{name}.")


def with_defaults(config: dict, rules: dict) -> dict:
    """A copy of the configuration with the schema's defaults where it is silent."""
    complete = copy.deepcopy(config)
    for key, rule in rules.get("properties", {}).items():
        if "properties" in rule:
            section = complete.get(key, {})
            complete[key] = (
                with_defaults(section, rule) if isinstance(section, dict) else section
            )
        elif "default" in rule:
            complete.setdefault(key, copy.deepcopy(rule["default"]))
    return complete


def explain(error: ValidationError) -> InputError:
    """One line for what the schema refuses: key, expected, found."""
    name = ".".join(map(str, error.absolute_path)) or "configuration"
    if error.validator == "required":
        missing = next(k for k in error.validator_value if k not in error.instance)
        full = f"{name}.{missing}" if error.absolute_path else missing
        return InputError(
            "configuration", variable=full, expected="a value", found="a missing key"
        )
    return InputError(
        "configuration",
        variable=name,
        expected=f"{error.validator} {error.validator_value}",
        found=repr(error.instance),
    )


def check_across(config: dict) -> None:
    """Rules that hold between keys."""
    first, last = config["years"]
    if first > last:
        refuse("years", "the first year before the last", f"{first} and {last}")
    check_sources(config)
    rows = 180 / config["grid"]["resolution_deg"]
    if abs(rows - round(rows)) > 1e-9:
        refuse(
            "grid.resolution_deg",
            "a divisor of 180",
            str(config["grid"]["resolution_deg"]),
        )
    if has_maps(config):
        for year in config["change"]["pair"]:
            if not first <= year <= last:
                refuse("change.pair", f"years within {first}-{last}", str(year))
        check_windows(config["change"]["windows"])
        check_parts(config)


def check_windows(windows: list[list[int]]) -> None:
    """The later window begins after the earlier one ends."""
    (start, end), (later_start, later_end) = windows
    if not start <= end < later_start <= later_end:
        expected = "two windows in order that share no year"
        refuse("change.windows", expected, str(windows))


def check_parts(config: dict) -> None:
    """Listed years and tiles are those of the run, and the pair is among the years."""
    first, last = config["years"]
    listed = config["only_years"]
    for year in listed:
        if not first <= year <= last:
            refuse("only_years", f"years within {first}-{last}", str(year))
    for year in config["change"]["pair"]:
        if listed and year not in listed:
            refuse(
                "only_years", f"the years of change.pair, {year} among them", "others"
            )
    grid = Grid(**config["grid"])
    for name in grid.only:
        grid.tile(name)


def check_sources(config: dict) -> None:
    """Real layers need real labels, and series from files need a folder of them."""
    source, towers = source_of(config), config["towers"]
    if source != "simulated" and labels_of(config) == "simulated":
        expected = f"a folder (or towers.archive), because source is {source}"
        refuse("towers.folder", expected, "none")
    if source == "files" and not (towers["folder"] or towers["subsets"]):
        refuse("towers.subsets", "a folder of series (or towers.folder)", "none")


def refuse(variable: str, expected: str, found: str) -> None:
    """Raise the one-line error of a configuration key."""
    raise InputError("configuration", variable=variable, expected=expected, found=found)


def source_of(config: dict) -> str:
    """Name of the source of layers: `auto` takes files when real towers are named."""
    if config["source"] != "auto":
        return config["source"]
    return "simulated" if labels_of(config) == "simulated" else "files"


def labels_of(config: dict) -> str:
    """Where towers and their fluxes come from: archive, folder or simulated."""
    if config["source"] == "simulated":
        return "simulated"
    if config["towers"]["archive"]:
        return "archive"
    return "folder" if config["towers"]["folder"] else "simulated"


def has_maps(config: dict) -> bool:
    """Whether the run has a map: a folder of towers alone has none."""
    return source_of(config) != "files"


def keys(rules: dict, path: str = "") -> Iterator[tuple[str, dict]]:
    """Every key of a schema with its dotted name, sections before their keys."""
    for key, rule in rules.get("properties", {}).items():
        yield f"{path}{key}", rule
        yield from keys(rule, f"{path}{key}.")


def reference(schema: Path) -> str:
    """The configuration reference in Markdown, made from the schema alone."""
    rules = yaml.safe_load(schema.read_text())
    lines = [
        "# Configuration reference",
        "",
        "Made from `workflow/schemas/config.schema.yaml` by `make docs`;"
        " edit the schema, not this page.",
        "An overlay names only the keys that differ: `snakemake --configfile mine.yaml`.",
        "",
    ]
    for name, rule in keys(rules):
        if "properties" in rule:
            lines += ["", f"## {name}", "", rule["description"], ""]
            lines += ["| key | default | unit | meaning |", "|---|---|---|---|"]
        elif "." not in name:
            head = f"**`{name}`** (default {default_of(rule)}; {unit_of(rule)})"
            lines += [f"{head}: {rule['description']}", ""]
        else:
            cells = (f"`{name}`", default_of(rule), unit_of(rule), rule["description"])
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(" ".join(line.split()) for line in lines) + "\n"


def default_of(rule: dict) -> str:
    """The default as it is written in YAML."""
    if "default" not in rule:
        return "required"
    text = yaml.safe_dump(rule["default"], default_flow_style=True, width=10**6)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def unit_of(rule: dict) -> str:
    """The unit (`x-unit` of the schema), else the choices, else the type."""
    if "x-unit" in rule:
        return rule["x-unit"]
    if "enum" in rule:
        return " / ".join(map(str, rule["enum"]))
    kind = rule.get("type", "")
    return " or ".join(kind) if isinstance(kind, list) else kind
