"""What every section of the configuration is: frozen, typed, every key known and described."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from forestflux.core.reading.plain_text import refuse_unplain


class Section(BaseModel):
    """A section of the configuration.

    The description of a key is the text below it, so that rewording it makes no stage stale:
    checksums of code leave plain texts out.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,  # a default has the same form as the same value in YAML
    )

    @field_validator("*")
    @classmethod
    def check_texts(cls, value: object) -> object:
        """The value as it is; texts go into file names, logs and pages, so all are plain."""
        for text in texts_within(value):
            refuse_unplain(text)
        return value

    def numbers(self, *names: str) -> dict[str, Any]:
        """The keys on which numbers depend, as JSON holds them: what goes into `params`.

        Parameters
        ----------
        names : the keys that a stage reads, where it does not read all
        """
        chosen = set(names or type(self).model_fields) - self.runtime_keys()
        return self.model_dump(mode="json", include=chosen)

    def runtime(self) -> dict[str, Any]:
        """The keys that change no number: threads, devices, addresses, memory."""
        return self.model_dump(mode="json", include=self.runtime_keys())

    @classmethod
    def runtime_keys(cls) -> set[str]:
        """Names of the keys that change no number."""
        return {
            name
            for name, field in cls.model_fields.items()
            if isinstance(field.json_schema_extra, dict)
            and field.json_schema_extra.get("runtime")
        }


def key(
    default: Any = ...,  # noqa: ANN401 - a default has the type of its key
    *,
    unit: str = "",
    runtime: bool = False,
    **bounds: Any,  # noqa: ANN401 - whatever pydantic's Field takes
) -> Any:  # noqa: ANN401 - stands where a key's type is
    """A key with its unit.

    Parameters
    ----------
    default : required where not given
    unit : as the reference page names it
    runtime : whether the key changes no number, so that no stage gets stale by it
    bounds : `ge`, `le`, `gt`, `lt`, `min_length`, `pattern`
    """
    extra: dict[str, Any] = {"unit": unit} | ({"runtime": True} if runtime else {})
    return Field(default, json_schema_extra=extra, **bounds)


def texts_within(value: object) -> Iterator[str]:
    """The texts of a value: itself, its parts, names and values of a mapping."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from texts_within(name)
            yield from texts_within(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from texts_within(part)


def refuse_repeats(values: tuple) -> tuple:
    """The values as they are; a repeated one is refused."""
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


Unique = AfterValidator(refuse_repeats)


def refuse_empty_range(bounds: tuple[float, float]) -> tuple[float, float]:
    """The bounds as they are; a range without any number in it is refused."""
    if bounds[0] >= bounds[1]:
        raise ValueError("a lower number before a higher one")
    return bounds


def refuse_reversed_years(
    years: tuple[int, int | None] | None,
) -> tuple[int, int | None] | None:
    """The years as they are; a last year before the first is refused. It may be open."""
    if years and years[1] is not None and years[0] > years[1]:
        raise ValueError("the first year before the last")
    return years


def refuse_pattern(path: str | None) -> str | None:
    """The path as it is; refused if it is empty or if Snakemake would fill it in."""
    if path is not None and (not path or path != path.strip()):
        raise ValueError("a path without blanks around it, or null")
    if path and set(path) & set("{}<>"):
        raise ValueError("a path without braces and < >, which Snakemake would fill in")
    return path


Range = Annotated[tuple[float, float], AfterValidator(refuse_empty_range)]
YearsInOrder = AfterValidator(refuse_reversed_years)
PlainPath = AfterValidator(refuse_pattern)
