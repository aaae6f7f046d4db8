"""YAML files: read as plain values, with every key once."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from forestflux.core.input_errors import InputError


class RepeatedKeyError(yaml.YAMLError):
    """A key that a mapping has twice."""


class UniqueKeyLoader(yaml.SafeLoader):
    """Plain values only; YAML's own loaders let the second of two equal keys win."""

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Hashable, Any]:
        """The mapping of a node.

        Raises
        ------
        RepeatedKeyError : a key is there twice
        """
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, Hashable):
                continue  # which the loader itself refuses
            if key in lines:
                raise RepeatedKeyError(f"{key} on line {lines[key]} and on line {line}")
            lines[key] = line
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds.

    Raises
    ------
    InputError : no such file, no UTF-8, no YAML, no mapping, or a key that is there twice
    """
    try:
        content = yaml.load(path.read_text("utf-8"), UniqueKeyLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        repeated = isinstance(error, RepeatedKeyError)
        expected = "each key once" if repeated else "readable YAML in UTF-8"
        raise InputError(
            path, variable="file", expected=expected, found=str(error)
        ) from error
    if not isinstance(content, dict):
        raise InputError(
            path,
            variable="file",
            expected="a mapping of keys",
            found=type(content).__name__,
        )
    return content
