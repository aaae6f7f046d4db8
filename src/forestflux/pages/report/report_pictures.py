"""The figures of the report with their words, and what these say of the mapped sink."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from forestflux.core.input_errors import InputError
from forestflux.core.interval_text import set_units
from forestflux.evaluation.evaluation_schemas import RECOVERY
from forestflux.evaluation.known_truth import describe_sink
from forestflux.jobs.configuration import Configuration
from forestflux.pages.figures.caption_type import Caption
from forestflux.pages.figures.captions import caption_of, name_bias


@dataclass(frozen=True)
class Picture:
    """A figure inside the page: name, words and the PNG file as text."""

    name: str
    caption: Caption
    data: str


def choose_shown_years(configuration: Configuration) -> tuple[int, int]:
    """First and second year that figures show: the pair, or the only mapped year twice."""
    if configuration.has_change or not configuration.has_maps:
        return configuration.change.pair
    (year,) = configuration.mapped_years
    return year, year


def read_sink(tables: Mapping[str, Path], configuration: Configuration) -> str:
    """What is known of the bias of NEE: from the truth of a simulated planet where it is known."""
    if "recovery" in tables:
        recovery = RECOVERY.read_file(tables["recovery"])
        return describe_sink(recovery, configuration.change.pair[1])
    return name_bias(simulated=configuration.layers_from == "simulated")


def read_picture(
    name: str, path: Path, configuration: Configuration, *, sink: str
) -> Picture:
    """A figure with its caption and its file as text."""
    if not path.is_file():
        raise InputError(
            path, variable="file", expected="a drawn figure", found="nothing"
        )
    caption = caption_of(
        name,
        pair=choose_shown_years(configuration),
        level=configuration.evaluate.level,
        members=configuration.train.members,
        simulated=configuration.layers_from == "simulated",
        sink=sink,
    )
    caption = replace(
        caption, title=set_units(caption.title), text=set_units(caption.text)
    )
    return Picture(name, caption, base64.b64encode(path.read_bytes()).decode())
