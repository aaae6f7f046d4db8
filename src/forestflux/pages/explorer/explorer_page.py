"""The page: data, styles and scripts in one file that loads nothing from elsewhere."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

import numpy as np
import shapely
from cmcrameri import cm
from matplotlib.colors import Colormap
from plotly.offline import get_plotlyjs

from forestflux.core.grids.land import land_polygons
from forestflux.core.names import FOREST_TYPES
from forestflux.core.product_tables.products import InputSeries
from forestflux.pages.explorer.packed_arrays import encode_array, encode_bytes
from forestflux.pages.first_screen import (
    read_shared_script,
    render_answer,
    render_boxes,
)
from forestflux.pages.labels_and_colours import (
    PALENESS,
    TYPE_COLOURS,
    TYPE_NAMES,
    series_label,
)
from forestflux.pages.plain_answer import Statement

# `forestflux.jobs.code_checksum` reads this list: an edit of a file makes the page stale.
# The scripts become one script in this order: each part is read when those above it have run.
ASSETS = (
    "assets/page.html",
    "assets/page.css",
    "assets/data.js",
    "assets/projection.js",
    "assets/layers.js",
    "assets/map.js",
    "assets/outlines.js",
    "assets/fine.js",
    "assets/charts.js",
    "assets/panel.js",
    "assets/start.js",
)
# What the page may run beside its own scripts where cells lie beside it: files of its own
# folder, whether it is opened from there or comes from a server. Nothing else is ever asked for.
BESIDE = " 'self' file:"
COAST_DIGIT = 0.02  # degrees
PALETTES = {
    "gpp": cm.bamako_r,
    "reco": cm.lajolla,
    "nee": cm.vik,
    "gain": cm.vik_r,
    "width": cm.lapaz_r,
    "share": cm.davos_r,
    "distance": cm.acton_r,
}


def write_page(
    data: Mapping[str, object],
    *,
    inputs: Sequence[InputSeries],
    answer: Sequence[Statement],
    run: str,
    simulated: bool,
    license_name: str,
) -> str:
    """The whole page as HTML.

    Parameters
    ----------
    data : what `forestflux.pages.explorer.page_data.collect_page_data` gives
    inputs : series in their order, with units
    answer : what the run says, in plain words
    run : name of the run
    simulated : whether the banner of the simulated planet stands on it
    license_name : `publish.license` of the run
    """
    has_map = data.get("map") is not None
    content = {
        **data,
        "run": run,
        "coast": pack_coastlines(),
        "palettes": {name: encode_colours(cmap) for name, cmap in PALETTES.items()},
        "paleness": PALENESS,
        "types": [
            {"name": name, "label": TYPE_NAMES[name], "colour": TYPE_COLOURS[name]}
            for name in FOREST_TYPES
        ],
        "variables": [
            {"name": one.name, "label": series_label(one.name), "unit": one.units}
            for one in inputs
        ],
    }
    # A `<` in a user's name could end the script.
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    template, style, *scripts = map(read_asset, ASSETS)
    return Template(template).substitute(
        run=escape(run),
        answer=render_answer(answer, report="report.html"),
        boxes=render_boxes(
            run, has_maps=has_map, has_change=has_map, license_name=license_name
        ),
        simulated="" if simulated else "hidden",
        forests=("the forests of a simulated planet" if simulated else "forests"),
        beside=BESIDE if shows_fine_cells(data) else "",
        style=style,
        data=text.replace("<", "\\u003c"),
        library=encode_bytes(get_plotlyjs().encode()),
        script="\n".join([read_shared_script(), *scripts]),
    )


def shows_fine_cells(data: Mapping[str, object]) -> bool:
    """Whether cells of the map lie in files beside the page."""
    shown = data.get("map")
    return isinstance(shown, Mapping) and shown.get("fine") is not None


def read_asset(name: str) -> str:
    """Text of a file beside this module."""
    return (Path(__file__).parent / name).read_text()


def pack_coastlines() -> dict[str, object]:
    """Rings of the coastlines: points as multiples of a digit, lengths of the rings."""
    # Coasts are simplified to what a screen shows, and small islands are left out.
    land = shapely.simplify(land_polygons(), 0.08)
    rings = [
        ring
        for polygon in shapely.get_parts(land)
        if polygon.area > 0.02
        for ring in (polygon.exterior, *polygon.interiors)
    ]
    # Long edges get more points, because straight lines bend on the projection.
    rings = [shapely.get_coordinates(shapely.segmentize(ring, 3.0)) for ring in rings]
    points = np.rint(np.concatenate(rings) / COAST_DIGIT).astype("<i2")
    lengths = [len(ring) for ring in rings]
    return {"digit": COAST_DIGIT, "lengths": lengths, "data": encode_array(points)}


def encode_colours(cmap: Colormap) -> str:
    """256 colours as one text of hexadecimal digits."""
    colours = np.rint(255 * cmap(np.linspace(0, 1, 256))[:, :3]).astype("uint8")
    return colours.tobytes().hex()
