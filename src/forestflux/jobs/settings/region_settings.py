"""Setting: the region of a run, in the forms that people write it."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator

Box = tuple[float, float, float, float]
BOX_LENGTH = 4
EXPECTED = (
    "a country, a box of west,south,east,north, a file of polygons, a tile, or a list"
    " of these"
)


def split_region(value: Any) -> tuple[str | Box, ...]:  # noqa: ANN401 - whatever YAML gives
    """The parts of a region: one part may stand without a list, a box as text or as numbers.

    Raises
    ------
    ValueError : something else, or a part twice
    """
    if value is None:
        return ()
    alone = isinstance(value, str) or is_box(value)
    if not alone and not isinstance(value, list | tuple):
        # YAML takes NO for false.
        raise ValueError(f"{EXPECTED}; a name such as NO in quotation marks")
    parts = tuple(read_part(part) for part in ([value] if alone else value))
    if len(set(parts)) < len(parts):
        raise ValueError("each part once")
    return parts


def read_part(part: Any) -> str | Box:  # noqa: ANN401 - whatever YAML gives
    """One part of a region; texts of four numbers become a box."""
    if isinstance(part, str):
        numbers = part.split(",")
        return read_box(numbers) if is_box(numbers) else refuse_blank(part)
    if is_box(part):
        return read_box(part)
    raise ValueError(f"{EXPECTED}; a name such as NO in quotation marks")


def refuse_blank(text: str) -> str:
    """The text as it is; nothing but blanks is refused."""
    if not text.strip() or text != text.strip():
        raise ValueError("a name or path without blanks around it")
    return text


def is_box(value: Any) -> bool:  # noqa: ANN401 - whatever YAML gives
    """Whether something has the form of a box: four numbers, some or all of them as text."""
    return (
        isinstance(value, list | tuple)
        and len(value) == BOX_LENGTH
        and all(is_number(part) for part in value)
    )


def is_number(part: Any) -> bool:  # noqa: ANN401 - whatever YAML gives
    """Whether something is a finite number or the text of one."""
    if isinstance(part, bool):
        return False
    text = str(part) if isinstance(part, int | float | str) else ""
    return re.fullmatch(r"\s*[-+]?\d+(\.\d*)?(e[-+]?\d+)?\s*", text, re.I) is not None


def read_box(numbers: Any) -> Box:  # noqa: ANN401 - four numbers or texts of numbers
    """West, south, east and north; an east that is less than the west lies across 180 degrees.

    Raises
    ------
    ValueError : no box on the globe
    """
    # As text: a whole number may be too large for a float.
    west, south, east, north = (float(str(number)) for number in numbers)
    if not (
        -180 <= west <= 180
        and -180 <= east <= 180
        and west != east
        and -90 <= south < north <= 90
    ):
        raise ValueError("a box with west, south, east and north in degrees")
    return west, south, east, north


Region = Annotated[tuple[str | Box, ...], BeforeValidator(split_region)]
