"""Small files, written at once: text and JSON. Nothing heavy is imported."""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.core.reading.plain_text import is_printable


def write_json(path: Path, content: object) -> None:
    """Write a manifest or another small JSON file at once.

    Raises
    ------
    ValueError : NaN or infinity, which JSON does not have
    """
    text = json.dumps(content, indent=1, sort_keys=True, allow_nan=False)
    write_text(path, f"{text}\n")


def write_text(path: Path, text: str) -> None:
    """Write a file at once: readers see the old one or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def read_json(path: Path) -> dict:
    """Read a manifest or another small JSON file.

    Raises
    ------
    InputError : the file is missing or damaged, or holds something else than an object of keys
    """
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            path, variable="file", expected="readable JSON", found=str(error)
        ) from error
    if not isinstance(content, dict):
        found = json.dumps(content)[:60]
        raise InputError(
            path, variable="file", expected="a JSON object of keys", found=found
        )
    return content


def refuse_odd_names(paths: Iterable[Path]) -> None:
    """Refuse files whose names do not print: they would get into logs, tables and commands.

    Raises
    ------
    InputError : the first of them
    """
    for path in paths:
        if not is_printable(str(path)):
            raise InputError(
                path,
                variable="name",
                expected="printable characters in UTF-8",
                found=path.name,
            )


# Spreadsheets run a text that begins so as a formula, unless it is a number with a unit.
FORMULA = re.compile(r"'*[=+\-@]")
SIGNED_NUMBER = re.compile(r"[+-][\d.]+(e[+-]?\d+)?( [\w -]*)?", re.ASCII)


def escape_text(text: str) -> str:
    """A text as a table holds it, with `'` in front of what would be a formula."""
    formula = FORMULA.match(text) and not SIGNED_NUMBER.fullmatch(text)
    return f"'{text}" if formula else text


def unescape_text(text: str) -> str:
    """The text that `escape_text` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text
