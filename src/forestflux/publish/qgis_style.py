"""How a GeoTIFF opens in QGIS: a style beside it, which QGIS reads by its name.

Without one QGIS draws the first three bands of a file as red, green and blue, and its legend of
a flag lists all 256 values that a colour table has.
"""

from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from forestflux.core.type_colours import TYPE_COLOURS

# Okabe and Ito's palette, for any colour vision; cells without a value are transparent.
FLAG_COLOURS = {
    "forest_type": dict(enumerate(("#F0F0F0", *TYPE_COLOURS.values()))),
    "applicable": {0: "#D55E00", 1: "#009E73"},
    "quality": {0: "#009E73", 1: "#E69F00", 2: "#D55E00", 3: "#CC79A7"},
}


class Ramp(NamedTuple):
    """Colours of a flux, from its lowest to its highest number; what lies beyond has the last.

    Attributes
    ----------
    colours : at equal steps; Crameri's bamako, lajolla and vik, for any colour vision
    year, month : lowest and highest number of a year and of a month, g m-2
    """

    colours: tuple[str, ...]
    year: tuple[int, int]
    month: tuple[int, int]


RAMPS = {
    "gpp": Ramp(
        ("#ffe5ad", "#b4a022", "#61790b", "#245231", "#003b47"), (0, 3200), (0, 400)
    ),
    "reco": Ramp(
        ("#fffecb", "#ecac54", "#d85f4d", "#653329", "#191900"), (0, 3200), (0, 400)
    ),
    "nee": Ramp(
        ("#001261", "#307da6", "#ece5e0", "#c27041", "#590008"),
        (-800, 800),
        (-200, 200),
    ),
}


def write_flag_style(path: Path, *, kind: str, names: dict[int, str]) -> None:
    """Write the style of a flag: its colours and names, and no other value.

    Parameters
    ----------
    path : the GeoTIFF
    kind : name of the flag
    names : of its values
    """
    renderer, root = start_style("paletted")
    palette = ElementTree.SubElement(renderer, "colorPalette")
    for value, name in names.items():
        colour = FLAG_COLOURS[kind][value]
        add_colour(palette, "paletteEntry", value, label=name, colour=colour)
    save_style(root, path)


def write_flux_style(
    path: Path, *, flux: str, limits: tuple[int, int], unit: str
) -> None:
    """Write the style of the fluxes: the first band in its colours, with its unit.

    Parameters
    ----------
    path : the GeoTIFF
    flux : gpp, reco or nee, that of the first band
    limits : numbers at the ends of the colours
    unit : of the numbers
    """
    low, high = limits
    renderer, root = start_style("singlebandpseudocolor")
    shader = ElementTree.SubElement(
        ElementTree.SubElement(renderer, "rastershader"),
        "colorrampshader",
        colorRampType="INTERPOLATED",
        classificationMode="1",
        clip="0",
        minimumValue=str(low),
        maximumValue=str(high),
    )
    colours = RAMPS[flux].colours
    step = (high - low) // (len(colours) - 1)
    for number, colour in zip(range(low, high + 1, step), colours, strict=True):
        label = f"{number} {unit}"
        add_colour(shader, "item", number, label=label, colour=colour)
    save_style(root, path)


def start_style(kind: str) -> tuple[ElementTree.Element, ElementTree.Element]:
    """An empty renderer of the first band, and the document around it."""
    root = ElementTree.Element("qgis", version="3.22", styleCategories="Symbology")
    pipe = ElementTree.SubElement(root, "pipe")
    renderer = ElementTree.SubElement(
        pipe, "rasterrenderer", type=kind, band="1", opacity="1", alphaBand="-1"
    )
    return renderer, root


def add_colour(
    parent: ElementTree.Element, tag: str, value: int, *, label: str, colour: str
) -> None:
    """Add the colour of a value."""
    entry = {"value": str(value), "label": label, "color": colour, "alpha": "255"}
    ElementTree.SubElement(parent, tag, entry)


def style_path(path: Path) -> Path:
    """Where QGIS looks for the style of a file."""
    return path.with_suffix(".qml")


def save_style(root: ElementTree.Element, path: Path) -> None:
    """Write a style beside its GeoTIFF."""
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(style_path(path))
