"""Input as frozen types: checked once when it is read, one line for what does not fit."""

import difflib
import json
from collections.abc import Iterator
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from forestflux.core.errors import InputError

# Names that pydantic adds to a place where several types are possible.
TYPE_NAMES = {"int", "float", "str"}


class FrozenModel(BaseModel):
    """Something that is read from a file or a flag: no unknown key, no later change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

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
    """One line for the first thing that a type refuses: key, expected, found."""
    faults = error.errors(include_url=False)
    # An unknown key is often the misspelt one that is missing as well.
    unknown = (fault for fault in faults if fault["type"] == "extra_forbidden")
    first = next(unknown, faults[0])
    place = [str(part) for part in first["loc"] if part not in TYPE_NAMES]
    above = [within] if within else []
    name, found = ".".join(above + place) or "content", repr(first["input"])
    if first["type"] == "extra_forbidden":
        known = known_keys(model, place[:-1])
        near = difflib.get_close_matches(place[-1], known, n=1)
        beginning = "".join(f"{part}." for part in above + place[:-1])
        hint = f" (did you mean {beginning}{near[0]}?)" if near else ""
        expected, found = f"one of {', '.join(known)}{hint}", "an unknown key"
    elif first["type"] == "missing":
        expected, found = "a value", "a missing key"
    elif first["type"] == "value_error":
        expected = str(first["ctx"]["error"])
    else:
        expected = first["msg"].removeprefix("Input should be ")
    return InputError(str(source), variable=name, expected=expected, found=found)


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
