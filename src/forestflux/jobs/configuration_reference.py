"""The configuration reference in Markdown and as JSON Schema, made from the types alone."""

import types
import typing
from collections.abc import Iterator, Mapping

import yaml
from pydantic.fields import FieldInfo

from forestflux.jobs.configuration import Configuration
from forestflux.jobs.settings.section import Section


def sections(
    root: type[Section], path: str = ""
) -> Iterator[tuple[str, type[Section]]]:
    """Every section with its dotted name, a section before the sections inside it."""
    yield path, root
    for name, field in root.model_fields.items():
        if is_section(field.annotation):
            inner = f"{path}.{name}" if path else name
            yield from sections(typing.cast(type[Section], field.annotation), inner)


def is_section(kind: object) -> bool:
    """Whether a key's type is a section."""
    return isinstance(kind, type) and issubclass(kind, Section)


def keys(root: type[Section]) -> Iterator[tuple[str, FieldInfo]]:
    """Every key that is no section, with its dotted name."""
    for path, section in sections(root):
        for name, field in section.model_fields.items():
            if not is_section(field.annotation):
                yield (f"{path}.{name}" if path else name), field


def reference() -> str:
    """The reference page: a table for each section, whose rows are all keys of its own."""
    lines = [
        "# Configuration reference",
        "",
        "This page is made from the types in `src/forestflux/jobs/settings` by `make docs`.",
        "An overlay names only the keys that differ: `snakemake --configfile mine.yaml`.",
        "A key marked *runtime* changes no number (`infer.device` within a tolerance): only the"
        " report, which prints it, is made anew.",
    ]
    for path, section in sections(Configuration):
        fields = {
            (f"{path}.{name}" if path else name): field
            for name, field in section.model_fields.items()
            if not is_section(field.annotation)
        }
        lines += table_of(f"## {path or 'The run'}", section, fields)
        for name, field in fields.items():
            for inner in sections_within(field.annotation):
                title = f"### Each of `{name}`"
                lines += table_of(title, inner, inner.model_fields)
    return "\n".join(lines) + "\n"


def table_of(
    title: str, section: type[Section], fields: Mapping[str, FieldInfo]
) -> list[str]:
    """Lines of the table of a section's keys."""
    return [
        *("", title, "", one_line(section.__doc__), ""),
        *("| key | default | unit or values | meaning |", "|---|---|---|---|"),
        *(row_of(name, field) for name, field in fields.items()),
    ]


def sections_within(annotation: object) -> Iterator[type[Section]]:
    """The section of which a key holds several, by name or in a list."""
    for argument in typing.get_args(annotation):
        if is_section(argument):
            yield argument


def row_of(name: str, field: FieldInfo) -> str:
    """The row of a key."""
    runtime = " *(runtime)*" if extra_of(field).get("runtime") else ""
    meaning = one_line(field.description) + runtime
    cells = (f"`{name}`", default_of(field), unit_of(field), meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def one_line(text: str | None) -> str:
    """A text on one line."""
    return " ".join((text or "").split())


def extra_of(field: FieldInfo) -> dict[str, typing.Any]:
    """Unit and mark of a key, as `section.key` keeps them."""
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def default_of(field: FieldInfo) -> str:
    """The default as it is written in YAML."""
    if field.is_required():
        return "required"
    plain = plain_value(field.default)
    text = yaml.safe_dump(plain, default_flow_style=True, width=10**6, sort_keys=False)
    return f"`{text.removesuffix('...' + chr(10)).strip()}`"


def plain_value(value: object) -> object:
    """A default as YAML can write it."""
    if isinstance(value, Section):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [plain_value(part) for part in value]
    return value


def unit_of(field: FieldInfo) -> str:
    """The unit, else the values that the key takes, else its type."""
    unit = extra_of(field).get("unit")
    if unit:
        return str(unit)
    kind = field.annotation
    if typing.get_origin(kind) is typing.Literal:
        return " / ".join(map(str, typing.get_args(kind)))
    names = {bool: "true / false", int: "integer", float: "number", str: "text"}
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(part for part in typing.get_args(kind) if part is not type(None))
    return names.get(typing.cast(type, kind), "")
