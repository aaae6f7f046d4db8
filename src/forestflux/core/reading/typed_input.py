"""Input as frozen types: checked once when it is read, one line for what does not fit."""

import difflib
import json
import re
from collections.abc import Iterator
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from forestflux.core.input_errors import InputError

# Names that pydantic adds to a place: of the type where several are possible, of a mapping's key.
TYPE_NAMES = {"int", "float", "str", "[key]"}


class FrozenModel(BaseModel):
    """Something that is read from a file or a flag: no unknown key, no later change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False
    )

    @classmethod
    def read(
        cls,
        content: Any,  # noqa: ANN401 - whatever a file holds
        source: object,
        *,
        within: str = "",
    ) -> Self:
        """The checked content of a file.

        Parameters
        ----------
        content : mappings, lists and numbers, as YAML gives them
        source, within : the file and the key above, for messages

        Raises
        ------
        InputError : an unknown or missing key, or a value of another type
        """
        # The NaN of YAML has a sign and that of JSON has none. Jobs read JSON, so that
        # everybody gets the same bits.
        return cls.read_json(json.dumps(content), source, within=within)

    @classmethod
    def read_json(cls, text: str, source: object, *, within: str = "") -> Self:
        """The checked content of a JSON text, as `read` does."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise explain(error, cls, source, within=within) from None

    def to_json(self) -> str:
        """JSON that `read_json` takes; keys that were not given are left out."""
        return json.dumps(self.model_dump(exclude_unset=True, exclude_none=True))


def explain(
    error: ValidationError,
    model: type[BaseModel],
    source: object,
    *,
    within: str = "",
) -> InputError:
    """One line for the first thing that a type refuses: key, expected, found.

    Parameters
    ----------
    error : what pydantic found
    model : the type that was asked for
    source, within : the file and the key above
    """
    faults = error.errors(include_url=False)
    # An unknown key is often the misspelt one that is missing as well.
    unknown = (fault for fault in faults if fault["type"] == "extra_forbidden")
    first = next(unknown, faults[0])
    place = [str(part) for part in first["loc"] if part not in TYPE_NAMES]
    parents = [within] if within else []
    expected, found = expectation_of(first), repr(first["input"])
    if first["type"] == "missing":
        found = "a missing key"
    elif first["type"] == "extra_forbidden":
        expected, found = expected_keys(model, place, parents), "an unknown key"
    return InputError(
        str(source),
        variable=".".join(parents + place) or "content",
        expected=expected,
        found=found,
    )


def expectation_of(fault: ErrorDetails) -> str:
    """What a key takes, in words."""
    if fault["type"] == "missing":
        return "a value"
    if fault["type"] in ("model_type", "dict_type"):
        return "a section of keys"
    text = fault["msg"].removeprefix("Value error, ")
    text = re.sub(r"^String should match pattern", "text that matches", text)
    return re.sub(r"^(Input|String|Tuple|List|Value) should (be |have )?", "", text)


def expected_keys(model: type[BaseModel], place: list[str], parents: list[str]) -> str:
    """The keys that stand beside an unknown one, with the nearest to it."""
    known = known_keys(model, place[:-1])
    near = difflib.get_close_matches(place[-1], known, n=1)
    beginning = "".join(f"{part}." for part in parents + place[:-1])
    hint = f" (did you mean {beginning}{near[0]}?)" if near else ""
    return f"one of {', '.join(known)}{hint}"


def known_keys(model: type[BaseModel], place: list[str]) -> list[str]:
    """The keys that a type knows at a place within it."""
    for part in place:
        field = model.model_fields.get(part) or model.model_fields.get("root")
        if field is not None:
            model = next(models_within(field.annotation), model)
    return list(model.model_fields)


def models_within(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that an annotation such as `dict[str, Model] | None` names."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_within(argument)
