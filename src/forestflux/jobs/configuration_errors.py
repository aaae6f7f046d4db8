"""What is wrong with a configuration, in one line that names the key and what it takes."""

import difflib
import re
from typing import NoReturn

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from forestflux.core.errors import InputError


def refuse(variable: str, expected: str, found: str) -> NoReturn:
    """Raise the one-line error of a configuration key."""
    raise InputError("configuration", variable=variable, expected=expected, found=found)


def refused_key(
    error: ValidationError, root: type[BaseModel], prefix: str = ""
) -> InputError:
    """The line for the first key that is refused; unknown keys come first.

    Parameters
    ----------
    error : what pydantic found
    root : the type that was asked for
    prefix : of the names of keys, `ablation.variants.small.`
    """
    faults = error.errors(include_url=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    name = prefix + ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return unknown_key(fault, name, root)
    if fault["type"] == "missing":
        return InputError(
            "configuration", variable=name, expected="a value", found="a missing key"
        )
    return InputError(
        "configuration",
        variable=name or "configuration",
        expected=expectation_of(fault),
        found=repr(fault["input"]),
    )


def unknown_key(fault: ErrorDetails, name: str, root: type[BaseModel]) -> InputError:
    """The line for a key that its section does not have, with the nearest one that it has."""
    section: object = root
    for part in fault["loc"][:-1]:
        fields = getattr(section, "model_fields", {})
        section = fields[part].annotation if part in fields else None
    known = list(getattr(section, "model_fields", {}))
    near = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1)
    parent = name.removesuffix(str(fault["loc"][-1]))
    hint = f" (did you mean {parent}{near[0]}?)" if near else ""
    return InputError(
        "configuration",
        variable=name,
        expected=f"one of {', '.join(known)}{hint}",
        found="an unknown key",
    )


def expectation_of(fault: ErrorDetails) -> str:
    """What a key takes, in words."""
    if fault["type"] in ("model_type", "dict_type"):
        return "a section of keys"
    text = fault["msg"].removeprefix("Value error, ")
    text = re.sub(r"^String should match pattern", "text that matches", text)
    return re.sub(r"^(Input|String|Tuple|List|Value) should (be |have )?", "", text)
