"""The script for the Code Editor of Earth Engine: the expression and what to do with it."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forestflux.publish.online.region import Region

ASSETS = ("online.js",)  # read by `forestflux.jobs.code_checksum` as well
# Pixels of a map tile are 28 cells of 0.05 degree at this zoom.
ZOOM = 8
# Columns of a comment.
WIDTH = 100
# Cells that are computed together.
SHARD_CELLS = 32


@dataclass(frozen=True)
class Script:
    """What goes into the script.

    Attributes
    ----------
    expression : the image as the client serialises it
    properties : of the image
    region : that is exported, and whose middle the map shows
    resolution_deg : side of a cell
    bands : of the image
    """

    expression: str
    properties: Mapping[str, str | int | float]
    region: Region
    resolution_deg: float
    bands: tuple[str, ...]


def write_script(script: Script) -> str:
    """The text of `online.js`, which needs no asset."""
    region, properties = script.region, script.properties
    literal = write_expression(script.expression)
    text = Path(__file__).with_name(*ASSETS).read_text()
    parts = {
        "title": properties["title"],
        "year": properties["year"],
        "facts": list_facts(properties),
        "size": f"{len(literal) / 1e6:.1f}",
        "shard": SHARD_CELLS,
        "zoom": ZOOM,
        "lon": (region.west + region.east) / 2,
        "lat": (region.south + region.north) / 2,
        "region": json.dumps([region.west, region.south, region.east, region.north]),
        "transform": json.dumps(transform_of(script.resolution_deg)),
        "bands": "\n".join(comment_lines(", ".join(script.bands))),
        "expression": literal,
    }
    for name, value in parts.items():
        text = text.replace(f"{{{{{name}}}}}", str(value))
    return text


def transform_of(resolution_deg: float) -> list[float]:
    """The grid of the globe as Earth Engine takes it: columns to degrees east, rows to north."""
    return [resolution_deg, 0, -180, 0, -resolution_deg, 90]


def list_facts(properties: Mapping[str, str | int | float]) -> str:
    """The properties as lines of a comment."""
    lines = [
        line
        for name, value in properties.items()
        if name not in ("title", "year")
        for line in comment_lines(f"{name}: {value}")
    ]
    return "\n".join(lines)


def comment_lines(text: str) -> list[str]:
    """A text as lines of a comment that it cannot end."""
    return textwrap.wrap(
        text.replace("*/", "* /"),
        WIDTH,
        initial_indent=" * ",
        subsequent_indent=" *   ",
        break_long_words=False,
    )


def write_expression(expression: str) -> str:
    """The expression as a literal of JavaScript, one value on a line: no editor likes one line."""
    content = json.loads(expression)
    values = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"
        for name, value in content["values"].items()
    )
    return f'{{"result": {json.dumps(content["result"])}, "values": {{\n{values}\n}}}}'
