"""What report and explorer share: the answer, how to cite, where the data lie, one script."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from forestflux import __version__
from forestflux.jobs.settings.map_settings import NO_LICENSE
from forestflux.pages.plain_answer import Statement

ASSETS = ("shared.js",)  # read by `forestflux.jobs.code_checksum` as well
SHOWN = 2  # statements that a narrow page does not fold
CITATION = (
    "The forestflux authors: forestflux: annual GPP and NEE of the world's forests, version"
    f" {__version__}, licence MIT"
)
METHOD = "https://doi.org/10.1109/JSTARS.2019.2954556"
# Text of a link and where it leads, beside the page in the folder of the run.
MAP_DATA = {"products/": "maps of each year: NetCDF, Zarr, GeoTIFF"}
CHANGE_DATA = {
    "change/regions.csv": "totals of every region and year",
    "change/region_changes.csv": "change and trend of every region",
}
TABLES = {
    "headline.csv": "the numbers that a text quotes",
    "evaluate/predictions.csv": "estimates at towers never seen",
}


def read_shared_script() -> str:
    """Functions of both pages for numbers, tables and regions; they come before all others."""
    return Path(__file__).with_name(*ASSETS).read_text()


def render_answer(statements: Sequence[Statement], *, report: str = "") -> str:
    """The statements as paragraphs, each after its question; all after two can be folded.

    Parameters
    ----------
    statements : of the run, the answer in short and what not to conclude first
    report : address of the report, whose sections say more; empty within it
    """
    paragraphs = [
        f"<p><strong>{escape(one.lead)}.</strong> {escape(one.text)}"
        + (f' <a href="{report}#{one.section}">More</a>' if one.section else "")
        + "</p>"
        for one in statements
    ]
    rest = "\n".join(paragraphs[SHOWN:])
    folded = (
        f'<details class="rest" open><summary>How much, how sure, what changed</summary>'
        f"\n{rest}\n</details>"
    )
    return "\n".join([*paragraphs[:SHOWN], *([folded] if rest else [])])


def render_boxes(
    run: str, *, has_maps: bool, has_change: bool, license_name: str
) -> str:
    """Two boxes: how to cite, get the data.

    Parameters
    ----------
    run : name of the run
    has_maps : whether it has products
    has_change : whether it has tables of regions, which need two mapped years
    license_name : `publish.license` of the run
    """
    cite = [
        f"the software: {CITATION}; run {escape(run)}"
        + ("; commit: provenance.json of each product" if has_maps else ""),
        f'the method: Wu 2019, <a href="{METHOD}">doi 10.1109/JSTARS.2019.2954556</a>',
        "the towers, as their data policies ask: samples/bibliography.md where labels come"
        " from an archive",
    ]
    if has_maps and license_name == NO_LICENSE:
        cite.append("the maps: <strong>no licence chosen</strong> (publish.license)")
    elif has_maps:
        cite.append(f"the maps: licence {escape(license_name)}")
    files = (
        (MAP_DATA if has_maps else {}) | (CHANGE_DATA if has_change else {}) | TABLES
    )
    data = [
        f'<a href="{path}">{escape(path)}</a>: {escape(words)}'
        for path, words in files.items()
    ]
    ask = "python -m forestflux ask FOLDER_OF_THE_RUN --region Finland --year 2018"
    if has_change:
        data.append(f"one region in ten lines: <code>{ask}</code>")
    boxes = {"How to cite": cite, "Get the data": data}
    return "\n".join(
        f'<div class="box"><h2>{title}</h2><ul>'
        + "".join(f"<li>{item}</li>" for item in items)
        + "</ul></div>"
        for title, items in boxes.items()
    )
