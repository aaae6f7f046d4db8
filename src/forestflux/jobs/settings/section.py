"""What every section of the configuration is: frozen, typed, every key known and described."""

from typing import Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


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


def refuse_repeats(values: tuple) -> tuple:
    """The values as they are; a repeated one is refused."""
    if len(set(values)) < len(values):
        raise ValueError("each value once")
    return values


Unique = AfterValidator(refuse_repeats)
